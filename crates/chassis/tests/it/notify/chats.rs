use axum::response::IntoResponse;
use chassis::auth::UserId;
use chassis::notify::{Channel, Delivered, Notice};
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::place::{Room, class, local};
use crate::data::place::{Place, on_each};
use crate::outside::Outside;

fn failed_job(room: &Room, user: UserId) -> Notice {
    Notice {
        workspace: room.workspace,
        user,
        kind: "jobs.failed",
        arguments: vec![
            ("kind", "luna.kit".to_owned()),
            ("job", "01KAH8W7Q2M4ZB6T9X3F5R0VCD".to_owned()),
            ("error", "<no> *room*".to_owned()),
        ],
        idempotency_key: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn telegram_is_told_and_its_refusals_are_understood() {
    on_each(async |place: &Place| {
        let bot = Outside::start(|_, before| async move {
            match before {
                0 => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")]).into_response(),
                1 => r#"{"ok":true,"result":{}}"#.into_response(),
                _ => (StatusCode::FORBIDDEN, r#"{"ok":false,"error_code":403}"#).into_response(),
            }
        })
        .await;
        let settings = [
            ("notify.telegram.token", "123:secret".to_owned()),
            ("notify.telegram.base_url", bot.url("")),
        ];
        let room = Room::open(place, &settings).await;
        let user = room.person("a@example.org", "fr").await;
        room.prefer(user, "jobs.failed", "telegram", Some("-100123"), None)
            .await;
        assert_eq!(room.notify.tell(failed_job(&room, user)).await.unwrap(), 1);
        assert_eq!(class(&room.deliver(Channel::Telegram).await[0]), "status");
        place.clock.advance_ms(59_000);
        assert!(
            room.deliver(Channel::Telegram).await.is_empty(),
            "the bot's server asked for a minute"
        );
        place.clock.advance_ms(2_000);
        assert_eq!(room.deliver(Channel::Telegram).await, [Delivered::Yes]);
        let request = bot.arrived().pop().unwrap();
        assert_eq!(request.path, "/bot123:secret/sendMessage");
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["chat_id"], "-100123");
        let text = body["text"].as_str().unwrap();
        assert!(
            text.starts_with("Échec d'une tâche : luna.kit") && text.contains("<no> *room*"),
            "{text}"
        );

        room.notify.tell(failed_job(&room, user)).await.unwrap();
        let blocked = room.deliver(Channel::Telegram).await;
        assert!(matches!(blocked[..], [Delivered::No(_)]), "{blocked:?}");
        room.database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_chat_gets_the_shape_that_it_takes() {
    let outside = Outside::start(|_, _| async { "ok".into_response() }).await;
    let place = Place::sqlite();
    let room = Room::open(&place, &local()).await;
    for shape in ["slack", "discord", "ntfy"] {
        room.webhook(shape, &outside.url(&format!("/{shape}")), None)
            .await;
    }
    assert_eq!(room.announce("luna.kit_made").await, 3);
    assert_eq!(room.deliver(Channel::Webhook).await.len(), 3);
    let body = |path: &str| {
        let arrived = outside.arrived();
        arrived
            .into_iter()
            .find(|request| request.path == path)
            .unwrap()
            .body
    };
    let slack: Value = serde_json::from_slice(&body("/slack")).unwrap();
    assert_eq!(
        slack,
        json!({"text": "Event: luna.kit_made\nAbout: a &lt;b&gt; &amp; @everyone"})
    );
    let discord: Value = serde_json::from_slice(&body("/discord")).unwrap();
    let expected = json!({"content": "Event: luna.kit_made\nAbout: a <b> & @everyone", "allowed_mentions": {"parse": []}});
    assert_eq!(discord, expected);
    assert_eq!(
        &body("/ntfy")[..],
        b"Event: luna.kit_made\nAbout: a <b> & @everyone"
    );
}
