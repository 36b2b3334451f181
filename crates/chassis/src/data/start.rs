//! When this server was started, and whether it stopped cleanly.

use sea_orm::sea_query::{ColumnDef, Table};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder,
};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};
use ulid::Ulid;

use super::{DataError, Database};
use crate::clock::Timestamp;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "start")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub version: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub host: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub started_at: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub stopped_at: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One start of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Identifies the start.
    pub id: Ulid,
    /// Version that was started.
    pub version: String,
    /// Machine, where it is known.
    pub host: Option<String>,
    /// When.
    pub started_at: Timestamp,
    /// When it stopped cleanly; `None` while it runs, and for ever if it was killed.
    pub stopped_at: Option<Timestamp>,
}

impl Start {
    /// Whether the server closed its data before it ended.
    pub fn is_clean(&self) -> bool {
        self.stopped_at.is_some()
    }
}

/// The starts of the server: one row at each, closed at a clean stop.
#[derive(Clone)]
pub struct Starts {
    database: Database,
}

impl Starts {
    /// The starts kept in this database.
    pub fn new(database: &Database) -> Self {
        Self {
            database: database.clone(),
        }
    }

    /// Notes that the server starts now. Ask for [`Starts::last`] first to learn how the one before ended.
    pub async fn record(&self, version: &str, host: Option<&str>) -> Result<Start, DataError> {
        let now = self.database.clock().now();
        let start = Start {
            // A clock before 1970 gives ids that sort first; they stay unique by their random part.
            id: Ulid::from_parts(
                u64::try_from(now.unix_ms()).unwrap_or(0),
                Ulid::generate().random(),
            ),
            version: version.to_owned(),
            host: host.map(str::to_owned),
            started_at: now,
            stopped_at: None,
        };
        let row = entity::ActiveModel {
            id: Set(start.id.to_string()),
            version: Set(start.version.clone()),
            host: Set(start.host.clone()),
            started_at: Set(now.to_string()),
            stopped_at: Set(None),
        };
        self.database
            .write(|tx| {
                Box::pin(async move {
                    entity::Entity::insert(row)
                        .exec_without_returning(tx)
                        .await?;
                    Ok::<_, DataError>(())
                })
            })
            .await?;
        Ok(start)
    }

    /// Notes that the server stops cleanly now.
    pub async fn close(&self, id: Ulid) -> Result<(), DataError> {
        let now = self.database.clock().now();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    entity::Entity::update_many()
                        .col_expr(entity::Column::StoppedAt, now.to_string().into())
                        .filter(entity::Column::Id.eq(id.to_string()))
                        .exec(tx)
                        .await?;
                    Ok::<_, DataError>(())
                })
            })
            .await
    }

    /// The latest start, on this machine if `host` is given: several machines may share the database.
    pub async fn last(&self, host: Option<&str>) -> Result<Option<Start>, DataError> {
        let mut query = entity::Entity::find()
            .order_by_desc(entity::Column::StartedAt)
            .order_by_desc(entity::Column::Id);
        if let Some(host) = host {
            query = query.filter(entity::Column::Host.eq(host));
        }
        query.one(self.database.read()).await?.map(read).transpose()
    }
}

/// Writes a start and takes it back: nobody sees it, and it is on disk like any other write.
pub(super) async fn try_a_write(tx: &DatabaseTransaction, now: Timestamp) -> Result<(), DataError> {
    let id = format!("try-{}", Ulid::generate());
    let row = entity::ActiveModel {
        id: Set(id.clone()),
        version: Set(env!("CARGO_PKG_VERSION").to_owned()),
        host: Set(None),
        started_at: Set(now.to_string()),
        stopped_at: Set(None),
    };
    entity::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    entity::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

fn read(row: entity::Model) -> Result<Start, DataError> {
    let time = |text: &str, column| text.parse().map_err(|_| DataError::Malformed { column });
    Ok(Start {
        id: row
            .id
            .parse()
            .map_err(|_| DataError::Malformed { column: "start.id" })?,
        version: row.version,
        host: row.host,
        started_at: time(&row.started_at, "start.started_at")?,
        stopped_at: row
            .stopped_at
            .map(|text| time(&text, "start.stopped_at"))
            .transpose()?,
    })
}

/// The chassis' own migrations, in order. Applied ones are never changed; a new one goes to the end.
pub(super) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(CreateStart)]
}

struct CreateStart;

impl MigrationName for CreateStart {
    fn name(&self) -> &'static str {
        "chassis_0001_start"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateStart {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("start")
            .col(ColumnDef::new("id").text().not_null().primary_key())
            .col(ColumnDef::new("version").text().not_null())
            .col(ColumnDef::new("host").text())
            .col(ColumnDef::new("started_at").text().not_null())
            .col(ColumnDef::new("stopped_at").text())
            .take();
        manager.create_table(table).await
    }
}
