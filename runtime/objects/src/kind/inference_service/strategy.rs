//! The kind as the API has it.

use coracle_model::Timestamp;
use serde_json::Value;

use super::super::{age, column, verbs};
use super::{defaults, rules};
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::status::Status;
use crate::strategy::{Cell, Column, Strategy};

pub(crate) static INFERENCE_SERVICES: Resource = Resource {
    group: "serving.kserve.io",
    versions: &["v1beta1"],
    kind: "InferenceService",
    plural: "inferenceservices",
    singular: "inferenceservice",
    short_names: &["isvc"],
    categories: &[],
    scope: Scope::Namespaced,
    verbs: verbs::ALL,
    subresources: &[verbs::status("InferenceService")],
    built_in: false,
    strategy: &InferenceService,
};

/// Who says what is not taken, on a cluster.
const WEBHOOK: &str = "inferenceservice.kserve-webhook-server.validator";

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text("URL", "Where it answers."),
    column::text("Ready", "Whether all of it is there."),
    column::integer(
        "Prev",
        "How many of a hundred requests the revision before has.",
    ),
    column::integer("Latest", "How many the latest has."),
    column::text("PrevRolledoutRevision", "The revision before."),
    column::text("LatestReadyRevision", "The latest revision that is ready."),
    column::date("Age", "How long ago it was made."),
];

struct InferenceService;

impl Strategy for InferenceService {
    fn set_defaults(&self, object: &mut Object) {
        defaults::set_defaults(object);
    }

    fn permit(&self, new: &Object, old: Option<&Object>) -> Result<(), Status> {
        if new.is_being_deleted() {
            return Ok(());
        }
        let unchanged = old.map_or(Ok(()), |old| rules::check_change(new, old));
        unchanged
            .and_then(|()| rules::check(new))
            .map_err(|why| Status::denied(WEBHOOK, &why))
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        let traffic = object.list_at(&["status", "components", "predictor", "traffic"]);
        let of = |field: &str, value: Value, told: &str| {
            let entry = traffic
                .iter()
                .find(|entry| entry.get(field) == Some(&value));
            entry
                .and_then(|entry| entry.get(told))
                .cloned()
                .unwrap_or_default()
        };
        let text =
            |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        vec![
            object.name().into(),
            object.text_at(&["status", "url"]).into(),
            text(
                object
                    .condition("Ready")
                    .and_then(|ready| ready.get("status")),
            )
            .into(),
            of("tag", "prev".into(), "percent"),
            of("latestRevision", true.into(), "percent"),
            text(Some(&of("tag", "prev".into(), "revisionName"))).into(),
            text(Some(&of("latestRevision", true.into(), "revisionName"))).into(),
            age::age(object, now).into(),
        ]
    }
}
