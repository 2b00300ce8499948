//! Experiments, pipelines, recurring runs, and lists of them: pages that neither repeat nor skip.

use std::collections::BTreeMap;

use coracle_model::{
    Comparison, Experiment, ExperimentId, ListPlace, ListQuery, Operand, Pipeline, PipelineId,
    PipelineVersion, PipelineVersionId, Predicate, Progress, RecurringRun, RecurringRunId, RunId,
    RunOrigin, RunRecord, RunSource, RunState, Schedule, Sort, StorageState, Trigger, VersionRef,
};
use coracle_store::{Change, PipelinePatch, Store, StoreError};

use crate::support::{at, run};

fn store() -> Store {
    Store::open_in_memory().unwrap()
}

fn experiment(name: &str, second: i64) -> Experiment {
    Experiment {
        id: ExperimentId::random(),
        display_name: name.to_owned(),
        description: format!("about {name}"),
        created_at: at(second),
        last_run_at: None,
        storage: StorageState::Available,
    }
}

fn pipeline(name: &str) -> Pipeline {
    Pipeline {
        id: PipelineId::random(),
        name: name.to_owned(),
        display_name: name.to_owned(),
        description: String::new(),
        tags: BTreeMap::from([("team".to_owned(), "vision".to_owned())]),
        created_at: at(0),
    }
}

fn version(pipeline: &Pipeline, name: &str, second: i64) -> PipelineVersion {
    PipelineVersion {
        id: PipelineVersionId::random(),
        pipeline: pipeline.id,
        name: name.to_owned(),
        display_name: name.to_owned(),
        description: String::new(),
        code_source_url: String::new(),
        package_url: String::new(),
        tags: BTreeMap::new(),
        created_at: at(second),
        definition: format!("pipelineInfo: {{name: {name}}}"),
    }
}

fn recurring(experiment: ExperimentId, name: &str) -> RecurringRun {
    RecurringRun {
        id: RecurringRunId::random(),
        display_name: name.to_owned(),
        description: String::new(),
        experiment,
        source: RunSource::Pinned {
            version: None,
            definition: "pipelineInfo: {name: nightly}".to_owned(),
        },
        parameters: BTreeMap::new(),
        pipeline_root: None,
        service_account: None,
        trigger: Trigger {
            schedule: Schedule::Cron("0 0 2 * * *".to_owned()),
            start: Some(at(0)),
            end: None,
        },
        max_concurrency: 1,
        catch_up: true,
        enabled: true,
        created_at: at(0),
        updated_at: at(0),
        progress: Progress::default(),
    }
}

fn query(field: &str, descending: bool, limit: usize) -> ListQuery {
    ListQuery {
        predicates: Vec::new(),
        sort: Sort {
            field: field.to_owned(),
            descending,
        },
        after: None,
        limit,
    }
}

fn such(field: &str, comparison: Comparison, operand: Operand) -> ListQuery {
    ListQuery {
        predicates: vec![Predicate {
            field: field.to_owned(),
            comparison,
            operand,
        }],
        ..query("display_name", false, 100)
    }
}

fn names(store: &Store, query: &ListQuery) -> Vec<String> {
    let page = store.list_experiments(query).unwrap();
    page.items
        .into_iter()
        .map(|item| item.display_name)
        .collect()
}

