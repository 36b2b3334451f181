//! The rows. Times are RFC 3339 texts in UTC, as everywhere; lengths inside a recording are milliseconds.

pub(crate) mod recording {
    //! A sound file that was uploaded, and what is known of it.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "nightscan_recording")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub user_id: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub key_id: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub sensor_id: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub site_id: Option<String>,
        /// As its owner called it.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// Who brought it: `upload`, `sensor` or `sample`.
        #[sea_orm(column_type = "Text")]
        pub source: String,
        /// `waiting`, `analysed` or `failed`.
        #[sea_orm(column_type = "Text")]
        pub state: String,
        /// The job that analyses it; none for what a sensor heard and did not send.
        #[sea_orm(column_type = "Text", nullable)]
        pub job_id: Option<String>,
        /// BLAKE3 of the bytes that came; none once they turned out to be no sound.
        #[sea_orm(column_type = "Text", nullable)]
        pub content_hash: Option<String>,
        pub size_bytes: i64,
        /// The sealed copy.
        #[sea_orm(column_type = "Text", nullable)]
        pub quarantine_id: Option<String>,
        /// What its key is made with: without this nobody can read the sealed copy.
        #[sea_orm(column_type = "Text", nullable)]
        pub quarantine_salt: Option<String>,
        /// The file that is kept, chosen before it is there.
        #[sea_orm(column_type = "Text", nullable)]
        pub object_id: Option<String>,
        pub kept_bytes: i64,
        /// How it is listened to, as JSON.
        #[sea_orm(column_type = "Text")]
        pub settings: String,
        /// What a sensor heard in it, as JSON.
        #[sea_orm(column_type = "Text", nullable)]
        pub heard: Option<String>,
        /// When it began, in UTC; before the analysis only where the uploader said so.
        #[sea_orm(column_type = "Text", nullable)]
        pub started_at: Option<String>,
        /// Who says so: `caller`, `recorder` or `arrival`.
        #[sea_orm(column_type = "Text", nullable)]
        pub started_from: Option<String>,
        /// Minutes by which the recorder's own time is ahead of UTC.
        #[sea_orm(nullable)]
        pub offset_min: Option<i32>,
        #[sea_orm(nullable)]
        pub lat: Option<f64>,
        #[sea_orm(nullable)]
        pub lon: Option<f64>,
        #[sea_orm(nullable)]
        pub duration_ms: Option<i64>,
        /// The analysis without its detections, as JSON.
        #[sea_orm(column_type = "Text", nullable)]
        pub result: Option<String>,
        pub detections: i64,
        /// Why it has no analysis: a message's key, and its reason.
        #[sea_orm(column_type = "Text", nullable)]
        pub fault: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub fault_reason: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub analysed_at: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod detection {
    //! An event found in a recording. Its id begins with the moment at which it was heard, so that ids sort as the night went.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "nightscan_detection")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        #[sea_orm(column_type = "Text")]
        pub recording_id: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub site_id: Option<String>,
        /// What it counts as: the model's class, or that of the person who relabelled it.
        #[sea_orm(column_type = "Text")]
        pub class: String,
        /// What the model said.
        #[sea_orm(column_type = "Text")]
        pub model_class: String,
        pub confidence: f64,
        pub start_ms: i64,
        pub end_ms: i64,
        pub low_hz: f64,
        pub high_hz: f64,
        /// The likeliest classes, as JSON.
        #[sea_orm(column_type = "Text")]
        pub top: String,
        #[sea_orm(column_type = "Text")]
        pub heard_at: String,
        /// The date on which its night began, at the recorder: a night ends at noon.
        #[sea_orm(column_type = "Text")]
        pub night: String,
        /// The hour of the recorder's day.
        pub hour: i32,
        #[sea_orm(nullable)]
        pub lat: Option<f64>,
        #[sea_orm(nullable)]
        pub lon: Option<f64>,
        /// What a person said last: `correct`, `false` or `relabel`; none before.
        #[sea_orm(column_type = "Text", nullable)]
        pub verdict: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub note: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub reviewed_at: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod review {
    //! What a person said of a detection; the last one counts, the others stay to be read.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "nightscan_review")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        #[sea_orm(column_type = "Text")]
        pub detection_id: String,
        #[sea_orm(column_type = "Text")]
        pub verdict: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub class: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub note: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub user_id: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub key_id: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod site {
    //! A place where recorders stand.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "nightscan_site")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        #[sea_orm(column_type = "Text")]
        pub name: String,
        pub lat: f64,
        pub lon: f64,
        /// Minutes by which its time is ahead of UTC: for recorders that do not say.
        #[sea_orm(nullable)]
        pub offset_min: Option<i32>,
        #[sea_orm(column_type = "Text", nullable)]
        pub note: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod sensor {
    //! A device that sends what it hears, with a key of its own.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "nightscan_sensor")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        #[sea_orm(column_type = "Text")]
        pub name: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub site_id: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub key_id: String,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub last_seen_at: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod rule {
    //! When somebody wants to be told of a detection.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "nightscan_rule")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// None: every class.
        #[sea_orm(column_type = "Text", nullable)]
        pub class: Option<String>,
        pub min_confidence: f64,
        /// None: every site.
        #[sea_orm(column_type = "Text", nullable)]
        pub site_id: Option<String>,
        /// Hours of the day in which nothing is sent: `22:00-07:00+02:00`.
        #[sea_orm(column_type = "Text", nullable)]
        pub quiet: Option<String>,
        /// Whether only the first of a night is told.
        pub first_of_night: bool,
        pub enabled: bool,
        /// The last night of which something was told.
        #[sea_orm(column_type = "Text", nullable)]
        pub last_night: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod usage {
    //! Identifications of a workspace in a month.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "nightscan_usage")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub workspace_id: String,
        /// `2026-11`, in UTC.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub month: String,
        pub identifications: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod mark {
    //! What this installation keeps for itself: the secret of the quarantine, and that the samples were made.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "nightscan_mark")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
        #[sea_orm(column_type = "Text")]
        pub value: String,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
