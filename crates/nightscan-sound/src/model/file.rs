//! The model file: safetensors, with one JSON document among its metadata.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::{Card, Classes, Model};
use crate::features::{FeatureFault, FeaturePlan, Framer};
use crate::network::{Layout, Plan, PlanFault, Weights};

/// A network of the largest plan has less.
const MOST_BYTES: usize = 256 << 20;
const MOST_NAME: usize = 100;
/// Key of the document.
const KEY: &str = "nightscan";
/// Changes when an older reader would misread the file.
const FORM: u32 = 1;

/// Why a file is no model.
#[derive(Debug, thiserror::Error)]
pub enum ModelFault {
    /// Larger than any model.
    #[error("the model file has {0} bytes, more than {MOST_BYTES}")]
    Large(usize),
    /// Not safetensors, or damaged.
    #[error("the model file cannot be read: {0}")]
    Form(String),
    /// A document of a later version.
    #[error("the model file has form {0}, this version reads {FORM}")]
    Later(u32),
    /// The plan of the network is wrong.
    #[error(transparent)]
    Plan(#[from] PlanFault),
    /// The plan of the features is wrong.
    #[error(transparent)]
    Features(#[from] FeatureFault),
    /// Parts contradict each other.
    #[error("the model contradicts itself: {0}")]
    Contradiction(&'static str),
    /// A tensor is missing or of another shape or type.
    #[error("tensor {0} is missing, or of another shape or type")]
    Tensor(String),
    /// A number is infinite or none, or a variance below zero.
    #[error("tensor {0} holds an impossible number")]
    Number(String),
}

#[derive(Serialize, Deserialize)]
struct Document {
    form: u32,
    classes: Vec<String>,
    class_of_label: Vec<usize>,
    features: FeaturePlan,
    plan: Plan,
    temperature: f32,
    card: Card,
}

pub(super) fn write(model: &Model) -> Vec<u8> {
    let layout = model.answerer.layout();
    let document = Document {
        form: FORM,
        classes: model.classes.names.clone(),
        class_of_label: model.classes.class_of_label.clone(),
        features: model.features.clone(),
        plan: layout.plan().clone(),
        temperature: model.temperature,
        card: model.card.clone(),
    };
    let document = serde_json::to_string(&document).expect("all keys are text");
    let named = layout.named();
    let bytes: Vec<Vec<u8>> = named
        .iter()
        .map(|tensor| {
            let list = if tensor.statistic {
                &model.weights.statistics
            } else {
                &model.weights.values
            };
            list[tensor.range.clone()]
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        })
        .collect();
    let views = named.iter().zip(&bytes).map(|(tensor, bytes)| {
        let view = TensorView::new(Dtype::F32, tensor.shape.clone(), bytes);
        (
            tensor.name.clone(),
            view.expect("shape and length are the layout's"),
        )
    });
    let metadata = HashMap::from([(KEY.to_owned(), document)]);
    safetensors::serialize(views, Some(metadata)).expect("names are unique")
}

pub(super) fn read(bytes: &[u8]) -> Result<Model, ModelFault> {
    if bytes.len() > MOST_BYTES {
        return Err(ModelFault::Large(bytes.len()));
    }
    let form = |fault: &dyn std::fmt::Display| ModelFault::Form(fault.to_string());
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|fault| form(&fault))?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|fault| form(&fault))?;
    let document = metadata
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get(KEY));
    let document = document.ok_or_else(|| form(&"it says nothing of its classes"))?;
    let version: Version = serde_json::from_str(document).map_err(|fault| form(&fault))?;
    if version.form != FORM {
        return Err(ModelFault::Later(version.form));
    }
    let document: Document = serde_json::from_str(document).map_err(|fault| form(&fault))?;
    let layout = Layout::new(document.plan)?;
    let mut weights = Weights {
        values: vec![0.0; layout.values()],
        statistics: vec![0.0; layout.statistics()],
    };
    for tensor in layout.named() {
        let view = tensors.tensor(&tensor.name).ok();
        let fits =
            |view: &TensorView<'_>| view.dtype() == Dtype::F32 && view.shape() == tensor.shape;
        let view = view
            .filter(fits)
            .ok_or_else(|| ModelFault::Tensor(tensor.name.clone()))?;
        let list = if tensor.statistic {
            &mut weights.statistics
        } else {
            &mut weights.values
        };
        let (numbers, _) = view.data().as_chunks::<4>();
        for (value, bytes) in list[tensor.range].iter_mut().zip(numbers) {
            *value = f32::from_le_bytes(*bytes);
        }
    }
    let classes = Classes {
        names: document.classes,
        class_of_label: document.class_of_label,
    };
    Model::new(
        layout,
        weights,
        classes,
        document.features,
        document.temperature,
        document.card,
    )
}

#[derive(Deserialize)]
struct Version {
    form: u32,
}

pub(super) fn check(
    plan: &Plan,
    classes: &Classes,
    features: &FeaturePlan,
    temperature: f32,
    weights: &Weights,
) -> Result<(), ModelFault> {
    let holds = |ok: bool, what| {
        if ok {
            Ok(())
        } else {
            Err(ModelFault::Contradiction(what))
        }
    };
    Framer::new(features.clone())?;
    let picture = (plan.inputs, plan.rows, plan.cols);
    holds(
        picture == (features.planes, features.bands, features.frames),
        "its pictures have two sizes",
    )?;
    let names = &classes.names;
    holds(
        names.len() == plan.heads[0],
        "it names more or fewer classes than it tells apart",
    )?;
    let named = |name: &String| !name.trim().is_empty() && name.len() <= MOST_NAME;
    holds(
        names.iter().all(named),
        "the name of a class is empty or long",
    )?;
    let unique: std::collections::HashSet<_> = names.iter().collect();
    holds(unique.len() == names.len(), "two classes have one name")?;
    let labels = &classes.class_of_label;
    holds(
        labels.iter().all(|class| *class < names.len()),
        "a label has no class",
    )?;
    let second = plan.heads.get(1).copied().unwrap_or(0);
    holds(
        labels.is_empty() || labels.len() == second,
        "labels and second head differ",
    )?;
    holds(
        (0.01..=100.0).contains(&temperature),
        "its temperature is out of bounds",
    )?;
    for tensor in Layout::new(plan.clone())?.named() {
        let list = if tensor.statistic {
            &weights.statistics
        } else {
            &weights.values
        };
        let numbers = list.get(tensor.range.clone()).unwrap_or_default();
        let least = if tensor.name.ends_with("variance") {
            0.0
        } else {
            f32::MIN
        };
        let possible = numbers
            .iter()
            .all(|value| value.is_finite() && *value >= least);
        if numbers.len() != tensor.range.len() || !possible {
            return Err(ModelFault::Number(tensor.name));
        }
    }
    Ok(())
}
