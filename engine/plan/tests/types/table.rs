//! A table as it is written, and a row of it as a stack, a state and an object.

use std::collections::BTreeMap;
use std::sync::Arc;

use aurak_expr::{MapScope, Template};
use aurak_lang::{LoadRequest, MemorySources};
use aurak_model::record::{Lifecycle, Object, ProviderRow, Row as StateRow};
use aurak_model::schema::ProviderSchema;
use aurak_model::{
    Address, Answer, Ask, Map, ModuleAddress, Name, ProviderAddress, ProviderNode, Refreshed, Schemas,
    Snapshot, StateDoc, TypeSchema, Value,
};
use aurak_plan::diff::{Compare, prepare};
use aurak_plan::{Options, PlanInput, Planned};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::outcome::{Came, came, refused_by_the_language};

/// Changes of a body: paths to values, null for what goes.
type Edits = BTreeMap<String, Json>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// What was applied.
    applied: Json,
    /// What the service adds to it.
    adds: Edits,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    #[serde(rename = "row")]
    pub(crate) name: String,
    #[serde(default)]
    old: Edits,
    #[serde(default)]
    observed: Edits,
    #[serde(default)]
    wanted: Edits,
    /// Asked for with `--replace`.
    #[serde(default)]
    replace: bool,
    pub(crate) comes: String,
}

pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
    applied: Json,
    adds: Edits,
    schema: Arc<TypeSchema>,
    schemas: Arc<Schemas>,
    /// The provider node as the planner configures it.
    provider: ProviderNode,
}

impl Table {
    pub(crate) fn read(type_file: &str, table: &str) -> Table {
        let schema = aurak_api::type_file::load(&mut aurak_model::Files::default(), "type.yaml", type_file)
            .unwrap_or_else(|found| panic!("{found:#?}"));
        let schema = Arc::new(schema);
        let provider: Name = schema.provider().into();
        let mut schemas = Schemas::default();
        schemas.types.insert(schema.name.clone(), schema.clone());
        let of_provider = ProviderSchema { name: provider.clone(), ..ProviderSchema::default() };
        schemas.providers.insert(provider, Arc::new(of_provider));
        let Written { applied, adds, rows } = serde_yaml::from_str(table).unwrap();
        let mut table = Table {
            rows,
            applied,
            adds,
            schema,
            schemas: Arc::new(schemas),
            provider: ProviderNode {
                address: ProviderAddress::new(&ModuleAddress::root(), "none", None),
                type_name: "none".into(),
                config: Value::Null,
                needs: Vec::new(),
            },
        };
        // What stands for nothing yet is made: the plan names the node.
        let made = table.planned(&table.applied.clone(), StateDoc::default(), Snapshot::default(), false);
        let made = made.unwrap_or_else(|found| panic!("{found}"));
        assert!(made.report.findings.is_empty(), "{:#?}", made.report.findings);
        let find = made.asks.values().find_map(|ask| match ask {
            Ask::Find { provider, .. } => Some(provider.clone()),
            _ => None,
        });
        table.provider = find.expect("a type with a key is looked for first");
        table
    }

    /// What comes of a row.
    pub(crate) fn plan(&self, row: &Row) -> Came {
        let old = edited(&self.applied, &row.old);
        let observed = edited(&edited(&old, &self.adds), &row.observed);
        let wanted = edited(&old, &row.wanted);
        self.outcome(&old, Value::from_json(&observed), &wanted, row.replace)
    }

    /// What comes of it once that was done.
    pub(crate) fn plan_again(&self, row: &Row, after: Value) -> Came {
        let wanted = edited(&edited(&self.applied, &row.old), &row.wanted);
        self.outcome(&wanted, after, &wanted, false)
    }

    /// What the rules that name things say about what was applied.
    pub(crate) fn texts(&self) -> String {
        let object = Map::from_iter([("self", Value::from_json(&self.applied))]);
        let text = |rule: &str| {
            let evaluated = Template::expression(rule).unwrap().evaluate(&MapScope(&object)).unwrap();
            evaluated.value.as_str().unwrap().to_string()
        };
        let TypeSchema { key, collection, serialise, rotate, .. } = &*self.schema;
        let rules = [("key", key), ("collection", collection), ("serialise", serialise)];
        let mut lines: Vec<String> = rules
            .into_iter()
            .filter_map(|(name, rule)| Some(format!("{name}: {}", text(rule.as_ref()?))))
            .collect();
        for (path, rule) in rotate.iter().flat_map(|rotate| &rotate.temporary) {
            lines.push(format!("temporary {path}: {}", text(rule)));
        }
        lines.join("\n")
    }

