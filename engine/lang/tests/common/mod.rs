//! Schemas to check against, and drawings of programs and findings.
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use aurak_lang::{LoadRequest, Loaded, MemorySources, load};
use aurak_model::program::DependencyTarget;
use aurak_model::schema::ProviderSchema;
use aurak_model::{Attribute, BlockId, Diagnostic, Kind, Name, Node, NodeKind, Program, Schemas, TypeSchema};

/// `core.data` as it is, and a type with an attribute of each kind.
pub(crate) fn schemas() -> Schemas {
    let mut schemas = Schemas::default();
    let attribute = |kind| Attribute::of(kind);
    let computed = |kind| Attribute { computed: true, ..Attribute::of(kind) };
    let mut data = TypeSchema::new("core.data");
    data.attributes = BTreeMap::from([
        ("input".into(), attribute(Kind::Any)),
        ("output".into(), computed(Kind::Any)),
        ("id".into(), computed(Kind::String)),
    ]);
    let mut cluster = TypeSchema::new("cloud.cluster");
    cluster.attributes = BTreeMap::from([
        (
            "name".into(),
            Attribute { required: true, pattern: Some("[a-z-]+".into()), ..attribute(Kind::String) },
        ),
        (
            "location".into(),
            Attribute { allowed: vec!["north".into(), "south".into()], ..attribute(Kind::String) },
        ),
        ("count".into(), Attribute { minimum: Some(1), maximum: Some(9), ..attribute(Kind::Integer) }),
        ("public".into(), attribute(Kind::Boolean)),
        ("password".into(), Attribute { sensitive: true, minimum: Some(8), ..attribute(Kind::String) }),
        (
            "zones".into(),
            Attribute { items: Some(Box::new(attribute(Kind::Integer))), ..attribute(Kind::List) },
        ),
        ("tags".into(), Attribute { items: Some(Box::new(attribute(Kind::String))), ..attribute(Kind::Map) }),
        (
            "network".into(),
            Attribute {
                attributes: BTreeMap::from([
                    ("range".into(), Attribute { required: true, ..attribute(Kind::String) }),
                    ("open".into(), attribute(Kind::Boolean)),
                ]),
                ..attribute(Kind::Object)
            },
        ),
        ("id".into(), computed(Kind::String)),
        ("endpoint".into(), computed(Kind::String)),
    ]);
    for schema in [data, cluster] {
        schemas.types.insert(schema.name.clone(), Arc::new(schema));
    }
    let core = ProviderSchema { name: "core".into(), ..ProviderSchema::default() };
    let cloud = ProviderSchema {
        name: "cloud".into(),
        attributes: BTreeMap::from([
            ("account".into(), Attribute { required: true, ..attribute(Kind::String) }),
            ("endpoint".into(), attribute(Kind::String)),
        ]),
        ..ProviderSchema::default()
    };
    for schema in [core, cloud] {
        schemas.providers.insert(schema.name.clone(), Arc::new(schema));
    }
    schemas
}

/// Loads files, `aurak.yaml` among them.
pub(crate) fn loaded(files: &[(&str, &str)], request: &LoadRequest) -> Loaded {
    load(&MemorySources::of(files.iter().copied()), request, &schemas())
}

/// A stack of one file: what is wrong with it, or else how it is understood.
pub(crate) fn load_text(text: &str) -> String {
    outcome(&loaded(&[("aurak.yaml", text)], &LoadRequest::default()))
}

/// What is wrong, or else the program.
pub(crate) fn outcome(loaded: &Loaded) -> String {
    match loaded.diagnostics.is_empty() {
        true => draw(&loaded.program),
        false => say(loaded),
    }
}

/// Findings as text: places, the line, a caret.
pub(crate) fn say(loaded: &Loaded) -> String {
    loaded.diagnostics.iter().map(|d| finding(&loaded.program, d)).collect::<Vec<_>>().join("\n")
}

fn finding(program: &Program, d: &Diagnostic) -> String {
    let mut out = format!("{:?} {}: {}\n", d.severity, d.code, d.summary);
    for line in d.detail.iter().flat_map(|detail| detail.lines()) {
        let _ = writeln!(out, "  {line}");
    }
    for label in &d.labels {
        let line =
            program.files.text(label.span.file).lines().nth(label.span.line as usize - 1).unwrap_or("");
        let _ = writeln!(out, "  {}", program.files.place(label.span));
        let _ = writeln!(out, "    {line}");
        let caret = "^".repeat(label.span.len.max(1) as usize);
        let _ = writeln!(out, "    {}{caret} {}", " ".repeat(label.span.col as usize - 1), label.text);
    }
    if let Some(help) = &d.help {
        let _ = writeln!(out, "  help: {help}");
    }
    out
}

