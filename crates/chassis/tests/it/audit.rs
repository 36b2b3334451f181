//! The audit log: one chain a workspace whoever writes, and no change of it that stays unseen.

use chassis::auth::audit::{self, Actor, Break, Chained, Entry, Intact, Verdict};
use chassis::auth::{WorkspaceId, create_workspace, home_workspace};
use chassis::data::{DataError, Database};
use futures_util::TryStreamExt;
use futures_util::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::data::place::{Place, on_each};
use crate::house::house;
use crate::sign_in::{EMAIL, PASSWORD, person};

async fn open(place: &Place) -> Database {
    let database = place.open_bare().await;
    database.migrate(Vec::new()).await.unwrap();
    database
}

async fn record(database: &Database, workspace: WorkspaceId, number: u32) -> Result<(), DataError> {
    let entry = Entry {
        workspace,
        actor: Actor::Console("cli"),
        action: "test.count",
        subject: format!("number:{number}"),
        detail: json!({"b": number, "a": "é"}),
        at: database.clock().now(),
    };
    database
        .write(move |tx| Box::pin(async move { audit::record(tx, entry).await }))
        .await
}

async fn chain(database: &Database, workspace: WorkspaceId) -> Vec<Chained> {
    let texts: Vec<String> = audit::lines(database.clone(), workspace)
        .try_collect()
        .await
        .unwrap();
    texts
        .concat()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// As somebody with the file or the server's password does it: past the triggers.
async fn tamper(database: &Database, sql: &str) {
    let (off, sql) = match database.kind() {
        "SQLite" => (
            vec![
                "DROP TRIGGER IF EXISTS audit_no_update",
                "DROP TRIGGER IF EXISTS audit_no_delete",
            ],
            sql.to_owned(),
        ),
        _ => (
            vec!["ALTER TABLE audit DISABLE TRIGGER USER"],
            sql.to_owned(),
        ),
    };
    database
        .write(move |tx| {
            Box::pin(async move {
                for statement in off {
                    tx.execute_unprepared(statement).await?;
                }
                tx.execute_unprepared(&sql).await?;
                Ok::<_, DataError>(())
            })
        })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_keep_one_chain() {
    on_each(async |place| {
        // Two pools stand for two processes.
        let (one, two) = (open(place).await, place.open_bare().await);
        let home = home_workspace(&one).await.unwrap();
        let other = create_workspace(&one, "Other").await.unwrap();
        let writes = (0..50).map(|number| {
            let database = if number % 2 == 0 {
                one.clone()
            } else {
                two.clone()
            };
            chassis::task::spawn(async move {
                record(&database, if number < 40 { home } else { other }, number).await
            })
        });
        for write in join_all(writes).await {
            write.unwrap().unwrap();
        }
        for (workspace, entries) in [(home, 40), (other, 10)] {
            let Verdict::Intact(Intact {
                entries: found,
                head,
            }) = audit::verify(&two, workspace).await.unwrap()
            else {
                panic!("broken");
            };
            let chain = chain(&one, workspace).await;
            assert_eq!((found, chain.len()), (entries, entries as usize));
            assert!(chain.iter().map(|entry| entry.link.seq).eq(1..=entries));
            assert_eq!(chain.last().unwrap().hash, head);
            assert_ne!(chain[0].previous, "", "the first follows the chain's name");
        }
        let mut both = vec![home, other];
        both.sort_unstable();
        assert_eq!(audit::workspaces(&one).await.unwrap(), both);
        two.close().await.unwrap();
        one.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_entry_lasts_with_its_change_or_not_at_all() {
    on_each(async |place| {
        let database = open(place).await;
        let home = home_workspace(&database).await.unwrap();
        record(&database, home, 1).await.unwrap();
        let at = database.clock().now();
        let entry = Entry {
            workspace: home,
            actor: Actor::System,
            action: "test.undone",
            subject: "x:1".into(),
            detail: Value::Null,
            at,
        };
        let undone = database
            .write(move |tx| {
                Box::pin(async move {
                    audit::record(tx, entry).await?;
                    Err::<(), _>(DataError::Closed)
                })
            })
            .await;
        assert!(undone.is_err());
        record(&database, home, 2).await.unwrap();
        let actions: Vec<_> = chain(&database, home)
            .await
            .into_iter()
            .map(|entry| entry.link.subject)
            .collect();
        assert_eq!(actions, ["number:1", "number:2"]);
        assert!(matches!(
            audit::verify(&database, home).await.unwrap(),
            Verdict::Intact(_)
        ));
    })
    .await;
}

#[tokio::test]
async fn the_database_itself_refuses_to_change_an_entry() {
    on_each(async |place| {
        let database = open(place).await;
        let home = home_workspace(&database).await.unwrap();
        record(&database, home, 1).await.unwrap();
        for sql in ["UPDATE audit SET action = 'x'", "DELETE FROM audit"] {
            let refused = database
                .write(move |tx| {
                    Box::pin(async move {
                        tx.execute_unprepared(sql).await?;
                        Ok::<_, DataError>(())
                    })
                })
                .await
                .unwrap_err();
            assert!(
                refused.to_string().contains("audit entries are never"),
                "{refused}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn tampering_is_found_at_its_first_entry() {
    let swap = "UPDATE audit SET seq = CASE seq WHEN -2 THEN 3 ELSE 2 END WHERE seq IN (-2, -3)";
    let cases: [(&[&str], i64, Break); 12] = [
        (
            &["UPDATE audit SET action = 'test.other' WHERE seq = 3"],
            3,
            Break::Content,
        ),
        (
            &["UPDATE audit SET actor = 'system' WHERE seq = 1"],
            1,
            Break::Content,
        ),
        (
            &["UPDATE audit SET at = '2026-01-01T00:00:00.000Z' WHERE seq = 5"],
            5,
            Break::Content,
        ),
        (
            &["UPDATE audit SET detail = '{}' WHERE seq = 2"],
            2,
            Break::Content,
        ),
        (
            &["UPDATE audit SET detail = detail || ' ' WHERE seq = 2"],
            2,
            Break::Content,
        ),
        (
            &["UPDATE audit SET detail = 'no json' WHERE seq = 2"],
            2,
            Break::Content,
        ),
        (
            &["UPDATE audit SET hash = 'ab' WHERE seq = 4"],
            4,
            Break::Content,
        ),
        (&["DELETE FROM audit WHERE seq = 3"], 3, Break::Missing),
        (
            &[
                "DELETE FROM audit WHERE seq = 1",
                "UPDATE audit SET seq = -seq",
                "UPDATE audit SET seq = -seq - 1",
            ],
            1,
            Break::Previous,
        ),
        (
            &["UPDATE audit SET seq = -seq WHERE seq IN (2, 3)", swap],
            2,
            Break::Previous,
        ),
        (&["DELETE FROM audit WHERE seq >= 4"], 4, Break::Cut),
        (&["UPDATE audit_head SET seq = 4"], 5, Break::Head),
    ];
    on_each(async |place| {
        let database = open(place).await;
        for (number, (statements, seq, fault)) in cases.into_iter().enumerate() {
            let workspace = create_workspace(&database, "W").await.unwrap();
            for number in 1..=5 {
                record(&database, workspace, number).await.unwrap();
            }
            assert!(matches!(
                audit::verify(&database, workspace).await.unwrap(),
                Verdict::Intact(_)
            ));
            for sql in statements {
                let sql = if sql.contains(" WHERE ") {
                    format!("{sql} AND workspace_id = '{workspace}'")
                } else {
                    format!("{sql} WHERE workspace_id = '{workspace}'")
                };
                tamper(&database, &sql).await;
            }
            let Verdict::Broken {
                seq: found,
                fault: how,
                ..
            } = audit::verify(&database, workspace).await.unwrap()
            else {
                panic!("case {number} is not found");
            };
            assert_eq!((found, how), (seq, fault), "case {number}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_forged_entry_at_the_end_is_found() {
    on_each(async |place| {
        let database = open(place).await;
        let home = home_workspace(&database).await.unwrap();
        record(&database, home, 1).await.unwrap();
        let copy = "INSERT INTO audit SELECT 'forged', workspace_id, 2, at, actor, action, subject, detail, hash, hash FROM audit";
        tamper(&database, copy).await;
        let verdict = audit::verify(&database, home).await.unwrap();
        assert_eq!(verdict, Verdict::Broken { seq: 2, id: Some("forged".into()), fault: Break::Content });
        tamper(&database, "DELETE FROM audit WHERE seq = 1").await;
        let verdict = audit::verify(&database, home).await.unwrap();
        assert!(matches!(verdict, Verdict::Broken { seq: 1, fault: Break::Missing, .. }), "{verdict:?}");
    })
    .await;
}

#[tokio::test]
async fn the_log_is_listed_filtered_and_exported() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let database = house.database().await;
        let home = home_workspace(&database).await.unwrap();
        let other = create_workspace(&database, "Other").await.unwrap();
        let key = house.key("audit:read").await;
        let before = chain(&database, home).await.len();
        for number in 0..5 {
            record(&database, home, number).await.unwrap();
            record(&database, other, 100 + number).await.unwrap();
            place.clock.advance_ms(60_000);
        }
        let get = async |path: &str| -> (u16, Value) {
            let answer = house
                .client
                .get(house.url(path))
                .bearer_auth(&key)
                .send()
                .await
                .unwrap();
            (answer.status().as_u16(), answer.json().await.unwrap())
        };
        let subjects = |page: &Value| -> Vec<String> {
            let items = page["items"].as_array().unwrap();
            items
                .iter()
                .map(|item| item["subject"].as_str().unwrap().to_owned())
                .collect()
        };
        let (status, first) = get("/api/v1/audit?limit=2&action=test.*").await;
        assert_eq!(status, 200);
        assert_eq!(subjects(&first), ["number:4", "number:3"]);
        let next = first["next"].as_str().unwrap();
        let (_, second) = get(&format!(
            "/api/v1/audit?limit=2&action=test.count&cursor={next}"
        ))
        .await;
        assert_eq!(subjects(&second), ["number:2", "number:1"]);
        let (_, of_cli) = get(
            "/api/v1/audit?actor=console:cli&since=2026-11-20T15:46:00Z&until=2026-11-20T15:48:00Z",
        )
        .await;
        assert_eq!(subjects(&of_cli), ["number:3", "number:2"]);
        assert_eq!(of_cli["next"], Value::Null);
        let (_, none) = get("/api/v1/audit?since=2027-01-01").await;
        assert_eq!(none["items"], json!([]));
        for wrong in [
            "since=yesterday",
            "until=2026-02-31",
            "actor=",
            "action=a%20b",
            "sort=x",
            "limit=0",
        ] {
            assert_eq!(
                get(&format!("/api/v1/audit?{wrong}")).await.0,
                422,
                "{wrong}"
            );
        }
        let export = house
            .client
            .get(house.url("/api/v1/audit/export"))
            .bearer_auth(&key)
            .send()
            .await
            .unwrap();
        assert_eq!(export.headers()["content-type"], "application/x-ndjson");
        let lines: Vec<Chained> = export
            .text()
            .await
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), before + 5);
        assert!(
            lines
                .iter()
                .all(|entry| entry.link.workspace == home.to_string())
        );
        assert_eq!(lines, chain(&database, home).await);
        // Who does not run the workspace does not see what was done in it.
        let reader = house.key("trouble:read").await;
        for path in ["/api/v1/audit", "/api/v1/audit/export"] {
            assert_eq!(
                house
                    .client
                    .get(house.url(path))
                    .bearer_auth(&reader)
                    .send()
                    .await
                    .unwrap()
                    .status(),
                403
            );
        }
    })
    .await;
}

#[tokio::test]
async fn what_befalls_an_account_is_written_down() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let user = person(&house, EMAIL, "member").await;
        let cookie = house.cookie().await;
        for _ in 0..5 {
            assert_eq!(house.sign_in(EMAIL, "wrong password").await.status(), 401);
        }
        let database = house.database().await;
        let home = home_workspace(&database).await.unwrap();
        let actions = async || -> Vec<(String, String)> {
            let chain = chain(&database, home).await.into_iter();
            chain
                .map(|entry| (entry.link.action, entry.link.actor))
                .collect()
        };
        let (person, system) = (format!("user:{user}"), "system".to_owned());
        let signed_in = ("auth.sign_in".to_owned(), person.clone());
        let locked = ("auth.lock".to_owned(), system);
        // The lock is noted beside the answer.
        while actions().await.len() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(actions().await, [signed_in.clone(), locked.clone()]);
        place.clock.advance_ms(3_600_000);
        let body = json!({"current": PASSWORD, "password": "another horse battery"});
        let changed = house
            .page(reqwest::Method::POST, "/auth/password", &cookie, Some(body))
            .await;
        assert_eq!(changed.status(), 204);
        chassis::auth::sessions::end_all_of(&house.auth, user)
            .await
            .unwrap();
        let expected = ["auth.password_change", "auth.sign_out_everywhere"]
            .map(|action| (action.to_owned(), person.clone()));
        assert_eq!(actions().await[2..], expected);
        house.key("luna:read").await;
        assert_eq!(
            actions().await[4],
            ("key.create".to_owned(), "console:cli".to_owned())
        );
        assert!(matches!(
            audit::verify(&database, home).await.unwrap(),
            Verdict::Intact(_)
        ));
        let text = format!("{:?}", chain(&database, home).await);
        assert!(
            !text.contains(PASSWORD) && !text.contains(EMAIL) && !text.contains("ak_live_"),
            "{text}"
        );
    })
    .await;
}
