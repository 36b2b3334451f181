//! Who asks, for which workspace, and what they may do.
//!
//! * [`Caller`]: who sent a request; handlers take it as an argument, and filter what they read and write by its workspace
//! * [`Role`] and [`Scopes`]: what a caller may do; [`Access`]: what an operation asks for, stated in the OpenAPI document
//!   (`x-access`) and enforced by the front before the handler runs
//! * [`Auth`]: from credentials to a caller
//! * [`keys`]: API keys; `tables`: what is stored

mod caller;
pub mod keys;
mod role;
mod scope;
pub(crate) mod tables;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use sea_orm_migration::MigrationTrait;

use crate::clock::Clock;
use crate::data::{DataError, Database};
use crate::http::problem::Problem;

pub use caller::Caller;
pub(crate) use caller::admit;
pub use role::Role;
pub use scope::{Access, Scope, ScopeFault, Scopes, Verb};

crate::id_type! {
    /// A workspace: everything that is owned belongs to one.
    WorkspaceId
}
crate::id_type! {
    /// A person with an account.
    UserId
}
crate::id_type! {
    /// An API key.
    KeyId
}

/// How long a key's identity may be kept in memory. Revoking on this instance takes effect at once; on others that share
/// the database after this time at the latest.
const REMEMBER: Duration = Duration::from_secs(5);

/// From credentials to callers. Clones share it.
#[derive(Clone)]
pub struct Auth {
    database: Database,
    known: moka::future::Cache<[u8; 32], Arc<Caller>>,
}

impl Auth {
    /// Over this database.
    pub fn new(database: &Database) -> Self {
        let known = moka::future::Cache::builder()
            .max_capacity(10_000)
            .time_to_live(REMEMBER)
            .build();
        Self {
            database: database.clone(),
            known,
        }
    }

    /// The caller that the request's credentials prove. `None` without credentials; a problem where they prove nothing.
    pub async fn identify(&self, headers: &HeaderMap) -> Result<Option<Arc<Caller>>, Problem> {
        let Some(value) = headers.get(header::AUTHORIZATION) else {
            return Ok(None);
        };
        let token = value
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        match token {
            Some(token) if token.starts_with(keys::PREFIX) => self.by_key(token).await.map(Some),
            _ => Err(unauthorised("auth.invalid_credentials")),
        }
    }

    async fn by_key(&self, secret: &str) -> Result<Arc<Caller>, Problem> {
        let hash = keys::hash(secret);
        if let Some(caller) = self.known.get(&hash).await {
            return Ok(caller);
        }
        let found = keys::find(&self.database, hash).await;
        let caller = match found {
            Ok(Some(caller)) => Arc::new(caller),
            Ok(None) => return Err(unauthorised("auth.invalid_credentials")),
            Err(fault) => return Err(Problem::from(fault)),
        };
        self.known.insert(hash, caller.clone()).await;
        Ok(caller)
    }

    /// Forgets what is remembered of all credentials, so that a change takes effect at once.
    pub fn forget(&self) {
        self.known.invalidate_all();
    }

    /// The time, as the database has it.
    pub fn clock(&self) -> &dyn Clock {
        self.database.clock()
    }
}

/// 401 with the scheme to use.
pub(crate) fn unauthorised(code: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code)
}

/// The room's tables.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    tables::migrations()
}

/// The workspace that the first start makes: where a single team never thinks of workspaces, everything is in this one.
pub async fn home_workspace(database: &Database) -> Result<WorkspaceId, DataError> {
    tables::home_workspace(database).await
}

/// Makes another workspace.
pub async fn create_workspace(database: &Database, name: &str) -> Result<WorkspaceId, DataError> {
    tables::create_workspace(database, name).await
}