#[test]
fn pages_hold_every_item_once_in_either_direction() {
    let store = store();
    // Alike in what they are sorted by, so that only the order in which they were made tells them apart.
    for number in 0..23 {
        store
            .create_experiment(&experiment(&format!("e{number}"), number / 10))
            .unwrap();
    }
    for (field, descending) in [
        ("created_at", false),
        ("created_at", true),
        ("display_name", true),
    ] {
        let mut found = Vec::new();
        let mut after: Option<ListPlace> = None;
        loop {
            let page = store
                .list_experiments(&ListQuery {
                    after,
                    ..query(field, descending, 5)
                })
                .unwrap();
            assert_eq!(page.total, 23);
            found.extend(page.items.into_iter().map(|item| item.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let all = store
            .list_experiments(&query(field, descending, 100))
            .unwrap();
        let all: Vec<_> = all.items.into_iter().map(|item| item.id).collect();
        assert_eq!(found, all, "{field}");
        assert_eq!(found.len(), 23);
    }
}

#[test]
fn lists_are_sorted_as_people_read_and_filtered_by_what_is_asked() {
    let store = store();
    for (second, name) in ["beta", "Default", "alpha", "gamma"].iter().enumerate() {
        store
            .create_experiment(&experiment(name, second as i64))
            .unwrap();
    }
    assert_eq!(
        names(&store, &query("display_name", false, 9)),
        ["alpha", "beta", "Default", "gamma"]
    );
    let text = |text: &str| Operand::Text(text.to_owned());
    let check = |comparison, operand, expected: &[&str]| {
        assert_eq!(
            names(&store, &such("display_name", comparison, operand)),
            expected
        );
    };
    check(Comparison::Equals, text("beta"), &["beta"]);
    check(
        Comparison::NotEquals,
        text("beta"),
        &["alpha", "Default", "gamma"],
    );
    check(Comparison::Contains, text("LPH"), &["alpha"]);
    check(Comparison::Contains, text("%"), &[]);
    let texts = Operand::Texts(vec!["gamma".to_owned(), "alpha".to_owned()]);
    check(Comparison::In, texts, &["alpha", "gamma"]);
    let later = such("created_at", Comparison::Greater, Operand::Time(at(1)));
    assert_eq!(names(&store, &later), ["alpha", "gamma"]);

    for text in [at(2).to_string(), at(2).as_second().to_string()] {
        let since = such(
            "created_at",
            Comparison::GreaterOrEqual,
            Operand::Text(text.clone()),
        );
        assert_eq!(names(&store, &since), ["alpha", "gamma"], "{text}");
    }
    let number = such("display_name", Comparison::Equals, Operand::Integer(7));
    assert_eq!(names(&store, &number), Vec::<String>::new());

    let unknown = store
        .list_experiments(&query("colour", false, 9))
        .unwrap_err();
    assert!(
        matches!(unknown, StoreError::NoSuchField { .. }),
        "{unknown}"
    );
    let unfit = such("created_at", Comparison::Equals, text("yesterday"));
    let unfit = store.list_experiments(&unfit).unwrap_err();
    assert!(matches!(unfit, StoreError::BadComparison { .. }), "{unfit}");
}

#[test]
fn pipelines_are_found_by_their_tags() {
    let store = store();
    let digits = pipeline("digits");
    store.create_pipeline(&digits, None).unwrap();
    let found = |field: &str, value: &str| {
        let value = Operand::Text(value.to_owned());
        let query = such(field, Comparison::Equals, value);
        store.list_pipelines(&query).map(|page| page.total)
    };
    assert_eq!(found("tags.team", "vision").unwrap(), 1);
    assert_eq!(found("tags.team", "speech").unwrap(), 0);
    assert_eq!(found("tags.owner", "vision").unwrap(), 0);
    let patch = PipelinePatch {
        display_name: None,
        tags: Some(BTreeMap::from([(
            "te'\"am".to_owned(),
            "speech".to_owned(),
        )])),
    };
    store.patch_pipeline(digits.id, &patch).unwrap();
    assert_eq!(found("tags.team", "vision").unwrap(), 0);
    assert_eq!(found("tags.te'\"am", "speech").unwrap(), 1);
    let such = such("tags.a", Comparison::Equals, Operand::Text("b".to_owned()));
    let untagged = store.list_experiments(&such).unwrap_err();
    assert!(matches!(untagged, StoreError::NoSuchField { .. }));
}

#[test]
fn one_experiment_is_the_default_and_stays_it() {
    let store = store();
    let earlier = run("p");
    store.create_run(&earlier).unwrap();
    let default = store.default_experiment(at(0)).unwrap();
    let origin = store.run(earlier.id).unwrap().unwrap().request.origin;
    assert_eq!(origin.experiment, Some(default), "older runs are in it");
    assert_eq!(store.default_experiment(at(9)).unwrap(), default);
    assert_eq!(
        store.experiment(default).unwrap().unwrap().display_name,
        "Default"
    );
    let taken = store
        .create_experiment(&experiment("Default", 1))
        .unwrap_err();
    assert!(matches!(taken, StoreError::NameTaken { .. }), "{taken}");
}

fn run_in(experiment: ExperimentId, version: Option<VersionRef>) -> RunRecord {
    let mut record = run("p");
    record.request.origin = RunOrigin {
        experiment: Some(experiment),
        version,
        ..RunOrigin::default()
    };
    record
}

#[test]
fn an_experiment_that_is_put_aside_takes_its_runs_along() {
    let store = store();
    let (one, other) = (experiment("one", 0), experiment("other", 0));
    for experiment in [&one, &other] {
        store.create_experiment(experiment).unwrap();
    }
    let (inside, outside) = (run_in(one.id, None), run_in(other.id, None));
    for record in [&inside, &outside] {
        store.create_run(record).unwrap();
    }
    let nightly = recurring(one.id, "nightly");
    store.create_recurring_run(&nightly).unwrap();
    assert_eq!(
        store.experiment(one.id).unwrap().unwrap().last_run_at,
        Some(inside.created_at)
    );

    store
        .store_experiment(one.id, StorageState::Archived, at(5))
        .unwrap();
    let storage = |run: RunId| store.run(run).unwrap().unwrap().storage;
    assert_eq!(storage(inside.id), StorageState::Archived);
    assert_eq!(storage(outside.id), StorageState::Available);
    assert!(!store.recurring_run(nightly.id).unwrap().unwrap().enabled);

    store
        .store_experiment(one.id, StorageState::Available, at(6))
        .unwrap();
    assert_eq!(
        storage(inside.id),
        StorageState::Archived,
        "runs are brought back one by one"
    );
    store.delete_experiment(one.id).unwrap();
    assert!(store.run(inside.id).unwrap().is_some());
    let gone = store.delete_experiment(one.id).unwrap_err();
    assert!(matches!(gone, StoreError::NotStored { .. }), "{gone}");
}

#[test]
fn a_pipeline_has_versions_of_which_the_newest_is_known() {
    let store = store();
    let digits = pipeline("digits");
    let first = version(&digits, "digits", 0);
    store.create_pipeline(&digits, Some(&first)).unwrap();
    let second = version(&digits, "v2", 1);
    store.create_pipeline_version(&second).unwrap();
    assert_eq!(
        store.latest_version(digits.id).unwrap(),
        Some(second.clone())
    );
    assert_eq!(
        store.pipeline_by_name("digits").unwrap(),
        Some(digits.clone())
    );
    for taken in [
        store
            .create_pipeline(&pipeline("digits"), None)
            .unwrap_err(),
        store
            .create_pipeline_version(&version(&digits, "v2", 2))
            .unwrap_err(),
    ] {
        assert!(matches!(taken, StoreError::NameTaken { .. }), "{taken}");
    }
    // Nothing of a pipeline whose first version cannot be stored is left.
    let half = pipeline("half");
    let stray = version(&pipeline("nowhere"), "v", 0);
    store.create_pipeline(&half, Some(&stray)).unwrap_err();
    assert_eq!(store.pipeline(half.id).unwrap(), None);

    let patch = PipelinePatch {
        display_name: Some("Digits".to_owned()),
        tags: None,
    };
    store.patch_pipeline(digits.id, &patch).unwrap();
    let changed = store.pipeline(digits.id).unwrap().unwrap();
    assert_eq!(
        (changed.name.as_str(), changed.display_name.as_str()),
        ("digits", "Digits")
    );
    assert_eq!(changed.tags, digits.tags);

    store.delete_pipeline_version(second.id).unwrap();
    assert_eq!(
        store.latest_version(digits.id).unwrap(),
        Some(first.clone())
    );
    store.delete_pipeline(digits.id).unwrap();
    assert_eq!(store.pipeline_version(first.id).unwrap(), None);
}

#[test]
fn a_definition_stays_as_long_as_a_version_or_a_run_has_it() {
    let store = store();
    let digits = pipeline("digits");
    let first = version(&digits, "v", 0);
    store.create_pipeline(&digits, Some(&first)).unwrap();
    let reference = VersionRef {
        pipeline: digits.id,
        version: first.id,
    };
    let mut record = run_in(store.default_experiment(at(0)).unwrap(), Some(reference));
    record.request.definition = first.definition.clone();
    store.create_run(&record).unwrap();
    store.delete_pipeline(digits.id).unwrap();
    let kept = store.run(record.id).unwrap().unwrap();
    assert_eq!(kept, record);
    // In lists, the definition of a version is left out: it may be long and is another's.
    let entry = store.run_entry(record.id).unwrap().unwrap();
    assert_eq!(
        (entry.definition, entry.origin.version),
        (None, Some(reference))
    );
}

#[test]
fn the_states_of_a_run_are_remembered_in_their_order() {
    let store = store();
    let record = run("p");
    store.create_run(&record).unwrap();
    let change = |state, second: i64| {
        let change = Change::Run {
            run: record.id,
            state,
            failure: None,
            finished_at: None,
        };
        store.record(&[change], at(second)).unwrap();
    };
    change(RunState::Running, 1);
    change(RunState::Running, 2);
    change(RunState::Failed, 3);
    change(RunState::Running, 4);
    let states = &store.run_states(&[record.id]).unwrap()[&record.id];
    assert_eq!(
        *states,
        [
            (record.created_at, RunState::Pending),
            (at(1), RunState::Running),
            (at(3), RunState::Failed),
            (at(4), RunState::Running),
        ]
    );
}

#[test]
fn a_recurring_run_reads_back_and_goes_on() {
    let store = store();
    let experiment = store.default_experiment(at(0)).unwrap();
    let nightly = recurring(experiment, "nightly");
    store.create_recurring_run(&nightly).unwrap();
    assert_eq!(
        store.recurring_run(nightly.id).unwrap(),
        Some(nightly.clone())
    );
    let progress = Progress {
        last_slot: Some(at(7)),
        begun: 3,
    };
    let mut record = run_in(experiment, None);
    record.request.origin.recurring = Some(nightly.id);
    store
        .begin_recurring_run(nightly.id, &record, progress)
        .unwrap();
    let [open] = store.enabled_recurring_runs().unwrap().try_into().unwrap();
    assert_eq!(open.progress, progress);
    assert_eq!(store.open_runs_of(nightly.id).unwrap(), 1);
    // Twice the same run: neither is stored.
    let further = Progress {
        begun: 4,
        ..progress
    };
    store
        .begin_recurring_run(nightly.id, &record, further)
        .unwrap_err();
    let kept = store.recurring_run(nightly.id).unwrap().unwrap();
    assert_eq!(kept.progress, progress);
    store
        .enable_recurring_run(nightly.id, false, at(8))
        .unwrap();
    assert_eq!(store.enabled_recurring_runs().unwrap(), []);
    store.delete_recurring_run(nightly.id).unwrap();
    assert_eq!(store.recurring_run(nightly.id).unwrap(), None);
}
