//! What the schema of a custom kind finds wrong with an object, in the words of the API server.

use serde_json::{Map, Value};

use super::format;
use crate::field::{FieldError, FieldPath};
use crate::object::Object;
use crate::schema::{Fields, ListMerge, ObjectType, Origin, Rules, Scalar, Schema, Shape};

/// What is wrong with a new object; nothing for a built-in kind, whose types were checked when it was read.
pub fn validate(object: &Object, object_type: &ObjectType) -> Vec<FieldError> {
    check_object(object, None, object_type, |name| name != "metadata")
}

/// What is wrong with a changed object. What was wrong before and is unchanged is let be.
pub fn validate_update(new: &Object, old: &Object, object_type: &ObjectType) -> Vec<FieldError> {
    check_object(new, Some(old), object_type, |name| name != "metadata")
}

/// What is wrong with the status of an object of which only that changed. The messages name fields within it.
pub fn validate_status(new: &Object, old: &Object, object_type: &ObjectType) -> Vec<FieldError> {
    let mut errors = check_object(new, Some(old), object_type, |name| name == "status");
    for error in &mut errors {
        error.detail = error.detail.replacen("status.", "", 1);
    }
    errors
}

fn check_object(
    object: &Object,
    old: Option<&Object>,
    object_type: &ObjectType,
    is_checked: impl Fn(&str) -> bool,
) -> Vec<FieldError> {
    let Some(fields) = object_type.schema.fields() else {
        return Vec::new();
    };
    if object_type.origin == Origin::BuiltIn {
        return Vec::new();
    }
    let mut checker = Checker::default();
    let checked = |name: &&String| is_checked(name);
    for (name, schema) in fields.known.iter().filter(|(name, _)| is_checked(name)) {
        if let Some(value) = object.get(name) {
            let old = old.and_then(|old| old.get(name));
            checker.value(value, old, schema, &FieldPath::new(name));
        }
    }
    for name in fields.required.iter().filter(checked) {
        if !object.contains_key(name) {
            let error = FieldError::required(FieldPath::new(name), "");
            checker.errors.push(error);
        }
    }
    if let Some(rules) = &object_type.schema.rules {
        checker.composed(&Value::Object(object.clone()), rules, &FieldPath::root());
    }
    checker.errors.extend(checker.elements);
    checker.errors
}

#[derive(Default)]
struct Checker {
    errors: Vec<FieldError>,
    /// What is wrong with elements that may stand once only, which is told after all else.
    elements: Vec<FieldError>,
}

impl Checker {
    fn value(&mut self, value: &Value, old: Option<&Value>, schema: &Schema, path: &FieldPath) {
        if old == Some(value) || value.is_null() && schema.nullable {
            return;
        }
        if let Some(wanted) = wrong_type(value, schema.resolved()) {
            let kind = type_name(value);
            let detail = format!("{path} in body must be of type {wanted}: \"{kind}\"");
            self.errors
                .push(FieldError::wrong_type(path.clone(), kind, detail));
        } else {
            if let Some(rules) = &schema.rules {
                self.composed(value, rules, path);
                self.limits(value, rules, path);
            }
            self.inside(value, old, schema, path);
        }
        self.doubles(value, schema, path);
    }

    fn inside(&mut self, value: &Value, old: Option<&Value>, schema: &Schema, path: &FieldPath) {
        match (schema.resolved(), value) {
            (Shape::Object(fields), Value::Object(map)) => {
                self.fields(map, old.and_then(Value::as_object), fields, path);
            }
            (Shape::Map { values, .. }, Value::Object(map)) => {
                for (name, value) in map {
                    let old = old.and_then(|old| old.get(name));
                    self.value(value, old, values, &path.field(name));
                }
            }
            (Shape::List { items, merge }, Value::Array(list)) => {
                for (index, value) in list.iter().enumerate() {
                    let old = old.and_then(|old| counterpart(value, old, merge));
                    self.value(value, old, items, &path.index(index));
                }
            }
            (
                Shape::Any
                | Shape::Reference(_)
                | Shape::Object(_)
                | Shape::Map { .. }
                | Shape::List { .. }
                | Shape::Scalar(_),
                _,
            ) => {}
        }
    }

    fn fields(
        &mut self,
        map: &Map<String, Value>,
        old: Option<&Map<String, Value>>,
        fields: &Fields,
        path: &FieldPath,
    ) {
        for name in &fields.required {
            if !map.contains_key(name) {
                self.errors.push(FieldError::required(path.field(name), ""));
            }
        }
        if fields.embedded_object {
            for name in ["apiVersion", "kind"] {
                let given = map.get(name).and_then(Value::as_str);
                if given.is_none_or(str::is_empty) {
                    self.elements
                        .push(FieldError::required(path.field(name), ""));
                }
            }
        }
        for (name, schema) in &fields.known {
            if let Some(value) = map.get(name) {
                let old = old.and_then(|old| old.get(name));
                self.value(value, old, schema, &path.field(name));
            }
        }
    }

