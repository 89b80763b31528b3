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
    let began = Instant::now();
    let mut spoken = Instant::now();
    let now = || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    // What is to be printed for good at the next tick: drawing for each event would be slower than
    // the events.
    let mut pending = String::new();
    loop {
        let more = tokio::select! {
            event = events.recv() => match event {
                Some(event) => {
                    pending.push_str(&progress.event(&event));
                    while let Ok(event) = events.try_recv() {
                        pending.push_str(&progress.event(&event));
                    }
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
                pending.push_str(&progress.heartbeat(now()));
            }
            ui.try_print(&std::mem::take(&mut pending));
        } else {
            let (width, height) = ui.size();
            let frame = if more { progress.frame(now(), width, height) } else { String::new() };
            ui.try_print(&live.draw(&std::mem::take(&mut pending), &frame, width));
        }
        if !more {
            return progress;
        }
    }
}

/// Prints events as lines of JSON until there are no more.
pub(crate) async fn programs(ui: Arc<Ui>, mut events: UnboundedReceiver<Event>, files: Files) {
    while let Some(event) = events.recv().await {
        let mut lines = format!("{}\n", json::event(&event, &files));
        while let Ok(event) = events.try_recv() {
            lines.push_str(&format!("{}\n", json::event(&event, &files)));
        }
        ui.try_print(&lines);
    }
}
