//! Who asks, for which workspace, and what they may do.
//!
//! * [`Caller`]: who sent a request; handlers take it as an argument, and filter what they read and write by its workspace
//! * [`Role`] and [`Scopes`]: what a caller may do; [`Access`]: what an operation asks for, stated in the OpenAPI document
//!   (`x-access`) and enforced by the front before the handler runs
//! * [`Auth`]: from credentials ([`credentials`], [`origin`]) to a caller (`identify`)
//! * [`password`], [`sessions`] with their [`tokens`], `totp`, `reset`, `lockout`: signing in, and what keeps others from it
//! * [`keys`]: API keys; `used`: when they and sessions were last used; `revocations`: what has ended; `keep`: the room's loop
//! * [`set_up`]: the first account
//! * [`audit`]: what was done, by whom, in a chain that shows if it is changed
//! * [`people`]: workspaces, their members, invitations and keys; [`plans`] and [`usage`]: what they may use and do use
//! * `tables`: what is stored; `api`: the routes; `post`: the seam to the room that sends mail

pub(crate) mod api;
pub mod audit;
mod caller;
pub mod credentials;
mod figures;
mod identify;
pub(crate) mod keep;
pub mod keys;
mod lockout;
pub mod origin;
pub mod password;
pub mod people;
pub mod plans;
mod post;
mod reset;
mod revocations;
mod role;
mod scope;
pub mod sessions;
pub mod set_up;
pub(crate) mod tables;
pub mod tokens;
mod totp;
pub mod usage;
mod used;

use std::sync::{Arc, RwLock};
use std::time::Duration;

use http::StatusCode;
use sea_orm_migration::MigrationTrait;
use tokio::sync::{broadcast, watch};

use crate::clock::{Clock, Timestamp};
use crate::config::{self, AllowedOrigin, Config, Profile, Secret};
use crate::data::{DataError, Database};
use crate::http::problem::Problem;

pub use caller::Caller;
pub(crate) use caller::admit;
use figures::Figures;
use identify::Known;
pub use identify::{Asking, Identified, WORKSPACE};
use plans::Plans;
use post::NoPost;
pub use post::{Letter, Post};
pub(crate) use revocations::Revocation;
use revocations::Revocations;
pub use role::Role;
pub use scope::{Access, Scope, ScopeFault, Scopes, Verb};
use tokens::Keyring;
use used::Used;

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
crate::id_type! {
    /// An invitation into a workspace.
    InvitationId
}
crate::id_type! {
    /// A sign-in that lasts: a browser, or a client with its tokens.
    SessionId
}

/// How long an identity may be kept in memory. Revoking on this instance takes effect at once; on others at once where a
/// Redis tells them, else after this time at the latest.
const REMEMBER: Duration = Duration::from_secs(5);
/// How long an ended sign-in is kept in mind: longer than any look-up that began before it ended.
const REVOKED: Duration = Duration::from_mins(5);

/// From credentials to callers. Clones share it.
#[derive(Clone)]
pub struct Auth(Arc<Shared>);

struct Shared {
    database: Database,
    settings: config::Auth,
    profile: Profile,
    allowed_origins: Vec<AllowedOrigin>,
    address: String,
    is_address_known: bool,
    rooms: Vec<&'static str>,
    keyring: Keyring,
    memory: moka::future::Cache<[u8; 32], Arc<Known>>,
    revocations: Revocations,
    used: Used,
    figures: Figures,
    post: RwLock<Arc<dyn Post>>,
    plans: Plans,
    sources: usage::Sources,
}

impl Auth {
    /// Over a database that is up to date. `rooms` are all that a scope may name.
    pub async fn open(
        database: &Database,
        config: &Config,
        rooms: Vec<&'static str>,
    ) -> Result<Self, DataError> {
        let memory = moka::future::Cache::builder()
            .max_capacity(10_000)
            .time_to_live(REMEMBER)
            .build();
        Ok(Self(Arc::new(Shared {
            keyring: Keyring::load(database, &config.auth).await?,
            database: database.clone(),
            settings: config.auth.clone(),
            profile: config.profile,
            allowed_origins: config.http.allowed_origins.clone(),
            address: address_of(&config.http),
            is_address_known: config.http.public_url.is_some(),
            rooms,
            memory,
            revocations: Revocations::new(),
            used: Used::default(),
            figures: Figures::new(),
            post: RwLock::new(Arc::new(NoPost)),
            plans: Plans::new(config.plans.clone()),
            sources: usage::Sources::default(),
        })))
    }

    /// Sends mail by `post` from now on.
    pub fn deliver_by(&self, post: Arc<dyn Post>) {
        *self
            .0
            .post
            .write()
            .expect("no code panics while it holds this") = post;
    }

