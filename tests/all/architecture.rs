//! The arrows between the crates, read from the workspace itself.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// For each crate, the crates of the workspace that it may depend on. Tests inside a crate may use
/// more (`dev-dependencies`); `cli` and `tests` are the wiring and may use everything.
const ARROWS: &[(&str, &[&str])] = &[
    ("aurak-model", &[]),
    ("aurak-expr", &["aurak-model"]),
    ("aurak-lang", &["aurak-model", "aurak-expr"]),
    ("aurak-plan", &["aurak-model", "aurak-expr"]),
    ("aurak-state", &["aurak-model"]),
    ("aurak-render", &["aurak-model"]),
    ("aurak-api", &["aurak-model", "aurak-expr"]),
    ("aurak-core", &["aurak-model", "aurak-api"]),
    ("aurak-rest", &["aurak-model", "aurak-api"]),
    ("aurak-azure", &["aurak-model", "aurak-api", "aurak-rest"]),
    ("aurak-sim", &["aurak-model", "aurak-api"]),
    // A format by itself: whoever reads or writes it brings the meaning.
    ("aurak-goyaml", &[]),
    // A language of others: it knows nothing of what it is used for.
    ("aurak-gotemplate", &[]),
    ("aurak-sprig", &["aurak-gotemplate", "aurak-goyaml"]),
    // What Helm does with a chart; what is drawn, and what a cluster answers, comes from outside.
    ("aurak-chart", &["aurak-goyaml", "aurak-gotemplate", "aurak-sprig"]),
    // Its refusals are its own: it shares nothing with what it is used to test.
    ("aurak-sandbox", &[]),
    ("aurak-exec", &["aurak-model", "aurak-expr", "aurak-state", "aurak-api"]),
    ("aurak-run", &["aurak-model", "aurak-lang", "aurak-plan", "aurak-exec", "aurak-state", "aurak-api"]),
];

const WIRING: &[&str] = &["aurak-cli", "aurak-tests"];

/// Only these crates may know the template engine, the database, the graph library.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("minijinja", &["aurak-expr"]),
    ("rusqlite", &["aurak-state", "aurak-sandbox"]),
    ("petgraph", &["aurak-plan"]),
    ("jsonschema", &["aurak-chart"]),
];

#[test]
fn crates_depend_only_along_the_arrows() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata of this workspace");
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ARROWS.iter().map(|(name, to)| (*name, to.iter().copied().collect())).collect();
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        for dependency in &package.dependencies {
            let to = dependency.name.as_str();
            if let Some((_, owners)) = ONLY_IN.iter().find(|(external, _)| *external == to)
                && !owners.contains(&name)
                && dependency.kind == DependencyKind::Normal
            {
                wrong.push(format!("{name} uses {to}, which only {} may", owners.join(" and ")));
            }
            if !to.starts_with("aurak-")
                || dependency.kind != DependencyKind::Normal
                || WIRING.contains(&name)
            {
                continue;
            }
            match allowed.get(name) {
                Some(arrows) if arrows.contains(to) => {}
                Some(_) => wrong.push(format!("{name} -> {to}")),
                None => wrong.push(format!("{name} is in no arrow of the design")),
            }
        }
    }
    assert!(wrong.is_empty(), "not along the arrows:\n{}", wrong.join("\n"));
}

#[test]
fn nothing_depends_on_the_wiring() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata of this workspace");
    for package in metadata.workspace_packages() {
        for dependency in &package.dependencies {
            let wiring = WIRING.contains(&dependency.name.as_str()) && package.name.as_str() != "aurak-tests";
            assert!(!wiring, "{} -> {}", package.name, dependency.name);
        }
    }
}
