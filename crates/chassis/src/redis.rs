//! The Redis that several instances share, and life without it.
//!
//! One connection, on which requests are pipelined. A keeper looks at it every second with a write, because a replica or a
//! full server answers a `PING` and still takes nothing. The first failure opens the circuit: [`Redis::connection`] gives
//! nothing until the keeper has found it whole again, so that its absence costs a request no time at all.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use metrics::Gauge;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};

use crate::config;
use crate::task;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A connection that takes longer to make is no use to a request.
const CONNECT_IN: Duration = Duration::from_secs(1);

/// A shared Redis. Clones are the same one.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    client: Client,
    prefix: String,
    timeout: Duration,
    connection: RwLock<Option<MultiplexedConnection>>,
    up: Gauge,
}

impl Redis {
    /// The configured one, none where no address is given. It need not answer: what uses it works without it, and the
    /// keeper started here takes it up as soon as it does.
    pub async fn open(settings: &config::Redis) -> Option<Self> {
        let url = settings.url.as_ref()?;
        let Ok(client) = Client::open(url.expose()) else {
            unreachable!("the configuration was checked")
        };
        let redis = Self(Arc::new(Inner {
            client,
            prefix: settings.prefix.clone(),
            timeout: Duration::from_millis(settings.timeout_ms),
            connection: RwLock::new(None),
            up: metrics::gauge!("redis_up"),
        }));
        redis.0.up.set(0.0);
        match redis.connect().await {
            Ok(()) => tracing::info!("Redis answers: limits and events are shared"),
            Err(fault) => {
                tracing::warn!(error = %fault, "Redis does not answer; limits and events stay on this instance until it does");
            }
        }
        task::spawn(keep(Arc::downgrade(&redis.0)));
        Some(redis)
    }

    /// The connection, while Redis is up.
    pub fn connection(&self) -> Option<MultiplexedConnection> {
        let connection = self.0.connection.read();
        connection.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it could be used when last seen.
    pub fn is_up(&self) -> bool {
        let connection = self.0.connection.read();
        connection.unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Opens the circuit after a failure: nobody asks again until the keeper has found it whole.
    pub fn failed(&self, fault: &RedisError) {
        self.0.went(fault);
    }

    /// A connection of its own, for commands that wait on the server.
    pub async fn own_connection(
        &self,
        patience: Duration,
    ) -> Result<MultiplexedConnection, RedisError> {
        self.0.new_connection(patience).await
    }

    /// A key under this installation's prefix.
    pub fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.0.prefix)
    }

    async fn connect(&self) -> Result<(), RedisError> {
        self.0.connect().await
    }
}

impl Inner {
    async fn new_connection(
        &self,
        patience: Duration,
    ) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_IN))
            .set_response_timeout(Some(patience));
        self.client
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }

    async fn connect(&self) -> Result<(), RedisError> {
        let mut connection = self.new_connection(self.timeout).await?;
        self.look(&mut connection).await?;
        *self
            .connection
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(connection);
        self.up.set(1.0);
        Ok(())
    }

    /// Whether it takes writes.
    async fn look(&self, connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
        redis::cmd("SET")
            .arg(format!("{}:alive", self.prefix))
            .arg(1)
            .arg("EX")
            .arg(60)
            .query_async(connection)
            .await
    }

    fn went(&self, fault: &RedisError) {
        let mut connection = self
            .connection
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if connection.take().is_none() {
            return;
        }
        drop(connection);
        self.up.set(0.0);
        metrics::counter!("redis_failures_total").increment(1);
        tracing::warn!(error = %fault, "Redis went away; limits and events stay on this instance until it is back");
    }
}

/// Looks every second, for as long as somebody holds the connection.
async fn keep(inner: std::sync::Weak<Inner>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(inner) = inner.upgrade() else { return };
        let connection = inner
            .connection
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(mut connection) = connection {
            if let Err(fault) = inner.look(&mut connection).await {
                inner.went(&fault);
            }
        } else if inner.connect().await.is_ok() {
            tracing::info!("Redis is back; limits and events are shared again");
        }
    }
}
