//! The indexes of an indexed job.

use std::collections::{BTreeMap, BTreeSet};

use coracle_objects::{Object, ObjectExt as _};

use super::Asked;
use super::pods::{Ended, JobPod};

/// The indexes that have succeeded: those that the status knows, and those whose pod has by now.
pub(super) fn succeeded(job: &Object, pods: &[JobPod]) -> BTreeSet<u64> {
    let mut done = read(job.text_at(&["status", "completedIndexes"]));
    let ended = pods
        .iter()
        .filter(|pod| pod.ended() == Some(Ended::Succeeded));
    done.extend(ended.filter_map(JobPod::index));
    done
}

/// The indexes that have failed more often than each may, or once and for good.
pub(super) fn failed(job: &Object, pods: &[JobPod], limit: u64) -> BTreeSet<u64> {
    let mut failures: BTreeMap<u64, u64> = BTreeMap::new();
    for pod in pods {
        let Some(index) = pod.index().filter(|_| pod.has_failed()) else {
            continue;
        };
        let times = failures.entry(index).or_default();
        *times = match pod.ended() {
            Some(Ended::FailedForGood) => u64::MAX,
            _ => times.saturating_add(1),
        };
    }
    let mut failed = read(job.text_at(&["status", "failedIndexes"]));
    let beyond = failures.into_iter().filter(|(_, times)| *times > limit);
    failed.extend(beyond.map(|(index, _)| index));
    failed
}

/// The lowest indexes that nobody works on and that are not done, at most so many.
pub(super) fn missing(job: &Object, asked: &Asked, pods: &[JobPod], most: u64) -> Vec<u64> {
    let mut taken = succeeded(job, pods);
    if let Some(limit) = asked.backoff_limit_per_index {
        taken.extend(failed(job, pods, limit));
    }
    let active = pods.iter().filter(|pod| pod.ended().is_none());
    taken.extend(active.filter_map(JobPod::index));
    let completions = asked.completions.unwrap_or_default();
    (0..completions)
        .filter(|index| !taken.contains(index))
        .take(usize::try_from(most).unwrap_or(usize::MAX))
        .collect()
}

/// `0-2,5`.
pub(super) fn written(indexes: &BTreeSet<u64>) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for &index in indexes {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => ranges.push((index, index)),
        }
    }
    let texts: Vec<_> = ranges
        .into_iter()
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            1 => format!("{first},{last}"),
            _ => format!("{first}-{last}"),
        })
        .collect();
    texts.join(",")
}

fn read(text: &str) -> BTreeSet<u64> {
    let parts = text.split(',').filter(|part| !part.is_empty());
    parts
        .flat_map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            match (first.parse::<u64>(), last.parse::<u64>()) {
                (Ok(first), Ok(last)) => (first..=last).collect(),
                _ => Vec::new(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_three_and_more_are_written_with_a_dash() {
        let indexes = [0, 1, 2, 5, 7, 8].into_iter().collect();
        assert_eq!(written(&indexes), "0-2,5,7,8");
        assert_eq!(read("0-2,5,7,8"), indexes);
        assert_eq!(read(""), BTreeSet::new());
    }
}
