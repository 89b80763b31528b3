//! Lines as records of the journal and events: what is read is the same once it was written, folds
//! into a state, and can be shown.

use std::sync::LazyLock;

use aurak_model::value::Secret;
use aurak_model::{Event, Files, Record, StateDoc, Value};
use aurak_render::progress::{Display, Progress};
use aurak_render::{Style, json, state};
use aurak_state::{Key, fold, record_json};

static KEY: LazyLock<Key> = LazyLock::new(|| {
    Key::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").expect("32 bytes in Base64")
});

pub(super) fn run(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut doc = StateDoc::default();
    let mut events = Vec::new();
    let mut records = 0;
    for (n, line) in text.lines().enumerate() {
        let serial = n as u64 + 1;
        match record_json::decode(line, serial) {
            Ok(record) => {
                same_again(&record, serial);
                fold(&mut doc, &record, serial);
                records += 1;
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        if let Ok(event) = serde_json::from_str::<Event>(line) {
            let written = serde_json::to_string(&event).expect("what was read has no secret in clear");
            assert_eq!(serde_json::from_str::<Event>(&written).expect("what was written"), event);
            events.push(event);
        }
    }
    show(&doc);
    let style = Style { width: 80, ..Style::plain() };
    for display in [Display::Live, Display::Lines] {
        let mut progress = Progress::new(style, display, Files::default());
        for event in &events {
            progress.event(event);
            json::event(event, &Files::default());
            progress.frame(event.at_ms, 80, 24);
            progress.heartbeat(event.at_ms);
        }
    }
    records + events.len() == text.lines().count() && records + events.len() > 0
}

fn same_again(record: &Record, serial: u64) {
    let written = record_json::encode(record).expect("what was read has no secret in clear");
    let read = record_json::decode(&written, serial).expect("what was written");
    assert_eq!(read, *record, "{written}");
    assert_eq!(record_json::encode(&read).expect("twice"), written);
}

fn show(doc: &StateDoc) {
    let style = Style { width: 80, ..Style::plain() };
    state::list(doc, &style);
    state::overview(doc, &style);
    state::outputs(doc, &style);
    json::state(doc);
    let graph = aurak_render::graph::Graph::of_state(doc);
    graph.tree(&style);
    graph.dot();
    for row in doc.rows.values() {
        state::show(row, &style);
        for object in [&row.current, &row.old, &row.temporary].into_iter().flatten() {
            open(&object.desired);
            open(&object.attributes);
        }
    }
}

/// What is said to be sealed is an error or a value; nothing else was sealed with this key.
fn open(value: &Value) {
    let opened = value.map_leaves::<std::convert::Infallible>(&mut |_, leaf| {
        if let Value::Sensitive(secret @ Secret::Sealed(_)) = leaf {
            let _ = KEY.open(secret, "a");
        }
        Ok(None)
    });
    assert!(opened.is_ok());
}