    /// The schemas that have to hold besides.
    fn composed(&mut self, value: &Value, rules: &Rules, path: &FieldPath) {
        let faults = |schema: &Schema| {
            let mut checker = Self::default();
            checker.value(value, None, schema, path);
            checker.errors
        };
        let complain = |errors: &mut Vec<FieldError>, what: &str| {
            let detail = format!("\"{path}\" {what}");
            errors.push(FieldError::invalid(FieldPath::new("<nil>"), "", detail));
        };
        if !rules.any_of.is_empty() {
            let faults: Vec<_> = rules.any_of.iter().map(faults).collect();
            if !faults.iter().any(Vec::is_empty) {
                complain(
                    &mut self.errors,
                    "must validate at least one schema (anyOf)",
                );
                self.errors.extend(fewest(faults));
            }
        }
        if !rules.one_of.is_empty() {
            let faults: Vec<_> = rules.one_of.iter().map(faults).collect();
            match faults.iter().filter(|faults| faults.is_empty()).count() {
                1 => {}
                0 => {
                    let what = "must validate one and only one schema (oneOf). Found none valid";
                    complain(&mut self.errors, what);
                    self.errors.extend(fewest(faults));
                }
                count => {
                    let what = format!(
                        "must validate one and only one schema (oneOf). Found {count} valid alternatives"
                    );
                    complain(&mut self.errors, &what);
                }
            }
        }
        if !rules.all_of.is_empty() {
            let faults: Vec<_> = rules.all_of.iter().map(faults).collect();
            let failed = faults.iter().filter(|faults| !faults.is_empty()).count();
            let none = if failed == faults.len() {
                ". None validated"
            } else {
                ""
            };
            self.errors.extend(faults.into_iter().flatten());
            if failed > 0 {
                let what = format!("must validate all the schemas (allOf){none}");
                complain(&mut self.errors, &what);
            }
        }
        if rules.not.as_ref().is_some_and(|not| faults(not).is_empty()) {
            complain(&mut self.errors, "must not validate the schema (not)");
        }
    }

    fn limits(&mut self, value: &Value, rules: &Rules, path: &FieldPath) {
        let found = match value {
            Value::String(text) => text_faults(text, rules, path),
            Value::Number(_) => number_faults(value, rules, path),
            Value::Array(list) => list_faults(list, rules, path),
            Value::Object(map) => map_faults(map, rules, path),
            Value::Null | Value::Bool(_) => Vec::new(),
        };
        self.errors.extend(found);
        if !rules.one_of_values.is_empty() && !rules.one_of_values.contains(value) {
            let words = rules.one_of_values.iter().map(word).collect::<Vec<_>>();
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            let error = FieldError::not_supported(path.clone(), value.clone(), &words);
            self.errors.push(error);
        }
    }

    /// Elements of a set, or of a list of maps, that stand twice.
    fn doubles(&mut self, value: &Value, schema: &Schema, path: &FieldPath) {
        let (Shape::List { merge, .. }, Value::Array(list)) = (schema.resolved(), value) else {
            return;
        };
        let same = |one: &Value, other: &Value| match merge {
            ListMerge::Atomic => false,
            ListMerge::Set => one == other,
            ListMerge::Map(keys) => keys.iter().all(|key| one.get(key) == other.get(key)),
        };
        for (index, element) in list.iter().enumerate() {
            let place = path.index(index);
            if matches!(merge, ListMerge::Map(_)) && !element.is_object() {
                let detail = "must be an object for an array of list-type map";
                self.elements
                    .push(FieldError::invalid(place, element.clone(), detail));
            } else if list[..index].iter().any(|other| same(element, other)) {
                let told = match merge {
                    ListMerge::Map(keys) => keys_of(element, keys),
                    ListMerge::Atomic | ListMerge::Set => element.clone(),
                };
                self.elements.push(FieldError::duplicate(place, told));
            }
        }
    }
}

/// The element's fields by which it is told apart.
fn keys_of(element: &Value, keys: &[String]) -> Value {
    let known = keys
        .iter()
        .filter_map(|key| Some((key.clone(), element.get(key)?.clone())));
    known.collect::<Map<_, _>>().into()
}

/// The element of the old list that is the same one.
fn counterpart<'a>(element: &Value, old: &'a Value, merge: &ListMerge) -> Option<&'a Value> {
    let ListMerge::Map(keys) = merge else {
        return None;
    };
    let same = |other: &&Value| keys.iter().all(|key| element.get(key) == other.get(key));
    old.as_array()?.iter().find(same)
}

/// The faults by the schema that has the fewest, of several that do not hold.
fn fewest(faults: Vec<Vec<FieldError>>) -> Vec<FieldError> {
    faults.into_iter().min_by_key(Vec::len).unwrap_or_default()
}

