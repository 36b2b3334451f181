//! What Luna is asked under load: mostly pictures, as pages show them; now and then a mark is generated or the history read.

use chassis::check::scenario::LoadRequest;
use luna_drawing::emotion::Emotion;
use luna_drawing::family::Family;

/// Its requests with their shares.
pub(crate) fn load() -> Vec<LoadRequest> {
    let families = Family::ALL.map(Family::key);
    let emotions = Emotion::ALL.map(Emotion::key);
    let mark = "/api/v1/luna/mark/{family}/{emotion}.svg?seed={number}";
    let lockup = "/api/v1/luna/mark/{family}/{emotion}.svg?name=Northwind%20{number}&lockup=horizontal&theme=dark";
    let generate = r#"{"generator":"{family}","variant":"{emotion}","seed":{number}}"#;
    let pictures = |request: LoadRequest| {
        request
            .with("family", families)
            .with("emotion", emotions)
            .without_key()
    };
    vec![
        pictures(LoadRequest::get("luna: mark", 40, mark)),
        pictures(LoadRequest::get("luna: lockup", 5, lockup)),
        LoadRequest::get("luna: variants", 5, "/api/v1/luna/variants").without_key(),
        LoadRequest::post("luna: generate", 10, "/api/v1/luna/generate", generate)
            .with("family", families)
            .with("emotion", emotions),
        LoadRequest::get("luna: history", 10, "/api/v1/luna/generations?limit=20"),
    ]
}
