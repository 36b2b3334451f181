//! Where a person signed in from before: he is told of a sign-in from a device or a network that is new.
//!
//! Kept are hashes of the device (what the client calls itself, without its versions) and of the network (the first 24 bits
//! of an address, 48 of IPv6), never an address. A hash of so little can be guessed by who reads the database: it keeps
//! addresses out of sight, not secret.

use std::net::IpAddr;
use std::time::Duration;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::{hash, shown};
use crate::auth::tables::sign_in::seen;
use crate::auth::{Auth, SessionId, UserId, WorkspaceId};
use crate::clock::Timestamp;
use crate::data::DataError;
use crate::notify::Notice;
use crate::task;

/// What was not used for this long is new again.
pub(in crate::auth) const KEPT: Duration = Duration::from_hours(24 * 400);

/// A sign-in that has just been opened.
#[derive(Clone, Debug)]
pub(in crate::auth) struct Sighting {
    pub(in crate::auth) user: UserId,
    pub(in crate::auth) workspace: WorkspaceId,
    pub(in crate::auth) session: SessionId,
    /// What the client calls itself.
    pub(in crate::auth) client: String,
    pub(in crate::auth) address: IpAddr,
}

/// Tells the person if he was not seen like this before. Beside the sign-in, which neither waits for it nor fails by it.
pub(in crate::auth) fn look(auth: &Auth, sighting: Sighting) {
    let auth = auth.clone();
    task::spawn(async move {
        if let Err(fault) = tell_and_keep(&auth, &sighting).await {
            // Nothing is kept then, so the next sign-in from there is told.
            tracing::warn!(error = fault, user.id = %sighting.user, "a sign-in could not be compared with earlier ones");
        }
    });
}

async fn tell_and_keep(auth: &Auth, sighting: &Sighting) -> Result<(), String> {
    let said = |fault: DataError| fault.to_string();
    let user = sighting.user.to_string();
    let known: Vec<seen::Model> = seen::Entity::find()
        .filter(seen::Column::UserId.eq(&user))
        .all(auth.database().read())
        .await
        .map_err(|fault| fault.to_string())?;
    let marks = [
        hash(&format!("device {user} {}", family(&sighting.client))),
        hash(&format!("network {user} {}", network(sighting.address))),
    ];
    let is_new = |mark: &String| !known.iter().any(|row| row.mark == *mark);
    let now = auth.clock().now();
    // The first sign-in of an account is its owner's own doing.
    if !known.is_empty() && marks.iter().any(is_new) {
        auth.post().tell(notice(sighting, now)).await?;
    }
    keep(auth, user, marks, now).await.map_err(said)
}

fn notice(sighting: &Sighting, now: Timestamp) -> Notice {
    let when = now.to_string();
    let mut arguments = vec![
        ("when", format!("{} {} UTC", &when[..10], &when[11..16])),
        ("address", sighting.address.to_canonical().to_string()),
    ];
    let client = shown(&sighting.client);
    if !client.is_empty() {
        arguments.push(("client", client));
    }
    Notice {
        workspace: sighting.workspace,
        user: sighting.user,
        kind: "auth.new_sign_in",
        arguments,
        idempotency_key: Some(format!("auth.new_sign_in:{}", sighting.session)),
    }
}

async fn keep(
    auth: &Auth,
    user: String,
    marks: [String; 2],
    now: Timestamp,
) -> Result<(), DataError> {
    let rows = marks.map(|mark| seen::ActiveModel {
        user_id: Set(user.clone()),
        mark: Set(mark),
        last_at: Set(now.to_string()),
    });
    let newest = OnConflict::columns([seen::Column::UserId, seen::Column::Mark])
        .update_column(seen::Column::LastAt)
        .to_owned();
    auth.database()
        .write(move |tx| {
            Box::pin(async move {
                seen::Entity::insert_many(rows)
                    .on_conflict(newest)
                    .exec_without_returning(tx)
                    .await?;
                Ok(())
            })
        })
        .await
}

/// What a client calls itself without its digits: an update of a browser is no new device.
fn family(client: &str) -> String {
    shown(client)
        .chars()
        .filter(|c| !c.is_ascii_digit() && *c != '.' && *c != '_')
        .collect()
}

/// The network of an address: at home and on the road the last part changes by itself.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_the_same_device_and_another_browser_is_not() {
        let firefox = |n: u32| {
            format!("Mozilla/5.0 (X11; Linux x86_64; rv:{n}.0) Gecko/20100101 Firefox/{n}.0.1")
        };
        assert_eq!(family(&firefox(99)), family(&firefox(145)));
        assert_ne!(family(&firefox(99)), family("curl/8.5.0"));
    }

    #[test]
    fn a_network_is_the_first_part_of_an_address() {
        let same = |one: &str, other: &str| {
            network(one.parse().unwrap()) == network(other.parse().unwrap())
        };
        assert!(same("192.0.2.1", "192.0.2.254"));
        assert!(same("192.0.2.1", "::ffff:192.0.2.9"));
        assert!(!same("192.0.2.1", "192.0.3.1"));
        assert!(same("2001:db8:1:2::3", "2001:db8:1:ffff::4"));
        assert!(!same("2001:db8:1::1", "2001:db8:2::1"));
    }
}
