//! Routes, all under `/api/v1/luna`.

mod lists;
mod mark;

use std::sync::Arc;

use chassis::service::{Context, Sample};
use luna_drawing::emotion::Emotion;
use luna_drawing::family::Family;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use lists::{generator_list, variant_list};

/// The routes of the service.
pub(crate) fn routes() -> OpenApiRouter<Arc<Context>> {
    OpenApiRouter::new()
        .routes(routes!(lists::variants))
        .routes(routes!(lists::generators))
        .routes(routes!(mark::mark))
}

/// One mark of each family, emotions in turn, for the start page.
pub(crate) fn samples() -> Vec<Sample> {
    let emotions = Emotion::ALL.into_iter().cycle();
    Family::ALL
        .into_iter()
        .zip(emotions)
        .map(|(family, emotion)| Sample {
            address: format!(
                "/api/v1/luna/mark/{}/{}.svg?seed=7",
                family.key(),
                emotion.key()
            ),
            caption: format!("{} · {}", family.key(), emotion.key()),
        })
        .collect()
}
