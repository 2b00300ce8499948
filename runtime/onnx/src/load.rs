//! From a file to a model that runs, or why there is none.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tract_onnx::Onnx;
use tract_onnx::data_resolver::FopenDataResolver;
use tract_onnx::pb::{GraphProto, ModelProto};
use tract_onnx::prelude::{
    DatumType, Framework as _, InferenceFact, InferenceModel, InferenceModelExt as _,
    IntoRunnable as _, TDim, TractError, TractResult,
};
use tract_onnx::tract_hir::infer::Factoid;
use tract_onnx::tract_hir::internal::DimLike as _;

use crate::datatype::Datatype;
use crate::find::find;
use crate::model::{Input, Metadata, Model, TensorMetadata};
use crate::unwind::guarded;

/// Why a path is not a model that can be served.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Nothing is there.
    #[error("there is no model at `{}`", path.display())]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// A directory without a model.
    #[error(
        "there is no model in `{}`: a `model.onnx`, one other `*.onnx`, or versions such as `1/model.onnx`",
        directory.display()
    )]
    NoModel {
        /// Where.
        directory: PathBuf,
    },
    /// A directory in which it is not clear which file is meant.
    #[error(
        "`{}` has several models: {}; name one of them `model.onnx`",
        directory.display(),
        names.join(", ")
    )]
    SeveralModels {
        /// Where.
        directory: PathBuf,
        /// The names of the files.
        names: Vec<String>,
    },
    /// What the system said; it names the path.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// A file that is something else.
    #[error("`{}` is not an ONNX model: {why}", file.display())]
    NotOnnx {
        /// Which.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A model that needs what is not built into this server.
    #[error(
        "`{}` uses operators that the embedded server does not have: {}",
        file.display(),
        operators.join(", ")
    )]
    Operators {
        /// Which.
        file: PathBuf,
        /// Each with the node that first uses it.
        operators: Vec<String>,
    },
    /// A model that does not fit together, or that cannot be run here.
    #[error("the model `{}` cannot be run: {why}", file.display())]
    Unfit {
        /// Which.
        file: PathBuf,
        /// In the words of what was tried.
        why: String,
    },
}

impl Model {
    /// Loads the model of a file or of a directory, ready to be run.
    ///
    /// # Errors
    /// There is none, or it cannot be run here.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let found = find(path)?;
        let bytes = fs_err::read(&found.file)?;
        let file = &found.file;
        let unfit = |why: String| LoadError::Unfit {
            file: file.clone(),
            why,
        };
        let onnx = Onnx {
            // A file that is mapped into memory and changed meanwhile would end the process.
            provider: Arc::new(FopenDataResolver),
            ..tract_onnx::onnx()
        };
        let decoded = onnx.proto_model_for_read(&mut bytes.as_slice());
        let proto = decoded.map_err(|error| LoadError::NotOnnx {
            file: file.clone(),
            why: chain(&error),
        })?;
        // Nothing at all, and much that is something else, reads as a message with other fields.
        let Some(graph) = proto
            .graph
            .as_ref()
            .filter(|graph| !graph.output.is_empty())
        else {
            return Err(LoadError::NotOnnx {
                file: file.clone(),
                why: "it has no graph with outputs".to_owned(),
            });
        };
        let operators = unknown_operators(&onnx, graph);
        if !operators.is_empty() {
            return Err(LoadError::Operators {
                file: file.clone(),
                operators,
            });
        }
        let directory = file.parent().and_then(Path::to_str);
        let built = guarded(|| build(&onnx, &proto, directory, found.version));
        built
            .map_err(|panic| unfit(format!("the library that runs it failed: {panic}")))?
            .map_err(|error| unfit(chain(&error)))
    }
}

/// The operators that tract has no word for, those of loops and branches too.
fn unknown_operators(onnx: &Onnx, graph: &GraphProto) -> Vec<String> {
    let mut unknown: Vec<(String, &str)> = Vec::new();
    let mut graphs = vec![graph];
    while let Some(graph) = graphs.pop() {
        for node in &graph.node {
            for attribute in &node.attribute {
                graphs.extend(attribute.g.iter().chain(&attribute.graphs));
            }
            let domain = match node.domain.as_str() {
                "" => "ai.onnx",
                domain => domain,
            };
            let operator = format!("{domain}.{}", node.op_type);
            let is_told = unknown.iter().any(|(told, _)| *told == operator);
            if !onnx.op_register.0.contains_key(&node.op_type) && !is_told {
                unknown.push((operator, &node.name));
            }
        }
    }
    let told = unknown.into_iter();
    told.map(|(operator, node)| format!("{operator} (node `{node}`)"))
        .collect()
}

