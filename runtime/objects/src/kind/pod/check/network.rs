//! Names and addresses that a pod knows.

use std::net::IpAddr;

use super::super::super::place::{Faults, Place};
use super::super::super::words;
use super::super::super::words::IP_ADDRESS;

/// What is wrong with `dnsConfig`.
pub(super) fn check_dns(spec: &Place<'_>, faults: &mut Faults) {
    let config = spec.field("dnsConfig");
    let servers = config.field("nameservers");
    if spec.field("dnsPolicy").text() == "None" {
        let why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
        if !config.is_set() {
            let why = format!("must provide `dnsConfig` when `dnsPolicy` is {}", "None");
            faults.push(config.required(&why));
            return;
        }
        if servers.is_empty() {
            faults.push(servers.required(why));
            return;
        }
    }
    if servers.len() > 3 {
        faults.push(servers.invalid("must not have more than 3 nameservers"));
    }
    for server in servers.items() {
        if server.text().parse::<IpAddr>().is_err() {
            faults.push(server.invalid(IP_ADDRESS));
        }
    }
    let searches = config.field("searches");
    if searches.len() > 32 {
        faults.push(searches.invalid("must not have more than 32 search paths"));
    }
    if searches.texts().join(" ").len() > 2048 {
        faults.push(searches.invalid(
            "must not have more than 2048 characters (including spaces) in the search list",
        ));
    }
    for search in searches.items() {
        let name = search.text().strip_suffix('.').unwrap_or(search.text());
        let said = words::check_search_domain(name);
        faults.extend(said.into_iter().map(|detail| search.invalid(detail)));
    }
    for option in config.field("options").items() {
        if option.field("name").is_empty() {
            faults.push(Place::at(option.path().clone(), None).required("must not be empty"));
        }
    }
}

/// What is wrong with `hostAliases`.
pub(super) fn check_host_aliases(aliases: &Place<'_>, faults: &mut Faults) {
    for alias in aliases.items() {
        let address = alias.field("ip");
        if address.text().parse::<IpAddr>().is_err() {
            faults.push(address.invalid_text(IP_ADDRESS));
        }
        for name in alias.field("hostnames").items() {
            name.check(words::check_subdomain, faults);
        }
    }
}