    fn outcome(&self, old: &Json, observed: Value, wanted: &Json, replace: bool) -> Came {
        let address = Address::parse("it").unwrap();
        let id: Name = "the-id".into();
        let previous = prepare(&self.schema, &Value::from_json(old));
        let object = Object {
            id: id.clone(),
            desired: previous.clone(),
            attributes: observed.clone(),
            incomplete: None,
            since: 0,
        };
        let row = StateRow {
            address: address.clone(),
            type_name: self.schema.name.clone(),
            version: 1,
            schema_version: self.schema.version,
            provider: self.provider.address.clone(),
            world: None,
            current: Some(object),
            old: None,
            temporary: None,
            needs: Vec::new(),
            lifecycle: Lifecycle::default(),
            place: None,
            replace_when: Value::Null,
        };
        let mut state = StateDoc::default();
        state.rows.insert(address.clone(), Arc::new(row));
        let ProviderNode { address: node, type_name, config, needs } = self.provider.clone();
        state.providers.insert(node.clone(), ProviderRow { address: node, type_name, config, needs });
        let mut snapshot = Snapshot::default();
        let found = Refreshed::Found { id: id.clone(), attributes: observed.clone() };
        snapshot.rows.insert(address.clone(), found);
        let planned = match self.planned(wanted, state, snapshot, replace) {
            Ok(planned) => planned,
            Err(found) => return refused_by_the_language(found),
        };
        assert!(planned.asks.is_empty(), "{:?}", planned.asks);
        let desired = prepare(&self.schema, &Value::from_json(wanted));
        let comparison = Compare {
            schema: &self.schema,
            address: &address,
            id: &id,
            desired: &desired,
            previous: Some(&previous),
            refreshed: &observed,
            ignore: &[],
            stays: None,
        };
        came(&planned, &comparison)
    }

    /// The stack with this one resource, planned; or what the language says about it.
    fn planned(
        &self,
        wanted: &Json,
        state: StateDoc,
        snapshot: Snapshot,
        replace: bool,
    ) -> Result<Planned, String> {
        let mut resource = wanted.clone();
        resource["type"] = json!(&*self.schema.name);
        // JSON is YAML.
        let stack = json!({ "aurak": 1, "name": "table", "resources": { "it": resource } }).to_string();
        let sources = MemorySources::of([("aurak.yaml", stack.as_str())]);
        let loaded = aurak_lang::load(&sources, &LoadRequest::default(), &self.schemas);
        if let Some(found) = loaded.diagnostics.first() {
            return Err(crate::outcome::finding(found));
        }
        let replace = if replace { vec![Address::parse("it").unwrap()] } else { Vec::new() };
        let mut input = PlanInput {
            program: Arc::new(loaded.program),
            previous: Arc::new(state),
            snapshot: Arc::new(snapshot),
            schemas: self.schemas.clone(),
            options: Options { replace, ..Options::default() },
        };
        let planned = aurak_plan::plan(input.clone());
        // A new name is looked for; nothing has it.
        if input.previous.rows.is_empty() || planned.asks.is_empty() {
            return Ok(planned);
        }
        let mut snapshot = (*input.snapshot).clone();
        for key in planned.asks.keys() {
            snapshot.answers.insert(key.clone(), Answer::Object(Refreshed::Absent));
        }
        input.snapshot = Arc::new(snapshot);
        Ok(aurak_plan::plan(input))
    }
}

/// A body with changes at dotted paths; a number steps into a list.
fn edited(body: &Json, edits: &Edits) -> Json {
    let mut body = body.clone();
    for (path, value) in edits {
        let mut at = &mut body;
        let keys: Vec<&str> = path.split('.').collect();
        let (last, way) = keys.split_last().unwrap();
        for key in way {
            at = match key.parse::<usize>() {
                Ok(index) if at.is_array() => &mut at[index],
                _ => &mut at[*key],
            };
        }
        match (value, at) {
            (Json::Null, Json::Object(map)) => drop(map.remove(*last)),
            (value, Json::Array(list)) => match last.parse::<usize>() {
                Ok(index) if index < list.len() => list[index] = value.clone(),
                _ => list.push(value.clone()),
            },
            (value, at) => at[*last] = value.clone(),
        }
    }
    body
}
