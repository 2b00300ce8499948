//! Names for help texts: the one that was probably meant, or those there are.

/// "did you mean `x`?" when one of the names is close, otherwise a list of them.
pub(super) fn among<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> String {
    const LISTED: usize = 12;
    let names: Vec<&str> = names.collect();
    let closest = names
        .iter()
        .map(|name| (distance(wanted, name), *name))
        .min();
    if let Some((away, name)) = closest
        && away <= 1 + wanted.len() / 5
    {
        return format!("did you mean `{name}`?");
    }
    let quoted: Vec<String> = names
        .iter()
        .take(LISTED)
        .map(|name| format!("`{name}`"))
        .collect();
    match names.len() {
        0 => "there are none".to_owned(),
        1 => format!("there is only {}", quoted[0]),
        count if count > LISTED => format!(
            "there are {} and {} more",
            quoted.join(", "),
            count - LISTED
        ),
        _ => format!("there are {}", quoted.join(", ")),
    }
}

/// How many letters must be added, removed or replaced; names of very different length are just far away.
fn distance(a: &str, b: &str) -> usize {
    const FAR: usize = usize::MAX;
    if a.len().abs_diff(b.len()) > 3 || a.len() > 100 {
        return FAR;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_name_is_suggested_and_others_are_listed() {
        let names = || ["components", "root", "comp-train"].into_iter();
        assert_eq!(among("component", names()), "did you mean `components`?");
        assert_eq!(among("comp-trian", names()), "did you mean `comp-train`?");
        assert_eq!(
            among("comp-evaluate", names()),
            "there are `components`, `root`, `comp-train`"
        );
        assert_eq!(among("comp-trin", names()), "did you mean `comp-train`?");
        assert_eq!(among("x", std::iter::empty()), "there are none");
        assert_eq!(among("x", std::iter::once("root")), "there is only `root`");
    }

    #[test]
    fn distance_counts_single_letters() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
