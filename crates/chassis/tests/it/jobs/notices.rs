//! What is told of the ends of jobs: people and webhooks, each once, and no storm of mails.

use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde_json::{Value, json};

use super::shop::until;
use crate::data::place::{Place, on_each};
use crate::house::{Builder, Running, house};
use crate::people::{Somebody, answered};
use crate::sign_in::{insert, person};
use reqwest::Method;

/// A house with a mail server that is away: what is to be said stays in the outbox to be looked at.
fn with_mail(place: &Place) -> Builder {
    house()
        .at(place)
        .set("jobs.drill", "true")
        .set("jobs.cancel_grace_ms", 100)
        .set("notify.smtp.host", "127.0.0.1")
        .set("notify.smtp.port", 9)
        .set("notify.smtp.tls", "none")
        .set("notify.smtp.from", "aplomb@example.org")
}

/// What waits in the outbox for people: to whom, and what is said.
async fn mails(house: &Running, template: &'static str) -> Vec<(String, Value)> {
    let query = Query::select()
        .columns(["target", "arguments"])
        .from("delivery")
        .and_where(Expr::col("channel").eq("mail"))
        .and_where(Expr::col("template").eq(template))
        .order_by("id", Order::Asc)
        .take();
    let database = house.database().await;
    let rows = database.read().query_all(&query).await.unwrap();
    let text =
        |row: &sea_orm::QueryResult, name: &str| -> String { row.try_get("", name).unwrap() };
    rows.iter()
        .map(|row| {
            let arguments = serde_json::from_str(&text(row, "arguments")).unwrap();
            (text(row, "target"), arguments)
        })
        .collect()
}

/// A drill that fails at once, asked for by somebody or by a key of nobody.
async fn fail(house: &Running, who: Option<&Somebody>, key: &str) -> String {
    let job = json!({"steps": 1, "fail_at": 0});
    let asked = match who {
        Some(who) => house.by(who, Method::POST, "/jobs/drill", job).await,
        None => house.by_key(key, Method::POST, "/jobs/drill", job).await,
    };
    let id = answered(asked, 202).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    ended(house, key, &id, "failed").await;
    id
}

