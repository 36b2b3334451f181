//! What the credentials of an open stream grant: looked at again now and then, and at once when some of them end.

use std::sync::Arc;
use std::time::Duration;

use http::header::{self, HeaderName};
use http::{HeaderMap, Method};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Interval, MissedTickBehavior};

use crate::auth::{Asking, Caller, Scope, WORKSPACE};
use crate::service::Context;

/// Streams of this process whose credentials are looked at together: a change that concerns all of them must not take all
/// connections to the database.
static LOOKS: Semaphore = Semaphore::const_new(8);

/// The credentials of a stream, for as long as it is open.
pub(crate) struct Grant {
    context: Arc<Context>,
    caller: Caller,
    scope: Scope<'static>,
    credentials: HeaderMap,
    /// Whether they came over TLS: the session's cookie is named by it.
    secure: bool,
    recheck: Interval,
    changes: watch::Receiver<()>,
    /// The count of what was forgotten when they were last looked at.
    epoch: u64,
}

impl Grant {
    /// Of a request with these headers, which was let in as `caller` because it may do what `scope` says.
    pub(crate) fn new(
        context: &Arc<Context>,
        caller: &Caller,
        scope: Scope<'static>,
        headers: &HeaderMap,
    ) -> Self {
        let mut credentials = HeaderMap::new();
        let workspace = HeaderName::from_static(WORKSPACE);
        for name in [header::AUTHORIZATION, header::COOKIE, workspace] {
            for value in headers.get_all(&name) {
                credentials.append(name.clone(), value.clone());
            }
        }
        let secure = credentials
            .get_all(header::COOKIE)
            .iter()
            .any(|cookie| cookie.to_str().is_ok_and(|text| text.contains("__Host-")));
        // The first look is at once: what ended between the request's own look and this line told nobody.
        let period = Duration::from_millis(context.config.events.recheck_ms);
        let mut recheck = tokio::time::interval(period);
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            changes: context.auth.changes(),
            epoch: context.auth.epoch(),
            context: context.clone(),
            caller: caller.clone(),
            scope,
            credentials,
            secure,
            recheck,
        }
    }

    /// Waits for a reason to look. May be dropped at any moment and called again.
    pub(crate) async fn doubt(&mut self) {
        loop {
            tokio::select! {
                _ = self.recheck.tick() => return,
                changed = self.changes.changed() => {
                    if changed.is_err() {
                        // Nothing ends any more: the house is gone.
                        return std::future::pending().await;
                    }
                    if self.may_have_ended() {
                        return;
                    }
                }
            }
        }
    }

    fn may_have_ended(&self) -> bool {
        let auth = &self.context.auth;
        let session = self.caller.session;
        auth.epoch() != self.epoch || session.is_some_and(|session| auth.is_revoked(session))
    }

    /// Whether the credentials still grant what the stream shows. A database that does not answer takes nothing away.
    pub(crate) async fn holds(&mut self) -> bool {
        let _turn = LOOKS.acquire().await;
        let auth = &self.context.auth;
        self.epoch = auth.epoch();
        let asking = Asking {
            method: &Method::GET,
            headers: &self.credentials,
            authority: None,
            secure: self.secure,
        };
        match auth.identify(asking).await {
            Ok(Some(now)) => now.workspace == self.caller.workspace && now.may(self.scope),
            Ok(None) => false,
            Err(problem) => problem.status.is_server_error(),
        }
    }
}
