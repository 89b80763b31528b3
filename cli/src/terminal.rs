//! What the outputs can take: colours, characters, width.
//!
//! `--color` decides; without it `NO_COLOR` (any text) turns colours off, `CLICOLOR_FORCE` (anything
//! but `0`) turns them on, `TERM=dumb` turns them off, and otherwise a terminal has them.

use aurak_render::{Detail, Style};

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Also in pipes and files.
    Always,
    /// Never.
    Never,
}

/// What is known about the environment, read once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    pub(crate) no_color: bool,
    pub(crate) force_color: bool,
    pub(crate) dumb: bool,
    pub(crate) ascii: bool,
}

impl Environment {
    pub(crate) fn of_process() -> Environment {
        Environment::of(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    fn of(read: impl Fn(&str) -> Option<String>) -> Environment {
        let set = |name: &str| read(name).filter(|value| !value.is_empty());
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
        Environment {
            no_color: set("NO_COLOR").is_some(),
            force_color: set("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            dumb: set("TERM").is_some_and(|term| term == "dumb"),
            // Where nobody says anything, as in most containers, the reader's side is UTF-8.
            ascii: locale.is_some_and(|locale| {
                let locale = locale.to_ascii_lowercase();
                !locale.contains("utf-8") && !locale.contains("utf8")
            }),
        }
    }

    /// The style of an output. `width` is that of its terminal, where it is one.
    pub(crate) fn style(&self, color: Color, width: Option<u16>) -> Style {
        let terminal = width.is_some();
        let plain = Style::plain();
        let unicode = !self.ascii;
        Style {
            colour: match color {
                Color::Always => true,
                Color::Never => false,
                Color::Auto if self.no_color => false,
                Color::Auto if self.force_color => true,
                Color::Auto => terminal && !self.dumb,
            },
            unicode,
            boxes: terminal && unicode && !self.dumb,
            width: width.unwrap_or(plain.width),
            detail: Detail::Normal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(entries: &[(&str, &str)]) -> Environment {
        Environment::of(|name| entries.iter().find(|(key, _)| *key == name).map(|(_, v)| v.to_string()))
    }

    #[test]
    fn colours_follow_the_flag_then_the_environment_then_the_terminal() {
        let colour = |entries: &[(&str, &str)], color, width| environment(entries).style(color, width).colour;
        assert!(colour(&[], Color::Auto, Some(80)));
        assert!(!colour(&[], Color::Auto, None));
        assert!(colour(&[], Color::Always, None));
        assert!(!colour(&[], Color::Never, Some(80)));
        assert!(!colour(&[("NO_COLOR", "1")], Color::Auto, Some(80)));
        assert!(colour(&[("NO_COLOR", "")], Color::Auto, Some(80)));
        assert!(colour(&[("NO_COLOR", "1")], Color::Always, Some(80)));
        assert!(colour(&[("CLICOLOR_FORCE", "1")], Color::Auto, None));
        assert!(!colour(&[("CLICOLOR_FORCE", "0")], Color::Auto, None));
        assert!(!colour(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], Color::Auto, None));
        assert!(!colour(&[("TERM", "dumb")], Color::Auto, Some(80)));
    }

    #[test]
    fn boxes_want_a_terminal_that_can_draw_them() {
        let boxes = |entries: &[(&str, &str)], width| environment(entries).style(Color::Auto, width).boxes;
        assert!(boxes(&[], Some(80)));
        assert!(boxes(&[("LANG", "de_DE.UTF-8")], Some(80)));
        assert!(!boxes(&[("LANG", "C")], Some(80)));
        assert!(!boxes(&[("TERM", "dumb")], Some(80)));
        assert!(!boxes(&[], None));
        assert!(environment(&[("LC_ALL", "C.utf8"), ("LANG", "C")]).style(Color::Auto, None).unicode);
    }
}
