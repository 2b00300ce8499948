//! The structural schema of a custom resource definition.

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;
use serde_json::{Map, Value};

use super::model::{Fields, ListMerge, Presence, Rules, Scalar, Schema, SchemaError, Shape};

/// The name of the embedded type of `metadata`.
pub(super) const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Levels of a schema; what its reader and its checker recurse through.
const DEEPEST: usize = 100;

/// Reads the schema of a kind, with `metadata` as every object has it.
pub(super) fn root(schema: &Value) -> Result<Schema, SchemaError> {
    let mut root = read(schema, "openAPIV3Schema", 0)?;
    let Shape::Object(fields) = &mut root.shape else {
        return Err(error("openAPIV3Schema.type", "it must be object"));
    };
    add_object_fields(fields);
    Ok(root)
}

/// Gives a map the fields that every object has, whatever its schema says of them.
fn add_object_fields(fields: &mut Fields) {
    for name in ["apiVersion", "kind"] {
        fields.known.insert(name.to_owned(), plain(Scalar::String));
    }
    let metadata = Schema {
        shape: Shape::Reference(OBJECT_META.to_owned()),
        presence: Presence::Empty,
        go_name: "v1.ObjectMeta".to_owned(),
        ..Schema::default()
    };
    fields.known.insert("metadata".to_owned(), metadata);
}

fn plain(scalar: Scalar) -> Schema {
    Schema {
        shape: Shape::Scalar(scalar),
        ..Schema::default()
    }
}

fn read(schema: &Value, path: &str, depth: usize) -> Result<Schema, SchemaError> {
    let Some(map) = schema.as_object() else {
        return Err(error(path, "it must be a map"));
    };
    if depth > DEEPEST {
        return Err(error(path, "it is nested too deeply"));
    }
    let reader = Reader { map, path, depth };
    let keeps_unknown = reader.flag("x-kubernetes-preserve-unknown-fields");
    let shape = if reader.flag("x-kubernetes-int-or-string") {
        Shape::Scalar(Scalar::IntOrString)
    } else {
        match reader.text("type") {
            "object" => reader.object(keeps_unknown)?,
            "array" => reader.list()?,
            "string" => Shape::Scalar(Scalar::String),
            "boolean" => Shape::Scalar(Scalar::Boolean),
            "integer" if reader.text("format") == "int32" => Shape::Scalar(Scalar::Int32),
            "integer" => Shape::Scalar(Scalar::Int64),
            "number" => Shape::Scalar(Scalar::Number),
            "" if map.contains_key("properties") || map.contains_key("required") => {
                Shape::Object(Box::new(Fields {
                    untyped: true,
                    ..reader.fields(true)?
                }))
            }
            "" => Shape::Any,
            other => return Err(error(path, &format!("`{other}` is no type"))),
        }
    };
    Ok(Schema {
        shape,
        nullable: reader.flag("nullable"),
        default: map.get("default").cloned(),
        rules: reader.rules()?,
        description: reader.text("description").to_owned(),
        ..Schema::default()
    })
}

