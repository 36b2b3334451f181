//! Those who play a part in a drill: people of two workspaces, and their keys.

use chassis::check::ground::Instance;
use chassis::check::{Answer, Method, Subject, Trouble};
use serde_json::{Value, json};

/// The password of all of them: long, and in no list.
pub const PASSWORD: &str = "plumb line 71 copper kettle";

/// People and keys of an instance that was just started.
pub struct Actors {
    /// Bearer token of the first workspace's owner.
    pub owner: String,
    /// Bearer token of a viewer there.
    pub viewer: String,
    /// Bearer token of the owner of another workspace, who knows nothing of the first.
    pub stranger: String,
    /// A key of the first workspace with every scope.
    pub key: String,
    /// A key of the first workspace whose one scope is `audit:read`.
    pub narrow_key: String,
    /// A key that was good and is revoked.
    pub revoked_key: String,
    /// The first workspace.
    pub workspace: String,
    /// The other one.
    pub other_workspace: String,
}

/// Their addresses.
pub const OWNER: &str = "owner@prove.example";
/// A viewer of the first workspace.
pub const VIEWER: &str = "viewer@prove.example";
/// The owner of the other workspace.
pub const STRANGER: &str = "stranger@prove.example";

impl Actors {
    /// Makes them.
    pub async fn of(instance: &dyn Instance, subject: &Subject) -> Result<Self, Trouble> {
        let subject = subject.at(&instance.base());
        create_user(instance, OWNER, "owner", None).await?;
        create_user(instance, VIEWER, "viewer", None).await?;
        let owner = sign_in(&subject, OWNER).await?;
        let me = bearer(&subject, Method::GET, "/api/v1/auth/me", &owner, None).await?;
        let me = me.expect(200)?;
        let workspace = text(&me, "/workspace")?;
        let body = json!({ "name": "Other" });
        let other = bearer(
            &subject,
            Method::POST,
            "/api/v1/workspaces",
            &owner,
            Some(body),
        )
        .await?;
        let other_workspace = text(&other.expect(201)?, "/id")?;
        create_user(instance, STRANGER, "owner", Some(&other_workspace)).await?;
        let revoked_key = key(instance, "*").await?;
        revoke(&subject, &owner, &revoked_key).await?;
        Ok(Self {
            viewer: sign_in(&subject, VIEWER).await?,
            stranger: sign_in(&subject, STRANGER).await?,
            key: key(instance, "*").await?,
            narrow_key: key(instance, "audit:read").await?,
            revoked_key,
            owner,
            workspace,
            other_workspace,
        })
    }
}

/// Makes an account with [`PASSWORD`].
pub async fn create_user(
    instance: &dyn Instance,
    email: &str,
    role: &str,
    workspace: Option<&str>,
) -> Result<(), Trouble> {
    let mut arguments = vec![
        "user", "create", "--email", email, "--name", role, "--role", role,
    ];
    if let Some(workspace) = workspace {
        arguments.extend(["--workspace", workspace]);
    }
    arguments.push("--password-stdin");
    instance.run(&arguments, PASSWORD).await?;
    Ok(())
}

/// A key of the first workspace.
pub async fn key(instance: &dyn Instance, scopes: &str) -> Result<String, Trouble> {
    let arguments = ["key", "create", "--name", "prove", "--scopes", scopes];
    Ok(instance.run(&arguments, "").await?.trim().to_owned())
}

/// Signs in as a client and gives the access token.
pub async fn sign_in(subject: &Subject, email: &str) -> Result<String, Trouble> {
    let body = json!({ "email": email, "password": PASSWORD, "client": "api" });
    let request = subject
        .request(Method::POST, "/api/v1/auth/login")
        .json(&body);
    text(
        &Answer::to(request).await?.expect(200)?,
        "/tokens/access_token",
    )
}

/// A request with a bearer token.
pub async fn bearer(
    subject: &Subject,
    method: Method,
    path: &str,
    token: &str,
    body: Option<Value>,
) -> Result<Answer, Trouble> {
    let mut request = subject.request(method, path).bearer_auth(token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    Answer::to(request).await
}

async fn revoke(subject: &Subject, owner: &str, key: &str) -> Result<(), Trouble> {
    let listed = bearer(subject, Method::GET, "/api/v1/keys", owner, None).await?;
    let listed = listed.expect(200)?;
    let keys = listed["items"].as_array().cloned().unwrap_or_default();
    let is_it = |one: &&Value| {
        one["prefix"]
            .as_str()
            .is_some_and(|prefix| key.starts_with(prefix))
    };
    let found = keys.iter().find(is_it);
    let found = found.ok_or_else(|| Trouble::broke("a new key is not in the list of keys"))?;
    let path = format!("/api/v1/keys/{}", text(found, "/id")?);
    bearer(subject, Method::DELETE, &path, owner, None)
        .await?
        .expect(204)?;
    Ok(())
}

/// The text at a JSON pointer.
pub fn text(value: &Value, pointer: &str) -> Result<String, Trouble> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    let missing = || Trouble::broke(format!("an answer has no text at {pointer}"));
    found.map(str::to_owned).ok_or_else(missing)
}
