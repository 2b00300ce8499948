//! Whether pods and claims keep to a namespace's limit ranges.

use serde_json::Value;

use super::super::amount::Amount;
use super::super::sent::text;
use super::requests::{Amounts, Asked, amounts, of_container, of_pod, of_type};
use super::{Case, known};
use crate::finding::Finding;

pub(super) fn judge(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (namespace, facts) in &case.facts.namespaces {
        // A namespace that is not there has none.
        if matches!(facts.object, Ok(None)) {
            continue;
        }
        let (subject, what) = (
            format!("Namespace/{namespace}"),
            "which limit ranges it has",
        );
        let Some(ranges) = known(&facts.limit_ranges, &subject, what, &mut findings) else {
            continue;
        };
        for pods in case.pods.iter().filter(|pods| pods.namespace == *namespace) {
            for container in pods.containers() {
                let who = format!("the container `{}`", text(container, "/name"));
                let asked = of_container(container, ranges);
                for item in of_type(ranges, "Container") {
                    findings.extend(judge_asked(&pods.subject, &who, &asked, item));
                }
            }
            let asked = of_pod(pods, ranges);
            for item in of_type(ranges, "Pod") {
                findings.extend(judge_asked(&pods.subject, "each pod", &asked, item));
            }
        }
        for (number, object) in case.objects.iter().enumerate() {
            let is_claim = object.kind == "PersistentVolumeClaim" && object.namespace == *namespace;
            if is_claim && !case.facts.is_there(number) {
                let asked = Asked {
                    requests: amounts(&object.body, "/spec/resources/requests"),
                    limits: Amounts::new(),
                };
                for item in of_type(ranges, "PersistentVolumeClaim") {
                    findings.extend(judge_claim(&object.subject(), &asked, item));
                }
            }
        }
    }
    findings
}

fn judge_asked(subject: &str, who: &str, asked: &Asked, item: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (resource, least) in amounts(item, "/min") {
        match asked.requests.get(&resource) {
            Some(request) if *request < least => {
                let words = ("asks for", "and the least is");
                findings.push(beyond(subject, who, words, &resource, *request, least));
            }
            Some(_) => {}
            None => findings.push(unsaid(subject, who, "request", &resource)),
        }
    }
    for (resource, most) in amounts(item, "/max") {
        match asked.limits.get(&resource) {
            Some(limit) if *limit > most => {
                let words = ("is limited to", "and the most is");
                findings.push(beyond(subject, who, words, &resource, *limit, most));
            }
            Some(_) => {}
            None => findings.push(unsaid(subject, who, "limit", &resource)),
        }
    }
    findings
}

fn judge_claim(subject: &str, asked: &Asked, item: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (resource, request) in &asked.requests {
        if let Some(least) = amounts(item, "/min")
            .get(resource)
            .filter(|least| request < least)
        {
            let words = ("asks for", "and the least is");
            findings.push(beyond(
                subject,
                "the claim",
                words,
                resource,
                *request,
                *least,
            ));
        }
        if let Some(most) = amounts(item, "/max")
            .get(resource)
            .filter(|most| request > most)
        {
            let words = ("asks for", "and the most is");
            findings.push(beyond(
                subject,
                "the claim",
                words,
                resource,
                *request,
                *most,
            ));
        }
    }
    findings
}

fn beyond(
    subject: &str,
    who: &str,
    (does, bound): (&str, &str),
    resource: &str,
    amount: Amount,
    limit: Amount,
) -> Finding {
    let message = format!(
        "{who} {does} {} of {resource}, {bound} {} by the namespace's limit range",
        amount.of_resource(resource),
        limit.of_resource(resource)
    );
    Finding::error("limit-range", subject, message).fix(format!("change its {resource}"))
}

fn unsaid(subject: &str, who: &str, what: &str, resource: &str) -> Finding {
    let message =
        format!("{who} has no {what} of {resource}, which the namespace's limit range asks for");
    Finding::error("limit-range", subject, message).fix(format!("say its {what} of {resource}"))
}