/// A program as text.
pub(crate) fn draw(program: &Program) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "name {}", program.name.as_ref().map_or("-".into(), node));
    if !program.environments.is_empty() {
        let _ = writeln!(out, "environment {:?} of {:?}", program.environment, program.environments);
    }
    for module in &program.modules {
        let path = if module.path.is_empty() { "stack".to_string() } else { module.path.join(".") };
        let _ = writeln!(out, "{path}");
        if let Some(call) = &module.call {
            let _ = writeln!(out, "  folder {}", module.folder);
            for (word, value) in [("for_each", &call.for_each), ("when", &call.when)] {
                if let Some(value) = value {
                    let _ = writeln!(out, "  {word} {}", node(value));
                }
            }
            for (name, used) in &call.providers {
                let key = used.key.as_ref().map_or(String::new(), |key| format!("[{}]", node(key)));
                let _ = writeln!(out, "  provider {name} = {}{key}", block_name(program, used.block));
            }
        }
        for (name, input) in &module.inputs {
            let _ = writeln!(out, "  input {name}: {:?}", input.ty);
            for layer in &input.layers {
                let scope = &program.module(layer.scope).path.join(".");
                let _ = writeln!(
                    out,
                    "    {} = {}{}",
                    layer.source,
                    node(&layer.node),
                    match layer.scope.0 {
                        0 => String::new(),
                        _ => format!(" in {scope}"),
                    }
                );
            }
        }
        for (name, value) in &module.lets {
            let _ = writeln!(out, "  let {name} = {}", node(value));
        }
        let blocks = module.providers.iter().chain(&module.existing).chain(&module.resources);
        for (name, id) in blocks {
            let block = program.block(*id);
            let _ =
                writeln!(out, "  {:?} {name}: {} {}", block.kind, block.type_name, node(&block.attributes));
            for (word, value) in [("for_each", &block.for_each), ("when", &block.when)] {
                if let Some(value) = value {
                    let _ = writeln!(out, "    {word} {}", node(value));
                }
            }
            if let Some(used) = &block.provider {
                let key = used.key.as_ref().map_or(String::new(), |key| format!("[{}]", node(key)));
                let _ = writeln!(out, "    provider {}{key}", block_name(program, used.block));
            }
            let depends: Vec<String> = block.depends_on.iter().map(|d| target(program, &d.target)).collect();
            if !depends.is_empty() {
                let _ = writeln!(out, "    depends on {}", depends.join(", "));
            }
            for (path, _) in &block.lifecycle.ignore_changes {
                let _ = writeln!(out, "    ignores {path}");
            }
            for (key, value) in &block.timeouts {
                let _ = writeln!(out, "    {key} within {}", node(value));
            }
            let edges: Vec<String> = block.edges.iter().map(|id| block_name(program, *id)).collect();
            if !edges.is_empty() {
                let _ = writeln!(out, "    needs {}", edges.join(", "));
            }
        }
        for (name, output) in &module.outputs {
            let _ = writeln!(out, "  output {name} = {}", node(&output.value));
        }
        for check in &module.checks {
            let _ = writeln!(out, "  check {} else {}", node(&check.that), node(&check.message));
        }
    }
    for moved in &program.moved {
        let _ = writeln!(out, "moved {} to {}", moved.from, moved.to);
    }
    for import in &program.imports {
        let _ = writeln!(out, "import {} as {}", node(&import.id), import.to);
    }
    for removed in &program.removed {
        let _ = writeln!(out, "removed {} destroy {}", removed.address, removed.destroy);
    }
    out
}

fn target(program: &Program, target: &DependencyTarget) -> String {
    match target {
        DependencyTarget::Block(id, None) => block_name(program, *id),
        DependencyTarget::Block(id, Some(key)) => format!("{}[{key:?}]", block_name(program, *id)),
        DependencyTarget::Module(id) => format!("module {}", program.module(*id).path.join(".")),
    }
}

fn block_name(program: &Program, id: BlockId) -> String {
    let block = program.block(id);
    let mut path: Vec<Name> = program.module(block.module).path.clone();
    path.push(block.name.clone());
    path.join(".")
}

fn node(node_: &Node) -> String {
    match &node_.kind {
        NodeKind::Literal { value, text } => {
            text.as_ref().map_or(format!("{value:?}"), |text| text.to_string())
        }
        NodeKind::Template { text, .. } => format!("<{text}>"),
        NodeKind::List(items) => format!("[{}]", items.iter().map(node).collect::<Vec<_>>().join(", ")),
        NodeKind::Map(entries) => {
            let entries: Vec<String> = entries.iter().map(|(k, _, v)| format!("{k}: {}", node(v))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}
