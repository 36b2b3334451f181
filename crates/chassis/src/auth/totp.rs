//! The second factor: codes of an authenticator (RFC 6238: SHA-1, six digits, thirty seconds, which all of them speak), and
//! ten recovery codes.

use qrcode::{Color, EcLevel, QrCode};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, TryInsertResult,
};
use serde_json::Value;
use totp_rs::{Builder, Totp};

use super::audit::{self, Actor};
use super::tables::sign_in::{recovery_code, second_factor};
use super::{Auth, UserId, keys};
use crate::clock::Timestamp;
use crate::data::DataError;

/// Recovery codes that are given at once.
pub(super) const RECOVERY_CODES: usize = 10;
/// Characters of one, without its dashes: 80 bits.
const RECOVERY_LENGTH: usize = 16;

/// What an authenticator is set up with.
pub(super) struct Enrolment {
    /// In base 32, for typing.
    pub(super) secret: String,
    /// `otpauth://…`, for a link.
    pub(super) uri: String,
    /// The same as a picture.
    pub(super) qr_svg: String,
}

/// Makes a secret and keeps it unconfirmed; one made before and never confirmed is replaced. `None` where codes are asked
/// for already.
pub(super) async fn begin(
    auth: &Auth,
    user: UserId,
    email: &str,
) -> Result<Option<Enrolment>, DataError> {
    let mut random = [0_u8; 20];
    getrandom::fill(&mut random).expect("the system has randomness");
    let secret = base32(&random);
    let row = second_factor::ActiveModel {
        user_id: Set(user.to_string()),
        secret: Set(secret.clone()),
        created_at: Set(auth.clock().now().to_string()),
        confirmed_at: Set(None),
        last_step: Set(0),
    };
    let made = auth
        .database()
        .write(move |tx| {
            Box::pin(async move {
                second_factor::Entity::delete_many()
                    .filter(second_factor::Column::UserId.eq(user.to_string()))
                    .filter(second_factor::Column::ConfirmedAt.is_null())
                    .exec(tx)
                    .await?;
                let made = second_factor::Entity::insert(row)
                    .on_conflict_do_nothing_on([second_factor::Column::UserId])
                    .exec_without_returning(tx)
                    .await?;
                Ok::<_, DataError>(made)
            })
        })
        .await?;
    let is_made = matches!(made, TryInsertResult::Inserted(rows) if rows > 0);
    Ok(is_made.then(|| {
        let uri = uri(&secret, email);
        Enrolment {
            qr_svg: picture(&uri),
            uri,
            secret,
        }
    }))
}

/// Confirms the secret with its first code: it is asked for from then on. Gives the recovery codes; `None` for a wrong code.
pub(super) async fn confirm(
    auth: &Auth,
    user: UserId,
    code: &str,
) -> Result<Option<Vec<String>>, DataError> {
    let now = auth.clock().now();
    let Some(row) = of(auth, user)
        .await?
        .filter(|row| row.confirmed_at.is_none())
    else {
        return Ok(None);
    };
    let Some(step) = step_of(&row.secret, code, now)? else {
        return Ok(None);
    };
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery()).collect();
    let hashes: Vec<String> = codes.iter().map(|code| recovery_hash(user, code)).collect();
    let confirmed = auth
        .database()
        .write(move |tx| {
            Box::pin(async move {
                let done = second_factor::Entity::update_many()
                    .col_expr(
                        second_factor::Column::ConfirmedAt,
                        Expr::value(now.to_string()),
                    )
                    .col_expr(second_factor::Column::LastStep, Expr::value(step))
                    .filter(second_factor::Column::UserId.eq(user.to_string()))
                    .filter(second_factor::Column::Secret.eq(row.secret))
                    .filter(second_factor::Column::ConfirmedAt.is_null())
                    .exec(tx)
                    .await?;
                if done.rows_affected == 0 {
                    return Ok(false);
                }
                remove_codes(tx, user).await?;
                let rows = hashes
                    .into_iter()
                    .map(|code_hash| recovery_code::ActiveModel {
                        code_hash: Set(code_hash),
                        user_id: Set(user.to_string()),
                        used_at: Set(None),
                    });
                recovery_code::Entity::insert_many(rows)
                    .exec_without_returning(tx)
                    .await?;
                audit::record_for(
                    tx,
                    user,
                    Actor::User(user),
                    "auth.totp_enable",
                    Value::Null,
                    now,
                )
                .await?;
                Ok::<_, DataError>(true)
            })
        })
        .await?;
    Ok(confirmed.then_some(codes))
}

