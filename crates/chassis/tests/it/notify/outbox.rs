use std::time::Duration;

use axum::response::IntoResponse;
use chassis::data::DataError;
use chassis::i18n::Language;
use chassis::notify::{Channel, Delivered, Mail, NotifyFault};

use super::place::{Room, local};
use crate::data::place::{Place, on_each};
use crate::outside::{Outside, status};

fn mail() -> Mail {
    Mail {
        to: "a@example.org".to_owned(),
        language: Language::English,
        template: "notify.test",
        arguments: Vec::new(),
        workspace: None,
    }
}

/// A mail server that nobody reaches: these tests look at the table.
fn some_mail_server() -> Vec<(&'static str, String)> {
    vec![
        ("notify.smtp.host", "localhost".to_owned()),
        ("notify.smtp.from", "aplomb@example.org".to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_written_with_the_callers_transaction_and_once_for_each_key() {
    on_each(async |place: &Place| {
        let room = Room::open(place, &some_mail_server()).await;
        for (commits, expected) in [(false, 0), (true, 1), (true, 1)] {
            let notify = room.notify.clone();
            let written = room
                .database
                .write(move |tx| {
                    Box::pin(async move {
                        notify
                            .enqueue_in(tx, mail(), Some("invite/7".to_owned()))
                            .await?;
                        if commits {
                            Ok(())
                        } else {
                            Err(NotifyFault::Data(DataError::Closed))
                        }
                    })
                })
                .await;
            assert_eq!(written.is_ok(), commits);
            assert_eq!(
                room.notify.due(Channel::Mail).await.unwrap().len(),
                expected
            );
        }
        let unknown = Mail {
            template: "auth.reset",
            ..mail()
        };
        let refused = room.notify.mail(unknown).await;
        assert!(
            matches!(refused, Err(NotifyFault::Template("auth.reset"))),
            "a reset without a link"
        );
        room.database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::large_futures, reason = "a test runs once")]
async fn two_instances_never_deliver_the_same_at_once() {
    on_each(async |place: &Place| {
        let outside = Outside::start(|_, _| async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            "ok".into_response()
        })
        .await;
        let room = Room::open(place, &local()).await;
        let other = Room::open(place, &local()).await;
        room.webhook("standard", &outside.url("/"), None).await;
        for _ in 0..5 {
            room.announce("jobs.failed").await;
        }
        for id in room.notify.due(Channel::Webhook).await.unwrap() {
            let (one, two, three) = tokio::join!(
                room.notify.deliver(id),
                other.notify.deliver(id),
                room.notify.deliver(id)
            );
            let ways = [one.unwrap(), two.unwrap(), three.unwrap()];
            let sent = ways.iter().filter(|way| **way == Delivered::Yes).count();
            let passed = ways
                .iter()
                .filter(|way| **way == Delivered::NotOurs)
                .count();
            assert_eq!((sent, passed), (1, 2), "{ways:?}");
        }
        assert_eq!(outside.arrived().len(), 5);
        room.database.close().await.unwrap();
        other.database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_cut_off_by_a_kill_is_made_again_with_the_same_id() {
    on_each(async |place: &Place| {
        let outside = Outside::start(|_, before| async move {
            if before == 0 {
                std::future::pending::<()>().await;
            }
            "ok".into_response()
        })
        .await;
        let room = Room::open(place, &local()).await;
        room.webhook("standard", &outside.url("/"), None).await;
        room.announce("jobs.failed").await;
        let id = room.notify.due(Channel::Webhook).await.unwrap()[0];
        let arrived = async {
            while outside.arrived().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            _ = room.notify.deliver(id) => panic!("the receiver never answers"),
            () = arrived => {}
        }
        assert!(
            room.notify.due(Channel::Webhook).await.unwrap().is_empty(),
            "it may still be under way"
        );
        place.clock.advance_ms(91_000);
        assert_eq!(room.deliver(Channel::Webhook).await, [Delivered::Yes]);
        let ids: Vec<_> = outside
            .arrived()
            .iter()
            .map(|request| request.headers["webhook-id"].clone())
            .collect();
        assert_eq!(ids[0], ids[1]);
        room.database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loop_delivers_and_ends() {
    on_each(async |place: &Place| {
        let outside = Outside::start(|_, _| async { status(204) }).await;
        let room = Room::open(place, &local()).await;
        room.webhook("standard", &outside.url("/"), None).await;
        let deliveries = room.notify.start();
        for _ in 0..40 {
            room.announce("jobs.failed").await;
        }
        for _ in 0..600 {
            let states = room.column("state").await;
            if states
                .iter()
                .all(|state| state.as_deref() == Some("delivered"))
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        deliveries.stop().await;
        assert_eq!(outside.arrived().len(), 40);
        room.announce("jobs.failed").await;
        assert_eq!(
            room.notify.due(Channel::Webhook).await.unwrap().len(),
            1,
            "nobody takes it any more"
        );
        room.database.close().await.unwrap();
    })
    .await;
}
