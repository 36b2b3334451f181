//! Detections: lists, reviews, figures.

use chassis::auth::WorkspaceId;
use chassis::data::{DataError, Database};
use chassis::http::page::Page;
use chassis::id::Ulid;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::detection::{Column, Entity, Model};
use super::{RecordingId, review};

chassis::id_type! {
    /// An event found in a recording.
    DetectionId
}

chassis::id_type! {
    /// What a person said of a detection.
    ReviewId
}

impl DetectionId {
    /// The id of a recording's `number`th detection, heard at this moment: it sorts by that, and the same analysis gives the
    /// same ids.
    pub(crate) fn of(recording: RecordingId, number: usize, heard_ms: i64) -> Self {
        let text = format!("{recording}/{number}");
        let hash = blake3::hash(text.as_bytes());
        let mut chance = [0_u8; 16];
        chance[6..].copy_from_slice(&hash.as_bytes()[..10]);
        let ms = u64::try_from(heard_ms).unwrap_or(0);
        Self(Ulid::from_parts(ms, u128::from_be_bytes(chance)))
    }

    /// The least id of a moment.
    pub(crate) fn first_at(ms: i64) -> Self {
        Self(Ulid::from_parts(u64::try_from(ms).unwrap_or(0), 0))
    }
}

/// Degrees: west, south, east, north. West may be greater than east: across the date line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) west: f64,
    pub(crate) south: f64,
    pub(crate) east: f64,
    pub(crate) north: f64,
}

/// What detections are narrowed to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) class: Option<String>,
    pub(crate) from_ms: Option<i64>,
    pub(crate) to_ms: Option<i64>,
    pub(crate) min_confidence: Option<f64>,
    pub(crate) bounds: Option<Bounds>,
    pub(crate) site: Option<String>,
    pub(crate) recording: Option<String>,
    pub(crate) reviewed: Option<bool>,
    /// Without those that a person called wrong.
    pub(crate) only_right: bool,
}

impl Wanted {
    fn narrow(&self, workspace: WorkspaceId) -> Condition {
        let mut all = Condition::all().add(Column::WorkspaceId.eq(workspace.to_string()));
        if let Some(class) = &self.class {
            all = all.add(Column::Class.eq(class));
        }
        if let Some(from) = self.from_ms {
            all = all.add(Column::Id.gte(DetectionId::first_at(from).to_string()));
        }
        if let Some(to) = self.to_ms {
            all = all.add(Column::Id.lt(DetectionId::first_at(to).to_string()));
        }
        if let Some(least) = self.min_confidence {
            all = all.add(Column::Confidence.gte(least));
        }
        if let Some(bounds) = self.bounds {
            all = all.add(Column::Lat.between(bounds.south, bounds.north));
            all = all.add(if bounds.west <= bounds.east {
                Condition::all().add(Column::Lon.between(bounds.west, bounds.east))
            } else {
                Condition::any()
                    .add(Column::Lon.gte(bounds.west))
                    .add(Column::Lon.lte(bounds.east))
            });
        }
        if let Some(site) = &self.site {
            all = all.add(Column::SiteId.eq(site));
        }
        if let Some(recording) = &self.recording {
            all = all.add(Column::RecordingId.eq(recording));
        }
        match self.reviewed {
            Some(true) => all = all.add(Column::Verdict.is_not_null()),
            Some(false) => all = all.add(Column::Verdict.is_null()),
            None => {}
        }
        if self.only_right {
            let right = Condition::any()
                .add(Column::Verdict.is_null())
                .add(Column::Verdict.ne(FALSE));
            all = all.add(right);
        }
        all
    }

    fn select(&self, workspace: WorkspaceId) -> Select<Entity> {
        Entity::find().filter(self.narrow(workspace))
    }
}

/// The verdict of what is not there.
pub(crate) const FALSE: &str = "false";

/// One page of a workspace's detections, the latest first.
pub(crate) async fn page(
    database: &Database,
    workspace: WorkspaceId,
    wanted: &Wanted,
    page: Page,
) -> Result<Vec<Model>, DataError> {
    let mut query = wanted
        .select(workspace)
        .order_by_desc(Column::Id)
        .limit(page.rows());
    if let Some(cursor) = page.cursor {
        query = query.filter(Column::Id.lt(cursor.to_string()));
    }
    Ok(query.all(database.read()).await?)
}

/// Some of a workspace's detections in the order in which they were heard, after one of them: for exports.
pub(crate) async fn after(
    database: &Database,
    workspace: WorkspaceId,
    wanted: &Wanted,
    last: Option<String>,
    most: u64,
) -> Result<Vec<Model>, DataError> {
    let mut query = wanted
        .select(workspace)
        .order_by_asc(Column::Id)
        .limit(most);
    if let Some(last) = last {
        query = query.filter(Column::Id.gt(last));
    }
    Ok(query.all(database.read()).await?)
}