fn word(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The type that a value should have, when it has another.
fn wrong_type(value: &Value, shape: &Shape) -> Option<&'static str> {
    let whole = |value: &Value| value.is_i64() || value.is_u64();
    let (fits, wanted) = match shape {
        Shape::Any | Shape::Reference(_) => (true, ""),
        Shape::Object(fields) => (value.is_object() || fields.untyped, "object"),
        Shape::Map { .. } => (value.is_object(), "object"),
        Shape::List { .. } => (value.is_array(), "array"),
        Shape::Scalar(kind) => match kind {
            Scalar::Boolean => (value.is_boolean(), "boolean"),
            Scalar::Int32 | Scalar::Int64 => (whole(value), "integer"),
            Scalar::Number => (value.is_number(), "number"),
            Scalar::IntOrString => (whole(value) || value.is_string(), "integer,string"),
            Scalar::String
            | Scalar::Bytes
            | Scalar::Time
            | Scalar::MicroTime
            | Scalar::Quantity => (value.is_string(), "string"),
        },
    };
    (!fits).then_some(wanted)
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn text_faults(text: &str, rules: &Rules, path: &FieldPath) -> Vec<FieldError> {
    let length = text.chars().count() as u64;
    let invalid = |detail: String| vec![FieldError::invalid(path.clone(), text, detail)];
    let mut faults = if let Some(most) = rules.max_length.filter(|most| length > *most) {
        vec![FieldError::too_long(
            path.clone(),
            usize::try_from(most).unwrap_or(usize::MAX),
        )]
    } else if let Some(fewest) = rules.min_length.filter(|fewest| length < *fewest) {
        invalid(format!(
            "{path} in body should be at least {fewest} chars long"
        ))
    } else if let Some(pattern) = rules.pattern.as_ref().filter(|it| !it.is_match(text)) {
        invalid(format!("{path} in body should match '{pattern}'"))
    } else {
        Vec::new()
    };
    if !format::is_of(text, &rules.format) {
        let detail = format!("{path} in body must be of type {}: {text:?}", rules.format);
        faults.push(FieldError::wrong_type(path.clone(), text, detail));
    }
    faults
}

fn number_faults(value: &Value, rules: &Rules, path: &FieldPath) -> Vec<FieldError> {
    let number = value.as_f64().unwrap_or_default();
    let mut faults = Vec::new();
    let mut complain = |detail: String| {
        faults.push(FieldError::invalid(path.clone(), value.clone(), detail));
    };
    if let Some(divisor) = rules.multiple_of {
        // Of whole numbers the server takes the divisor's whole part.
        let divisor = if value.is_f64() {
            divisor
        } else {
            divisor.trunc()
        };
        let quotient = number / divisor;
        if divisor <= 0.0 {
            complain(format!(
                "factor MultipleOf declared for {path} must be positive: {divisor}"
            ));
        } else if quotient.fract() != 0.0 {
            complain(format!("{path} in body should be a multiple of {divisor}"));
        }
    }
    if let Some((most, excluded)) = rules.maximum
        && (number > most || excluded && number >= most)
    {
        let or_equal = if excluded { "" } else { " or equal to" };
        complain(format!(
            "{path} in body should be less than{or_equal} {most}"
        ));
    }
    if let Some((fewest, excluded)) = rules.minimum
        && (number < fewest || excluded && number <= fewest)
    {
        let or_equal = if excluded { "" } else { " or equal to" };
        complain(format!(
            "{path} in body should be greater than{or_equal} {fewest}"
        ));
    }
    faults
}

fn list_faults(list: &[Value], rules: &Rules, path: &FieldPath) -> Vec<FieldError> {
    let mut faults = counted(list.len(), rules.min_items, rules.max_items, "items", path);
    let doubled = |(index, item): (usize, &Value)| list[..index].contains(item);
    if rules.unique_items && list.iter().enumerate().any(doubled) {
        let list = Value::Array(list.to_vec());
        let detail = format!("{path} in body shouldn't contain duplicates");
        faults.push(FieldError::invalid(path.clone(), list, detail));
    }
    faults
}

fn map_faults(map: &Map<String, Value>, rules: &Rules, path: &FieldPath) -> Vec<FieldError> {
    let (fewest, most) = (rules.min_properties, rules.max_properties);
    counted(map.len(), fewest, most, "properties", path)
}

fn counted(
    have: usize,
    fewest: Option<u64>,
    most: Option<u64>,
    what: &str,
    path: &FieldPath,
) -> Vec<FieldError> {
    let count = have as u64;
    if let Some(fewest) = fewest.filter(|fewest| count < *fewest) {
        let detail = format!("{path} in body should have at least {fewest} {what}");
        return vec![FieldError::invalid(path.clone(), have, detail)];
    }
    if let Some(most) = most.filter(|most| count > *most) {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        return vec![FieldError::too_many(path.clone(), have, most)];
    }
    Vec::new()
}
