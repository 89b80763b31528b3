//! "Did you mean".

/// The closest word, where one is close enough to be meant.
///
/// A word may differ by about a third of its letters; equal but for case always counts. Of several that
/// are equally close it is the first by alphabet, in whatever order they are given.
pub fn suggest(word: &str, among: impl IntoIterator<Item = impl AsRef<str>>) -> Option<String> {
    let lower = word.to_lowercase();
    let most = match word.chars().count() {
        0 | 1 => 0,
        2..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    let mut best: Option<(usize, String)> = None;
    for candidate in among {
        let candidate = candidate.as_ref();
        if candidate == word || candidate.len().abs_diff(word.len()) > 2 * most + 2 {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
        // Names that only add a part (`pool` for `pools_common`) are no typos.
        let closer = |(d, word): &(usize, String)| (distance, candidate) < (*d, word.as_str());
        if distance <= most && best.as_ref().is_none_or(closer) {
            best = Some((distance, candidate.to_string()));
        }
    }
    best.map(|(_, word)| word)
}

/// A list of names for a message: the first few, in backticks.
pub(crate) fn listed(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    const SHOWN: usize = 12;
    let mut text = String::new();
    let mut count = 0;
    for name in names {
        count += 1;
        if count > SHOWN {
            continue;
        }
        if count > 1 {
            text.push_str(", ");
        }
        text.push('`');
        text.push_str(name.as_ref());
        text.push('`');
    }
    if count > SHOWN {
        text.push_str(&format!(" and {} more", count - SHOWN));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_are_found_and_other_words_are_not() {
        let names = ["cluster", "group", "common_zone", "id"];
        for (word, meant) in [
            ("clutser", Some("cluster")),
            ("Cluster", Some("cluster")),
            ("grup", Some("group")),
            ("ip", Some("id")),
            ("common_zoen", Some("common_zone")),
            ("zone", None),
            ("x", None),
            ("cluster", None),
        ] {
            assert_eq!(suggest(word, names).as_deref(), meant, "{word}");
        }
    }

    #[test]
    fn the_order_of_words_does_not_matter() {
        assert_eq!(suggest("pool_c", ["pool_b", "pool_a", "pool_d"]).as_deref(), Some("pool_a"));
        assert_eq!(suggest("pool_c", ["pool_a", "pool_d", "pool_b"]).as_deref(), Some("pool_a"));
    }
}