    /// Forgets what is remembered of all credentials, so that a change of a person, a key or a membership takes effect at
    /// once, also for look-ups that are under way and streams that are open.
    pub fn forget(&self) {
        self.0.revocations.ended(Revocation::Any);
    }

    /// Forgets sign-ins that have ended: their cookies, tokens and streams are dead at once.
    pub fn revoke(&self, sessions: impl IntoIterator<Item = SessionId>) {
        let sessions: Arc<[SessionId]> = sessions.into_iter().collect();
        if !sessions.is_empty() {
            self.0.revocations.ended(Revocation::Sessions(sessions));
        }
    }

    /// What another instance says has ended.
    pub(crate) fn heard(&self, revocation: &Revocation) {
        self.0.revocations.heard(revocation);
    }

    /// What ends on this instance, from now on: for the others.
    pub(crate) fn revocations(&self) -> broadcast::Receiver<Revocation> {
        self.0.revocations.ours()
    }

    /// Tells when some credentials end.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.0.revocations.changes()
    }

    /// The time, as the database has it.
    pub fn clock(&self) -> &dyn Clock {
        self.0.database.clock()
    }

    /// The name under which this server sets a browser's cookie. The plain one is for a developer's machine alone.
    pub fn cookie_name(&self, secure: bool) -> &'static str {
        if secure || self.0.profile != Profile::Development {
            credentials::SECURE_COOKIE
        } else {
            credentials::PLAIN_COOKIE
        }
    }

    /// An access token for a sign-in.
    fn access_token(&self, user: UserId, session: SessionId, workspace: WorkspaceId) -> Secret {
        let now = self.clock().now();
        Secret::new(self.0.keyring.sign(user, session, workspace, now))
    }

    async fn remember(&self, hash: [u8; 32], known: Known) {
        self.0.memory.insert(hash, Arc::new(known)).await;
    }

    pub(crate) fn is_revoked(&self, session: SessionId) -> bool {
        self.0.revocations.has(session)
    }

    fn used_session(&self, session: SessionId) -> Option<Timestamp> {
        self.0.used.of_session(session)
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.0.revocations.epoch()
    }

    fn memory(&self) -> &moka::future::Cache<[u8; 32], Arc<Known>> {
        &self.0.memory
    }

    fn used(&self) -> &Used {
        &self.0.used
    }

    fn figures(&self) -> &Figures {
        &self.0.figures
    }

    fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    fn database(&self) -> &Database {
        &self.0.database
    }

    fn settings(&self) -> &config::Auth {
        &self.0.settings
    }

    fn allowed_origins(&self) -> &[AllowedOrigin] {
        &self.0.allowed_origins
    }

    /// Where people reach the server, without a slash at the end.
    fn address(&self) -> &str {
        &self.0.address
    }

    /// That address where nobody configured it: it is taken from where the server listens, and others may reach it elsewhere.
    pub fn guessed_address(&self) -> Option<&str> {
        (!self.0.is_address_known).then(|| self.address())
    }

    fn plans(&self) -> &Plans {
        &self.0.plans
    }

    fn sources(&self) -> &usage::Sources {
        &self.0.sources
    }

    fn rooms(&self) -> &[&'static str] {
        &self.0.rooms
    }

    fn post(&self) -> Arc<dyn Post> {
        self.0
            .post
            .read()
            .expect("no code panics while it holds this")
            .clone()
    }
}

/// Never from a request's `Host`, which a stranger may choose.
fn address_of(http: &config::Http) -> String {
    match &http.public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        // "Every address" is none that a browser opens.
        None if http.listen.ip().is_unspecified() => {
            format!("http://localhost:{}", http.listen.port())
        }
        None => format!("http://{}", http.listen),
    }
}

/// 401 with the scheme to use.
pub(crate) fn unauthorised(code: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code)
}

/// The room's tables.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    let mut all = tables::migrations();
    all.extend(audit::tables::migrations());
    all.extend(set_up::migrations());
    all
}

/// The workspace that the first start makes: where a single team never thinks of workspaces, everything is in this one.
pub async fn home_workspace(database: &Database) -> Result<WorkspaceId, DataError> {
    tables::home_workspace(database).await
}

/// Refuses whoever does not act in the home workspace: what concerns the whole server belongs to those who run it, and other
/// workspaces are its guests.
pub async fn require_home(database: &Database, caller: &Caller) -> Result<(), Problem> {
    if home_workspace(database).await? == caller.workspace {
        return Ok(());
    }
    Err(Problem::new(StatusCode::FORBIDDEN, "auth.home_only"))
}

/// Makes another workspace.
pub async fn create_workspace(database: &Database, name: &str) -> Result<WorkspaceId, DataError> {
    tables::create_workspace(database, name).await
}
