use chassis::auth::UserId;
use chassis::notify::{Channel, Notice};

use super::place::Room;
use crate::data::place::{Place, on_each};

fn notice(room: &Room, user: UserId, kind: &'static str) -> Notice {
    Notice {
        workspace: room.workspace,
        user,
        kind,
        arguments: vec![("link", "https://a.example/".to_owned())],
        idempotency_key: Some("event/1".to_owned()),
    }
}

fn both() -> Vec<(&'static str, String)> {
    vec![
        ("notify.smtp.host", "localhost".to_owned()),
        ("notify.smtp.from", "aplomb@example.org".to_owned()),
        ("notify.telegram.token", "1:x".to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_told_by_what_he_chose_once() {
    on_each(async |place: &Place| {
        let room = Room::open(place, &both()).await;
        let user = room.person("a@example.org", "en").await;
        let silent = room.person("b@example.org", "en").await;
        room.prefer(silent, "jobs.failed", "", None, None).await;
        for _ in 0..2 {
            assert_eq!(
                room.notify
                    .tell(notice(&room, user, "jobs.failed"))
                    .await
                    .unwrap(),
                1
            );
        }
        assert_eq!(
            room.notify
                .tell(notice(&room, silent, "jobs.failed"))
                .await
                .unwrap(),
            0
        );
        assert_eq!(
            room.column("target").await,
            [Some("a@example.org".to_owned())],
            "one mail for one event"
        );

        room.prefer(user, "jobs.failed", "mail telegram", Some("42"), None)
            .await;
        let mut another = notice(&room, user, "jobs.failed");
        another.idempotency_key = None;
        assert_eq!(room.notify.tell(another).await.unwrap(), 2);
        room.database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_hours_hold_back_what_can_wait_and_nothing_else() {
    on_each(async |place: &Place| {
        let room = Room::open(place, &both()).await;
        let user = room.person("a@example.org", "en").await;
        // The test's clock stands at 15:44:05 UTC, 16:44:05 there.
        room.prefer(user, "jobs.failed", "mail", None, Some("16:00-17:30+01:00"))
            .await;
        room.notify
            .tell(notice(&room, user, "jobs.failed"))
            .await
            .unwrap();
        assert!(room.notify.due(Channel::Mail).await.unwrap().is_empty());
        assert_eq!(
            room.column("next_at").await,
            [Some("2026-11-20T16:30:00.000Z".to_owned())]
        );
        let urgent = Notice {
            idempotency_key: None,
            ..notice(&room, user, "auth.reset")
        };
        room.notify.tell(urgent).await.unwrap();
        assert_eq!(
            room.notify.due(Channel::Mail).await.unwrap().len(),
            1,
            "security does not wait"
        );
        place.clock.advance_ms(3_600_000);
        assert_eq!(room.notify.due(Channel::Mail).await.unwrap().len(), 2);
        room.database.close().await.unwrap();
    })
    .await;
}
