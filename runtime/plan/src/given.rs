//! The parameters of a run as its tasks get them: with the macros in texts filled in.

use std::collections::BTreeMap;

use coracle_model::{RunRecord, Value};
use coracle_spec::macros::Macros;

/// The values that a run was given, macros filled in. Only whole texts have macros, not those inside of lists and maps.
pub(crate) fn given(run: &RunRecord) -> BTreeMap<String, Value> {
    let origin = &run.request.origin;
    let macros = Macros {
        run: run.id,
        now: run.created_at,
        slot: origin.scheduled_at,
        index: origin.index,
    };
    let filled = |value: &Value| match value {
        Value::String(text) => Value::String(macros.expand(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Struct(_) => {
            value.clone()
        }
    };
    let parameters = run.request.parameters.iter();
    parameters
        .map(|(name, value)| (name.clone(), filled(value)))
        .collect()
}
