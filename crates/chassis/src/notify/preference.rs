//! Who wants to be told what by which channel, and when not.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::Channel;
use super::tables::{preference, reach};
use crate::auth::UserId;
use crate::auth::tables::user;
use crate::clock::Timestamp;
use crate::data::{DataError, Database};
use crate::i18n::Language;

const DAY_MIN: i64 = 1_440;

/// Hours of every day in which a person is not told what can wait: `22:00-07:00+02:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quiet {
    /// Minutes since the person's midnight.
    pub(super) from_min: i64,
    pub(super) until_min: i64,
    /// The person's time less UTC.
    pub(super) offset_min: i64,
}

impl Quiet {
    /// When they end, if `now` is in them.
    pub(super) fn end(self, now: Timestamp) -> Option<Timestamp> {
        let now_min = now.unix_ms().div_euclid(60_000);
        let of_day = (now_min + self.offset_min).rem_euclid(DAY_MIN);
        let since = (of_day - self.from_min).rem_euclid(DAY_MIN);
        let length = (self.until_min - self.from_min).rem_euclid(DAY_MIN);
        let end_ms = (now_min - since + length) * 60_000;
        Timestamp::from_unix_ms(end_ms).filter(|_| since < length)
    }
}

impl fmt::Display for Quiet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let sign = if self.offset_min < 0 { '-' } else { '+' };
        let (from, until) = (time(self.from_min), time(self.until_min));
        write!(
            formatter,
            "{from}-{until}{sign}{}",
            time(self.offset_min.abs())
        )
    }
}

impl FromStr for Quiet {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let time = |text: Option<&str>, hours: i64| -> Result<i64, ()> {
            let (hour, minute) = text.ok_or(())?.split_once(':').ok_or(())?;
            let two = |text: &str| -> Result<i64, ()> {
                let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
                text.parse()
                    .map_err(|_| ())
                    .and_then(|n| if digits { Ok(n) } else { Err(()) })
            };
            let (hour, minute) = (two(hour)?, two(minute)?);
            if hour < hours && minute < 60 {
                Ok(hour * 60 + minute)
            } else {
                Err(())
            }
        };
        if text.len() != 17 || !text.is_ascii() || text.as_bytes()[5] != b'-' {
            return Err(());
        }
        let sign = match text.as_bytes()[11] {
            b'+' => 1,
            b'-' => -1,
            _ => return Err(()),
        };
        let quiet = Self {
            from_min: time(text.get(0..5), 24)?,
            until_min: time(text.get(6..11), 24)?,
            offset_min: sign * time(text.get(12..17), 15)?,
        };
        if quiet.from_min == quiet.until_min {
            Err(())
        } else {
            Ok(quiet)
        }
    }
}

/// What one person chose.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) email: String,
    pub(super) language: Language,
    pub(super) telegram_chat: Option<String>,
    pub(super) quiet: Option<Quiet>,
    pub(super) kinds: BTreeMap<String, Vec<Channel>>,
}

impl Person {
    /// The channels chosen for a kind; mail where nothing was.
    pub(super) fn channels(&self, kind: &str) -> Vec<Channel> {
        self.kinds
            .get(kind)
            .cloned()
            .unwrap_or_else(|| vec![Channel::Mail])
    }

    /// Channels and targets for a kind.
    pub(super) fn ways(&self, kind: &str, urgent: bool) -> Vec<(Channel, String)> {
        let mut channels = self.channels(kind);
        if urgent && !channels.contains(&Channel::Mail) {
            channels.push(Channel::Mail);
        }
        let target = |channel| match channel {
            Channel::Mail => Some(self.email.clone()),
            Channel::Telegram => self.telegram_chat.clone(),
            Channel::Webhook => None,
        };
        channels
            .into_iter()
            .filter_map(|channel| Some((channel, target(channel)?)))
            .collect()
    }
}

