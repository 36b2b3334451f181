//! Sites, sensors and rules.

use chassis::auth::WorkspaceId;
use chassis::data::{DataError, Database};
use chassis::http::page::Page;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::{detection, recording, rule, sensor, site};

chassis::id_type! {
    /// A place where recorders stand.
    SiteId
}

chassis::id_type! {
    /// A device that sends what it hears.
    SensorId
}

chassis::id_type! {
    /// When somebody wants to be told of a detection.
    RuleId
}

/// One page of the rows of a table that belong to a workspace, newest first.
macro_rules! page_of {
    ($name:ident, $table:ident, $about:literal) => {
        #[doc = $about]
        pub(crate) async fn $name(
            database: &Database,
            workspace: WorkspaceId,
            page: Page,
        ) -> Result<Vec<$table::Model>, DataError> {
            let mut query = $table::Entity::find()
                .filter($table::Column::WorkspaceId.eq(workspace.to_string()))
                .order_by_desc($table::Column::Id)
                .limit(page.rows());
            if let Some(cursor) = page.cursor {
                query = query.filter($table::Column::Id.lt(cursor.to_string()));
            }
            Ok(query.all(database.read()).await?)
        }
    };
}

page_of!(
    sites,
    site,
    "One page of a workspace's sites, newest first."
);
page_of!(
    sensors,
    sensor,
    "One page of a workspace's sensors, newest first."
);
page_of!(
    rules,
    rule,
    "One page of a workspace's rules, newest first."
);

/// A row of a workspace by its id, kept and removed.
macro_rules! row_of {
    ($find:ident, $insert:ident, $delete:ident, $table:ident, $id:ty) => {
        /// One of a workspace's.
        pub(crate) async fn $find(
            connection: &impl ConnectionTrait,
            workspace: WorkspaceId,
            id: $id,
        ) -> Result<Option<$table::Model>, DataError> {
            let query = $table::Entity::find_by_id(id.to_string())
                .filter($table::Column::WorkspaceId.eq(workspace.to_string()));
            Ok(query.one(connection).await?)
        }

        /// Keeps a new one.
        pub(crate) async fn $insert(
            tx: &impl ConnectionTrait,
            row: $table::Model,
        ) -> Result<(), DataError> {
            $table::Entity::insert(row.into_active_model())
                .exec_without_returning(tx)
                .await?;
            Ok(())
        }

        /// Removes one; false where there is none.
        pub(crate) async fn $delete(
            tx: &impl ConnectionTrait,
            workspace: WorkspaceId,
            id: $id,
        ) -> Result<bool, DataError> {
            let gone = $table::Entity::delete_many()
                .filter($table::Column::Id.eq(id.to_string()))
                .filter($table::Column::WorkspaceId.eq(workspace.to_string()))
                .exec(tx)
                .await?;
            Ok(gone.rows_affected == 1)
        }
    };
}

row_of!(find_site, insert_site, delete_site_row, site, SiteId);
row_of!(find_sensor, insert_sensor, delete_sensor, sensor, SensorId);
row_of!(find_rule, insert_rule, delete_rule, rule, RuleId);

/// How many rows of a workspace there are.
macro_rules! count_of {
    ($name:ident, $table:ident) => {
        /// How many a workspace has.
        pub(crate) async fn $name(
            connection: &impl ConnectionTrait,
            workspace: WorkspaceId,
        ) -> Result<u64, DataError> {
            let query = $table::Entity::find()
                .filter($table::Column::WorkspaceId.eq(workspace.to_string()));
            Ok(query.count(connection).await?)
        }
    };
}

count_of!(count_sites, site);
count_of!(count_sensors, sensor);
count_of!(count_rules, rule);

