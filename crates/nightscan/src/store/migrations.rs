//! The tables and their indexes. Applied migrations are never changed; a new one goes to the end.

use sea_orm::DbErr;
use sea_orm::sea_query::{
    ColumnDef, ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement, Index,
    IndexCreateStatement, Table,
};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

/// In order.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(CreatePlaces),
        Box::new(CreateRecording),
        Box::new(CreateDetection),
        Box::new(CreateRule),
    ]
}

struct CreatePlaces;
struct CreateRecording;
struct CreateDetection;
struct CreateRule;

impl MigrationName for CreatePlaces {
    fn name(&self) -> &'static str {
        "nightscan_0001_places"
    }
}

impl MigrationName for CreateRecording {
    fn name(&self) -> &'static str {
        "nightscan_0002_recording"
    }
}

impl MigrationName for CreateDetection {
    fn name(&self) -> &'static str {
        "nightscan_0003_detection"
    }
}

impl MigrationName for CreateRule {
    fn name(&self) -> &'static str {
        "nightscan_0004_rule"
    }
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

fn perhaps(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().take()
}

fn count(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

fn of_workspace(table: &'static str) -> ForeignKeyCreateStatement {
    cascade(table, "workspace_id", "workspace")
}

fn cascade(
    table: &'static str,
    column: &'static str,
    to: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(to, "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index
        .name(format!("{table}_{}_idx", columns.join("_")))
        .table(table);
    for column in columns {
        index.col(*column);
    }
    index
}

#[async_trait::async_trait]
impl MigrationTrait for CreatePlaces {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let site = Table::create()
            .table("nightscan_site")
            .col(text("id").primary_key())
            .col(text("workspace_id"))
            .col(text("name"))
            .col(ColumnDef::new("lat").double().not_null())
            .col(ColumnDef::new("lon").double().not_null())
            .col(ColumnDef::new("offset_min").integer())
            .col(perhaps("note"))
            .col(text("created_at"))
            .foreign_key(&mut of_workspace("nightscan_site"))
            .take();
        manager.create_table(site).await?;
        let sensor = Table::create()
            .table("nightscan_sensor")
            .col(text("id").primary_key())
            .col(text("workspace_id"))
            .col(text("name"))
            .col(perhaps("site_id"))
            .col(text("key_id"))
            .col(text("created_at"))
            .col(perhaps("last_seen_at"))
            .foreign_key(&mut of_workspace("nightscan_sensor"))
            .take();
        manager.create_table(sensor).await?;
        let usage = Table::create()
            .table("nightscan_usage")
            .col(text("workspace_id"))
            .col(text("month"))
            .col(count("identifications"))
            .primary_key(Index::create().col("workspace_id").col("month"))
            .foreign_key(&mut of_workspace("nightscan_usage"))
            .take();
        manager.create_table(usage).await?;
        let mark = Table::create()
            .table("nightscan_mark")
            .col(text("name").primary_key())
            .col(text("value"))
            .col(text("created_at"))
            .take();
        manager.create_table(mark).await?;
        let columns: [(&str, &[&str]); 3] = [
            ("nightscan_site", &["workspace_id", "id"]),
            ("nightscan_sensor", &["workspace_id", "id"]),
            ("nightscan_sensor", &["key_id"]),
        ];
        for (table, columns) in columns {
            manager.create_index(index(table, columns)).await?;
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateRecording {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("nightscan_recording")
            .col(text("id").primary_key())
            .col(text("workspace_id"))
            .col(perhaps("user_id"))
            .col(perhaps("key_id"))
            .col(perhaps("sensor_id"))
            .col(perhaps("site_id"))
            .col(text("name"))
            .col(text("source"))
            .col(text("state"))
            .col(perhaps("job_id"))
            .col(perhaps("content_hash"))
            .col(count("size_bytes"))
            .col(perhaps("quarantine_id"))
            .col(perhaps("quarantine_salt"))
            .col(perhaps("object_id"))
            .col(count("kept_bytes"))
            .col(text("settings"))
            .col(perhaps("heard"))
            .col(perhaps("started_at"))
            .col(perhaps("started_from"))
            .col(ColumnDef::new("offset_min").integer())
            .col(ColumnDef::new("lat").double())
            .col(ColumnDef::new("lon").double())
            .col(ColumnDef::new("duration_ms").big_integer())
            .col(perhaps("result"))
            .col(count("detections"))
            .col(perhaps("fault"))
            .col(perhaps("fault_reason"))
            .col(text("created_at"))
            .col(perhaps("analysed_at"))
            .foreign_key(&mut of_workspace("nightscan_recording"))
            .take();
        manager.create_table(table).await?;
        // One recording of the same bytes in a workspace; where they are not known any more, the index knows nothing.
        let once = Index::create()
            .name("nightscan_recording_content_key")
            .table("nightscan_recording")
            .col("workspace_id")
            .col("content_hash")
            .unique()
            .take();
        manager.create_index(once).await?;
        let columns: [&[&str]; 4] = [
            &["workspace_id", "id"],
            &["workspace_id", "state", "id"],
            &["workspace_id", "site_id", "id"],
            &["workspace_id", "created_at"],
        ];
        for columns in columns {
            manager
                .create_index(index("nightscan_recording", columns))
                .await?;
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateDetection {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let number = |name: &'static str| ColumnDef::new(name).double().not_null().take();
        let table = Table::create()
            .table("nightscan_detection")
            .col(text("id").primary_key())
            .col(text("workspace_id"))
            .col(text("recording_id"))
            .col(perhaps("site_id"))
            .col(text("class"))
            .col(text("model_class"))
            .col(number("confidence"))
            .col(count("start_ms"))
            .col(count("end_ms"))
            .col(number("low_hz"))
            .col(number("high_hz"))
            .col(text("top"))
            .col(text("heard_at"))
            .col(text("night"))
            .col(ColumnDef::new("hour").integer().not_null())
            .col(ColumnDef::new("lat").double())
            .col(ColumnDef::new("lon").double())
            .col(perhaps("verdict"))
            .col(perhaps("note"))
            .col(perhaps("reviewed_at"))
            .foreign_key(&mut of_workspace("nightscan_detection"))
            .foreign_key(&mut cascade(
                "nightscan_detection",
                "recording_id",
                "nightscan_recording",
            ))
            .take();
        manager.create_table(table).await?;
        // Every list runs along one of these from the newest on. What else is asked stands behind the id, so that rows that do
        // not fit are passed over without being fetched.
        let columns: [&[&str]; 5] = [
            &["workspace_id", "id", "confidence", "lat", "lon", "verdict"],
            &["workspace_id", "class", "id", "confidence", "verdict"],
            &["workspace_id", "site_id", "id", "class", "confidence"],
            &["recording_id", "id"],
            &[
                "workspace_id",
                "night",
                "class",
                "hour",
                "site_id",
                "verdict",
            ],
        ];
        for columns in columns {
            manager
                .create_index(index("nightscan_detection", columns))
                .await?;
        }
        let review = Table::create()
            .table("nightscan_review")
            .col(text("id").primary_key())
            .col(text("workspace_id"))
            .col(text("detection_id"))
            .col(text("verdict"))
            .col(perhaps("class"))
            .col(perhaps("note"))
            .col(perhaps("user_id"))
            .col(perhaps("key_id"))
            .col(text("created_at"))
            .foreign_key(&mut of_workspace("nightscan_review"))
            .foreign_key(&mut cascade(
                "nightscan_review",
                "detection_id",
                "nightscan_detection",
            ))
            .take();
        manager.create_table(review).await?;
        let of_detection = index("nightscan_review", &["detection_id", "id"]);
        manager.create_index(of_detection).await
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateRule {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let flag = |name: &'static str| ColumnDef::new(name).boolean().not_null().take();
        let table = Table::create()
            .table("nightscan_rule")
            .col(text("id").primary_key())
            .col(text("workspace_id"))
            .col(text("name"))
            .col(perhaps("class"))
            .col(ColumnDef::new("min_confidence").double().not_null())
            .col(perhaps("site_id"))
            .col(perhaps("quiet"))
            .col(flag("first_of_night"))
            .col(flag("enabled"))
            .col(perhaps("last_night"))
            .col(text("created_at"))
            .foreign_key(&mut of_workspace("nightscan_rule"))
            .take();
        manager.create_table(table).await?;
        let of_workspace = index("nightscan_rule", &["workspace_id", "id"]);
        manager.create_index(of_workspace).await
    }
}
