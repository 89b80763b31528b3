//! In which styles a text can be written.

/// What the characters of a text allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowed {
    pub(crate) multiline: bool,
    pub(crate) plain: bool,
    pub(crate) single_quoted: bool,
    pub(crate) literal: bool,
}

pub(crate) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

pub(crate) fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a character is written as it is.
pub(crate) fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

/// Looks at a text. `tabs` says whether a tab may stand in a literal.
///
/// Beyond the last plane of two bytes nothing counts as printable, so that a smiley brings quotes.
pub(crate) fn analyse(text: &str, tabs: bool) -> Allowed {
    let Some(first) = text.chars().next() else {
        return Allowed { multiline: false, plain: true, single_quoted: true, literal: false };
    };
    let mut indicators = text.starts_with("---") || text.starts_with("...");
    let mut breaks = false;
    let mut special = false;
    let mut tab = false;
    let mut break_space = false;
    let mut space_break = false;
    let mut previous = None;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let before_blank = characters.peek().is_none_or(|next| is_blank(*next));
        indicators |= match (previous, c) {
            (
                None,
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
                | '`',
            ) => true,
            (None, '?' | ':' | '-') | (Some(_), ':') => before_blank,
            (Some(previous), '#') => is_blank(previous) || is_break(previous),
            _ => false,
        };
        if c == '\t' && tabs {
            tab = true;
        } else {
            special |= !is_printable(c);
        }
        if c == ' ' {
            break_space |= previous.is_some_and(is_break);
        } else if is_break(c) {
            breaks = true;
            space_break |= previous == Some(' ');
        }
        previous = Some(c);
    }
    let last = previous.unwrap_or(first);
    let edges = first == ' ' || is_break(first) || last == ' ' || is_break(last);
    let quoted = break_space || space_break || special || tab;
    Allowed {
        multiline: breaks,
        plain: !(edges || breaks || quoted || indicators),
        single_quoted: !quoted,
        literal: !(last == ' ' || space_break || special),
    }
}
