//! Small models, as exporters write them.

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::Dimension;
use tract_onnx::pb::tensor_shape_proto::dimension::Value as Size;
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, attribute_proto::AttributeType, type_proto,
};

/// A dimension as a model declares it.
#[derive(Clone, Copy)]
pub(crate) enum Dim {
    Fixed(i64),
    Named(&'static str),
    Nameless,
}

pub(crate) use Dim::{Fixed, Named, Nameless};

pub(crate) fn value(name: &str, datatype: DataType, shape: &[Dim]) -> ValueInfoProto {
    let dim = shape.iter().map(|dim| Dimension {
        value: match dim {
            Fixed(size) => Some(Size::DimValue(*size)),
            Named(name) => Some(Size::DimParam((*name).to_owned())),
            Nameless => None,
        },
        ..Dimension::default()
    });
    let tensor = type_proto::Tensor {
        elem_type: datatype.into(),
        shape: Some(TensorShapeProto { dim: dim.collect() }),
    };
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(tensor)),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    }
}

pub(crate) fn node(operator: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    NodeProto {
        name: format!("the_{operator}"),
        op_type: operator.to_owned(),
        input: names(inputs),
        output: names(outputs),
        ..NodeProto::default()
    }
}

pub(crate) fn with_integer(mut node: NodeProto, name: &str, value: i64) -> NodeProto {
    node.attribute.push(AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Int.into(),
        i: value,
        ..AttributeProto::default()
    });
    node
}

fn weights(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        dims: dims.to_vec(),
        data_type: DataType::Float.into(),
        float_data: values.to_vec(),
        ..TensorProto::default()
    }
}

pub(crate) fn model(
    inputs: Vec<ValueInfoProto>,
    outputs: Vec<ValueInfoProto>,
    nodes: Vec<NodeProto>,
) -> ModelProto {
    ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: 13,
        }],
        graph: Some(GraphProto {
            name: "graph".to_owned(),
            node: nodes,
            input: inputs,
            output: outputs,
            ..GraphProto::default()
        }),
        ..ModelProto::default()
    }
}

/// Gives `[x0 + 2·x1 + 3·x2, -x0]` of each row.
pub(crate) fn linear(batch: Dim) -> ModelProto {
    let mut model = model(
        vec![value("x", DataType::Float, &[batch, Fixed(3)])],
        vec![value("y", DataType::Float, &[batch, Fixed(2)])],
        vec![node("MatMul", &["x", "w"], &["y"])],
    );
    let graph = model.graph.as_mut().unwrap();
    graph.initializer = vec![weights("w", &[3, 2], &[1.0, -1.0, 2.0, 0.0, 3.0, 0.0])];
    model
}

/// Gives what it is given, whatever the type.
pub(crate) fn identity(datatype: DataType) -> ModelProto {
    let shape = [Named("N"), Fixed(2)];
    model(
        vec![value("x", datatype, &shape)],
        vec![value("y", datatype, &shape)],
        vec![node("Identity", &["x"], &["y"])],
    )
}

/// Two inputs side by side, whose batches have no names.
pub(crate) fn beside() -> ModelProto {
    model(
        vec![
            value("a", DataType::Float, &[Nameless, Fixed(1)]),
            value("b", DataType::Float, &[Nameless, Fixed(2)]),
        ],
        vec![value("y", DataType::Float, &[Nameless, Fixed(3)])],
        vec![with_integer(node("Concat", &["a", "b"], &["y"]), "axis", 1)],
    )
}

/// The index of the largest of each row, and all of them, as classifiers answer.
pub(crate) fn classifier() -> ModelProto {
    let largest = with_integer(node("ArgMax", &["x"], &["label"]), "axis", 1);
    model(
        vec![value("x", DataType::Float, &[Named("N"), Fixed(2)])],
        vec![
            value("label", DataType::Int64, &[Named("N")]),
            value("scores", DataType::Float, &[Named("N"), Fixed(2)]),
        ],
        vec![
            with_integer(largest, "keepdims", 0),
            with_integer(node("Softmax", &["x"], &["scores"]), "axis", 1),
        ],
    )
}

/// Looks up one of two numbers; another index makes the library fail.
pub(crate) fn table() -> ModelProto {
    let mut model = model(
        vec![value("index", DataType::Int64, &[Named("N")])],
        vec![value("y", DataType::Float, &[Named("N")])],
        vec![node("Gather", &["numbers", "index"], &["y"])],
    );
    let graph = model.graph.as_mut().unwrap();
    graph.initializer = vec![weights("numbers", &[2], &[10.0, 20.0])];
    model
}
