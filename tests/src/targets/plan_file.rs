//! Bytes as a saved plan. Nobody without the key can make one that is accepted, so bytes that are no
//! plan file are taken for the two parts of one, with a zero byte between, and sealed here: what then
//! opens is the same once it was written and read, and can be shown.

use std::sync::LazyLock;

use aurak_model::{Files, Plan, PlanReport};
use aurak_render::plan::{PlanView, plan};
use aurak_render::{Detail, Style, json};
use aurak_run::file::{self, PlanFileError};
use aurak_state::Key;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

static KEY: LazyLock<Key> = LazyLock::new(|| {
    Key::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").expect("32 bytes in Base64")
});

pub(super) fn run(bytes: &[u8]) -> bool {
    if check(bytes) {
        return true;
    }
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (Some(open), Some(sealed)) = (parts.next(), parts.next()) else { return false };
    let mut bound_to = b"plan".to_vec();
    bound_to.extend_from_slice(&Sha256::digest(open));
    let Ok(sealed) = KEY.seal_bytes(sealed, &bound_to) else { return false };
    let mut whole = b"{\"aurak_plan\":1,\"open\":".to_vec();
    whole.extend_from_slice(open);
    whole.extend_from_slice(b",\"sealed\":\"");
    whole.extend_from_slice(STANDARD.encode(sealed).as_bytes());
    whole.extend_from_slice(b"\"}\n");
    check(&whole)
}

fn check(bytes: &[u8]) -> bool {
    if let Err(error) = file::peek(bytes).map(|(_, plan)| show(&plan)) {
        tell(&error);
    }
    let saved = match file::read(bytes, &KEY) {
        Ok(saved) => saved,
        Err(error) => {
            tell(&error);
            return false;
        }
    };
    show(&saved.plan);
    let written = file::write(&saved, &KEY).expect("a plan that was read");
    let again = file::read(&written, &KEY).expect("a plan that was written");
    assert_eq!(again.plan, saved.plan);
    assert_eq!(again.identity, saved.identity);
    assert_eq!(again.sources, saved.sources);
    assert_eq!(again.request, saved.request);
    assert_eq!((again.only, again.folder), (saved.only, saved.folder));
    assert_eq!(file::digest(&again.plan), file::digest(&saved.plan));
    true
}

fn tell(error: &PlanFileError) {
    assert!(!error.to_string().is_empty());
    error.help();
}

/// Shows a plan in all ways: whoever gets a file can show it, and may have changed it.
fn show(shown: &Plan) {
    let (report, files) = (PlanReport::default(), Files::default());
    let view = PlanView { plan: shown, report: &report, files: &files, took_ms: None };
    for detail in [Detail::Short, Detail::Normal, Detail::Full] {
        plan(&view, &Style { width: 60, detail, ..Style::plain() });
    }
    json::plan(&view);
    let graph = aurak_render::graph::Graph::of_plan(shown);
    graph.tree(&Style::plain());
    graph.dot();
}
