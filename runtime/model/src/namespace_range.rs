//! The addresses of a namespace: those of its pods, and those of its Services.
//!
//! ```text
//!   10.96.0.0/12, as clusters have it for Services
//!     └── 10.x.y.0/22 of a namespace ──┬── first half: whatever runs on its network
//!                                      └── second half: its Services
//! ```
//!
//! An address that a Service is given has to answer on the network of its namespace, which may not be there yet. So
//! both follow from the names alone. Two namespaces of the machine may have the same range, if seldom; the network of
//! the later one then has another, and its Services are given other addresses.

use std::net::Ipv4Addr;

/// Where the ranges are.
const FIRST: u32 = u32::from_be_bytes([10, 96, 0, 0]);
const PREFIX: u8 = 12;

/// How large the range of a namespace is.
const RANGE_PREFIX: u8 = 22;

/// The addresses of a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamespaceRange {
    first: u32,
}

impl NamespaceRange {
    /// Those of a namespace of the workbench with this `owner` label.
    pub fn of(owner: &str, namespace: &str) -> Self {
        let ranges = 1 << (RANGE_PREFIX - PREFIX);
        let bytes = owner.bytes().chain([0]).chain(namespace.bytes());
        let number = digest(bytes) % ranges;
        Self {
            first: FIRST + (number << (32 - RANGE_PREFIX)),
        }
    }

    /// All of them: `10.98.4.0/22`.
    pub fn subnet(self) -> String {
        format!("{}/{RANGE_PREFIX}", Ipv4Addr::from(self.first))
    }

    /// Those of whatever runs on the network: `10.98.4.0/23`.
    pub fn pods(self) -> String {
        format!("{}/{}", Ipv4Addr::from(self.first), RANGE_PREFIX + 1)
    }

    /// Those of Services. The last address of a network is no machine's.
    pub fn services(self) -> impl Iterator<Item = Ipv4Addr> {
        let half = 1 << (32 - RANGE_PREFIX - 1);
        (half..2 * half - 1).map(move |offset| Ipv4Addr::from(self.first + offset))
    }

    /// Whether an address is one of them.
    pub fn contains(self, address: Ipv4Addr) -> bool {
        self.meets(address, address)
    }

    /// Whether any of the addresses from `first` to `last` is one of them.
    pub fn meets(self, first: Ipv4Addr, last: Ipv4Addr) -> bool {
        let size = 1 << (32 - RANGE_PREFIX);
        first.to_bits() < self.first + size && self.first <= last.to_bits()
    }
}

/// FNV-1a, which is the same in every version of the workbench, folded: the last bytes alone move only some of its bits.
fn digest(bytes: impl Iterator<Item = u8>) -> u32 {
    let digest = bytes.fold(0xcbf2_9ce4_8422_2325, |digest: u64, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (digest ^ (digest >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_halves_of_a_range_do_not_meet() {
        let range = NamespaceRange::of("owner", "default");
        assert_eq!(range, NamespaceRange::of("owner", "default"));
        assert_ne!(range, NamespaceRange::of("owner", "kubeflow"));
        assert_ne!(range, NamespaceRange::of("other", "default"));
        let (first, length) = range
            .subnet()
            .split_once('/')
            .map(|(first, length)| (first.parse::<Ipv4Addr>().unwrap(), length.to_owned()))
            .unwrap();
        assert_eq!(length, "22");
        assert_eq!(range.pods(), format!("{first}/23"));
        let services: Vec<u32> = range.services().map(Ipv4Addr::to_bits).collect();
        assert_eq!(services.first(), Some(&(first.to_bits() + 512)));
        assert_eq!(services.last(), Some(&(first.to_bits() + 1022)));
        assert!(range.services().all(|address| range.contains(address)));
        assert!(!range.contains((first.to_bits() + 1024).into()));
    }

    #[test]
    fn ranges_are_spread_over_those_that_there_are() {
        let of = |number: usize| NamespaceRange::of("owner", &format!("team-{number}"));
        let ranges: BTreeSet<u32> = (0..200).map(|number| of(number).first).collect();
        assert!(ranges.len() > 170, "{}", ranges.len());
        let last = FIRST + (1 << (32 - PREFIX));
        assert!(
            ranges
                .iter()
                .all(|first| (FIRST..last).contains(first) && first % 1024 == 0)
        );
    }
}