/// Asks for no codes any more. False where none were asked for.
pub(super) async fn remove(auth: &Auth, user: UserId) -> Result<bool, DataError> {
    let now = auth.clock().now();
    auth.database()
        .write(move |tx| {
            Box::pin(async move {
                remove_codes(tx, user).await?;
                let done = second_factor::Entity::delete_by_id(user.to_string())
                    .exec(tx)
                    .await?;
                if done.rows_affected > 0 {
                    audit::record_for(
                        tx,
                        user,
                        Actor::User(user),
                        "auth.totp_disable",
                        Value::Null,
                        now,
                    )
                    .await?;
                }
                Ok(done.rows_affected > 0)
            })
        })
        .await
}

/// What a person's sign-in needs beside the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing, or the code was right.
    Passed,
    /// A code, and none was given.
    Needed,
    /// Another code.
    Wrong,
}

/// Takes a code of the authenticator or a recovery code, each once.
pub(super) async fn check(
    auth: &Auth,
    user: UserId,
    code: Option<&str>,
) -> Result<Answer, DataError> {
    let Some(row) = of(auth, user)
        .await?
        .filter(|row| row.confirmed_at.is_some())
    else {
        return Ok(Answer::Passed);
    };
    let Some(code) = code else {
        return Ok(Answer::Needed);
    };
    let now = auth.clock().now();
    let taken = if let Some(step) = step_of(&row.secret, code, now)? {
        auth.database()
            .write(move |tx| Box::pin(async move { take_step(tx, user, step).await }))
            .await?
    } else {
        let hash = recovery_hash(user, code);
        auth.database()
            .write(move |tx| Box::pin(async move { take_recovery(tx, hash, now).await }))
            .await?
    };
    Ok(if taken { Answer::Passed } else { Answer::Wrong })
}

/// Whether codes are asked for, and how many recovery codes are left.
pub(super) async fn state(auth: &Auth, user: UserId) -> Result<(bool, u64), DataError> {
    use sea_orm::PaginatorTrait as _;
    let is_on = of(auth, user)
        .await?
        .is_some_and(|row| row.confirmed_at.is_some());
    if !is_on {
        return Ok((false, 0));
    }
    let left = recovery_code::Entity::find()
        .filter(recovery_code::Column::UserId.eq(user.to_string()))
        .filter(recovery_code::Column::UsedAt.is_null())
        .count(auth.database().read())
        .await?;
    Ok((true, left))
}

async fn of(auth: &Auth, user: UserId) -> Result<Option<second_factor::Model>, DataError> {
    let row = second_factor::Entity::find_by_id(user.to_string());
    Ok(row.one(auth.database().read()).await?)
}

/// Takes a step once: it and those before it are closed. Of two requests with one code, one passes.
async fn take_step(tx: &DatabaseTransaction, user: UserId, step: i64) -> Result<bool, DataError> {
    let done = second_factor::Entity::update_many()
        .col_expr(second_factor::Column::LastStep, Expr::value(step))
        .filter(second_factor::Column::UserId.eq(user.to_string()))
        .filter(second_factor::Column::LastStep.lt(step))
        .exec(tx)
        .await?;
    Ok(done.rows_affected > 0)
}

