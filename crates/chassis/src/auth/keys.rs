//! API keys: a secret for programs, of which only a hash is kept.

use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use serde_json::json;

use super::audit::{self, Actor, Entry};
use super::sessions::{Standing, parsed, role_of};
use super::tables::api_key;
use super::{Caller, KeyId, Role, Scopes, UserId, WorkspaceId};
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::data::{DataError, Database};

/// What every key begins with, so that people and secret scanners know one.
pub const PREFIX: &str = "ak_live_";

/// Characters of a key that may be shown: the prefix and six more.
const SHOWN: usize = PREFIX.len() + 6;

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Where it acts.
    pub workspace: WorkspaceId,
    /// Who makes it; none on the command line.
    pub user: Option<UserId>,
    /// For people.
    pub name: String,
    /// What it grants.
    pub scopes: Scopes,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// Makes a key. The secret is given here once and kept nowhere.
pub async fn create(database: &Database, new: NewKey) -> Result<(KeyId, Secret), DataError> {
    let id = KeyId::generate(database.clock());
    let secret = generate(PREFIX);
    let detail = json!({"name": new.name, "scopes": new.scopes.to_string()});
    let given = Secret::new(secret.clone());
    let now = database.clock().now();
    let entry = Entry {
        workspace: new.workspace,
        actor: new.user.map_or(Actor::Console("cli"), Actor::User),
        action: "key.create",
        subject: format!("key:{id}"),
        detail,
        at: now,
    };
    database
        .write(move |tx| {
            Box::pin(async move {
                insert(tx, id, &secret, new, now).await?;
                audit::record(tx, entry).await
            })
        })
        .await?;
    Ok((id, given))
}

/// Keeps a key's hash, inside a transaction.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    id: KeyId,
    secret: &str,
    new: NewKey,
    now: Timestamp,
) -> Result<(), DataError> {
    let row = api_key::ActiveModel {
        id: Set(id.to_string()),
        workspace_id: Set(new.workspace.to_string()),
        user_id: Set(new.user.map(|user| user.to_string())),
        name: Set(new.name),
        prefix: Set(secret[..SHOWN].to_owned()),
        secret_hash: Set(hex(&hash(secret))),
        scopes: Set(new.scopes.to_string()),
        created_at: Set(now.to_string()),
        expires_at: Set(new.expires_at.map(|time| time.to_string())),
        revoked_at: Set(None),
        last_used_at: Set(None),
    };
    api_key::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Who holds the key with this hash, and until when: none where it is unknown, revoked, past its time, or its person is gone.
pub(super) async fn find(
    database: &Database,
    hash: [u8; 32],
) -> Result<Option<(Caller, Option<Timestamp>)>, DataError> {
    let row = api_key::Entity::find()
        .filter(api_key::Column::SecretHash.eq(hex(&hash)))
        .filter(api_key::Column::RevokedAt.is_null())
        .one(database.read())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let ends_at: Option<Timestamp> = match &row.expires_at {
        Some(text) => Some(parsed(text, "api_key.expires_at")?),
        None => None,
    };
    if ends_at.is_some_and(|end| end <= database.clock().now()) {
        return Ok(None);
    }
    let role = match &row.user_id {
        None => Role::Owner,
        Some(user) => match role_of(database, &row.workspace_id, user).await? {
            Standing::Member(role) => role,
            Standing::NotMember | Standing::Disabled => return Ok(None),
        },
    };
    let caller = Caller {
        workspace: parsed(&row.workspace_id, "api_key.workspace_id")?,
        user: match row.user_id {
            Some(text) => Some(parsed(&text, "api_key.user_id")?),
            None => None,
        },
        key: Some(parsed(&row.id, "api_key.id")?),
        session: None,
        role,
        scopes: parsed(&row.scopes, "api_key.scopes")?,
    };
    Ok(Some((caller, ends_at)))
}

/// What is kept and looked up of a secret. A key holds 200 random bits, so a fast hash is as good as a slow one.
pub(super) fn hash(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

pub(super) fn hex(bytes: &[u8; 32]) -> String {
    blake3::Hash::from(*bytes).to_hex().to_string()
}

/// The prefix and forty characters of Crockford's base 32: 200 bits of the system's randomness.
pub(super) fn generate(prefix: &str) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut random = [0_u8; 40];
    getrandom::fill(&mut random).expect("the system has randomness");
    let mut secret = prefix.to_owned();
    secret.extend(
        random
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(byte & 31)])),
    );
    secret
}