/// Which dimensions without a name are the same.
#[derive(Clone, Copy)]
enum Nameless {
    /// None.
    Different,
    /// The first of each input: the size of a batch.
    FirstAlike,
}

fn build(
    onnx: &Onnx,
    proto: &ModelProto,
    directory: Option<&str>,
    version: u64,
) -> TractResult<Model> {
    let parsed = onnx.parse(proto, directory)?;
    if !parsed.unresolved_inputs.is_empty() {
        let missing = parsed.unresolved_inputs.join(", ");
        return Err(TractError::msg(format!(
            "nothing makes the tensors {missing}"
        )));
    }
    let different = run_with(parsed.model.clone(), Nameless::Different, version);
    // Many models add up inputs whose batches have to be alike, and say nothing of it.
    different
        .or_else(|error| run_with(parsed.model, Nameless::FirstAlike, version).map_err(|_| error))
}

fn run_with(mut model: InferenceModel, nameless: Nameless, version: u64) -> TractResult<Model> {
    let mut inputs = Vec::new();
    for index in 0..model.inputs.len() {
        inputs.push(input(&mut model, index, nameless)?);
    }
    let names: Vec<String> = model
        .outputs
        .iter()
        .map(|outlet| {
            let label = model.outlet_label(*outlet);
            label.unwrap_or(&model.node(outlet.node).name).to_owned()
        })
        .collect();
    let model = model.into_optimized()?;
    let outputs: TractResult<Vec<TensorMetadata>> = names
        .into_iter()
        .enumerate()
        .map(|(index, name)| {
            let fact = model.output_fact(index)?;
            metadata(name, fact.datum_type, fact.shape.iter())
        })
        .collect();
    let outputs = outputs?;
    let metadata = Metadata {
        version,
        inputs: inputs.iter().map(|input| input.metadata.clone()).collect(),
        outputs,
    };
    let dimensions = inputs.into_iter().map(|input| input.dimensions).collect();
    Ok(Model::new(model.into_runnable()?, metadata, dimensions))
}

/// Gives names to an input's dimensions that have none, so that they are left open.
fn input(model: &mut InferenceModel, index: usize, nameless: Nameless) -> TractResult<Input> {
    let name = model.node(model.inputs[index].node).name.clone();
    let fact = model.input_fact(index)?;
    let Some(datum) = fact.datum_type.concretize() else {
        return Err(TractError::msg(format!("the input `{name}` has no type")));
    };
    if fact.shape.is_open() {
        return Err(TractError::msg(format!("the input `{name}` has no shape")));
    }
    let declared: Vec<Option<TDim>> = fact.shape.dims().map(Factoid::concretize).collect();
    let named = declared.into_iter().enumerate().map(|(axis, dimension)| {
        let symbols = &model.symbols;
        dimension.unwrap_or_else(|| match nameless {
            Nameless::FirstAlike if axis == 0 => symbols.sym("batch").into(),
            _ => symbols.new_with_prefix("any").into(),
        })
    });
    let dimensions: Vec<TDim> = named.collect();
    model.set_input_fact(index, InferenceFact::dt_shape(datum, dimensions.iter()))?;
    Ok(Input {
        metadata: metadata(name, datum, dimensions.iter())?,
        dimensions,
    })
}

fn metadata<'a>(
    name: String,
    datum: DatumType,
    shape: impl Iterator<Item = &'a TDim>,
) -> TractResult<TensorMetadata> {
    let Some(datatype) = Datatype::of(datum) else {
        return Err(TractError::msg(format!(
            "`{name}` is of a type that the protocols have no name for: {datum:?}"
        )));
    };
    Ok(TensorMetadata {
        name,
        datatype,
        shape: shape.map(|dim| dim.to_usize().ok()).collect(),
    })
}

/// An error with its causes, on one line.
fn chain(error: &TractError) -> String {
    format!("{error:#}").replace('\n', " ")
}