async fn ended(house: &Running, key: &str, id: &str, state: &str) {
    until(state, async || {
        let path = format!("/jobs/{id}");
        let job = house.by_key(key, Method::GET, &path, Value::Null).await;
        answered(job, 200).await["state"] == state
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asked_is_told_that_his_job_failed_once_in_ten_minutes_with_the_rest_counted() {
    on_each(async |place: &Place| {
        let house = with_mail(place).start().await;
        let zoe = house.somebody("zoe", "member").await;
        let yan = house.somebody("yan", "member").await;
        let key = house.key("jobs:*").await;
        let first = fail(&house, Some(&zoe), &key).await;
        for _ in 0..4 {
            fail(&house, Some(&zoe), &key).await;
        }
        let told = mails(&house, "jobs.failed").await;
        assert_eq!(told.len(), 1, "{told:?}");
        let (target, said) = &told[0];
        assert_eq!(target, &zoe.email);
        assert_eq!(
            (&said["job"], &said["kind"]),
            (&json!(first), &json!("chassis.drill"))
        );
        assert_eq!(said["error"], "L'exercice devait échouer à l'étape 0.");
        assert!(said.get("others").is_none());

        // Another person's failure is not hidden by hers.
        fail(&house, Some(&yan), &key).await;
        place.clock.advance_ms(10 * 60_000);
        fail(&house, Some(&zoe), &key).await;
        let told = mails(&house, "jobs.failed").await;
        let mut counted: Vec<_> = told
            .iter()
            .map(|(target, said)| (target.as_str(), said["others"].as_str()))
            .collect();
        counted.sort_unstable();
        let (zoe, yan) = (zoe.email.as_str(), yan.email.as_str());
        assert_eq!(counted, [(yan, None), (zoe, None), (zoe, Some("4"))]);
        house.stopped().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_nobody_are_told_to_those_who_run_the_workspace_and_wish_it() {
    on_each(async |place: &Place| {
        let house = with_mail(place).start().await;
        let owner = house.somebody("olga", "owner").await;
        let admin = person(&house, "ada@example.org", "admin").await.to_string();
        person(&house, "mia@example.org", "member").await;
        let silent = [
            ("user_id", &*admin),
            ("kind", "jobs.failed"),
            ("channels", ""),
        ];
        insert(&house.database().await, "preference", &silent).await;
        let key = house.key("jobs:*").await;
        fail(&house, None, &key).await;
        let told = mails(&house, "jobs.failed").await;
        let targets: Vec<_> = told.iter().map(|(target, _)| target.as_str()).collect();
        assert_eq!(targets, [&owner.email]);

        // So are the jobs of somebody who is out when they fail.
        place.clock.advance_ms(10 * 60_000);
        let zoe = house.somebody("zoe", "member").await;
        let job = json!({"steps": 2, "pause_ms": 400, "fail_at": 1});
        let job = house.by(&zoe, Method::POST, "/jobs/drill", job).await;
        let job = answered(job, 202).await["id"].as_str().unwrap().to_owned();
        let account = format!("/users/{}", zoe.id);
        let out = json!({"disabled": true});
        answered(house.by(&owner, Method::PATCH, &account, out).await, 200).await;
        ended(&house, &key, &job, "failed").await;
        let told = mails(&house, "jobs.failed").await;
        assert!(told.iter().all(|(target, _)| *target == owner.email));
        assert_eq!(told.len(), 2);
        house.stopped().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_hear_of_each_end_that_they_ask_for_also_when_a_job_is_tried_again() {
    on_each(async |place: &Place| {
        let house = with_mail(place)
            .set("notify.webhook_allow_http", "true")
            .set("notify.webhook_networks", "127.0.0.1")
            .start()
            .await;
        let key = house.key("jobs:* notify:*").await;
        let hook = json!({"url": "http://127.0.0.1:9/", "events": ["jobs.*"]});
        answered(house.by_key(&key, Method::POST, "/webhooks", hook).await, 201).await;
        let id = fail(&house, None, &key).await;
        let retry = format!("/jobs/{id}/retry");
        answered(house.by_key(&key, Method::POST, &retry, Value::Null).await, 202).await;
        let said = async || {
            let query = Query::select()
                .columns(["template", "arguments"])
                .from("delivery")
                .and_where(Expr::col("channel").eq("webhook"))
                .order_by("id", Order::Asc)
                .take();
            let database = house.database().await;
            let rows = database.read().query_all(&query).await.unwrap();
            let text = |row: &sea_orm::QueryResult| -> (String, String) {
                (row.try_get("", "template").unwrap(), row.try_get("", "arguments").unwrap())
            };
            rows.iter().map(text).collect::<Vec<_>>()
        };
        until("both failures", async || said().await.len() == 2).await;
        for (template, arguments) in said().await {
            let data: Value = serde_json::from_str(&arguments).unwrap();
            let expected = json!({"job": id, "kind": "chassis.drill", "state": "failed", "code": "jobs.drill_failed"});
            assert_eq!((template.as_str(), data), ("jobs.failed", expected));
        }
        // A job that waits for its time is cancelled at once, beside any worker.
        let long = json!({"steps": 1, "pause_ms": 60_000});
        let job = house.by_key(&key, Method::POST, "/jobs/drill", long).await;
        let job = answered(job, 202).await["id"].as_str().unwrap().to_owned();
        let cancel = format!("/jobs/{job}/cancel");
        let cancelled = house.by_key(&key, Method::POST, &cancel, Value::Null).await;
        assert!([200, 202].contains(&cancelled.status().as_u16()));
        until("the word of it", async || {
            said().await.iter().any(|(kind, _)| kind == "jobs.cancelled")
        })
        .await;
        house.stopped().await;
    })
    .await;
}