async fn take_recovery(
    tx: &DatabaseTransaction,
    hash: String,
    now: Timestamp,
) -> Result<bool, DataError> {
    let done = recovery_code::Entity::update_many()
        .col_expr(recovery_code::Column::UsedAt, Expr::value(now.to_string()))
        .filter(recovery_code::Column::CodeHash.eq(hash))
        .filter(recovery_code::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(done.rows_affected > 0)
}

async fn remove_codes(tx: &DatabaseTransaction, user: UserId) -> Result<(), DataError> {
    recovery_code::Entity::delete_many()
        .filter(recovery_code::Column::UserId.eq(user.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

/// The step that the code belongs to: this one, the one before or the one after.
fn step_of(secret: &str, code: &str, now: Timestamp) -> Result<Option<i64>, DataError> {
    let malformed = || DataError::Malformed {
        column: "second_factor.secret",
    };
    let totp = totp(from_base32(secret).ok_or_else(malformed)?);
    let seconds = u64::try_from(now.unix_ms() / 1000).unwrap_or(0);
    let code: String = code
        .chars()
        .filter(|c| !c.is_whitespace())
        .take(12)
        .collect();
    Ok(totp.check(&code, seconds).map(u64::cast_signed))
}

fn totp(secret: [u8; 20]) -> Totp {
    let builder = Builder::new().with_secret(totp_rs::Secret::new_stack(secret));
    builder
        .with_skew(1)
        .build()
        .expect("20 bytes, and the defaults of the RFC")
}

/// `otpauth://totp/Aplomb:name?secret=…&issuer=Aplomb`, as authenticators read it.
fn uri(secret: &str, email: &str) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    let label = utf8_percent_encode(email, NON_ALPHANUMERIC);
    format!(
        "otpauth://totp/Aplomb:{label}?secret={secret}&issuer=Aplomb&algorithm=SHA1&digits=6&period=30"
    )
}

/// Dark modules on a light ground with the margin that readers need, also on a dark page.
fn picture(text: &str) -> String {
    use std::fmt::Write as _;
    const MARGIN: usize = 4;
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .expect("an address is far below what a code holds");
    let width = code.width();
    let side = width + 2 * MARGIN;
    let mut path = String::new();
    for (index, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (x, y) = (index % width + MARGIN, index / width + MARGIN);
            write!(path, "M{x} {y}h1v1h-1z").expect("writing to a string");
        }
    }
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges" role="img"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{path}"/></svg>"##
    )
}

/// Four groups of four.
fn recovery() -> String {
    let code = &keys::generate("")[..RECOVERY_LENGTH];
    let groups: Vec<&str> = (0..RECOVERY_LENGTH)
        .step_by(4)
        .map(|at| &code[at..at + 4])
        .collect();
    groups.join("-")
}

/// As typed, whatever the dashes and the case. Bound to the person: a code of another opens nothing.
fn recovery_hash(user: UserId, code: &str) -> String {
    let typed = code.chars().filter(char::is_ascii_alphanumeric).take(64);
    let code: String = typed.map(|c| c.to_ascii_lowercase()).collect();
    keys::hex(&keys::hash(&format!("recovery {user} {code}")))
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// RFC 4648 for twenty bytes, which need no padding.
fn base32(bytes: &[u8; 20]) -> String {
    let bit = |at: usize| (bytes[at / 8] >> (7 - at % 8)) & 1;
    (0..32)
        .map(|group| (0..5).fold(0, |value, offset| value << 1 | bit(group * 5 + offset)))
        .map(|value: u8| char::from(ALPHABET[usize::from(value)]))
        .collect()
}

fn from_base32(text: &str) -> Option<[u8; 20]> {
    let mut bytes = [0_u8; 20];
    if text.len() != 32 {
        return None;
    }
    for (group, letter) in text.bytes().enumerate() {
        let value = ALPHABET.iter().position(|known| *known == letter)?;
        for offset in 0..5 {
            let at = group * 5 + offset;
            bytes[at / 8] |= ((value >> (4 - offset) & 1) as u8) << (7 - at % 8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let totp = totp(*b"12345678901234567890");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(totp.generate(seconds).to_string(), code);
        }
    }

    #[test]
    fn a_code_fits_its_step_and_its_neighbours() {
        let secret = base32(b"12345678901234567890");
        assert_eq!(secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(from_base32(&secret).as_ref(), Some(b"12345678901234567890"));
        let step = |seconds: i64| {
            let now = Timestamp::from_unix_ms(seconds * 1000).unwrap();
            step_of(&secret, " 287 082", now).unwrap()
        };
        assert_eq!([0, 29, 30, 59, 60, 89].map(step), [Some(1); 6]);
        assert_eq!(step(90), None);
    }

    #[test]
    fn recovery_codes_are_read_as_people_type_them() {
        let user = UserId::generate(&crate::clock::SystemClock);
        let code = recovery();
        assert_eq!(code.len(), 19);
        let typed = format!(" {} ", code.to_uppercase().replace('-', " "));
        assert_eq!(recovery_hash(user, &typed), recovery_hash(user, &code));
    }
}
