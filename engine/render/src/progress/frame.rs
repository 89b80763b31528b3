//! The block of the live display: where the run stands, and a line for each step that runs.

use std::borrow::Cow;

use super::{Progress, doing};
use crate::paint::{Line, Role};
use crate::text::{self, clean};
use crate::words::elapsed;

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const SPINNER_ASCII: [&str; 4] = ["|", "/", "-", "\\"];

/// How long the spinner shows one picture.
const SPIN_MS: u64 = 100;

/// Messages are shown only where there are this many columns for them.
const MESSAGE: usize = 12;

impl Progress {
    /// The block, in lines that each end with a line break and stay below `width` columns, at most
    /// `height` lines less one. Empty before the start and after the end.
    pub fn frame(&self, now_ms: u64, width: u16, height: u16) -> String {
        let mut out = String::new();
        if self.result.is_some() || self.title.is_empty() {
            return out;
        }
        // A line that fills the last column makes some terminals wrap.
        let width = usize::from(width.max(2)) - 1;
        let mut line = Line::new();
        self.headline(now_ms, width, &mut line);
        line.fit(width, &self.style).end(&mut out, &self.style);

        // The oldest first: they are what one waits for.
        let mut running: Vec<_> =
            self.running.iter().filter_map(|(id, running)| Some((self.step(*id)?, running))).collect();
        running.sort_by_key(|(info, running)| (running.since_ms, info.step));
        let room = usize::from(height.max(4)) - 2;
        let shown = if running.len() > room { room - 1 } else { running.len() };

        let spinner = match self.style.unicode {
            true => SPINNER[(now_ms / SPIN_MS) as usize % SPINNER.len()],
            false => SPINNER_ASCII[(now_ms / SPIN_MS) as usize % SPINNER_ASCII.len()],
        };
        let widest = running[..shown].iter().map(|(info, _)| text::width(info.address.as_str())).max();
        let address = widest.unwrap_or(0).max(self.column.saturating_sub(4)).min(width * 2 / 5);
        for (info, running) in &running[..shown] {
            let took = elapsed(now_ms.saturating_sub(running.since_ms));
            line.push(Role::Help, spinner).pad(2, 1);
            line.push(
                Role::Plain,
                &text::cut_front(&clean(info.address.as_str()), address, self.style.ellipsis()),
            );
            line.pad(2 + address, 0);
            let words = running.words();
            let message: Cow<'_, str> = clean(&words);
            let rest = width.saturating_sub(2 + address + took.len() + 2);
            let verb = doing(info);
            // The verb gives way to the message: that it is created, one knows from the plan.
            if message.is_empty() || rest >= VERB + 2 + MESSAGE {
                line.pad(0, 2).push(Role::Change, &verb);
                if !message.is_empty() {
                    line.pad(2 + address + 2 + VERB, 2);
                    let room = width.saturating_sub(line.width() + took.len() + 2);
                    line.push(Role::Dim, &text::cut(&message, room, self.style.ellipsis()));
                }
            } else {
                let room = rest.saturating_sub(2);
                line.pad(0, 2).push(Role::Dim, &text::cut(&message, room, self.style.ellipsis()));
            }
            line.pad(width.saturating_sub(took.len()), 2).push(Role::Dim, &took);
            line.fit(width, &self.style).end(&mut out, &self.style);
        }
        if shown < running.len() {
            let words = format!("{} and {} more", self.style.ellipsis(), running.len() - shown);
            line.push(Role::Dim, &words).fit(width, &self.style).end(&mut out, &self.style);
        }
        out
    }

    fn headline(&self, now_ms: u64, width: usize, line: &mut Line) {
        let mut counts = self.counts();
        match self.stopping {
            None => {}
            Some(false) => counts.push_str(", stopping"),
            Some(true) => counts.push_str(", stopping now"),
        }
        let clock = self.clock(now_ms);
        let short = elapsed(now_ms);
        let left = text::width(&self.title) + 2 + counts.len();
        line.push(Role::Strong, &self.title).pad(0, 2).push(Role::Plain, &counts);
        // What cannot stand beside the counts is shortened, then left out.
        for right in [clock, short] {
            if left + 2 + right.len() <= width {
                line.pad(width - right.len(), 2).push(Role::Dim, &right);
                break;
            }
        }
    }
}

/// The column of verbs.
const VERB: usize = 10;
