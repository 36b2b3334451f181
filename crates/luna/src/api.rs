//! Routes, all under `/api/v1/luna`.

mod generate;
mod history;
mod kits;
mod lists;
mod mark;

use std::sync::Arc;

use chassis::service::{Context, Sample};
use luna_drawing::emotion::Emotion;
use luna_drawing::family::Family;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::metrics;

pub(crate) use kits::address as kit_address;
pub(crate) use lists::{generator_list, variant_list};

/// The routes of the service.
pub(crate) fn routes() -> OpenApiRouter<Arc<Context>> {
    metrics::register();
    OpenApiRouter::new()
        .routes(routes!(lists::variants))
        .routes(routes!(lists::generators))
        .routes(routes!(mark::mark))
        .routes(routes!(generate::generate))
        .routes(routes!(generate::batch))
        .routes(routes!(history::generations))
        .routes(routes!(history::download))
        .routes(routes!(kits::ask, kits::list))
        .routes(routes!(kits::one, kits::remove))
        .routes(routes!(history::stats))
        .routes(routes!(history::cleanup))
}

/// One mark of each family, emotions in turn, for the start page.
pub(crate) fn samples() -> Vec<Sample> {
    let emotions = Emotion::ALL.into_iter().cycle();
    Family::ALL
        .into_iter()
        .zip(emotions)
        .map(|(family, emotion)| {
            let (family, emotion) = (family.key(), emotion.key());
            let address = format!("/api/v1/luna/mark/{family}/{emotion}.svg?seed=7");
            Sample {
                dark_address: format!("{address}&theme=dark"),
                address,
                caption: format!("{family} · {emotion}"),
            }
        })
        .collect()
}
