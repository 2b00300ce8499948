//! What a pod's plan asks for beside the bodies of its containers: GPUs, ports, images, the policy of restarts.

use coracle_cluster::report::{Facts, translate};
use coracle_model::GpuUuid;
use coracle_objects::Object;
use coracle_plan::pod::{
    PodObservation, PodPlan, PodSetting, PodStep, PulledHow, PulledImage, StartContainer,
    StartedContainer,
};
use coracle_spec::kind::pod::{Pod, RestartPolicy};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The most GPUs that a container asks for.
const MOST: u32 = 3;

type Asked = Vec<(u32, Option<u16>)>;

fn manifest(containers: &Asked, policy: &str) -> Value {
    let containers = containers.iter().enumerate().map(|(number, (gpus, port))| {
        let mut container =
            json!({"name": format!("c{number}"), "image": format!("tool:{number}")});
        if *gpus > 0 {
            container["resources"] = json!({"limits": {"nvidia.com/gpu": gpus.to_string()}});
        }
        if let Some(port) = port {
            container["ports"] = json!([{"containerPort": port, "protocol": "TCP"}]);
        }
        container
    });
    let spec = json!({"containers": containers.collect::<Vec<_>>(), "restartPolicy": policy});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "uid": "u"}, "spec": spec})
}

/// What the plan asks for until all containers are started: how many GPUs, on which ports, and each start.
fn planned(pod: Pod) -> (u32, Vec<u16>, Vec<StartContainer>) {
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let setting = PodSetting {
        node_name: "node".to_owned(),
        host_ip: "192.168.1.9".parse().unwrap(),
        cpu: "4".parse().unwrap(),
        memory: "8Gi".parse().unwrap(),
        directory: "/home/pods/u".into(),
    };
    let (mut gpus, mut ports, mut starts) = (0, Vec::new(), Vec::new());
    let mut plan = PodPlan::new(pod, setting);
    plan.observe(PodObservation::Objects(Box::default()), now);
    loop {
        let steps = plan.advance(now);
        if steps.is_empty() {
            return (gpus, ports, starts);
        }
        for step in steps {
            let seen = match step {
                PodStep::Reserve { resources, .. } => {
                    gpus = resources.gpus;
                    let given =
                        (0..gpus).map(|number| GpuUuid::from(format!("GPU-{number}").as_str()));
                    PodObservation::Admitted {
                        gpus: given.collect(),
                    }
                }
                PodStep::OpenSandbox(place) => {
                    ports = place.ports.iter().map(|port| port.container_port).collect();
                    PodObservation::SandboxOpened {
                        result: Ok("10.1.0.2".parse().unwrap()),
                    }
                }
                PodStep::Pull {
                    container, image, ..
                } => PodObservation::Pulled {
                    container,
                    image: image.to_string(),
                    result: Ok(PulledImage {
                        digest: "sha256:1".into(),
                        how: PulledHow::Present,
                        user: None,
                    }),
                },
                PodStep::Start(start) => {
                    let which = start.which.clone();
                    starts.push(*start);
                    PodObservation::Started {
                        which,
                        result: Ok(StartedContainer {
                            id: "docker://x".to_owned(),
                            at: now,
                        }),
                    }
                }
                other => panic!("{other:?}"),
            };
            plan.observe(seen, now);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]
    #[test]
    fn gpus_ports_and_restarts_are_those_that_are_sent(
        containers in prop::collection::vec((0..=MOST, prop::option::of(1_u16..u16::MAX)), 1..4),
        policy in prop::sample::select(vec!["Always", "OnFailure", "Never"]),
    ) {
        let object = manifest(&containers, policy);
        let sent = translate(std::slice::from_ref(&object), &Facts::default()).unwrap().objects.remove(0);
        let own: &Object = object.as_object().unwrap();
        let pod = Pod::read(own).unwrap();
        let by_word = [("Always", RestartPolicy::Always), ("OnFailure", RestartPolicy::OnFailure), ("Never", RestartPolicy::Never)];
        let wanted = by_word.iter().find(|(word, _)| sent["spec"]["restartPolicy"] == *word).unwrap();
        prop_assert_eq!(pod.spec.restart_policy, wanted.1);
        let (gpus, ports, starts) = planned(pod);
        let sent = sent["spec"]["containers"].as_array().unwrap();
        let limit = |container: &Value| {
            let limit = &container["resources"]["limits"]["nvidia.com/gpu"];
            limit.as_str().map_or(0, |count| count.parse::<u32>().unwrap())
        };
        prop_assert_eq!(gpus, sent.iter().map(limit).sum::<u32>());
        let of_manifest = sent.iter().filter_map(|container| container["ports"][0]["containerPort"].as_u64());
        prop_assert_eq!(ports.into_iter().map(u64::from).collect::<Vec<_>>(), of_manifest.collect::<Vec<_>>());
        prop_assert_eq!(starts.len(), sent.len());
        let mut given = std::collections::BTreeSet::new();
        for start in &starts {
            let container = sent.iter().find(|container| container["name"] == start.which.container.as_str()).unwrap();
            prop_assert_eq!(&container["image"], start.image.as_str());
            prop_assert_eq!(u32::try_from(start.gpus.len()).unwrap(), limit(container));
            for gpu in &start.gpus {
                prop_assert!(given.insert(gpu.as_str().to_owned()), "a GPU is given twice");
            }
        }
    }
}
