//! The names of the runs that recurring runs begin, formed as KFP's controller forms them.

use coracle_model::RecurringRun;

/// The longest part of the display name that is kept.
const LONGEST: usize = 25;

/// The name of the run that is begun as number `index`, from 1.
pub(super) fn run_name(run: &RecurringRun, index: u64) -> String {
    let name = format!("{}-{index}", schedule_name(run));
    let mark = fnv1a(name.as_bytes());
    format!("{name}-{mark}")
}

/// A Kubernetes name of the recurring run: what its display name leaves, and a bit of its id.
fn schedule_name(run: &RecurringRun) -> String {
    let kept = run.display_name.chars().flat_map(char::to_lowercase);
    let kept: String = kept
        .filter(|letter| matches!(letter, 'a'..='z' | '0'..='9' | '-'))
        .take(LONGEST)
        .collect();
    let kept = if kept.is_empty() { "job-" } else { &kept };
    let id = run.id.to_string();
    format!("{kept}{}", &id[..5])
}

/// The 32 bit FNV-1a hash.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mark of `job-1` was seen in a run that KFP's own controller began.
    #[test]
    fn names_bear_the_mark_that_kfp_gives_them() {
        assert_eq!(fnv1a(b"job-1"), 801_270_038);
    }
}
