//! One ordered history of migrations.
//!
//! The table `migration` keeps each name with the version that applied it, so that a server which is too old can say
//! which version to start. All pending migrations run in one transaction: either the tables are those of this binary
//! or they are untouched.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::{ColumnDef, Expr, Order, Query, Table};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr};
use sea_orm_migration::{MigrationTrait, SchemaManager};

use super::{DataError, Database};
use crate::clock::Timestamp;

/// The version that applies migrations here.
const RUNNING: &str = env!("CARGO_PKG_VERSION");

/// Names the lock that migrating PostgreSQL instances share: `APLOMBMI` in ASCII.
const LOCK: i64 = 0x4150_4c4f_4d42_4d49;

pub(super) async fn run(
    database: &Database,
    migrations: Vec<Box<dyn MigrationTrait>>,
) -> Result<(), DataError> {
    refuse_doubles(&migrations)?;
    let now = database.clock().now();
    database
        .write_within(None, move |tx| {
            Box::pin(async move { apply(tx, &migrations, now).await })
        })
        .await
}

/// Two migrations of one name would pass for one that has been applied.
fn refuse_doubles(migrations: &[Box<dyn MigrationTrait>]) -> Result<(), DataError> {
    let mut names = BTreeSet::new();
    match migrations
        .iter()
        .find(|migration| !names.insert(migration.name()))
    {
        None => Ok(()),
        Some(double) => Err(DataError::Migration {
            name: double.name().to_owned(),
            reason: "two migrations have this name".to_owned(),
        }),
    }
}

async fn apply(
    transaction: &DatabaseTransaction,
    migrations: &[Box<dyn MigrationTrait>],
    now: Timestamp,
) -> Result<(), DataError> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        // Held until the transaction ends; the second instance then finds everything applied.
        transaction
            .execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})"))
            .await?;
    }
    create_table(transaction).await?;
    let applied = applied(transaction).await?;
    refuse_newer(&applied, migrations)?;

    let manager = SchemaManager::new(transaction);
    for migration in migrations
        .iter()
        .filter(|migration| !applied.contains_key(migration.name()))
    {
        let failed = |error: DbErr| DataError::Migration {
            name: migration.name().to_owned(),
            reason: error.to_string(),
        };
        migration.up(&manager).await.map_err(failed)?;
        record(transaction, migration.name(), now).await?;
        tracing::info!(migration.name = migration.name(), "migration applied");
    }
    Ok(())
}

async fn create_table(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    let table = Table::create()
        .table("migration")
        .if_not_exists()
        .col(ColumnDef::new("name").text().not_null().primary_key())
        .col(ColumnDef::new("applied_at").text().not_null())
        .col(ColumnDef::new("applied_by").text().not_null())
        .take();
    transaction.execute(&table).await.map(drop)
}

/// Name to version, of everything applied.
async fn applied(transaction: &DatabaseTransaction) -> Result<BTreeMap<String, Applied>, DbErr> {
    let query = Query::select()
        .columns(["name", "applied_at", "applied_by"])
        .from("migration")
        .order_by("name", Order::Asc)
        .take();
    let rows = transaction.query_all(&query).await?;
    rows.into_iter()
        .map(|row| {
            let applied = Applied {
                at: row.try_get("", "applied_at")?,
                by: row.try_get("", "applied_by")?,
            };
            Ok((row.try_get("", "name")?, applied))
        })
        .collect()
}

struct Applied {
    at: String,
    by: String,
}

fn refuse_newer(
    applied: &BTreeMap<String, Applied>,
    migrations: &[Box<dyn MigrationTrait>],
) -> Result<(), DataError> {
    let known: BTreeSet<&str> = migrations
        .iter()
        .map(|migration| migration.name())
        .collect();
    let unknown: Vec<(&String, &Applied)> = applied
        .iter()
        .filter(|(name, _)| !known.contains(name.as_str()))
        .collect();
    let Some((_, newest)) = unknown.iter().max_by_key(|(_, applied)| &applied.at) else {
        return Ok(());
    };
    Err(DataError::TooNew {
        applied_by: newest.by.clone(),
        running: RUNNING.to_owned(),
        unknown: unknown.iter().map(|(name, _)| (*name).clone()).collect(),
    })
}

async fn record(
    transaction: &DatabaseTransaction,
    name: &str,
    now: Timestamp,
) -> Result<(), DbErr> {
    let insert = Query::insert()
        .into_table("migration")
        .columns(["name", "applied_at", "applied_by"])
        .values_panic([
            Expr::val(name),
            Expr::val(now.to_string()),
            Expr::val(RUNNING),
        ])
        .take();
    transaction.execute(&insert).await.map(drop)
}
