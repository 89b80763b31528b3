//! What lives in something goes before that goes, and is made after that is made, whatever it refers to
//! it by. For every type file with `within`, planned together with what it lives in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use aurak_lang::{LoadRequest, MemorySources};
use aurak_model::plan::{Mode, Reason};
use aurak_model::record::{Lifecycle, Object, ProviderRow, Row};
use aurak_model::schema::ProviderSchema;
use aurak_model::{
    Address, Answer, Ask, Name, ProviderNode, Refreshed, Schemas, Snapshot, StateDoc, TypeSchema, Value, Work,
};
use aurak_plan::diff::prepare;
use aurak_plan::{Options, PlanInput, Planned};
use serde::Deserialize;
use serde_json::{Value as Json, json};

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, rename = "in")]
    within: BTreeMap<String, String>,
    id: String,
    body: Json,
}

/// One resource and another that it lives in.
struct Pair {
    schemas: Arc<Schemas>,
    inner: Written,
    outer: Written,
    inner_type: Arc<TypeSchema>,
    outer_type: Arc<TypeSchema>,
    /// The attribute that says where it lives.
    by: String,
    /// For failures.
    name: String,
}

/// How the inner one names the outer one.
#[derive(Clone, Copy, Debug)]
enum Refers {
    ById,
    /// Through its name alone, which stays the same.
    ByName,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../providers/azure/types")
}

fn schema(name: &str) -> Arc<TypeSchema> {
    let text = std::fs::read_to_string(folder().join(format!("{name}.yaml"))).unwrap();
    let files = &mut aurak_model::Files::default();
    Arc::new(aurak_api::type_file::load(files, name, &text).unwrap_or_else(|found| panic!("{found:#?}")))
}

fn pairs() -> Vec<Pair> {
    let all: BTreeMap<String, Written> = serde_yaml::from_str(include_str!("within.yaml")).unwrap();
    let mut pairs = Vec::new();
    for (name, inner) in &all {
        let Some((by, around)) = inner.within.first_key_value() else { continue };
        let (inner_type, outer_type) = (schema(name), schema(around));
        let mut schemas = Schemas::default();
        for schema in [&inner_type, &outer_type] {
            schemas.types.insert(schema.name.clone(), schema.clone());
        }
        let provider = ProviderSchema { name: "azure".into(), ..ProviderSchema::default() };
        schemas.providers.insert("azure".into(), Arc::new(provider));
        pairs.push(Pair {
            schemas: Arc::new(schemas),
            inner: inner.clone(),
            outer: all[around].clone(),
            inner_type,
            outer_type,
            by: by.clone(),
            name: format!("{name} in {around}"),
        });
    }
    pairs
}

impl Pair {
    /// What is done when the outer one is made anew, in order, and why the inner one is.
    fn replaced(&self, refers: Refers, lifecycle: Json) -> String {
        let options = Options { replace: vec![address("outer")], ..Options::default() };
        let planned = self.planned(refers, lifecycle, options, true);
        let change = planned.plan.changes.iter().find(|change| change.address.as_str() == "inner");
        let inside = Reason::WithinReplaced { within: address("outer") };
        let why = match change {
            Some(change) if change.reasons.first() == Some(&inside) => "because it lives there",
            Some(_) => "for another reason",
            None => "not at all",
        };
        format!("{why}: {}", steps(&planned))
    }

    fn destroyed(&self) -> String {
        let options = Options { mode: Mode::Destroy, ..Options::default() };
        steps(&self.planned(Refers::ById, json!({}), options, true))
    }

    fn made(&self) -> String {
        steps(&self.planned(Refers::ById, json!({}), Options::default(), false))
    }

    fn planned(&self, refers: Refers, lifecycle: Json, options: Options, there: bool) -> Planned {
        let (outer, mut inner) = (self.outer.body.clone(), self.inner.body.clone());
        let refers = match refers {
            Refers::ById => "{{ outer.id }}".to_string(),
            Refers::ByName => {
                let (start, _) = self.outer.id.rsplit_once('/').unwrap();
                format!("{start}/{{{{ outer.name }}}}")
            }
        };
        inner[&self.by] = refers.into();
        inner["lifecycle"] = lifecycle;
        let outer = whole(outer, &self.outer);
        let mut resources = json!({ "outer": outer, "inner": inner });
        resources["outer"]["type"] = json!(&*self.outer_type.name);
        resources["inner"]["type"] = json!(&*self.inner_type.name);
        // JSON is YAML.
        let stack = json!({ "aurak": 1, "name": "table", "resources": resources }).to_string();
        let sources = MemorySources::of([("aurak.yaml", stack.as_str())]);
        let loaded = aurak_lang::load(&sources, &LoadRequest::default(), &self.schemas);
        assert!(loaded.diagnostics.is_empty(), "{}: {:#?}", self.name, loaded.diagnostics);
        let mut input = PlanInput {
            program: Arc::new(loaded.program),
            previous: Arc::new(StateDoc::default()),
            snapshot: Arc::new(Snapshot::default()),
            schemas: self.schemas.clone(),
            options: Options::default(),
        };
        if there {
            let nothing = aurak_plan::plan(input.clone());
            let provider = nothing.asks.values().find_map(|ask| match ask {
                Ask::Find { provider, .. } => Some(provider.clone()),
                _ => None,
            });
            self.there(&mut input, provider.expect("a type with a key is looked for first"));
        }
        input.options = options;
        loop {
            let planned = aurak_plan::plan(input.clone());
            assert!(planned.report.findings.is_empty(), "{}: {:#?}", self.name, planned.report.findings);
            if planned.asks.is_empty() {
                return planned;
            }
            // A new name is looked for; nothing has it.
            let snapshot = Arc::make_mut(&mut input.snapshot);
            for key in planned.asks.keys() {
                snapshot.answers.insert(key.clone(), Answer::Object(Refreshed::Absent));
            }
        }
    }

