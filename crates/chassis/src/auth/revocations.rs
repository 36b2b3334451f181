//! Credentials that have ended: at once on this instance, for requests and for the streams that they opened, and told to
//! the room that tells the other instances.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{broadcast, watch};

use super::{REVOKED, SessionId};

/// What has not been told yet to other instances; who falls behind has all of them look anew.
const BACKLOG: usize = 256;

/// What has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Revocation {
    /// Something of a person, a key or a membership: everything is looked at anew.
    Any,
    /// These sign-ins.
    Sessions(Arc<[SessionId]>),
}

pub(super) struct Revocations {
    epoch: AtomicU64,
    sessions: moka::sync::Cache<SessionId, ()>,
    changed: watch::Sender<()>,
    ours: broadcast::Sender<Revocation>,
}

impl Revocations {
    pub(super) fn new() -> Self {
        Self {
            epoch: AtomicU64::new(0),
            sessions: moka::sync::Cache::builder()
                .max_capacity(1_000_000)
                .time_to_live(REVOKED)
                .build(),
            changed: watch::Sender::new(()),
            ours: broadcast::channel(BACKLOG).0,
        }
    }

    /// Something ended on this instance.
    pub(super) fn ended(&self, revocation: Revocation) {
        self.heard(&revocation);
        // An error says that there is no other instance to tell.
        let _ = self.ours.send(revocation);
    }

    /// Something ended, here or elsewhere.
    pub(super) fn heard(&self, revocation: &Revocation) {
        match revocation {
            Revocation::Any => {
                self.epoch.fetch_add(1, Ordering::SeqCst);
            }
            Revocation::Sessions(sessions) => {
                for session in sessions.iter() {
                    self.sessions.insert(*session, ());
                }
            }
        }
        self.changed.send_replace(());
    }

    /// How often everything was forgotten.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    pub(super) fn has(&self, session: SessionId) -> bool {
        self.sessions.contains_key(&session)
    }

    /// Tells when something ends, here or elsewhere.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// What ends on this instance, from now on.
    pub(super) fn ours(&self) -> broadcast::Receiver<Revocation> {
        self.ours.subscribe()
    }
}
