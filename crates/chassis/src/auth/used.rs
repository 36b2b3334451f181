//! When keys and sessions were last used: noted in memory, written once a minute, so that reading never waits for a write.

use std::collections::HashMap;
use std::sync::Mutex;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::tables::api_key;
use super::tables::sign_in::session;
use super::{KeyId, SessionId};
use crate::clock::Timestamp;
use crate::data::{DataError, Database};

/// Rows of one write.
const ROWS: usize = 500;

/// What was used since the last write.
#[derive(Default)]
pub(super) struct Used {
    keys: Mutex<HashMap<KeyId, Timestamp>>,
    sessions: Mutex<HashMap<SessionId, Timestamp>>,
}

impl Used {
    pub(super) fn key(&self, id: KeyId, at: Timestamp) {
        note(&self.keys, id, at);
    }

    pub(super) fn session(&self, id: SessionId, at: Timestamp) {
        note(&self.sessions, id, at);
    }

    /// The use of a session that is not written yet.
    pub(super) fn of_session(&self, id: SessionId) -> Option<Timestamp> {
        let noted = self.sessions.lock().expect("no code panics while it notes");
        noted.get(&id).copied()
    }

    /// The use of a key that is not written yet.
    pub(super) fn of_key(&self, id: KeyId) -> Option<Timestamp> {
        let noted = self.keys.lock().expect("no code panics while it notes");
        noted.get(&id).copied()
    }

    /// Writes what was noted. What cannot be written is noted again.
    pub(super) async fn write(&self, database: &Database) -> Result<(), DataError> {
        let keys = take(&self.keys);
        let sessions = take(&self.sessions);
        let result = write_all(database, &keys, &sessions).await;
        if result.is_err() {
            for (id, at) in keys {
                self.key(id, at);
            }
            for (id, at) in sessions {
                self.session(id, at);
            }
        }
        result
    }
}

fn note<K: std::hash::Hash + Eq>(noted: &Mutex<HashMap<K, Timestamp>>, id: K, at: Timestamp) {
    let mut noted = noted.lock().expect("no code panics while it notes");
    let newest = noted.entry(id).or_insert(at);
    *newest = at.max(*newest);
}

fn take<K>(noted: &Mutex<HashMap<K, Timestamp>>) -> HashMap<K, Timestamp> {
    std::mem::take(&mut *noted.lock().expect("no code panics while it notes"))
}

async fn write_all(
    database: &Database,
    keys: &HashMap<KeyId, Timestamp>,
    sessions: &HashMap<SessionId, Timestamp>,
) -> Result<(), DataError> {
    let keys = keys
        .iter()
        .map(|(id, at)| (true, id.to_string(), at.to_string()));
    let sessions = sessions
        .iter()
        .map(|(id, at)| (false, id.to_string(), at.to_string()));
    let mut rows: Vec<_> = keys.chain(sessions).collect();
    // Instances that write the same rows take them in one order, so that neither waits for the other.
    rows.sort_unstable();
    for rows in rows.chunks(ROWS) {
        let rows = rows.to_vec();
        database
            .write(move |tx| {
                Box::pin(async move {
                    for (is_key, id, at) in rows {
                        if is_key {
                            let older = api_key::Column::LastUsedAt
                                .is_null()
                                .or(api_key::Column::LastUsedAt.lt(&*at));
                            api_key::Entity::update_many()
                                .col_expr(api_key::Column::LastUsedAt, Expr::value(at))
                                .filter(api_key::Column::Id.eq(id))
                                .filter(older)
                                .exec(tx)
                                .await?;
                        } else {
                            session::Entity::update_many()
                                .col_expr(session::Column::LastUsedAt, Expr::value(at.clone()))
                                .filter(session::Column::Id.eq(id))
                                .filter(session::Column::LastUsedAt.lt(at))
                                .exec(tx)
                                .await?;
                        }
                    }
                    Ok::<_, DataError>(())
                })
            })
            .await?;
    }
    Ok(())
}
