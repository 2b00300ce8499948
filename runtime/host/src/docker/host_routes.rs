//! Which addresses this machine reaches elsewhere: those that it has a route for, by a VPN for example. A network of the
//! engine's must not cut them off.

use std::net::Ipv4Addr;

use coracle_model::NamespaceRange;

/// Where Linux tells its routes.
const ROUTES: &str = "/proc/net/route";

/// Whether this machine has a route for any of these addresses, but for the one for everything.
pub(super) fn leads_elsewhere(range: NamespaceRange) -> bool {
    // Where there is no such file the engine runs in a machine of its own, of whose routes nothing is known here.
    let routes = fs_err::read_to_string(ROUTES).unwrap_or_default();
    leads(&routes, range)
}

fn leads(routes: &str, range: NamespaceRange) -> bool {
    let mut routes = routes.lines().skip(1).filter_map(route);
    routes.any(|(first, last)| range.meets(first, last))
}

/// The first and the last address of a route; none of the one for everything.
fn route(line: &str) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let mut words = line.split_ascii_whitespace();
    // The numbers are written as they lie in memory.
    let mut number = |skipped| {
        u32::from_str_radix(words.nth(skipped)?, 16)
            .ok()
            .map(u32::to_be)
    };
    let (first, mask) = (number(1)?, number(5)?);
    (mask != 0).then(|| (first.into(), (first | !mask).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_for_everything_is_none_and_any_other_is_one() {
        let routes = |destination: &str, mask: &str| {
            format!(
                "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n\
                 eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
                 tun0\t{destination}\t00000000\t0001\t0\t0\t0\t{mask}\t0\t0\t0\n"
            )
        };
        let range = NamespaceRange::of("owner", "default");
        assert!(leads(&routes("0000000A", "000000FF"), range), "10.0.0.0/8");
        assert!(
            !leads(&routes("0000A8C0", "0000FFFF"), range),
            "192.168.0.0/16"
        );
        assert!(!leads("", range));
        let own = range.services().next().unwrap().to_bits().to_be();
        assert!(leads(&routes(&format!("{own:08X}"), "FFFFFFFF"), range));
    }
}
