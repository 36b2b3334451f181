//! An instance with people of two workspaces, and things of the first that nobody else may see.

use std::collections::HashMap;

use chassis::check::ground::{Instance, Wishes};
use chassis::check::{Answer, Method, Subject, Trouble};
use serde_json::{Value, json};

use super::forge::{self, Token};
use crate::actors::{self, Actors, bearer, text};
use crate::operations::{Scope, Thing};

/// Stands in what the first workspace has, and nowhere else.
const MARKER: &str = "zebrafish-71";

/// The instance and those in it.
pub(super) struct Place {
    /// Kept: it ends when dropped.
    _instance: Box<dyn Instance>,
    pub(super) at: Subject,
    pub(super) actors: Actors,
    /// The owner's token, taken apart.
    pub(super) token: Token,
    pub(super) things: Vec<Thing>,
    keys: HashMap<String, String>,
}

/// An instance for drills on rights: nobody is refused for asking often, and the drill can sign tokens.
pub(super) fn wishes() -> Wishes {
    Wishes::none()
        .set("profile", "development")
        .set("limits.anonymous_per_minute", 0)
        .set("auth.secret", forge::SECRET)
        // A webhook is made that leads to nobody; nothing happens that it would be told of.
        .set("notify.webhook_networks", "127.0.0.0/8")
        .set("notify.webhook_allow_http", true)
}

impl Place {
    pub(super) async fn start(subject: &Subject) -> Result<Self, Trouble> {
        let instance = subject.start(wishes()).await?;
        let actors = Actors::of(instance.as_ref(), subject).await?;
        let mut at = subject.at(&instance.base());
        // Its own document: the instance may differ from the one that was asked first.
        at.document = Some(at.get("/api/openapi.json").await?.expect(200)?);
        let mut place = Self {
            token: Token::of(&actors.owner)?,
            _instance: instance,
            at,
            actors,
            things: Vec::new(),
            keys: HashMap::new(),
        };
        place.prove_forgery().await?;
        place.furnish().await?;
        Ok(place)
    }

    /// A token that the drill signs again without a change is let in: else its forgeries would be refused for another reason.
    async fn prove_forgery(&self) -> Result<(), Trouble> {
        let status = super::with_bearer(&self.at, &self.token.signed_again()).await?;
        if status == 200 {
            return Ok(());
        }
        Err(Trouble::broke(format!(
            "a real token signed again with `auth.secret` gets {status}: forged ones would prove nothing"
        )))
    }

    /// A key of the first workspace with one scope.
    pub(super) async fn key(&mut self, scope: &Scope) -> Result<String, Trouble> {
        let scope = format!("{}:{}", scope.room, scope.verb);
        if let Some(key) = self.keys.get(&scope) {
            return Ok(key.clone());
        }
        let body = json!({ "name": "proof", "scopes": [scope] });
        let made = self.post("/api/v1/keys", body).await?;
        let secret = text(&made, "/secret")?;
        self.keys.insert(scope, secret.clone());
        Ok(secret)
    }

    /// What of the first workspace stands in an answer.
    pub(super) fn shown_in(&self, answer: &Answer) -> Option<String> {
        let text = answer.text();
        let secret = |id: &&str| id.len() >= 26 && *id != self.actors.workspace;
        let mut all = self.things.iter().map(|thing| thing.id.as_str());
        let found = all.find(|id| secret(id) && text.contains(id));
        found
            .or_else(|| text.contains(MARKER).then_some(MARKER))
            .map(str::to_owned)
    }