    /// Both were applied.
    fn there(&self, input: &mut PlanInput, provider: ProviderNode) {
        let mut inner = self.inner.body.clone();
        inner[&self.by] = self.outer.id.clone().into();
        let outer = whole(self.outer.body.clone(), &self.outer);
        let (state, snapshot) = (Arc::make_mut(&mut input.previous), Arc::make_mut(&mut input.snapshot));
        for (at, id, body, schema, needs) in [
            ("outer", &self.outer.id, outer, &self.outer_type, Vec::new()),
            ("inner", &self.inner.id, inner, &self.inner_type, vec![address("outer")]),
        ] {
            let id: Name = id.as_str().into();
            let mut seen = body.clone();
            seen["id"] = (*id).into();
            let attributes = Value::from_json(&seen);
            let row = Row {
                address: address(at),
                type_name: schema.name.clone(),
                version: 1,
                schema_version: schema.version,
                provider: provider.address.clone(),
                world: None,
                current: Some(Object {
                    id: id.clone(),
                    desired: prepare(schema, &Value::from_json(&body)),
                    attributes: attributes.clone(),
                    incomplete: None,
                    since: 0,
                }),
                old: None,
                temporary: None,
                needs,
                lifecycle: Lifecycle::default(),
                place: None,
                replace_when: Value::Null,
            };
            state.rows.insert(address(at), Arc::new(row));
            snapshot.rows.insert(address(at), Refreshed::Found { id, attributes });
        }
        let ProviderNode { address, type_name, config, needs } = provider;
        state.providers.insert(address.clone(), ProviderRow { address, type_name, config, needs });
    }
}

/// A body with what it lives in itself, as text.
fn whole(mut body: Json, of: &Written) -> Json {
    if let Some((by, _)) = of.within.first_key_value() {
        let (start, _) = of.id.split_once("/providers/").unwrap();
        body[by] = start.into();
    }
    body
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// The steps in their order; each has to wait for the one before it.
fn steps(planned: &Planned) -> String {
    let word = |work: &Work| match work {
        Work::Create { .. } => "make",
        Work::Delete { .. } => "delete",
        Work::Update { .. } => "update",
        _ => "other",
    };
    let steps = &planned.plan.steps;
    let mut text = String::new();
    for (i, step) in steps.iter().enumerate() {
        let before: BTreeSet<_> = step.after.iter().map(|id| id.0 as usize).collect();
        if i > 0 {
            text.push_str(if before.contains(&(i - 1)) { ", then " } else { " and " });
        }
        text.push_str(&format!("{} {}", word(&step.work), step.address));
    }
    text
}

/// Says this of every pair.
fn all(says: &str, of: impl Fn(&Pair) -> String) {
    let wrong: Vec<String> = pairs()
        .iter()
        .map(|pair| (pair, of(pair)))
        .filter(|(_, came)| came != says)
        .map(|(pair, came)| format!("{}: {came}", pair.name))
        .collect();
    assert!(wrong.is_empty(), "should be: {says}\n{}", wrong.join("\n"));
}

const ANEW: &str =
    "because it lives there: delete inner, then delete outer, then make outer, then make inner";

#[test]
fn what_refers_to_the_id_of_what_is_replaced_goes_before_it_and_is_made_after_it() {
    all(ANEW, |pair| pair.replaced(Refers::ById, json!({})));
}

#[test]
fn what_is_replaced_takes_with_it_what_refers_to_its_name_alone() {
    all(ANEW, |pair| pair.replaced(Refers::ByName, json!({})));
}

#[test]
fn nothing_in_it_can_be_made_anew_first() {
    all(ANEW, |pair| pair.replaced(Refers::ById, json!({ "create_before_destroy": true })));
}

#[test]
fn both_are_made_and_destroyed_in_order() {
    all("make outer, then make inner", Pair::made);
    all("delete inner, then delete outer", Pair::destroyed);
}

#[test]
fn every_type_file_that_lives_in_something_is_here() {
    let here: BTreeSet<String> = pairs().into_iter().map(|pair| pair.inner_type.name.to_string()).collect();
    let mut there = BTreeSet::new();
    for file in std::fs::read_dir(folder()).unwrap() {
        let path = file.unwrap().path();
        let schema = schema(path.file_stem().unwrap().to_str().unwrap());
        if !schema.within.is_empty() {
            there.insert(schema.name.to_string());
        }
    }
    assert_eq!(here, there);
}
