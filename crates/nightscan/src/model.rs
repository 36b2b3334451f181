//! The model that listens: the one that comes with the program, or the one that the configuration names, read once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use crate::analysis::model::{Model, ModelFault};

/// Reads a model, or gives the one that was read before. Takes a moment the first time.
pub(crate) fn load(path: Option<&Path>) -> Result<Arc<Model>, ModelFault> {
    static READ: Mutex<BTreeMap<Option<PathBuf>, Arc<Model>>> = Mutex::new(BTreeMap::new());
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    let key = path.map(Path::to_owned);
    if let Some(model) = read.get(&key) {
        return Ok(model.clone());
    }
    let model = match path {
        Some(path) => Arc::new(Model::load(path)?),
        None => Model::built_in(),
    };
    tracing::info!(
        model.id = model.id(),
        model.classes = model.classes().join(", "),
        model.licence = model.licence().unwrap_or("none given"),
        "NightScan's model was read"
    );
    read.insert(key, model.clone());
    Ok(model)
}
