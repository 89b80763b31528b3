//! Shows a run while it goes on: takes its events, keeps the clock, and draws.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aurak_model::Event;
use aurak_model::span::Files;
use aurak_render::json;
use aurak_render::progress::{Display, Live, Progress};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{MissedTickBehavior, interval};

use crate::output::Ui;

/// How often the live block is drawn: often enough for a spinner, seldom enough for a slow line.
const FRAME: Duration = Duration::from_millis(100);

/// After how long without a word a log is told that the run goes on.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Shows events to people until there are no more, and returns what they came to.
pub(crate) async fn people(ui: Arc<Ui>, mut events: UnboundedReceiver<Event>, files: Files) -> Progress {
    let display = ui.display();
    let mut progress = Progress::new(ui.out, display, files);
    let mut live = Live::new();
    let mut clock = interval(FRAME);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut watch = Watch { at_ms: 0, read: Instant::now() };
    let mut spoken = Instant::now();
    // What is to be printed for good at the next tick: drawing for each event would be slower than
    // the events.
    let mut pending = String::new();
    loop {
        let more = tokio::select! {
            event = events.recv() => match event {
                Some(mut event) => {
                    ui.world().event(&mut event);
                    pending.push_str(&progress.event(&event));
                    while let Ok(next) = events.try_recv() {
                        event = next;
                        ui.world().event(&mut event);
                        pending.push_str(&progress.event(&event));
                    }
                    watch = Watch { at_ms: event.at_ms, read: Instant::now() };
                    // A log wants its lines at once, and has no block to keep in place.
                    if display == Display::Live {
                        continue;
                    }
                    true
                }
                None => false,
            },
            _ = clock.tick() => true,
        };
        if display == Display::Lines {
            if !pending.is_empty() {
                spoken = Instant::now();
            } else if spoken.elapsed() >= HEARTBEAT {
                spoken = Instant::now();
                pending.push_str(&progress.heartbeat(watch.now()));
            }
            ui.try_print(&std::mem::take(&mut pending));
        } else {
            let (width, height) = ui.size();
            progress.resize(width);
            let frame = if more { progress.frame(watch.now(), width, height) } else { String::new() };
            ui.try_print(&live.draw(&std::mem::take(&mut pending), &frame, width));
        }
        if !more {
            return progress;
        }
    }
}

/// The run's own time: what the last event said, and what went by since. Questions and planning came
/// before the first.
struct Watch {
    at_ms: u64,
    read: Instant,
}

impl Watch {
    fn now(&self) -> u64 {
        let since = u64::try_from(self.read.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.at_ms.saturating_add(since)
    }
}

/// Prints events as lines of JSON until there are no more.
pub(crate) async fn programs(ui: Arc<Ui>, mut events: UnboundedReceiver<Event>, files: Files) {
    while let Some(mut event) = events.recv().await {
        ui.world().event(&mut event);
        let mut lines = format!("{}\n", json::event(&event, &files));
        while let Ok(mut event) = events.try_recv() {
            ui.world().event(&mut event);
            lines.push_str(&format!("{}\n", json::event(&event, &files)));
        }
        ui.try_print(&lines);
    }
}