/// Changes what can be changed of a site.
pub(crate) async fn change_site(
    tx: &impl ConnectionTrait,
    row: &site::Model,
) -> Result<(), DataError> {
    use site::Column;
    site::Entity::update_many()
        .col_expr(Column::Name, Expr::value(&*row.name))
        .col_expr(Column::Lat, Expr::value(row.lat))
        .col_expr(Column::Lon, Expr::value(row.lon))
        .col_expr(Column::OffsetMin, Expr::value(row.offset_min))
        .col_expr(Column::Note, Expr::value(row.note.clone()))
        .filter(Column::Id.eq(&*row.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Whether recordings, sensors, rules or detections speak of a site.
pub(crate) async fn site_is_used(
    tx: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: SiteId,
) -> Result<bool, DataError> {
    let (workspace, id) = (workspace.to_string(), id.to_string());
    let recorded = recording::Entity::find()
        .filter(recording::Column::WorkspaceId.eq(&*workspace))
        .filter(recording::Column::SiteId.eq(&*id))
        .limit(1)
        .one(tx)
        .await?;
    let heard = detection::Entity::find()
        .filter(detection::Column::WorkspaceId.eq(&*workspace))
        .filter(detection::Column::SiteId.eq(&*id))
        .limit(1)
        .one(tx)
        .await?;
    let senses = sensor::Entity::find()
        .filter(sensor::Column::WorkspaceId.eq(&*workspace))
        .filter(sensor::Column::SiteId.eq(&*id))
        .limit(1)
        .one(tx)
        .await?;
    let ruled = rule::Entity::find()
        .filter(rule::Column::WorkspaceId.eq(&*workspace))
        .filter(rule::Column::SiteId.eq(&*id))
        .limit(1)
        .one(tx)
        .await?;
    Ok(recorded.is_some() || heard.is_some() || senses.is_some() || ruled.is_some())
}

/// The sensor that has a key.
pub(crate) async fn sensor_of_key(
    database: &Database,
    workspace: WorkspaceId,
    key: &str,
) -> Result<Option<sensor::Model>, DataError> {
    let query = sensor::Entity::find()
        .filter(sensor::Column::WorkspaceId.eq(workspace.to_string()))
        .filter(sensor::Column::KeyId.eq(key));
    Ok(query.one(database.read()).await?)
}

/// Notes when a sensor sent something.
pub(crate) async fn sensor_seen(
    tx: &impl ConnectionTrait,
    id: &str,
    now: &str,
) -> Result<(), DataError> {
    sensor::Entity::update_many()
        .col_expr(sensor::Column::LastSeenAt, Expr::value(now))
        .filter(sensor::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// The rules of a workspace that are in force.
pub(crate) async fn rules_in_force(
    tx: &impl ConnectionTrait,
    workspace: WorkspaceId,
) -> Result<Vec<rule::Model>, DataError> {
    let query = rule::Entity::find()
        .filter(rule::Column::WorkspaceId.eq(workspace.to_string()))
        .filter(rule::Column::Enabled.eq(true))
        .order_by_asc(rule::Column::Id);
    Ok(query.all(tx).await?)
}

/// Changes what can be changed of a rule.
pub(crate) async fn change_rule(
    tx: &impl ConnectionTrait,
    row: &rule::Model,
) -> Result<(), DataError> {
    use rule::Column;
    rule::Entity::update_many()
        .col_expr(Column::Name, Expr::value(&*row.name))
        .col_expr(Column::Class, Expr::value(row.class.clone()))
        .col_expr(Column::MinConfidence, Expr::value(row.min_confidence))
        .col_expr(Column::SiteId, Expr::value(row.site_id.clone()))
        .col_expr(Column::Quiet, Expr::value(row.quiet.clone()))
        .col_expr(Column::FirstOfNight, Expr::value(row.first_of_night))
        .col_expr(Column::Enabled, Expr::value(row.enabled))
        .filter(Column::Id.eq(&*row.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Notes the night of which a rule told something.
pub(crate) async fn rule_told(
    tx: &impl ConnectionTrait,
    id: &str,
    night: &str,
) -> Result<(), DataError> {
    rule::Entity::update_many()
        .col_expr(rule::Column::LastNight, Expr::value(night))
        .filter(rule::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}
