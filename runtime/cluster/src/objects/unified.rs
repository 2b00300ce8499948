//! A unified diff of two texts.

use std::fmt::Write as _;
use std::ops::Range;

/// Lines around what differs.
const CONTEXT: usize = 3;

/// Cells of the table that a longest common subsequence is looked for with; beyond it, all in between counts as replaced.
const LARGEST_TABLE: usize = 4_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Line<'a> {
    Same(&'a str),
    Gone(&'a str),
    New(&'a str),
}

/// The unified diff; empty where the texts are the same.
pub(super) fn diff(name: &str, before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    let lines = align(&lines(before), &lines(after));
    let mut text = format!("--- {name} (there)\n+++ {name} (sent)\n");
    for hunk in hunks(&lines) {
        write_hunk(&mut text, &lines, hunk);
    }
    text
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

fn align<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<Line<'a>> {
    let head = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let (old, new) = (&before[head..], &after[head..]);
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let mut aligned: Vec<_> = before[..head].iter().copied().map(Line::Same).collect();
    if old.len().saturating_mul(new.len()) > LARGEST_TABLE {
        aligned.extend(old.iter().copied().map(Line::Gone));
        aligned.extend(new.iter().copied().map(Line::New));
    } else {
        aligned.extend(common(old, new));
    }
    aligned.extend(
        before[before.len() - tail..]
            .iter()
            .copied()
            .map(Line::Same),
    );
    aligned
}

/// By the longest common subsequence: `longest[i][j]` is its length for what is left from `i` and `j` on.
fn common<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let width = new.len() + 1;
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i * width + j] = if old[i] == new[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut aligned = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            aligned.push(Line::Same(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < old.len()
            && (j == new.len() || longest[(i + 1) * width + j] >= longest[i * width + j + 1])
        {
            aligned.push(Line::Gone(old[i]));
            i += 1;
        } else {
            aligned.push(Line::New(new[j]));
            j += 1;
        }
    }
    aligned
}

fn hunks(lines: &[Line<'_>]) -> Vec<Range<usize>> {
    let mut hunks: Vec<Range<usize>> = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        if matches!(line, Line::Same(_)) {
            continue;
        }
        let around = place.saturating_sub(CONTEXT)..(place + CONTEXT + 1).min(lines.len());
        match hunks.last_mut() {
            Some(last) if last.end >= around.start => last.end = around.end,
            _ => hunks.push(around),
        }
    }
    hunks
}

fn write_hunk(text: &mut String, lines: &[Line<'_>], hunk: Range<usize>) {
    let olds = |lines: &[Line<'_>]| {
        lines
            .iter()
            .filter(|line| !matches!(line, Line::New(_)))
            .count()
    };
    let news = |lines: &[Line<'_>]| {
        lines
            .iter()
            .filter(|line| !matches!(line, Line::Gone(_)))
            .count()
    };
    let (before, inside) = (&lines[..hunk.start], &lines[hunk]);
    let start = |before: usize, count: usize| if count == 0 { before } else { before + 1 };
    let (old, new) = (olds(inside), news(inside));
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "@@ -{},{old} +{},{new} @@",
        start(olds(before), old),
        start(news(before), new)
    );
    for line in inside {
        let _ = match line {
            Line::Same(line) => writeln!(text, " {line}"),
            Line::Gone(line) => writeln!(text, "-{line}"),
            Line::New(line) => writeln!(text, "+{line}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_shown_with_its_surroundings() {
        let before = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let after = "a\nb\nc\nd\ne\nX\ng\nh\n";
        assert_eq!(
            diff("n", before, after),
            "--- n (there)\n+++ n (sent)\n@@ -3,6 +3,6 @@\n c\n d\n e\n-f\n+X\n g\n h\n"
        );
    }

    #[test]
    fn what_is_new_begins_at_nothing() {
        assert_eq!(
            diff("n", "", "a\nb\n"),
            "--- n (there)\n+++ n (sent)\n@@ -0,0 +1,2 @@\n+a\n+b\n"
        );
        assert_eq!(diff("n", "a\n", "a\n"), "");
    }
}
