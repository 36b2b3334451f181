//! From a request's credentials to its caller, remembered for a few seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, header};

use super::credentials::{self, Credentials};
use super::sessions::{self, Closed, Live, Named};
use super::{Auth, Caller, Scopes, WorkspaceId, keys, origin, unauthorised};
use crate::clock::Timestamp;
use crate::http::problem::Problem;

/// The header by which a person of several workspaces says in which one he acts.
pub const WORKSPACE: &str = "x-workspace";

/// What is looked at to tell who sent a request.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The method.
    pub method: &'a Method,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The host that was asked, from the address (HTTP/2) or the `Host` header.
    pub authority: Option<&'a str>,
    /// Whether the request came over TLS.
    pub secure: bool,
}

impl<'a> Asking<'a> {
    /// Of a request.
    pub fn of<B>(request: &'a http::Request<B>, secure: bool) -> Self {
        Self::new(request.method(), request.uri(), request.headers(), secure)
    }

    fn new(method: &'a Method, uri: &'a http::Uri, headers: &'a HeaderMap, secure: bool) -> Self {
        let host = || {
            headers
                .get(header::HOST)
                .and_then(|host| host.to_str().ok())
        };
        let authority = uri
            .authority()
            .map(http::uri::Authority::as_str)
            .or_else(host);
        Self {
            method,
            headers,
            authority,
            secure,
        }
    }
}

/// Who asks, and how much all of his workspace may ask.
#[derive(Clone, Debug)]
pub struct Identified {
    /// The caller.
    pub caller: Arc<Caller>,
    /// Requests an hour by the plan of his workspace, as it was a few seconds ago. None where the database did not say:
    /// that bounds nobody further.
    pub requests_per_hour: Option<u32>,
}

impl std::ops::Deref for Identified {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// A caller in memory.
pub(super) struct Known {
    who: Identified,
    /// The count of [`Auth::forget`] when the database was asked.
    epoch: u64,
    /// When the credentials end.
    ends_at: Option<Timestamp>,
    /// How long a session lasts without use, and when this one was last used.
    idle: Option<Duration>,
    used_ms: AtomicI64,
}

impl Auth {
    /// The caller that the request's credentials prove. `None` without credentials and with a cookie that opens nothing any
    /// more; a problem where an `Authorization` proves nothing, where another site asks with a visitor's cookie, and where
    /// the person is no member of the workspace that he names.
    pub async fn identify(&self, asking: Asking<'_>) -> Result<Option<Identified>, Problem> {
        let credentials = credentials::read(asking.headers, self.cookie_name(asking.secure));
        if credentials == Credentials::None {
            return Ok(None);
        }
        let workspace = workspace(asking.headers)?;
        let who = match credentials {
            Credentials::None => None,
            Credentials::Unknown => return Err(unauthorised("auth.invalid_credentials")),
            Credentials::Key(key) => Some(self.by_key(key, workspace).await?),
            Credentials::Token(token) => Some(self.by_token(token, workspace).await?),
            Credentials::Session(cookie) => self.by_cookie(cookie, workspace).await?,
        };
        let by_cookie = matches!(credentials, Credentials::Session(_)) && who.is_some();
        if by_cookie && !self.is_own_page(asking) {
            return Err(cross_site());
        }
        Ok(who)
    }

    /// Whether the method changes nothing or the request proves that our own page made it.
    pub(super) fn is_own_page(&self, asking: Asking<'_>) -> bool {
        origin::is_safe(asking.method)
            || origin::is_own(asking.headers, asking.authority, self.allowed_origins())
    }

    async fn by_key(
        &self,
        secret: &str,
        workspace: Option<WorkspaceId>,
    ) -> Result<Identified, Problem> {
        let hash = keys::hash(secret);
        let who = if let Some(known) = self.known(&hash).await {
            known.who.clone()
        } else {
            let epoch = self.epoch();
            let Some((caller, ends_at)) = keys::find(self.database(), hash).await? else {
                return Err(unauthorised("auth.invalid_credentials"));
            };
            if let Some(key) = caller.key {
                self.used().key(key, self.clock().now());
            }
            let who = self.identified(caller).await;
            self.remember(
                hash,
                Known {
                    who: who.clone(),
                    epoch,
                    ends_at,
                    idle: None,
                    used_ms: AtomicI64::new(0),
                },
            )
            .await;
            who
        };
        // A key is of one workspace.
        if workspace.is_some_and(|asked| asked != who.workspace) {
            return Err(not_a_member());
        }
        Ok(who)
    }

