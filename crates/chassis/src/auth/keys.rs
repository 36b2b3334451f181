//! API keys: a secret for programs, of which only a hash is kept.

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::tables::{api_key, member, user};
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
    let secret = generate();
    let row = api_key::ActiveModel {
        id: Set(id.to_string()),
        workspace_id: Set(new.workspace.to_string()),
        user_id: Set(new.user.map(|user| user.to_string())),
        name: Set(new.name),
        prefix: Set(secret[..SHOWN].to_owned()),
        secret_hash: Set(hex(&hash(&secret))),
        scopes: Set(new.scopes.to_string()),
        created_at: Set(database.clock().now().to_string()),
        expires_at: Set(new.expires_at.map(|time| time.to_string())),
        revoked_at: Set(None),
        last_used_at: Set(None),
    };
    database
        .write(move |tx| {
            Box::pin(async move {
                api_key::Entity::insert(row)
                    .exec_without_returning(tx)
                    .await?;
                Ok::<_, DataError>(())
            })
        })
        .await?;
    Ok((id, Secret::new(secret)))
}

/// Who holds the key with this hash: none where it is unknown, revoked, past its time, or its person is gone.
pub(super) async fn find(database: &Database, hash: [u8; 32]) -> Result<Option<Caller>, DataError> {
    let row = api_key::Entity::find()
        .filter(api_key::Column::SecretHash.eq(hex(&hash)))
        .filter(api_key::Column::RevokedAt.is_null())
        .one(database.read())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let now = database.clock().now().to_string();
    if row.expires_at.is_some_and(|end| end <= now) {
        return Ok(None);
    }
    let malformed = |column| move |_| DataError::Malformed { column };
    let role = match &row.user_id {
        None => Role::Owner,
        Some(user) => match role_of(database, &row.workspace_id, user).await? {
            Some(role) => role,
            None => return Ok(None),
        },
    };
    Ok(Some(Caller {
        workspace: row
            .workspace_id
            .parse()
            .map_err(malformed("api_key.workspace_id"))?,
        user: match row.user_id {
            Some(text) => Some(text.parse().map_err(malformed("api_key.user_id"))?),
            None => None,
        },
        key: Some(row.id.parse().map_err(malformed("api_key.id"))?),
        role,
        scopes: row.scopes.parse().map_err(|_| DataError::Malformed {
            column: "api_key.scopes",
        })?,
    }))
}

/// The role of a person whose account is in use; none for those who left.
async fn role_of(
    database: &Database,
    workspace: &str,
    person: &str,
) -> Result<Option<Role>, DataError> {
    let enabled = user::Entity::find_by_id(person)
        .filter(user::Column::DisabledAt.is_null())
        .one(database.read())
        .await?;
    if enabled.is_none() {
        return Ok(None);
    }
    let row = member::Entity::find_by_id((workspace.to_owned(), person.to_owned()))
        .one(database.read())
        .await?;
    row.map(|row| {
        row.role.parse().map_err(|()| DataError::Malformed {
            column: "member.role",
        })
    })
    .transpose()
}

/// What is kept and looked up of a secret. A key holds 200 random bits, so a fast hash is as good as a slow one.
pub(super) fn hash(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

pub(super) fn hex(bytes: &[u8; 32]) -> String {
    blake3::Hash::from(*bytes).to_hex().to_string()
}

/// `ak_live_` and forty characters of Crockford's base 32: 200 bits of the system's randomness.
fn generate() -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut random = [0_u8; 40];
    getrandom::fill(&mut random).expect("the system has randomness");
    let mut secret = PREFIX.to_owned();
    secret.extend(
        random
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(byte & 31)])),
    );
    secret
}
