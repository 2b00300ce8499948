//! Where a kind has what pods are made of.

/// The places of pod specs in objects of a kind.
const PLACES: [(&str, &[&[&str]]); 15] = [
    ("Pod", &[&["spec"]]),
    ("Job", &[&["spec", "template", "spec"]]),
    ("Deployment", &[&["spec", "template", "spec"]]),
    ("ReplicaSet", &[&["spec", "template", "spec"]]),
    ("StatefulSet", &[&["spec", "template", "spec"]]),
    ("DaemonSet", &[&["spec", "template", "spec"]]),
    ("Notebook", &[&["spec", "template", "spec"]]),
    (
        "CronJob",
        &[&["spec", "jobTemplate", "spec", "template", "spec"]],
    ),
    (
        "InferenceService",
        &[
            &["spec", "predictor"],
            &["spec", "transformer"],
            &["spec", "explainer"],
        ],
    ),
    ("ServingRuntime", &[&["spec"]]),
    ("ClusterServingRuntime", &[&["spec"]]),
    ("PodDefault", &[&["spec"]]),
    ("PodTemplate", &[&["template", "spec"]]),
    (
        "Experiment",
        &[&[
            "spec",
            "trialTemplate",
            "trialSpec",
            "spec",
            "template",
            "spec",
        ]],
    ),
    ("TrainJob", &[&["spec", "trainer"]]),
];

/// A place below a pod spec of the kind. None where it is not in one.
pub(super) fn within_pod<'a>(kind: &str, pattern: &'a [&'a str]) -> Option<&'a [&'a str]> {
    let (_, places) = PLACES.iter().find(|(named, _)| *named == kind)?;
    places.iter().find_map(|place| pattern.strip_prefix(*place))
}

/// Where a kind's pods have their own metadata.
pub(super) fn within_template_metadata<'a>(
    kind: &str,
    pattern: &'a [&'a str],
) -> Option<&'a [&'a str]> {
    let (_, places) = PLACES.iter().find(|(named, _)| *named == kind)?;
    places.iter().find_map(|place| {
        let (last, template) = place.split_last()?;
        let is_template = template.last() == Some(&"template") && *last == "spec";
        pattern
            .strip_prefix(template)
            .filter(|_| is_template)?
            .strip_prefix(&["metadata"])
    })
}