struct Reader<'a> {
    map: &'a Map<String, Value>,
    path: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn text(&self, key: &str) -> &str {
        self.map
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn flag(&self, key: &str) -> bool {
        self.map.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    fn texts(&self, key: &str) -> Vec<String> {
        let list = self.map.get(key).and_then(Value::as_array);
        let texts = list.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    fn child(&self, key: &str, schema: &Value) -> Result<Schema, SchemaError> {
        read(schema, &format!("{}.{key}", self.path), self.depth + 1)
    }

    fn children(&self, key: &str) -> Result<Vec<Schema>, SchemaError> {
        let list = self.map.get(key).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .map(|schema| self.child(key, schema))
            .collect()
    }

    fn object(&self, keeps_unknown: bool) -> Result<Shape, SchemaError> {
        let atomic = self.text("x-kubernetes-map-type") == "atomic";
        if let Some(values @ Value::Object(_)) = self.map.get("additionalProperties")
            && !self.map.contains_key("properties")
        {
            return Ok(Shape::Map {
                values: Box::new(self.child("additionalProperties", values)?),
                atomic,
            });
        }
        let any = self.map.get("additionalProperties") == Some(&Value::Bool(true));
        let mut fields = self.fields(keeps_unknown || any)?;
        fields.atomic = atomic;
        fields.embedded_object = self.flag("x-kubernetes-embedded-resource");
        if fields.embedded_object {
            add_object_fields(&mut fields);
        }
        Ok(Shape::Object(Box::new(fields)))
    }

    fn fields(&self, keeps_unknown: bool) -> Result<Fields, SchemaError> {
        let properties = self.map.get("properties").and_then(Value::as_object);
        let known: Result<BTreeMap<_, _>, _> = properties
            .into_iter()
            .flatten()
            .map(|(name, schema)| Ok((name.clone(), self.child(name, schema)?)))
            .collect();
        Ok(Fields {
            known: known?,
            required: self.texts("required"),
            keeps_unknown,
            ..Fields::default()
        })
    }

    fn list(&self) -> Result<Shape, SchemaError> {
        let items = self.map.get("items");
        let items = items.map_or_else(|| Ok(Schema::default()), |it| self.child("items", it))?;
        let merge = match self.text("x-kubernetes-list-type") {
            "set" => ListMerge::Set,
            "map" => ListMerge::Map(self.texts("x-kubernetes-list-map-keys")),
            _ => ListMerge::Atomic,
        };
        Ok(Shape::List {
            items: Box::new(items),
            merge,
        })
    }

    /// The limits, when there are any.
    fn rules(&self) -> Result<Option<Box<Rules>>, SchemaError> {
        const WORDS: [&str; 18] = [
            "enum",
            "minimum",
            "maximum",
            "multipleOf",
            "minLength",
            "maxLength",
            "pattern",
            "format",
            "minItems",
            "maxItems",
            "uniqueItems",
            "minProperties",
            "maxProperties",
            "allOf",
            "anyOf",
            "oneOf",
            "not",
            "x-kubernetes-validations",
        ];
        if !WORDS.iter().any(|word| self.map.contains_key(*word)) {
            return Ok(None);
        }
        let number = |key: &str| self.map.get(key).and_then(Value::as_f64);
        let count = |key: &str| self.map.get(key).and_then(Value::as_u64);
        let bound = |key: &str, exclusive: &str| number(key).map(|it| (it, self.flag(exclusive)));
        let values = self.map.get("enum").and_then(Value::as_array);
        Ok(Some(Box::new(Rules {
            one_of_values: values.cloned().unwrap_or_default(),
            minimum: bound("minimum", "exclusiveMinimum"),
            maximum: bound("maximum", "exclusiveMaximum"),
            multiple_of: number("multipleOf"),
            min_length: count("minLength"),
            max_length: count("maxLength"),
            pattern: self.pattern()?,
            format: self.text("format").to_owned(),
            min_items: count("minItems"),
            max_items: count("maxItems"),
            unique_items: self.flag("uniqueItems"),
            min_properties: count("minProperties"),
            max_properties: count("maxProperties"),
            all_of: self.children("allOf")?,
            any_of: self.children("anyOf")?,
            one_of: self.children("oneOf")?,
            not: self
                .map
                .get("not")
                .map(|it| self.child("not", it))
                .transpose()?,
        })))
    }

    fn pattern(&self) -> Result<Option<Regex>, SchemaError> {
        let pattern = self.text("pattern");
        if pattern.is_empty() {
            return Ok(None);
        }
        let regex = compiled(pattern);
        regex
            .map(Some)
            .map_err(|fault| error(self.path, &format!("pattern: {fault}")))
    }
}

/// A pattern, compiled once: quantities have the same in hundreds of places of a schema.
fn compiled(pattern: &str) -> Result<Regex, regex::Error> {
    static KNOWN: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = known.get(pattern) {
        return Ok(regex.clone());
    }
    let regex = Regex::new(pattern)?;
    known.insert(pattern.to_owned(), regex.clone());
    Ok(regex)
}

fn error(path: &str, problem: &str) -> SchemaError {
    SchemaError {
        path: path.to_owned(),
        problem: problem.to_owned(),
    }
}
