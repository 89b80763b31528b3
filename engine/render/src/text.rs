//! Text as a terminal sees it: how wide it is, what must not get through, where it breaks.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    // Nearly everything is ASCII, which needs no table.
    if text.is_ascii() { text.len() } else { text.width() }
}

/// How many columns a character takes.
pub(crate) fn char_width(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// Whether a character could move the cursor, change colours, or make a text read differently from
/// what it is: control characters and those that reorder or hide text.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A text on one line, with everything written out that a terminal would act upon.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_hostile(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// A line of a text as it is shown in a block of lines: tabs become spaces, the rest is cleaned.
pub(crate) fn clean_line(line: &str) -> Cow<'_, str> {
    let line = line.strip_suffix('\r').unwrap_or(line);
    if !line.contains('\t') {
        return clean(line);
    }
    Cow::Owned(clean(&expand_tabs(line)).into_owned())
}

fn expand_tabs(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 16);
    let mut column = 0;
    for c in line.chars() {
        if c == '\t' {
            let spaces = TAB - column % TAB;
            out.extend(std::iter::repeat_n(' ', spaces));
            column += spaces;
        } else {
            out.push(c);
            column += char_width(c);
        }
    }
    out
}

/// How far apart tab stops are shown. Eight would push YAML off the screen.
pub(crate) const TAB: usize = 4;

/// The beginning of a text that fits, with an ellipsis where something is missing.
pub(crate) fn cut<'a>(text: &'a str, room: usize, ellipsis: &str) -> Cow<'a, str> {
    if text.len() <= room || width(text) <= room {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut used = width(ellipsis);
    for c in text.chars() {
        used += char_width(c);
        if used > room {
            break;
        }
        out.push(c);
    }
    out.push_str(ellipsis);
    Cow::Owned(out)
}

/// The end of a text that fits, with an ellipsis before it.
pub(crate) fn cut_front<'a>(text: &'a str, room: usize, ellipsis: &str) -> Cow<'a, str> {
    if text.len() <= room || width(text) <= room {
        return Cow::Borrowed(text);
    }
    let mut used = width(ellipsis);
    let mut start = text.len();
    for (i, c) in text.char_indices().rev() {
        used += char_width(c);
        if used > room {
            break;
        }
        start = i;
    }
    Cow::Owned(format!("{ellipsis}{}", &text[start..]))
}

/// Breaks a text into lines of at most `room` columns at spaces; words are never broken. Line
/// breaks of the text stay, and so does the indentation of its lines.
pub(crate) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let paragraph = clean_line(paragraph);
        if width(&paragraph) <= room {
            lines.push(paragraph.into_owned());
            continue;
        }
        let indent = paragraph.len() - paragraph.trim_start().len();
        let mut line = " ".repeat(indent);
        let mut used = indent;
        let mut empty = true;
        for word in words(&paragraph) {
            let wide = width(word);
            if !empty && used + 1 + wide > room {
                lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
                used = indent;
                empty = true;
            }
            if !empty {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += wide;
            empty = false;
        }
        lines.push(line);
    }
    lines
}

/// The words of a text. A command of ours is one, so that it can be copied whole.
fn words(text: &str) -> Vec<&str> {
    const LEAD: &str = "`aurak ";
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let command =
            rest.strip_prefix(LEAD).and_then(|words| words.find('`')).map_or(0, |at| LEAD.len() + at);
        let end = rest[command..].find(char::is_whitespace).map_or(rest.len(), |at| command + at);
        words.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_never_broken() {
        let text = "then `aurak apply --var 'x=a  b'`; what `is done` stays";
        assert_eq!(wrap(text, 20), ["then", "`aurak apply --var 'x=a  b'`;", "what `is done` stays"]);
        assert_eq!(wrap("say `aurak and so on and on", 12), ["say `aurak", "and so on", "and on"]);
    }

    #[test]
    fn what_a_terminal_would_act_upon_is_written_out() {
        assert_eq!(clean("a\x1b[2Jb\rc\u{202e}d\u{7f}\u{9b}"), "a\\u{1b}[2Jb\\rc\\u{202e}d\\u{7f}\\u{9b}");
        assert!(matches!(clean("ä 漢"), Cow::Borrowed(_)));
    }

    #[test]
    fn tabs_go_to_the_next_stop() {
        assert_eq!(clean_line("a\tb\t\tc\r"), "a   b       c");
    }

    #[test]
    fn cuts_fit_their_room_also_with_wide_characters() {
        assert_eq!(cut("漢字漢字", 5, "…"), "漢字…");
        assert_eq!(cut("abc", 3, "…"), "abc");
        assert_eq!(cut("abcd", 3, "…"), "ab…");
        assert_eq!(cut("abcd", 0, "…"), "…");
        assert_eq!(cut_front("abcd", 3, "…"), "…cd");
    }

    #[test]
    fn wrapping_keeps_words_breaks_and_indentation() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("  aa bb cc\n\nx", 7), ["  aa bb", "  cc", "", "x"]);
        assert_eq!(wrap("abcdefgh i", 4), ["abcdefgh", "i"]);
    }
}
