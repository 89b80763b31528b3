//! `$filter`: the forms that Azure's lists know, `name eq 'value'` joined by `and`, and `atScope()`.

use crate::refusal::{Outcome, Refusal};

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Filter {
    /// Name in lower case, value as given.
    equals: Vec<(String, String)>,
    pub(crate) at_scope: bool,
}

impl Filter {
    /// `known` are the names that this list filters by, in lower case.
    pub(crate) fn parse(text: Option<&str>, known: &[&str]) -> Outcome<Filter> {
        let mut filter = Filter::default();
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(filter);
        };
        let refuse = || {
            Refusal::new(
                400,
                "InvalidFilterInQueryString",
                format!("Invalid $filter '{text}' specified in the query string."),
            )
        };
        for clause in clauses(text) {
            let clause = clause.trim();
            if clause.eq_ignore_ascii_case("atScope()") {
                filter.at_scope = true;
                continue;
            }
            // `assignedTo('x')` asks for a principal, groups included; there are no groups here.
            let assigned = clause
                .get(..11)
                .filter(|head| head.eq_ignore_ascii_case("assignedTo("))
                .and_then(|_| clause[11..].strip_suffix(')'));
            let (name, value) = match assigned {
                Some(value) => ("principalId", value),
                None => {
                    let mut parts = clause.splitn(3, char::is_whitespace);
                    match (parts.next(), parts.next(), parts.next()) {
                        (Some(name), Some(eq), Some(value)) if eq.eq_ignore_ascii_case("eq") => (name, value),
                        _ => return Err(refuse()),
                    }
                }
            };
            let value = value.trim().strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
            let name = name.to_ascii_lowercase();
            match value {
                Some(value) if known.contains(&name.as_str()) => {
                    filter.equals.push((name, value.replace("''", "'")));
                }
                _ => return Err(refuse()),
            }
        }
        Ok(filter)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.equals.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a value fits, which it does when nothing is asked of it.
    pub(crate) fn fits(&self, name: &str, value: &str) -> bool {
        self.get(name).is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
    }
}

/// Splits at ` and ` outside of quotes.
fn clauses(text: &str) -> Vec<&str> {
    let (mut found, mut from, mut quoted) = (Vec::new(), 0, false);
    let bytes = text.as_bytes();
    for at in 0..bytes.len() {
        if bytes[at] == b'\'' {
            quoted = !quoted;
        }
        if !quoted && at >= from && text.is_char_boundary(at) {
            let rest = &bytes[at..];
            if rest.len() > 5 && rest[..5].eq_ignore_ascii_case(b" and ") {
                found.push(&text[from..at]);
                from = at + 5;
            }
        }
    }
    found.push(&text[from..]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_forms_are_read_and_others_refused() {
        let filter =
            Filter::parse(Some("tagName eq 'a and b' AND tagvalue eq 'it''s'"), &["tagname", "tagvalue"])
                .expect("a filter");
        assert_eq!((filter.get("tagname"), filter.get("tagvalue")), (Some("a and b"), Some("it's")));
        assert!(
            filter.fits("other", "x") && filter.fits("tagname", "A AND B") && !filter.fits("tagname", "c")
        );
        let assigned =
            Filter::parse(Some("atScope() and assignedTo('p')"), &["principalid"]).expect("a filter");
        assert!(assigned.at_scope && assigned.get("principalid") == Some("p"));
        for wrong in ["x", "x eq 'y'", "tagName ne 'a'", "tagName eq a", "é"] {
            let refusal = Filter::parse(Some(wrong), &["tagname"]).expect_err(wrong);
            assert_eq!(
                (refusal.status, refusal.code.as_str()),
                (400, "InvalidFilterInQueryString"),
                "{wrong}"
            );
        }
    }
}
