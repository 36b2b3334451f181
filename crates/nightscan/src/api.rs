//! Routes, all under `/api/v1/nightscan`.
//!
//! * `recordings`, `upload`: sound files; `sound`: what is seen and heard of them
//! * `detections`, `statistics`, `exports`: what was found
//! * `sites`, `sensors`, `rules`: where, by what, and who is told
//! * `account`: what a workspace may use and keeps; `live`: what happens now

mod account;
mod detections;
mod exports;
mod live;
mod recordings;
mod rules;
mod sensors;
mod sites;
mod sound;
mod statistics;
mod upload;
mod wanted;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use chassis::service::Context;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::metrics;

/// The routes of the service.
pub(crate) fn routes() -> OpenApiRouter<Arc<Context>> {
    metrics::register();
    OpenApiRouter::new()
        .routes(routes!(recordings::list, upload::bring))
        .routes(routes!(recordings::one, recordings::remove))
        .routes(routes!(sound::spectrogram))
        .routes(routes!(sound::waveform))
        .routes(routes!(sound::clip))
        .routes(routes!(detections::list))
        .routes(routes!(detections::one))
        .routes(routes!(detections::review))
        .routes(routes!(detections::reviews))
        .routes(routes!(statistics::statistics))
        .routes(routes!(exports::export))
        .routes(routes!(sites::list, sites::create))
        .routes(routes!(sites::one, sites::change, sites::remove))
        .routes(routes!(sensors::list, sensors::create))
        .routes(routes!(sensors::one, sensors::remove))
        .routes(routes!(upload::intake))
        .routes(routes!(rules::list, rules::create))
        .routes(routes!(rules::one, rules::change, rules::remove))
        .routes(routes!(live::live))
        .routes(routes!(account::quota))
        .routes(routes!(account::retention))
        .routes(routes!(account::model))
        // Uploads bound themselves; what is JSON is bounded by the front.
        .layer(DefaultBodyLimit::disable())
}
