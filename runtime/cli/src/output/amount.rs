//! Sizes, durations and counts as people read them.

use std::time::Duration;

use jiff::SignedDuration;

/// Bytes in binary units, three digits at most: `1.2 GiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = 0;
    // 999.95 would show as 1000.0.
    while amount >= 999.5 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(amount < 99.95);
    format!("{amount:.digits$} {}", UNITS[unit])
}

/// A duration: `0.8s`, `2m05s`, `3h12m`, `2d04h`. A clock that was set back shows as nothing.
pub(crate) fn seconds(duration: SignedDuration) -> String {
    let duration = Duration::try_from(duration).unwrap_or_default();
    let whole = duration.as_secs();
    // 59.96 would show as 60.0s.
    if duration.as_secs_f64() < 59.95 {
        return format!("{:.1}s", duration.as_secs_f64());
    }
    match whole.max(60) {
        whole @ 0..3600 => format!("{}m{:02}s", whole / 60, whole % 60),
        whole @ 3600..86_400 => format!("{}h{:02}m", whole / 3600, whole % 3600 / 60),
        whole => format!("{}d{:02}h", whole / 86_400, whole % 86_400 / 3600),
    }
}

/// A number with its noun: `1 run`, `3 runs`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits() {
        let sizes = [
            0,
            1023,
            1024,
            1024 * 1024 - 1,
            5 * 1024 * 1024 * 1024,
            u64::MAX,
        ];
        assert_eq!(
            sizes.map(bytes),
            [
                "0 B",
                "1023 B",
                "1.0 KiB",
                "1.0 MiB",
                "5.0 GiB",
                "16384 PiB"
            ]
        );
        assert_eq!(bytes(150 * 1024), "150 KiB");
    }

    #[test]
    fn durations_change_units() {
        let spans = [0, 840, 59_949, 59_960, 125_000, 3_600_000, 187_200_000];
        let shown = spans.map(|millis| seconds(SignedDuration::from_millis(millis)));
        assert_eq!(
            shown,
            ["0.0s", "0.8s", "59.9s", "1m00s", "2m05s", "1h00m", "2d04h"]
        );
        assert_eq!(seconds(SignedDuration::from_secs(-3)), "0.0s");
    }
}