/// One of a workspace's detections.
pub(crate) async fn find(
    connection: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: DetectionId,
) -> Result<Option<Model>, DataError> {
    let query =
        Entity::find_by_id(id.to_string()).filter(Column::WorkspaceId.eq(workspace.to_string()));
    Ok(query.one(connection).await?)
}

/// Writes a review down, and makes it the one that counts. The detection as it is then; none where there is none.
pub(crate) async fn review(
    tx: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: DetectionId,
    row: review::Model,
) -> Result<Option<Model>, DataError> {
    let Some(mut detection) = find(tx, workspace, id).await? else {
        return Ok(None);
    };
    detection.class = row
        .class
        .clone()
        .unwrap_or_else(|| detection.model_class.clone());
    detection.verdict = Some(row.verdict.clone());
    detection.note.clone_from(&row.note);
    detection.reviewed_at = Some(row.created_at.clone());
    Entity::update_many()
        .col_expr(Column::Class, Expr::value(&*detection.class))
        .col_expr(Column::Verdict, Expr::value(detection.verdict.clone()))
        .col_expr(Column::Note, Expr::value(detection.note.clone()))
        .col_expr(
            Column::ReviewedAt,
            Expr::value(detection.reviewed_at.clone()),
        )
        .filter(Column::Id.eq(id.to_string()))
        .exec(tx)
        .await?;
    review::Entity::insert(row.into_active_model())
        .exec_without_returning(tx)
        .await?;
    Ok(Some(detection))
}

/// What was said of a detection, the latest first.
pub(crate) async fn reviews(
    database: &Database,
    workspace: WorkspaceId,
    id: DetectionId,
    page: Page,
) -> Result<Vec<review::Model>, DataError> {
    let mut query = review::Entity::find()
        .filter(review::Column::WorkspaceId.eq(workspace.to_string()))
        .filter(review::Column::DetectionId.eq(id.to_string()))
        .order_by_desc(review::Column::Id)
        .limit(page.rows());
    if let Some(cursor) = page.cursor {
        query = query.filter(review::Column::Id.lt(cursor.to_string()));
    }
    Ok(query.all(database.read()).await?)
}

/// What statistics are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Class,
    Hour,
    Night,
    Site,
}

impl By {
    pub(crate) const ALL: [(&str, Self); 4] = [
        ("class", Self::Class),
        ("hour", Self::Hour),
        ("night", Self::Night),
        ("site", Self::Site),
    ];
}

/// How many detections of a class fall under one value.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Count {
    pub(crate) value: Option<String>,
    pub(crate) class: String,
    pub(crate) count: i64,
}

/// Values of one answer: a workspace of ten years has 3,650 nights of six classes.
const MOST_COUNTS: u64 = 25_000;

/// Counts a workspace's detections by one thing and by class. Those that a person called wrong do not count.
pub(crate) async fn count(
    database: &Database,
    workspace: WorkspaceId,
    wanted: &Wanted,
    by: By,
) -> Result<Vec<Count>, DataError> {
    let column = match by {
        By::Class => Column::Class,
        By::Hour => Column::Hour,
        By::Night => Column::Night,
        By::Site => Column::SiteId,
    };
    let counts = Wanted {
        only_right: true,
        ..wanted.clone()
    }
    .select(workspace)
    .select_only()
    .column_as(Expr::col(column).cast_as("text"), "value")
    .column(Column::Class)
    .column_as(Column::Id.count(), "count")
    .group_by(column)
    .group_by(Column::Class)
    .order_by_asc(column)
    .order_by_asc(Column::Class)
    .limit(MOST_COUNTS)
    .into_model::<Count>()
    .all(database.read())
    .await?;
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use chassis::clock::SystemClock;

    use super::*;

    #[test]
    fn ids_sort_as_the_night_went_and_are_the_same_each_time() {
        let recording = RecordingId::generate(&SystemClock);
        let id = |number, ms| DetectionId::of(recording, number, ms);
        assert_eq!(id(3, 1_000), id(3, 1_000));
        assert_ne!(id(3, 1_000), id(4, 1_000));
        assert!(id(9, 1_000) < id(1, 1_001));
        let texts = [id(9, 1_000).to_string(), id(1, 1_001).to_string()];
        assert!(texts.is_sorted(), "texts sort as the ids do");
        assert!(DetectionId::first_at(1_000) <= id(1, 1_000));
        assert!(DetectionId::first_at(1_001) > id(1, 1_000));
        assert_eq!(id(1, -5).0.timestamp_ms(), 0);
    }
}
