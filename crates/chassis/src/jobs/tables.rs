//! What is stored of jobs.

use sea_orm::sea_query::{ColumnDef, ForeignKey, ForeignKeyAction, Index, Table};
use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

pub(super) mod job {
    //! A piece of work, from its being asked for to its end.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "job")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub user_id: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        /// A word of `State`.
        #[sea_orm(column_type = "Text")]
        pub state: String,
        pub priority: i32,
        /// JSON.
        #[sea_orm(column_type = "Text")]
        pub input: String,
        /// JSON, of a job that is done.
        #[sea_orm(column_type = "Text", nullable)]
        pub result: Option<String>,
        /// The code of the last failure, and the arguments of its message as a JSON object.
        #[sea_orm(column_type = "Text", nullable)]
        pub error_code: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub error_arguments: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub idempotency_key: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
        /// Not before this moment.
        #[sea_orm(column_type = "Text")]
        pub run_at: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub started_at: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub finished_at: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub cancel_requested_at: Option<String>,
        /// How often it was begun.
        pub attempt: i32,
        /// Attempts that failed.
        pub failures: i32,
        /// Attempts whose worker died, since the last step that was recorded.
        pub losses: i32,
        /// The process that works on it, until when it may, and the token of this attempt: whoever holds another one is late.
        #[sea_orm(column_type = "Text", nullable)]
        pub worker: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub lease_until: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub token: Option<String>,
        #[sea_orm(nullable)]
        pub progress_done: Option<i64>,
        #[sea_orm(nullable)]
        pub progress_total: Option<i64>,
        #[sea_orm(column_type = "Text", nullable)]
        pub progress_note: Option<String>,
        /// Grows with each change that a caller can see.
        pub revision: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod step {
    //! A part of a job that was done and need not be done again.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "job_step")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub job_id: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
        /// JSON.
        #[sea_orm(column_type = "Text")]
        pub result: String,
        #[sea_orm(column_type = "Text")]
        pub recorded_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod schedule {
    //! The last moment of a kind's schedule that became a job.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "job_schedule")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub kind: String,
        #[sea_orm(column_type = "Text")]
        pub last_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod drill {
    //! What a drill's step did: one row each time, so that doubled ones can be counted.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "job_drill")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub job_id: String,
        pub step: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// In order. Applied ones are never changed; a new one goes to the end.
pub(super) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(CreateJob),
        Box::new(CreateSchedule),
        Box::new(CreateDrill),
        Box::new(IndexState),
    ]
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

fn optional(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().take()
}

fn count(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().default(0).take()
}

struct CreateJob;

impl MigrationName for CreateJob {
    fn name(&self) -> &'static str {
        "chassis_0040_job"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateJob {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let of = |table: &'static str, column: &'static str, other: &'static str| {
            ForeignKey::create()
                .from(table, column)
                .to(other, "id")
                .on_delete(ForeignKeyAction::Cascade)
                .take()
        };
        let job = Table::create()
            .table("job")
            .col(text("id").primary_key())
            .col(text("workspace_id"))
            .col(optional("user_id"))
            .col(text("kind"))
            .col(text("state"))
            .col(count("priority"))
            .col(text("input"))
            .col(optional("result"))
            .col(optional("error_code"))
            .col(optional("error_arguments"))
            .col(optional("idempotency_key"))
            .col(text("created_at"))
            .col(text("run_at"))
            .col(optional("started_at"))
            .col(optional("finished_at"))
            .col(optional("cancel_requested_at"))
            .col(count("attempt"))
            .col(count("failures"))
            .col(count("losses"))
            .col(optional("worker"))
            .col(optional("lease_until"))
            .col(optional("token"))
            .col(ColumnDef::new("progress_done").big_integer())
            .col(ColumnDef::new("progress_total").big_integer())
            .col(optional("progress_note"))
            .col(
                ColumnDef::new("revision")
                    .big_integer()
                    .not_null()
                    .default(0),
            )
            .foreign_key(&mut of("job", "workspace_id", "workspace"))
            .take();
        manager.create_table(job).await?;
        let unique = Index::create()
            .unique()
            .name("job_workspace_id_kind_idempotency_key_key")
            .table("job")
            .col("workspace_id")
            .col("kind")
            .col("idempotency_key")
            .take();
        manager.create_index(unique).await?;
        let step = Table::create()
            .table("job_step")
            .col(text("job_id"))
            .col(text("name"))
            .col(text("result"))
            .col(text("recorded_at"))
            .primary_key(Index::create().col("job_id").col("name"))
            .foreign_key(&mut of("job_step", "job_id", "job"))
            .take();
        manager.create_table(step).await?;
        // By hand: the builder leaves the condition out on SQLite.
        for sql in [
            "CREATE INDEX job_ready_idx ON job (priority DESC, run_at, id) WHERE state = 'waiting'",
            "CREATE INDEX job_waiting_idx ON job (workspace_id) WHERE state = 'waiting'",
            "CREATE INDEX job_running_idx ON job (lease_until) WHERE state = 'running'",
            "CREATE INDEX job_finished_idx ON job (finished_at) WHERE finished_at IS NOT NULL",
            "CREATE INDEX job_workspace_id_id_idx ON job (workspace_id, id)",
        ] {
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }
}

/// A list of those that failed, among a hundred thousand that did not.
struct IndexState;

impl MigrationName for IndexState {
    fn name(&self) -> &'static str {
        "chassis_0044_job_state"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for IndexState {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::create()
            .name("job_workspace_id_state_id_idx")
            .table("job")
            .col("workspace_id")
            .col("state")
            .col("id")
            .take();
        manager.create_index(index).await
    }
}

struct CreateSchedule;

impl MigrationName for CreateSchedule {
    fn name(&self) -> &'static str {
        "chassis_0041_job_schedule"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateSchedule {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("job_schedule")
            .col(text("kind").primary_key())
            .col(text("last_at"))
            .take();
        manager.create_table(table).await
    }
}

struct CreateDrill;

impl MigrationName for CreateDrill {
    fn name(&self) -> &'static str {
        "chassis_0042_job_drill"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateDrill {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("job_drill")
            .col(text("id").primary_key())
            .col(text("job_id"))
            .col(count("step"))
            .take();
        manager.create_table(table).await
    }
}
