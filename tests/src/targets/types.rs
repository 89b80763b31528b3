//! Bytes as a type file. A type that is accepted is the same once it was written and read, can be
//! shown, and can be planned with.

use std::collections::BTreeMap;
use std::sync::Arc;

use aurak_api::type_file;
use aurak_lang::MemorySources;
use aurak_model::schema::ProviderSchema;
use aurak_model::{
    Address, Files, Map, Object, Refreshed, Row, Schemas, Snapshot, StateDoc, TypeSchema, Value,
};
use aurak_plan::{Options, PlanInput};
use aurak_render::Style;

use super::places;

pub(super) fn run(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut files = Files::default();
    let schema = match type_file::load(&mut files, "t.yaml", text) {
        Ok(schema) => schema,
        Err(found) => {
            assert!(!found.is_empty(), "refused, and nothing said");
            places::check(&found, &files);
            return false;
        }
    };
    let again = type_file::load_checked("t.yaml", text).expect("a type that was checked");
    assert_eq!(schema, again);
    let json = serde_json::to_string(&schema).expect("a type is JSON");
    let read: TypeSchema = serde_json::from_str(&json).expect("what was written");
    assert_eq!(read, schema);
    aurak_render::schema::show(&schema, &Style { width: 80, ..Style::plain() });
    plan_with(schema);
    true
}

/// Plans a resource of the type that is there, empty, and one that is not there yet.
fn plan_with(schema: TypeSchema) {
    let name = schema.name.clone();
    let provider = schema.provider().to_string();
    let mut schemas = Schemas::default();
    schemas.providers.insert(
        provider.as_str().into(),
        Arc::new(ProviderSchema { name: provider.as_str().into(), ..ProviderSchema::default() }),
    );
    let version = schema.version;
    schemas.types.insert(name.clone(), Arc::new(schema));
    let quoted = serde_json::to_string(&*name).unwrap_or_default();
    let stack =
        format!("aurak: 1\nname: x\nresources:\n  a: {{ type: {quoted} }}\n  b: {{ type: {quoted} }}\n");
    let loaded =
        aurak_lang::load(&MemorySources::of([("aurak.yaml", stack.as_str())]), &Default::default(), &schemas);
    if !loaded.is_good() {
        return;
    }
    let Ok(address) = Address::parse("a") else { return };
    let empty = Value::from(Map::new());
    let row = Row {
        address: address.clone(),
        type_name: name,
        version: 1,
        schema_version: version,
        provider: aurak_model::ProviderAddress::new(&aurak_model::ModuleAddress::root(), &provider, None),
        world: None,
        current: Some(Object {
            id: "a-1".into(),
            desired: empty.clone(),
            attributes: empty.clone(),
            incomplete: None,
            since: 0,
        }),
        old: None,
        temporary: None,
        needs: Vec::new(),
        lifecycle: Default::default(),
        place: None,
        replace_when: Value::Null,
    };
    let found = Refreshed::Found { id: "a-1".into(), attributes: empty };
    let input = PlanInput {
        program: Arc::new(loaded.program),
        previous: Arc::new(StateDoc {
            rows: BTreeMap::from([(address.clone(), Arc::new(row))]),
            ..StateDoc::default()
        }),
        snapshot: Arc::new(Snapshot { rows: BTreeMap::from([(address, found)]), ..Snapshot::default() }),
        schemas: Arc::new(schemas),
        options: Options::default(),
    };
    let (one, other) = (aurak_plan::plan(input.clone()), aurak_plan::plan(input));
    assert_eq!(one.plan, other.plan);
    assert_eq!(one.asks, other.asks);
}