    async fn by_token(
        &self,
        token: &str,
        workspace: Option<WorkspaceId>,
    ) -> Result<Identified, Problem> {
        let invalid = || unauthorised("auth.invalid_credentials");
        let claims = self
            .keyring()
            .check(token, self.clock().now())
            .ok_or_else(invalid)?;
        let name = format!("{} {}", claims.sid, claims.sub);
        match self
            .by_session(&name, Named::Id(claims.sid), workspace)
            .await?
        {
            Ok(who) if who.user == Some(claims.sub) => Ok(who),
            Ok(_) | Err(Closed::Ended) => Err(invalid()),
            Err(Closed::NotMember) => Err(not_a_member()),
        }
    }

    async fn by_cookie(
        &self,
        cookie: &str,
        workspace: Option<WorkspaceId>,
    ) -> Result<Option<Identified>, Problem> {
        match self
            .by_session(cookie, Named::Cookie(cookie), workspace)
            .await?
        {
            Ok(who) => Ok(Some(who)),
            Err(Closed::Ended) => Ok(None),
            Err(Closed::NotMember) => Err(not_a_member()),
        }
    }

    async fn by_session(
        &self,
        name: &str,
        named: Named<'_>,
        workspace: Option<WorkspaceId>,
    ) -> Result<Result<Identified, Closed>, Problem> {
        let asked = workspace.map(|id| id.to_string()).unwrap_or_default();
        let hash = keys::hash(&format!("session {name} {asked}"));
        if let Some(known) = self.known(&hash).await {
            return Ok(Ok(known.who.clone()));
        }
        let epoch = self.epoch();
        let live = match sessions::find(self, named, workspace).await? {
            Ok(live) => live,
            Err(closed) => return Ok(Err(closed)),
        };
        let now = self.clock().now();
        self.used().session(live.id, now);
        let who = self.identified(caller(&live)).await;
        self.remember(
            hash,
            Known {
                who: who.clone(),
                epoch,
                ends_at: Some(live.expires_at),
                idle: Some(live.idle),
                used_ms: AtomicI64::new(now.unix_ms()),
            },
        )
        .await;
        Ok(Ok(who))
    }

    async fn identified(&self, caller: Caller) -> Identified {
        let plan = self.plan_of(caller.workspace).await.ok();
        Identified {
            caller: Arc::new(caller),
            requests_per_hour: plan
                .map(|plan| u32::try_from(plan.requests_per_hour).unwrap_or(u32::MAX)),
        }
    }

    /// What is remembered, where it still holds.
    async fn known(&self, hash: &[u8; 32]) -> Option<Arc<Known>> {
        let known = self.memory().get(hash).await?;
        let now = self.clock().now();
        let is_ended = known.epoch != self.epoch()
            || known.ends_at.is_some_and(|end| end <= now)
            || known
                .who
                .session
                .is_some_and(|session| self.is_revoked(session));
        if is_ended {
            return None;
        }
        if let Some(idle) = known.idle {
            let used_ms = known.used_ms.load(Ordering::Relaxed);
            if now.unix_ms() - used_ms >= idle.as_millis() as i64 {
                return None;
            }
            // Noted for the database with the next look-up, in a few seconds.
            known.used_ms.store(now.unix_ms(), Ordering::Relaxed);
        }
        Some(known)
    }
}

fn caller(live: &Live) -> Caller {
    Caller {
        workspace: live.workspace,
        user: Some(live.user),
        key: None,
        session: Some(live.id),
        role: live.role,
        scopes: Scopes::all(),
    }
}

/// The workspace that the request names. What is no identifier names one that nobody is a member of.
fn workspace(headers: &HeaderMap) -> Result<Option<WorkspaceId>, Problem> {
    let mut values = headers.get_all(WORKSPACE).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match value
            .to_str()
            .ok()
            .and_then(|text| text.trim().parse().ok())
        {
            Some(id) => Ok(Some(id)),
            None => Err(not_a_member()),
        },
        (Some(_), Some(_)) => Err(not_a_member()),
    }
}

pub(super) fn not_a_member() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "auth.not_a_member")
}

pub(super) fn cross_site() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "auth.cross_site")
}
