//! How long reading and planning take, inside one process, for the tree that `tests/bench/plan.sh`
//! plans as whole processes: `cargo bench -p aurak-plan -- 10000`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reports on standard output and may panic"
)]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use aurak_lang::{LoadRequest, MemorySources};
use aurak_model::schema::{Attribute, Kind, ProviderSchema, Refresh, TypeSchema};
use aurak_model::{Path, Schemas, Snapshot, StateDoc};
use aurak_plan::{Options, PlanInput};

fn schemas() -> Schemas {
    let mut data = TypeSchema::new("core.data");
    data.refresh = Refresh::None;
    data.attributes.insert("input".into(), Attribute::of(Kind::Any));
    let computed = Attribute { computed: true, ..Attribute::of(Kind::Any) };
    let output = Attribute { changes_with: vec![Path::key("input")], ..computed.clone() };
    data.attributes.insert("output".into(), output);
    data.attributes.insert("id".into(), Attribute { kind: Kind::String, ..computed });
    let mut schemas = Schemas::default();
    schemas.types.insert("core.data".into(), Arc::new(data));
    let provider = ProviderSchema { name: "core".into(), ..ProviderSchema::default() };
    schemas.providers.insert("core".into(), Arc::new(provider));
    schemas
}

fn tree(n: usize) -> String {
    let mut text = String::from("aurak: 1\nname: tree\nresources:\n");
    for i in 0..n {
        let parent = match i {
            0 => "root".to_string(),
            _ => format!("{{{{ r{}.id }}}}", (i - 1) / 4),
        };
        writeln!(
            text,
            "  r{i}:\n    type: core.data\n    input: {{ name: \"n{i}\", parent: \"{parent}\", tag: \"t\" }}"
        )
        .unwrap();
    }
    text
}

fn main() {
    let n = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(10_000);
    let sources = MemorySources::of([("aurak.yaml", tree(n).as_str())]);
    let schemas = Arc::new(schemas());
    for _ in 0..5 {
        let start = Instant::now();
        let loaded = aurak_lang::load(&sources, &LoadRequest::default(), &schemas);
        let read = start.elapsed();
        assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics.first());
        let start = Instant::now();
        let planned = aurak_plan::plan(PlanInput {
            program: Arc::new(loaded.program),
            previous: Arc::new(StateDoc::default()),
            snapshot: Arc::new(Snapshot::default()),
            schemas: schemas.clone(),
            options: Options::default(),
        });
        let plan = start.elapsed();
        assert_eq!(planned.plan.steps.len(), n);
        println!("{n} resources: read and checked in {read:.1?}, planned in {plan:.1?}");
    }
}