    /// Makes one of each thing that addresses name, where the document knows it.
    async fn furnish(&mut self) -> Result<(), Trouble> {
        let me = bearer(
            &self.at,
            Method::GET,
            "/api/v1/auth/me",
            &self.actors.viewer,
            None,
        );
        let viewer = text(&me.await?.expect(200)?, "/user/id")?;
        self.add("/api/v1/workspaces/", "id", self.actors.workspace.clone());
        self.add("/api/v1/workspaces/", "user", viewer.clone());
        self.add("/api/v1/users/", "id", viewer);
        // Not the session that the drill itself needs: a faulty server ends it.
        let spare = actors::sign_in(&self.at, actors::OWNER).await?;
        let me = bearer(&self.at, Method::GET, "/api/v1/auth/me", &spare, None).await?;
        let session = text(&me.expect(200)?, "/session")?;
        self.add("/api/v1/auth/sessions/", "id", session);

        let key = json!({ "name": MARKER, "scopes": ["audit:read"] });
        self.make("/api/v1/keys", key, &[("/api/v1/keys/", "id", "/id")])
            .await?;
        let webhook = json!({
            "url": format!("http://127.0.0.1:9/{MARKER}"),
            "events": ["jobs.failed"],
        });
        let below = [("/api/v1/webhooks/", "id", "/id")];
        self.make("/api/v1/webhooks", webhook, &below).await?;
        let mark = json!({ "generator": "crescent", "variant": "serenity", "name": "Zebrafish" });
        let below = [("/api/v1/luna/download/", "filename", "/filename")];
        self.make("/api/v1/luna/generate", mark.clone(), &below)
            .await?;
        let below = [
            ("/api/v1/luna/kits/", "kit", "/id"),
            ("/api/v1/jobs/", "id", "/job"),
        ];
        self.make("/api/v1/luna/kits", mark, &below).await?;
        let invited = json!({ "email": format!("{MARKER}@prove.example"), "role": "viewer" });
        let below = [("/api/v1/workspaces/", "invitation", "/id")];
        self.make("/api/v1/users", invited, &below).await?;
        self.file().await
    }

    async fn file(&mut self) -> Result<(), Trouble> {
        if !self.has("/api/v1/objects") {
            return Ok(());
        }
        let request = self
            .at
            .request(Method::POST, &format!("/api/v1/objects?name={MARKER}.txt"))
            .bearer_auth(&self.actors.owner)
            .header("content-type", "text/plain")
            .body(MARKER);
        let made = Answer::to(request).await?.expect(201)?;
        self.add("/api/v1/objects/", "id", text(&made, "/id")?);
        let request = self
            .at
            .request(Method::POST, "/api/v1/uploads")
            .bearer_auth(&self.actors.owner)
            .header("tus-resumable", "1.0.0")
            .header("upload-length", "10");
        let made = Answer::to(request).await?;
        let address = made.header("location").unwrap_or_default();
        if let Some(id) = address.rsplit('/').next().filter(|id| !id.is_empty()) {
            self.add("/api/v1/uploads/", "id", id.to_owned());
        }
        Ok(())
    }

    async fn make(
        &mut self,
        path: &str,
        body: Value,
        things: &[(&'static str, &'static str, &str)],
    ) -> Result<(), Trouble> {
        if !self.has(path) {
            return Ok(());
        }
        let made = self.post(path, body).await?;
        for (below, name, pointer) in things {
            self.add(below, name, text(&made, pointer)?);
        }
        Ok(())
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, Trouble> {
        let answer = bearer(&self.at, Method::POST, path, &self.actors.owner, Some(body)).await?;
        if !answer.status.is_success() {
            let text: String = answer.text().chars().take(200).collect();
            return Err(Trouble::broke(format!(
                "the owner's POST {path} gets {}: {text}",
                answer.status.as_u16()
            )));
        }
        answer.json()
    }

    fn add(&mut self, below: &'static str, name: &'static str, id: String) {
        self.things.push(Thing { below, name, id });
    }

    fn has(&self, path: &str) -> bool {
        let document = self.at.document.as_ref();
        document.is_some_and(|document| document["paths"].get(path).is_some())
    }

    /// A fresh token of the owner: what ended the last one does not end the drill.
    pub(super) async fn owner_again(&mut self) -> Result<(), Trouble> {
        if super::with_bearer(&self.at, &self.actors.owner).await? == 401 {
            self.actors.owner = actors::sign_in(&self.at, actors::OWNER).await?;
        }
        Ok(())
    }
}
