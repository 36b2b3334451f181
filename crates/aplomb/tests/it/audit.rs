//! `aplomb audit`, as an operator runs it.

use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

use crate::commands::{run, text};

#[tokio::test]
async fn a_changed_entry_is_named_and_ends_with_1() {
    let folder = TempDir::new().unwrap();
    run(folder.path(), &["migrate"]);
    for name in ["one", "two", "three"] {
        let made = run(
            folder.path(),
            &["key", "create", "--name", name, "--scopes", "luna:read"],
        );
        assert!(made.status.success(), "{}", text(&made.stderr));
        if name == "one" {
            let verified = run(folder.path(), &["audit", "verify"]);
            let said = text(&verified.stdout);
            assert!(said.contains(" 1 entry, "), "{said}");
        }
    }
    let verified = run(folder.path(), &["audit", "verify"]);
    assert_eq!(
        verified.status.code(),
        Some(0),
        "{}",
        text(&verified.stderr)
    );
    assert!(
        text(&verified.stdout).contains("3 entries"),
        "{}",
        text(&verified.stdout)
    );
    let export = run(folder.path(), &["audit", "export"]);
    let lines: Vec<serde_json::Value> = text(&export.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        (&lines[1]["action"], &lines[1]["detail"]["name"]),
        (&"key.create".into(), &"two".into())
    );

    let address = format!(
        "sqlite://{}",
        folder.path().join("aplomb-data/aplomb.db").display()
    );
    let mut connection = SqliteConnection::connect(&address).await.unwrap();
    let sql = "DROP TRIGGER audit_no_update; UPDATE audit SET actor = 'system' WHERE seq = 2";
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let verified = run(folder.path(), &["audit", "verify"]);
    assert_eq!(verified.status.code(), Some(1));
    let said = text(&verified.stdout);
    let id = lines[1]["id"].as_str().unwrap();
    assert!(said.contains("entry 2") && said.contains(id), "{said}");
}
