//! Bytes as the files of a stack, from its sources to a linked program: twice the same, with every
//! finding at its place.
//!
//! The first file is the stack. A line `--- PATH` begins another one and a line `---` ends it, so that
//! scenarios are seeds.

use std::sync::{Arc, LazyLock};

use aurak_lang::{LoadRequest, MemorySources, Recording, load};
use aurak_model::{Name, Schemas, Snapshot, StateDoc};
use aurak_plan::{Options, PlanInput, validate, written_asks};
use aurak_sim::World;

use super::places;

/// The types that stacks can use.
pub(super) static SCHEMAS: LazyLock<Arc<Schemas>> =
    LazyLock::new(|| Arc::new(crate::scenario::registry(&World::new(0)).schemas()));

pub(super) fn run(bytes: &[u8]) -> bool {
    let sources = files(bytes);
    let mut request = LoadRequest::default();
    if sources.files.contains_key("profile.yaml") {
        request.profiles.push("profile.yaml".to_string());
    }
    if let Some(vars) = sources.files.get("vars") {
        let vars = String::from_utf8_lossy(vars);
        let vars = vars.lines().filter_map(|line| line.split_once('='));
        request.vars = vars.map(|(name, value)| (name.to_string(), value.to_string())).collect();
    }
    let (good, environments) = one(&sources, &request);
    // Most of a stack with environments is only looked at in one.
    let Some(environment) = environments.first() else { return good };
    request.environment = Some(environment.to_string());
    one(&sources, &request).0
}

/// Loads once, and says whether it is good and which environments there are.
fn one(sources: &MemorySources, request: &LoadRequest) -> (bool, Vec<Name>) {
    let recording = Recording::new(sources);
    let loaded = load(&recording, request, &SCHEMAS);
    places::check(&loaded.diagnostics, &loaded.program.files);
    // What was read is enough to read it again.
    let again = load(&recording.memory(), request, &SCHEMAS);
    assert_eq!(loaded.diagnostics, again.diagnostics);
    assert_eq!(loaded.program.digest, again.program.digest);
    assert_eq!(format!("{:?}", loaded.program.blocks), format!("{:?}", again.program.blocks));
    if loaded.is_good() {
        let _ = written_asks(&loaded.program);
        let environments = loaded.program.environments.clone();
        let named = validate(PlanInput {
            program: Arc::new(loaded.program),
            previous: Arc::new(StateDoc::default()),
            snapshot: Arc::new(Snapshot::default()),
            schemas: SCHEMAS.clone(),
            options: Options::default(),
        });
        assert!(named.findings.iter().all(|finding| !finding.summary.is_empty()));
        return (true, environments);
    }
    (false, loaded.program.environments)
}

/// Bytes as files.
fn files(bytes: &[u8]) -> MemorySources {
    let mut sources = MemorySources::default();
    let mut path = Some("aurak.yaml".to_string());
    let mut content: Vec<u8> = Vec::new();
    let mut end = |path: Option<String>, content: Vec<u8>| {
        if let Some(path) = path {
            sources.files.insert(path, content);
        }
    };
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_prefix(b"---").map(String::from_utf8_lossy) {
            Some(rest) if rest.starts_with(' ') || rest == "\n" => {
                end(path.take(), std::mem::take(&mut content));
                path = Some(rest.trim().to_string()).filter(|path| !path.is_empty());
            }
            _ => content.extend_from_slice(line),
        }
    }
    end(path, content);
    sources
}
