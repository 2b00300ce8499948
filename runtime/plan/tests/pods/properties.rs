//! What holds whatever happens.

use coracle_plan::pod::{PodObservation, PodStep, ProbeAnswer, ProbeKind};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::World;

#[derive(Debug, Clone)]
enum Act {
    Pass(u64),
    Exit(usize, i64),
    Vanish(usize),
    Probe(bool),
    Image(usize),
    LoseSandbox,
    Restart,
    MissImages(bool),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0u64..400).prop_map(Act::Pass),
        (0usize..4, prop_oneof![Just(0i64), Just(1), Just(137)]).prop_map(|(i, c)| Act::Exit(i, c)),
        (0usize..4).prop_map(Act::Vanish),
        any::<bool>().prop_map(Act::Probe),
        (0usize..3).prop_map(Act::Image),
        Just(Act::LoseSandbox),
        Just(Act::Restart),
        any::<bool>().prop_map(Act::MissImages),
    ]
}

fn spec(policy: &str) -> Value {
    let probe = json!({ "tcpSocket": { "port": 1 }, "periodSeconds": 7 });
    json!({
        "initContainers": [
            { "name": "side", "image": "a", "restartPolicy": "Always", "startupProbe": probe },
            { "name": "init", "image": "a" },
        ],
        "containers": [
            { "name": "main", "image": "a", "livenessProbe": probe, "readinessProbe": probe,
              "lifecycle": { "preStop": { "sleep": { "seconds": 1 } }, "postStart": { "exec": { "command": ["x"] } } } },
            { "name": "other", "image": "a" },
        ],
        "restartPolicy": policy,
    })
}

fn apply(world: &mut World, act: &Act) {
    let names = ["side", "init", "main", "other"];
    match *act {
        Act::Pass(seconds) => drop(world.pass(seconds)),
        Act::Exit(index, code) => {
            if world
                .running
                .keys()
                .any(|which| which.container.as_str() == names[index])
            {
                world.exit(names[index], code);
            }
        }
        Act::Vanish(index) => {
            let mut running = world.running.keys();
            let which = running
                .find(|which| which.container.as_str() == names[index])
                .cloned();
            if let Some(which) = which {
                world.running.remove(&which);
                world.see(PodObservation::Vanished(which));
            }
        }
        Act::Probe(is_good) => {
            for name in ["side", "main"] {
                for kind in [
                    ProbeKind::Startup,
                    ProbeKind::Liveness,
                    ProbeKind::Readiness,
                ] {
                    let answer = if is_good {
                        ProbeAnswer::Success
                    } else {
                        ProbeAnswer::Failure("no".to_owned())
                    };
                    world.probes.insert((name, kind), answer);
                }
            }
        }
        Act::Image(index) => {
            world.edit(|object| {
                object["spec"]["containers"][0]["image"] = ["a", "b", "c"][index].into();
            });
        }
        Act::LoseSandbox => drop(world.see(PodObservation::SandboxLost)),
        Act::Restart => drop(world.restart_workbench()),
        Act::MissImages(missing) => {
            if missing {
                world.missing_images.insert("a");
            } else {
                world.missing_images.clear();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Nothing starts twice (the world sees to that), a phase never goes back, planning again is empty (the world sees to
    /// that too), and a deleted pod goes.
    #[test]
    fn whatever_happens_a_pod_keeps_its_word(
        acts in proptest::collection::vec(act(), 0..30),
        policy in prop_oneof![Just("Always"), Just("OnFailure"), Just("Never")],
    ) {
        let mut world = World::new(&spec(policy));
        world.run();
        let phases = ["Pending", "Running", "Succeeded", "Failed"];
        let mut reached = 0;
        for act in acts {
            apply(&mut world, &act);
            let phase = world.phase();
            let now = phases.iter().position(|name| *name == phase).unwrap();
            prop_assert!(now >= reached, "{} after {}", phase, phases[reached]);
            prop_assert!(reached < 2 || now == reached);
            reached = now;
        }
        world.delete(5);
        world.pass(600);
        prop_assert!(world.gone, "{:?}", world.done);
        prop_assert!(world.running.is_empty());
    }

    /// Answers may come in any order, twice, and to questions that were never asked.
    #[test]
    fn answers_out_of_place_do_no_harm(picks in proptest::collection::vec((0usize..64, 0u64..30), 1..80)) {
        let mut world = World::new(&spec("Always"));
        let mut seen: Vec<PodObservation> = vec![PodObservation::Objects(Box::default())];
        let mut started = std::collections::BTreeSet::new();
        for (pick, seconds) in picks {
            world.now += std::time::Duration::from_secs(seconds);
            let observation = seen[pick % seen.len()].clone();
            world.plan.observe(observation, world.now);
            for step in world.plan.advance(world.now) {
                if let PodStep::Start(start) = &step {
                    prop_assert!(started.insert(start.which.clone()), "{:?} twice", start.which);
                }
                seen.extend(answers(&world, step));
            }
            world.status();
        }
    }
}

/// What may be answered to a step, well and badly.
fn answers(world: &World, step: PodStep) -> Vec<PodObservation> {
    use coracle_plan::pod::{PullFault, PulledHow, PulledImage, StartFault, StartedContainer};
    match step {
        PodStep::Reserve { .. } => vec![PodObservation::Admitted { gpus: Vec::new() }],
        PodStep::OpenSandbox(_) => vec![
            PodObservation::SandboxOpened {
                result: Ok("10.0.0.1".parse().unwrap()),
            },
            PodObservation::SandboxOpened {
                result: Err("no".to_owned()),
            },
            PodObservation::SandboxLost,
        ],
        PodStep::Pull {
            container, image, ..
        } => {
            let pulled = PulledImage {
                digest: "sha256:1".into(),
                how: PulledHow::Present,
                user: None,
            };
            let results = [Ok(pulled), Err(PullFault::Failed("no".to_owned()))];
            let pulled = |result| PodObservation::Pulled {
                container: container.clone(),
                image: image.to_string(),
                result,
            };
            results.map(pulled).into()
        }
        PodStep::Start(start) => {
            let which = start.which;
            let end = world.ended_with(1, "");
            let started = StartedContainer {
                id: "docker://x".to_owned(),
                at: world.now,
            };
            vec![
                PodObservation::Started {
                    which: which.clone(),
                    result: Ok(started),
                },
                PodObservation::Started {
                    which: which.clone(),
                    result: Err(StartFault::Run("no".to_owned())),
                },
                PodObservation::Ended {
                    which: which.clone(),
                    end,
                },
                PodObservation::Vanished(which),
            ]
        }
        PodStep::Probe(work) => vec![PodObservation::Probed {
            which: work.which,
            kind: work.kind,
            answer: ProbeAnswer::Failure("no".to_owned()),
        }],
        PodStep::RunHook(work) => vec![PodObservation::Hooked {
            which: work.which,
            kind: work.kind,
            result: Err("no".to_owned()),
        }],
        PodStep::CloseSandbox => vec![PodObservation::SandboxClosed],
        PodStep::PrepareVolume(_)
        | PodStep::Release
        | PodStep::Attend(_)
        | PodStep::Stop { .. }
        | PodStep::RemoveContainer(_)
        | PodStep::RemoveContainers
        | PodStep::Gone => Vec::new(),
    }
}