/// A person whose account is in use.
pub(super) async fn person<C: ConnectionTrait>(
    connection: &C,
    id: UserId,
) -> Result<Option<Person>, DataError> {
    let found = user::Entity::find_by_id(id.to_string())
        .filter(user::Column::DisabledAt.is_null())
        .one(connection)
        .await?;
    let Some(account) = found else {
        return Ok(None);
    };
    let reach = reach::Entity::find_by_id(id.to_string())
        .one(connection)
        .await?;
    let kinds = preference::Entity::find()
        .filter(preference::Column::UserId.eq(id.to_string()))
        .all(connection)
        .await?;
    let channels = |text: &str| text.split(' ').filter_map(Channel::of).collect();
    let quiet = reach.as_ref().and_then(|reach| reach.quiet.as_deref());
    Ok(Some(Person {
        email: account.email,
        language: Language::from_tag(&account.language).unwrap_or_default(),
        quiet: quiet.and_then(|text| text.parse().ok()),
        telegram_chat: reach.and_then(|reach| reach.telegram_chat),
        kinds: kinds
            .into_iter()
            .map(|row| (row.kind, channels(&row.channels)))
            .collect(),
    }))
}

/// Replaces what a person chose.
pub(super) async fn save(
    database: &Database,
    id: UserId,
    telegram_chat: Option<String>,
    quiet: Option<Quiet>,
    kinds: BTreeMap<String, Vec<Channel>>,
) -> Result<(), DataError> {
    let id = id.to_string();
    let rows: Vec<_> = kinds
        .into_iter()
        .map(|(kind, channels)| {
            let words: Vec<_> = channels.into_iter().map(Channel::word).collect();
            preference::ActiveModel {
                user_id: Set(id.clone()),
                kind: Set(kind),
                channels: Set(words.join(" ")),
            }
        })
        .collect();
    let reached = reach::ActiveModel {
        user_id: Set(id.clone()),
        telegram_chat: Set(telegram_chat),
        quiet: Set(quiet.map(|quiet| quiet.to_string())),
    };
    database
        .write(move |tx| {
            Box::pin(async move {
                reach::Entity::delete_by_id(&id).exec(tx).await?;
                reach::Entity::insert(reached)
                    .exec_without_returning(tx)
                    .await?;
                preference::Entity::delete_many()
                    .filter(preference::Column::UserId.eq(&id))
                    .exec(tx)
                    .await?;
                if !rows.is_empty() {
                    preference::Entity::insert_many(rows)
                        .exec_without_returning(tx)
                        .await?;
                }
                Ok::<_, DataError>(())
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(quiet: &str, now: &str) -> Option<String> {
        let quiet: Quiet = quiet.parse().unwrap();
        assert_eq!(quiet.to_string().parse(), Ok(quiet));
        quiet.end(now.parse().unwrap()).map(|end| end.to_string())
    }

    #[test]
    fn quiet_hours_end_in_the_persons_zone() {
        let night = "22:00-07:00+02:00";
        for (now, expected) in [
            ("2026-11-20T20:00:00.000Z", Some("2026-11-21T05:00:00.000Z")),
            ("2026-11-21T04:59:59.999Z", Some("2026-11-21T05:00:00.000Z")),
            ("2026-11-21T05:00:00.000Z", None),
            ("2026-11-20T19:59:59.999Z", None),
        ] {
            assert_eq!(end(night, now).as_deref(), expected, "{now}");
        }
        let noon = end("12:00-13:30-03:30", "2026-11-20T16:00:00.000Z");
        assert_eq!(noon.as_deref(), Some("2026-11-20T17:00:00.000Z"));
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in [
            "",
            "22:00-07:00",
            "22:00-07:00Z",
            "22:00-22:00+00:00",
            "24:00-07:00+00:00",
            "22:60-07:00+00:00",
            "22:00-07:00+15:00",
            "22:00 07:00+00:00",
            "+2:00-07:00+00:00",
            "é2:00-07:00+0:00",
        ] {
            assert!(text.parse::<Quiet>().is_err(), "{text}");
        }
    }
}
