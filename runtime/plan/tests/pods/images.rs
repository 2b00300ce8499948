//! Images that come, and those that do not.

use std::time::Duration;

use coracle_model::ImageDigest;
use coracle_plan::pod::{BuildReason, PodObservation, PullFault, PulledHow, PulledImage};
use serde_json::json;

use crate::world::World;

fn waiting(world: &mut World) -> (String, String) {
    let state = world.container("main")["state"]["waiting"].clone();
    let text = |field: &str| state[field].as_str().unwrap_or_default().to_owned();
    (text("reason"), text("message"))
}

#[test]
fn an_image_that_cannot_be_pulled_is_tried_again_after_10_20_40_seconds() {
    let mut world = World::of(json!({ "image": "none:1" }));
    world.missing_images.insert("none:1");
    world.run();
    assert_eq!(
        waiting(&mut world),
        ("ErrImagePull".to_owned(), "manifest unknown".to_owned())
    );
    world.pass(2);
    let backing_off = "Back-off pulling image \"none:1\": ErrImagePull: manifest unknown";
    assert_eq!(
        waiting(&mut world),
        ("ImagePullBackOff".to_owned(), backing_off.to_owned())
    );
    let pulls = |world: &World| {
        world
            .done
            .iter()
            .filter(|step| *step == "pull main")
            .count()
    };
    assert_eq!(pulls(&world), 1);
    world.pass(8);
    assert_eq!(pulls(&world), 2);
    world.pass(19);
    assert_eq!(pulls(&world), 2);
    world.pass(1);
    assert_eq!(pulls(&world), 3);
    assert_eq!(world.told("Pulling").len(), 3);
    assert_eq!(
        world.told("Failed")[..2],
        [
            "Failed to pull image \"none:1\": manifest unknown",
            "Error: ErrImagePull"
        ]
    );
    assert!(
        world
            .told("BackOff")
            .iter()
            .all(|told| *told == "Back-off pulling image \"none:1\"")
    );
    assert_eq!(world.phase(), "Pending");
    world.missing_images.clear();
    world.pass(300);
    assert_eq!(world.phase(), "Running");
}

#[test]
fn an_image_that_is_corrected_is_tried_at_once() {
    let mut world = World::of(json!({ "image": "none:1" }));
    world.missing_images.insert("none:1");
    world.run().pass(35);
    world.edit(|object| object["spec"]["containers"][0]["image"] = "good:1".into());
    assert_eq!(world.phase(), "Running");
    assert_eq!(world.container("main")["restartCount"], 0);
}

#[test]
fn an_image_that_is_never_pulled_has_to_be_there() {
    let mut world = World::of(json!({ "imagePullPolicy": "Never" }));
    world
        .plan
        .observe(PodObservation::Objects(Box::default()), world.now);
    world.plan.advance(world.now);
    world
        .plan
        .observe(PodObservation::Admitted { gpus: Vec::new() }, world.now);
    world.plan.advance(world.now);
    world.plan.observe(
        PodObservation::SandboxOpened {
            result: Ok("10.1.0.2".parse().unwrap()),
        },
        world.now,
    );
    world.plan.advance(world.now);
    world.see(PodObservation::Pulled {
        container: "main".into(),
        image: "busybox:1".to_owned(),
        result: Err(PullFault::NeverPulled),
    });
    let words = "Container image \"busybox:1\" is not present with pull policy of Never";
    assert_eq!(
        waiting(&mut world),
        ("ErrImageNeverPull".to_owned(), words.to_owned())
    );
    assert_eq!(world.told("ErrImageNeverPull"), [words]);
    assert_eq!(world.told("Failed"), ["Error: ErrImageNeverPull"]);
    world.pass(10);
    assert_eq!(world.phase(), "Running", "it came by other ways");
}

#[test]
fn a_name_that_is_none_is_told() {
    for name in ["Busybox:1", "a b", "-x"] {
        let mut world = World::of(json!({ "image": name }));
        world.run().run().pass(60);
        let (reason, message) = waiting(&mut world);
        assert_eq!(reason, "InvalidImageName");
        assert!(
            message.starts_with(&format!("Failed to apply default image tag {name:?}")),
            "{message}"
        );
        assert_eq!(world.told("Failed"), ["Error: InvalidImageName"]);
    }
    let mut world = World::of(json!({ "image": "localhost:5000/a/b:V1" }));
    world.run();
    assert_eq!(world.phase(), "Running");
}

#[test]
fn a_pull_is_told_with_its_time_and_size() {
    let mut world = asking_for("Always");
    let how = PulledHow::Pulled {
        took: Duration::from_millis(1200),
        bytes: 77,
    };
    world.see(PodObservation::Pulled {
        container: "main".into(),
        image: "busybox:1".to_owned(),
        result: Ok(PulledImage {
            digest: ImageDigest::from("sha256:1"),
            how,
            user: None,
        }),
    });
    assert_eq!(world.told("Pulling"), ["Pulling image \"busybox:1\""]);
    assert_eq!(
        world.told("Pulled"),
        [
            "Successfully pulled image \"busybox:1\" in 1.2s (1.2s including waiting). Image size: 77 bytes."
        ]
    );
}

#[test]
fn an_image_that_is_built_instead_of_pulled_says_why() {
    let mut world = asking_for("IfNotPresent");
    world.see(PodObservation::Building {
        container: "main".into(),
        image: "busybox:1".to_owned(),
        reason: BuildReason::NotPulled("no route to host".to_owned()),
    });
    assert_eq!(
        world.told("Building"),
        ["Building image \"busybox:1\" on this machine, as it cannot be pulled: no route to host"]
    );
}

/// A pod whose container's image is looked for.
fn asking_for(policy: &str) -> World {
    let mut world = World::of(json!({ "imagePullPolicy": policy }));
    world
        .plan
        .observe(PodObservation::Objects(Box::default()), world.now);
    world.plan.advance(world.now);
    world
        .plan
        .observe(PodObservation::Admitted { gpus: Vec::new() }, world.now);
    world.plan.advance(world.now);
    world.plan.observe(
        PodObservation::SandboxOpened {
            result: Ok("10.1.0.2".parse().unwrap()),
        },
        world.now,
    );
    world.plan.advance(world.now);
    world
}

#[test]
fn an_image_that_is_built_says_so() {
    let mut world = asking_for("IfNotPresent");
    world.see(PodObservation::Building {
        container: "main".into(),
        image: "busybox:1".to_owned(),
        reason: BuildReason::Own,
    });
    assert_eq!(world.told("Building"), ["Building image \"busybox:1\""]);
    assert_eq!(waiting(&mut world).0, "ContainerCreating");
    let built = PulledImage {
        digest: ImageDigest::from("sha256:1"),
        how: PulledHow::Built {
            took: Duration::from_secs(75),
        },
        user: None,
    };
    world.see(PodObservation::Pulled {
        container: "main".into(),
        image: "busybox:1".to_owned(),
        result: Ok(built),
    });
    assert_eq!(
        world.told("Built"),
        ["Successfully built image \"busybox:1\" in 1m15s"]
    );
    assert!(world.told("Pulling").is_empty() && world.told("Pulled").is_empty());
}
