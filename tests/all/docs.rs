//! The documentation tells no lies: its examples load and plan, its links lead somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aurak_api::{ProviderType, Registry};
use aurak_core::{CoreOptions, CoreType, Supervisor};
use aurak_lang::{LoadRequest, MemorySources, load};
use aurak_model::{Diagnostic, Files, TypeSchema};
use aurak_plan::Options;
use aurak_render::{Style, diagnostics};
use aurak_run::{Me, MemoryStores, PlanOutcome, RunError, Session};
use aurak_state::SystemClock;

/// The folder of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Compares a text with a file of the repository, or writes it there.
pub(crate) fn same_as_file(path: &str, text: &str) {
    let file = repository().join(path);
    let there = fs::read_to_string(&file).unwrap_or_default();
    if there == text {
        return;
    }
    if std::env::var_os("AURAK_BLESS").is_some() {
        fs::write(&file, text).unwrap();
        return;
    }
    let diff = similar::TextDiff::from_lines(there.as_str(), text);
    panic!(
        "{path} is not as it should be; AURAK_BLESS=1 writes it\n{}",
        diff.unified_diff().context_radius(2)
    );
}

fn core(folder: &Path) -> CoreType {
    CoreType::new(CoreOptions { folder: folder.to_path_buf(), supervisor: Supervisor::this_program() })
}

pub(crate) fn core_types() -> Vec<Arc<TypeSchema>> {
    core(Path::new(".")).types()
}

/// A block of YAML in a page: the line that it begins at, and its text.
struct Block {
    line: usize,
    text: String,
}

fn yaml_blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (i, line) in page.lines().enumerate() {
        match &mut open {
            None if line == "```yaml" => open = Some(Block { line: i + 2, text: String::new() }),
            None => {}
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some(block) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
        }
    }
    blocks
}

/// Each block of YAML in docs/language.md is a stack, or part of one: what every stack needs is put
/// before it. A block that begins with `# file: PATH` is another file of the stack that follows.
#[test]
fn examples_of_the_language_load_and_plan() {
    let page = fs::read_to_string(repository().join("docs/language.md")).unwrap();
    let mut files: Vec<(String, String)> = Vec::new();
    let mut wrong = Vec::new();
    let mut stacks = 0;
    for Block { line, text } in yaml_blocks(&page) {
        if let Some(path) = text.lines().next().and_then(|first| first.strip_prefix("# file: ")) {
            files.push((path.to_string(), text));
            continue;
        }
        let whole = match text.contains("aurak: 1") {
            true => text,
            false => format!("aurak: 1\nname: example\n{text}"),
        };
        files.push(("aurak.yaml".to_string(), whole));
        stacks += 1;
        if let Err(why) = check(&files) {
            wrong.push(format!("docs/language.md:{line}\n{why}"));
        }
        files.clear();
    }
    assert!(files.is_empty(), "a file that belongs to no stack: {:?}", files[0].0);
    assert!(stacks >= 15, "{stacks} examples: were they found?");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn reserved_names_are_those_of_the_code() {
    let page = fs::read_to_string(repository().join("docs/language.md")).unwrap();
    let line = page.lines().find_map(|line| line.strip_prefix("Reserved: ")).unwrap();
    let (names, _) = line.split_once(". ").unwrap();
    let names: Vec<&str> = names.split(", ").map(|name| name.trim_matches('`')).collect();
    assert_eq!(names, aurak_lang::RESERVED);
}

fn check(files: &[(String, String)]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut sources = MemorySources::of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    sources.env.insert("HOME".to_string(), "/home/user".to_string());
    for environment in environments(&sources) {
        let outcome = plan(folder.path(), &sources, environment)?;
        said(&outcome.report.findings, &outcome.files)?;
    }
    Ok(())
}

fn said(findings: &[Diagnostic], files: &Files) -> Result<(), String> {
    match findings.is_empty() {
        true => Ok(()),
        false => Err(diagnostics::diagnostics(findings, files, &Style::plain())),
    }
}

/// The environments of a stack; one that has none is planned without.
fn environments(sources: &MemorySources) -> Vec<Option<String>> {
    let schemas = Registry::new().with(Arc::new(core(Path::new(".")))).schemas();
    let names = load(sources, &LoadRequest::default(), &schemas).program.environments;
    match names.is_empty() {
        true => vec![None],
        false => names.iter().map(|name| Some(name.to_string())).collect(),
    }
}

/// Plans a stack that has no state yet.
fn plan(folder: &Path, sources: &MemorySources, environment: Option<String>) -> Result<PlanOutcome, String> {
    let registry = Arc::new(Registry::new().with(Arc::new(core(folder))));
    let schemas = Arc::new(registry.schemas());
    let request = LoadRequest { environment, ..LoadRequest::default() };
    let loaded = load(sources, &request, &schemas);
    said(&loaded.diagnostics, &loaded.program.files)?;
    let session = Session {
        folder: None,
        sources: Arc::new(sources.clone()),
        request,
        registry,
        schemas,
        stores: Arc::new(MemoryStores::default()),
        clock: Arc::new(SystemClock),
        me: Me { who: "user@host".to_string(), host: "host".to_string(), pid: 1, commit: Arc::new(|| None) },
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(aurak_run::plan(&session, Options::default())).map_err(|error| match error {
        RunError::Findings { findings, files } => {
            diagnostics::diagnostics(&findings, &files, &Style::plain())
        }
        error => error.to_string(),
    })
}

#[test]
fn links_lead_somewhere() {
    let root = repository();
    let mut pages = vec![root.join("README.md"), root.join("CHANGELOG.md")];
    for folder in ["docs", "docs/reference"] {
        let entries = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        pages.extend(entries.filter(|path| path.extension().is_some_and(|e| e == "md")));
    }
    assert!(pages.len() > 10, "{pages:?}");
    let mut wrong = Vec::new();
    for page in &pages {
        let text = fs::read_to_string(page).unwrap();
        // What is in backticks is no link, whatever it looks like.
        let text: String = text.lines().flat_map(|line| line.split('`').step_by(2)).collect();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            let found = match file.is_dir() {
                true => anchor.is_empty(),
                false => fs::read_to_string(&file)
                    .is_ok_and(|text| anchor.is_empty() || anchors(&text).contains(anchor)),
            };
            if !found {
                wrong.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "links that lead nowhere:\n{}", wrong.join("\n"));
}

/// What headings are called in links.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            let kept: String =
                words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect();
            kept.replace(' ', "-")
        })
        .collect()
}
