//! The room's loop: writes what was used once a minute, and throws away what is over.

use std::time::Duration;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::sessions::seen;
use super::tables::sign_in::{password_reset, seen as sighting, session, sign_in_attempt};
use super::{Auth, lockout, password};
use crate::clock::Timestamp;
use crate::data::DataError;
use crate::task;

const WRITE_EVERY: Duration = Duration::from_mins(1);
const TIDY_EVERY: Duration = Duration::from_hours(1);
/// What has ended is kept so long, for those who ask what happened.
const KEPT: Duration = Duration::from_hours(24 * 7);

/// The running loop.
pub(crate) struct Keeper {
    auth: Auth,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Keeper {
    pub(crate) fn start(auth: &Auth) -> Self {
        let stop = CancellationToken::new();
        let task = task::spawn(run(auth.clone(), stop.clone()));
        Self {
            auth: auth.clone(),
            stop,
            task,
        }
    }

    /// Ends the loop and writes what is left.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        // A panic in the loop was logged when it happened.
        let _ = self.task.await;
        write(&self.auth).await;
    }
}

async fn run(auth: Auth, stop: CancellationToken) {
    if password::warm_up().await.is_err() {
        tracing::debug!("the first sign-in will be slower");
    }
    let mut write_at = tokio::time::interval(WRITE_EVERY);
    let mut tidy_at = tokio::time::interval(TIDY_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = write_at.tick() => write(&auth).await,
            _ = tidy_at.tick() => {
                if let Err(fault) = tidy(&auth).await {
                    tracing::warn!(error = %fault, "what is over could not be thrown away");
                }
            }
        }
    }
}

async fn write(auth: &Auth) {
    if let Err(fault) = auth.used().write(auth.database()).await {
        tracing::warn!(error = %fault, "the last use of keys and sessions could not be written");
    }
}

async fn tidy(auth: &Auth) -> Result<(), DataError> {
    super::people::invitations::tidy(auth).await?;
    let now = auth.clock().now();
    let before = |age: Duration| {
        let ms = now.unix_ms() - age.as_millis() as i64;
        Timestamp::from_unix_ms(ms).unwrap_or(now).to_string()
    };
    let (old, forgotten, now) = (before(KEPT), before(lockout::FORGOTTEN), now.to_string());
    let unseen = before(seen::KEPT);
    auth.database()
        .write(move |tx| {
            Box::pin(async move {
                let is_over = Condition::any()
                    .add(session::Column::ExpiresAt.lt(&*old))
                    .add(session::Column::EndedAt.lt(&*old));
                session::Entity::delete_many()
                    .filter(is_over)
                    .exec(tx)
                    .await?;
                password_reset::Entity::delete_many()
                    .filter(password_reset::Column::ExpiresAt.lt(now))
                    .exec(tx)
                    .await?;
                sign_in_attempt::Entity::delete_many()
                    .filter(sign_in_attempt::Column::LastAt.lt(forgotten))
                    .exec(tx)
                    .await?;
                sighting::Entity::delete_many()
                    .filter(sighting::Column::LastAt.lt(unseen))
                    .exec(tx)
                    .await?;
                Ok::<_, DataError>(())
            })
        })
        .await
}
