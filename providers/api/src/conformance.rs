//! What every provider must do, as a kit that its tests run.
//!
//! For each sample: create, read (equal to what was made), find, list, update, read, delete, read
//! (absent), delete again (fine). What is not as it should be comes back as findings, so that a
//! test compares the list with an empty one and sees all of them at once.
//!
//! What is always there is not made but taken over, and still there after it was deleted.
//!
//! The kit speaks to the provider as the engine does, through the guard of a [`Registry`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurak_model::path::Seg;
use aurak_model::schema::Refresh;
use aurak_model::snapshot::Refreshed;
use aurak_model::{Address, Attribute, Kind, Path, TypeSchema, Value};

use crate::call::{Applied, Call, Progress, Recovery, Update};
use crate::error::{Class, ProviderError};
use crate::provider::{Provider, ProviderType};
use crate::registry::Registry;

/// How often a waiting call is asked before the kit gives up.
const POLLS: usize = 10_000;

/// A resource to try a type with.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// The type.
    pub type_name: String,
    /// Attributes to create it with.
    pub attributes: Value,
    /// Attributes to update it to; without, updates are not tried.
    pub update: Option<Value>,
    /// Its natural key; without, finding is not tried.
    pub key: Option<String>,
    /// The collection that lists it; without, listing is not tried.
    pub collection: Option<String>,
    /// An id that names nothing; without, the type cannot tell (it keeps nothing outside).
    pub unknown_id: Option<String>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The type.
    pub type_name: String,
    /// What was tried.
    pub check: &'static str,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.type_name, self.check, self.problem)
    }
}

/// Tries a provider with samples, and says what is wrong with it.
pub async fn run(provider_type: Arc<dyn ProviderType>, config: &Value, samples: &[Sample]) -> Vec<Finding> {
    let name = provider_type.schema().name.clone();
    let registry = Registry::new().with(provider_type);
    let mut kit = Kit { findings: Vec::new(), type_name: name.to_string() };
    for ty in registry.schemas().types.values() {
        if ty.provider() != &*name {
            kit.fail("schema", format!("the type `{}` is not named after the provider `{name}`", ty.name));
        }
        if !samples.iter().any(|sample| *sample.type_name == *ty.name) {
            kit.fail("schema", format!("there is no sample of the type `{}`", ty.name));
        }
    }
    let provider = match registry.configure(&name, config).await {
        Ok(provider) => provider,
        Err(error) => {
            kit.fail("configure", error.to_string());
            return kit.findings;
        }
    };
    for (i, sample) in samples.iter().enumerate() {
        kit.type_name.clone_from(&sample.type_name);
        match registry.schemas().types.get(sample.type_name.as_str()) {
            Some(schema) => {
                let run = Run { schema, sample, provider: &*provider, number: i };
                kit.sample(&run).await;
            }
            None => kit.fail("schema", "there is no such type".to_string()),
        }
    }
    kit.findings
}

struct Kit {
    findings: Vec<Finding>,
    type_name: String,
}

struct Run<'a> {
    schema: &'a TypeSchema,
    sample: &'a Sample,
    provider: &'a dyn Provider,
    number: usize,
}

impl Run<'_> {
    fn call(&self, what: &str) -> Call {
        // Addresses are names, and this is one.
        let address =
            Address::new(&aurak_model::ModuleAddress::root(), &format!("sample{}", self.number), None);
        Call::new(&format!("{what}-{}", self.number), &address)
    }

    async fn settle(&self, call: &Call, mut progress: Progress) -> Result<Progress, ProviderError> {
        for _ in 0..POLLS {
            match progress {
                Progress::Waiting { handle, poll, .. } => {
                    tokio::time::sleep(poll.min(Duration::from_secs(60))).await;
                    progress = self.provider.resume(call, &self.schema.name, &handle).await?;
                }
                done => return Ok(done),
            }
        }
        Err(ProviderError::permanent("it waits without end"))
    }
}

impl Kit {
    fn fail(&mut self, check: &'static str, problem: String) {
        self.findings.push(Finding { type_name: self.type_name.clone(), check, problem });
    }

    async fn sample(&mut self, run: &Run<'_>) {
        let Run { schema, sample, provider, .. } = run;
        let name = &*schema.name;
        self.fits(schema, "sample", &sample.attributes, true);
        if schema.key.is_some() != sample.key.is_some() {
            self.fail(
                "schema",
                "the sample has a natural key and the type has none, or the other way round".into(),
            );
        }
        if let Some(id) = &sample.unknown_id {
            match provider.read(name, id, &Value::map::<&str>([])).await {
                Ok(Refreshed::Absent) => {}
                other => {
                    self.fail("read what never was", format!("expected that it is absent, got {other:?}"))
                }
            }
        }
        if let Some(key) = sample.key.as_ref().filter(|_| !schema.always) {
            self.find(run, "find before it is made", key, None).await;
        }
        let made = match schema.always {
            true => self.take_over(run).await,
            false => self.create(run).await,
        };
        let Some(made) = made else { return };
        self.body(run, "create", &sample.attributes, &made);
        let Some(live) = self.read(run, "read what was made", &sample.attributes, &made).await else {
            return;
        };
        if let Some(key) = &sample.key {
            self.find(run, "find", key, Some(&made)).await;
            let call = run.call("again");
            match provider.create(&call, name, &sample.attributes).await {
                Err(ProviderError { class: Class::Exists { id }, .. }) if id == made.id => {}
                other => self.fail("create what is there", format!("expected that it exists, got {other:?}")),
            }
        }
        self.listed(run, Some(&made)).await;
        let live = match &sample.update {
            Some(update) => self.update(run, update, &made, live).await,
            None => live,
        };
        self.delete(run, "delete", &made, &live).await;
        if schema.always {
            if !matches!(provider.read(name, &made.id, &live).await, Ok(Refreshed::Found { .. })) {
                self.fail("read what was deleted", "it is always there, and absent now".to_string());
            }
            self.delete(run, "delete what was deleted", &made, &live).await;
            return;
        }
        if schema.refresh == Refresh::Read {
            match provider.read(name, &made.id, &live).await {
                Ok(Refreshed::Absent) => {}
                other => {
                    self.fail("read what was deleted", format!("expected that it is absent, got {other:?}"))
                }
            }
            self.listed(run, None).await;
        }
        if let Some(key) = &sample.key {
            self.find(run, "find what was deleted", key, None).await;
        }
        self.delete(run, "delete what is gone", &made, &live).await;
        match provider.recover(&run.call("lost"), name, &sample.attributes).await {
            Ok(Recovery::Repeat | Recovery::Ask(_) | Recovery::Object(Refreshed::Absent)) => {}
            other => self.fail("recover what never was", format!("expected no object, got {other:?}")),
        }
    }

    async fn create(&mut self, run: &Run<'_>) -> Option<Applied> {
        let call = run.call("create");
        let progress = run.provider.create(&call, &run.schema.name, &run.sample.attributes).await;
        let ended = match progress {
            Ok(progress) => run.settle(&call, progress).await,
            Err(error) => Err(error),
        };
        match ended {
            Ok(Progress::Done(made)) => Some(made),
            other => {
                self.fail("create", format!("expected an object, got {other:?}"));
                None
            }
        }
    }

    /// What is there without having been made, with what the sample asks for.
    async fn take_over(&mut self, run: &Run<'_>) -> Option<Applied> {
        let Run { schema, sample, provider, .. } = run;
        let id = match provider.create(&run.call("create"), &schema.name, &sample.attributes).await {
            Err(ProviderError { class: Class::Exists { id }, .. }) => id,
            other => {
                self.fail("create what is there", format!("expected that it exists, got {other:?}"));
                return None;
            }
        };
        let live = match provider.read(&schema.name, &id, &Value::Null).await {
            Ok(Refreshed::Found { attributes, .. }) => attributes,
            other => {
                self.fail("read what is there", format!("expected the object, got {other:?}"));
                return None;
            }
        };
        let update = Update { id, desired: sample.attributes.clone(), live, unset: Vec::new() };
        let call = run.call("take-over");
        let ended = match provider.update(&call, &schema.name, &update).await {
            Ok(progress) => run.settle(&call, progress).await,
            Err(error) => Err(error),
        };
        match ended {
            Ok(Progress::Done(made)) => Some(made),
            other => {
                self.fail("take over", format!("expected an object, got {other:?}"));
                None
            }
        }
    }

    async fn read(
        &mut self,
        run: &Run<'_>,
        check: &'static str,
        desired: &Value,
        last: &Applied,
    ) -> Option<Value> {
        match run.provider.read(&run.schema.name, &last.id, &last.attributes).await {
            Ok(Refreshed::Found { id, attributes }) => {
                let read = Applied { id, attributes };
                self.body(run, check, desired, &read);
                if read.id != last.id {
                    self.fail(check, format!("the id was `{}` and is `{}`", last.id, read.id));
                }
                if read.attributes.reveal() != last.attributes.reveal() {
                    self.fail(
                        check,
                        format!("{:?} was there, {:?} is read", last.attributes, read.attributes),
                    );
                }
                Some(read.attributes)
            }
            other => {
                self.fail(check, format!("expected the object, got {other:?}"));
                None
            }
        }
    }

    async fn find(&mut self, run: &Run<'_>, check: &'static str, key: &str, made: Option<&Applied>) {
        let found = run.provider.find(&run.schema.name, key, &run.sample.attributes).await;
        match (&found, made) {
            (Ok(Refreshed::Found { id, .. }), Some(made)) if *id == made.id => {}
            (Ok(Refreshed::Absent), None) => {}
            (_, Some(made)) => self.fail(check, format!("expected `{}`, got {found:?}", made.id)),
            (_, None) => self.fail(check, format!("expected that it is absent, got {found:?}")),
        }
    }

    async fn listed(&mut self, run: &Run<'_>, made: Option<&Applied>) {
        let Some(collection) = &run.sample.collection else { return };
        match run.provider.list(&run.schema.name, collection).await {
            Ok(listed) => {
                let item = made.and_then(|made| listed.iter().find(|item| item.id == made.id));
                match (made, item) {
                    (Some(made), Some(item)) => {
                        if item.attributes.reveal() != made.attributes.reveal() {
                            self.fail("list", "the list shows other attributes than a read".to_string());
                        }
                        if let (Some(listed), Some(key)) = (&item.key, &run.sample.key)
                            && **listed != **key
                        {
                            self.fail(
                                "list",
                                format!("the natural key is `{key}`, the list says `{listed}`"),
                            );
                        }
                    }
                    (Some(made), None) => self.fail("list", format!("`{}` is missing", made.id)),
                    (None, _) => {}
                }
            }
            Err(error) => self.fail("list", error.to_string()),
        }
    }

    async fn update(&mut self, run: &Run<'_>, desired: &Value, made: &Applied, live: Value) -> Value {
        self.fits(run.schema, "sample", desired, true);
        let unset = match (run.sample.attributes.as_map(), desired.as_map()) {
            (Some(before), Some(after)) => before
                .keys()
                .filter(|key| !after.contains_key(key))
                .map(|key| Path::key(key.clone()))
                .collect(),
            _ => Vec::new(),
        };
        let update = Update { id: made.id.clone(), desired: desired.clone(), live: live.clone(), unset };
        let call = run.call("update");
        let ended = match run.provider.update(&call, &run.schema.name, &update).await {
            Ok(progress) => run.settle(&call, progress).await,
            Err(error) => Err(error),
        };
        match ended {
            Ok(Progress::Done(changed)) => {
                self.body(run, "update", desired, &changed);
                if changed.id != made.id {
                    self.fail("update", format!("the id was `{}` and is `{}`", made.id, changed.id));
                }
                self.read(run, "read what was changed", desired, &changed).await.unwrap_or(live)
            }
            other => {
                self.fail("update", format!("expected the object, got {other:?}"));
                live
            }
        }
    }

    async fn delete(&mut self, run: &Run<'_>, check: &'static str, made: &Applied, live: &Value) {
        let call = run.call("delete");
        let ended = match run.provider.delete(&call, &run.schema.name, &made.id, live).await {
            Ok(progress) => run.settle(&call, progress).await,
            Err(error) => Err(error),
        };
        match ended {
            Ok(Progress::Deleted) => {}
            other => self.fail(check, format!("expected that it is deleted, got {other:?}")),
        }
    }

    /// A body holds what was desired, all that the provider computes, and nothing that the schema
    /// does not know; what was sensitive is so still.
    fn body(&mut self, run: &Run<'_>, check: &'static str, desired: &Value, applied: &Applied) {
        self.fits(run.schema, check, &applied.attributes, false);
        if applied.id.is_empty() {
            self.fail(check, "the id is empty".to_string());
        }
        for (name, attribute) in &run.schema.attributes {
            let path = Path::key(name.clone());
            let (want, have) = (desired.at(&path), applied.attributes.at(&path));
            if attribute.computed && !attribute.volatile && have.is_none() {
                self.fail(check, format!("`{name}` is computed and missing"));
            }
            if let (Some(want), false) = (want, attribute.write_only) {
                self.same(check, attribute, &path, want, have);
            }
        }
    }

    fn same(
        &mut self,
        check: &'static str,
        attribute: &Attribute,
        path: &Path,
        want: &Value,
        have: Option<&Value>,
    ) {
        match (want, have) {
            (Value::Null, None) if attribute.kind != Kind::Any => {}
            (Value::Map(want), Some(Value::Map(_))) if attribute.kind == Kind::Object => {
                for (key, item) in want.iter() {
                    if let Some(below) = attribute.below(&Seg::Key(key.clone())) {
                        let have = have.and_then(|have| have.at(&Path::key(key.clone())));
                        self.same(check, below, &path.join(key.clone()), item, have);
                    }
                }
            }
            // Services fill in what is not given, in items too.
            (Value::List(want), Some(Value::List(there)))
                if items_are_objects(attribute) && want.len() == there.len() =>
            {
                for (i, item) in want.iter().enumerate() {
                    let have = match &attribute.keyed_by {
                        Some(key) => there.iter().find(|there| member(there, key) == member(item, key)),
                        None => there.get(i),
                    };
                    if let Some(below) = attribute.below(&Seg::Any) {
                        self.same(check, below, &path.at(i), item, have);
                    }
                }
            }
            (want, Some(have)) if attribute.kind == Kind::Any && holds(have, want) => {}
            (want, Some(have)) => {
                if want.reveal() != have.reveal() {
                    self.fail(check, format!("`{path}` is {have:?}, not {want:?}"));
                } else if want.has_marks() && !have.has_marks() {
                    self.fail(check, format!("`{path}` lost its mark"));
                }
            }
            (want, None) => self.fail(check, format!("`{path}` is missing, not {want:?}")),
        }
    }

    fn fits(&mut self, schema: &TypeSchema, check: &'static str, body: &Value, given: bool) {
        let Value::Map(map) = body else {
            self.fail(check, format!("the attributes are {body:?}, not a map"));
            return;
        };
        for (key, item) in map.iter() {
            match schema.attributes.get(key) {
                None => self.fail(check, format!("`{key}` is not in the schema")),
                Some(attribute) if given && attribute.computed && !attribute.optional => {
                    self.fail(check, format!("`{key}` is computed and cannot be given"));
                }
                Some(attribute) => {
                    let (want, have) = (attribute.value_type(), item.ty());
                    let number = want == aurak_model::Type::Number && have == aurak_model::Type::Integer;
                    if !want.is_any() && !have.is_any() && want != have && !number {
                        self.fail(
                            check,
                            format!("`{key}` is {}, the schema says {}", have.article(), want.article()),
                        );
                    }
                }
            }
        }
        for (name, attribute) in &schema.attributes {
            if given && attribute.required && !map.contains_key(name) {
                self.fail(check, format!("`{name}` is required and missing"));
            }
        }
    }
}

fn items_are_objects(attribute: &Attribute) -> bool {
    attribute.kind == Kind::List && attribute.items.as_ref().is_some_and(|items| items.kind == Kind::Object)
}

/// Whether free data holds what is asked for: services add keys to it.
fn holds(have: &Value, want: &Value) -> bool {
    match (want, have) {
        (Value::Map(want), Value::Map(have)) => {
            want.iter().all(|(key, item)| have.get(key).is_some_and(|have| holds(have, item)))
        }
        (Value::List(want), Value::List(have)) => {
            want.len() == have.len() && want.iter().zip(have.iter()).all(|(want, have)| holds(have, want))
        }
        (want, have) => want == have,
    }
}

fn member(item: &Value, key: &str) -> Option<Value> {
    Some(item.as_map()?.get(key)?.reveal())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FakeProvider, FakeType};

    fn sample() -> Sample {
        Sample {
            type_name: "t.thing".into(),
            attributes: Value::map([("size", Value::from(1)), ("token", Value::from("secret").sensitive())]),
            update: Some(Value::map([("size", Value::from(2))])),
            unknown_id: Some("nothing".into()),
            ..Sample::default()
        }
    }

    async fn findings(fake: FakeProvider) -> String {
        let mut schema = TypeSchema::new("t.thing");
        schema.attributes = [
            ("id".into(), Attribute { computed: true, ..Attribute::of(Kind::String) }),
            ("size".into(), Attribute::of(Kind::Integer)),
            ("token".into(), Attribute::of(Kind::String)),
        ]
        .into();
        let ty = FakeType::new("t", vec![schema], Arc::new(fake));
        let findings = run(Arc::new(ty), &Value::Null, &[sample()]).await;
        findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[tokio::test]
    async fn a_good_provider_has_no_findings() {
        assert_eq!(findings(FakeProvider::new()).await, "");
    }

    #[tokio::test]
    async fn what_a_bad_provider_does_is_found() {
        let fake = FakeProvider::new()
            .on_read(|_, id, _| {
                let attributes = Value::map([("size", Value::from("1")), ("other", true.into())]);
                Ok(Refreshed::Found { id: id.into(), attributes })
            })
            .on_delete(|_, _, id, _| Err(ProviderError::gone(format!("`{id}` is not there"))));
        insta::assert_snapshot!(findings(fake).await, @r#"
        t.thing: read what never was: expected that it is absent, got Ok(Found { id: "nothing", attributes: {"other": true, "size": "1"} })
        t.thing: read what was made: `other` is not in the schema
        t.thing: read what was made: `size` is a string, the schema says an integer
        t.thing: read what was made: `id` is computed and missing
        t.thing: read what was made: `size` is "1", not 1
        t.thing: read what was made: `token` is missing, not (sensitive)
        t.thing: read what was made: {"id": "sample0", "size": 1, "token": (sensitive)} was there, {"other": true, "size": "1"} is read
        t.thing: read what was changed: `other` is not in the schema
        t.thing: read what was changed: `size` is a string, the schema says an integer
        t.thing: read what was changed: `id` is computed and missing
        t.thing: read what was changed: `size` is "1", not 2
        t.thing: read what was changed: {"id": "sample0", "size": 2} was there, {"other": true, "size": "1"} is read
        t.thing: delete: expected that it is deleted, got Err(ProviderError { class: Gone, effect: None, message: "`sample0` is not there", status: None, code: None, help: None })
        t.thing: read what was deleted: expected that it is absent, got Ok(Found { id: "sample0", attributes: {"other": true, "size": "1"} })
        t.thing: delete what is gone: expected that it is deleted, got Err(ProviderError { class: Gone, effect: None, message: "`sample0` is not there", status: None, code: None, help: None })
        "#);
    }

    #[tokio::test]
    async fn what_a_service_fills_into_items_is_no_finding_and_what_it_changes_is_one() {
        let item = Attribute {
            attributes: [
                ("name".into(), Attribute::of(Kind::String)),
                ("n".into(), Attribute::of(Kind::Integer)),
            ]
            .into(),
            ..Attribute::of(Kind::Object)
        };
        let list = Attribute {
            keyed_by: Some("name".into()),
            items: Some(Box::new(item)),
            ..Attribute::of(Kind::List)
        };
        let mut schema = TypeSchema::new("t.thing");
        schema.attributes = [("list".into(), list)].into();
        let body =
            |items: &str| Value::from_json(&serde_json::from_str(&format!("{{\"list\": {items}}}")).unwrap());
        let want = body(r#"[{"name": "a", "n": 1}, {"name": "b"}]"#);
        let found = |have: Value| {
            let mut kit = Kit { type_name: "t.thing".into(), findings: Vec::new() };
            let attribute = &schema.attributes["list"];
            let at = |value: &Value| value.at(&Path::key("list")).cloned().unwrap();
            kit.same("read", attribute, &Path::key("list"), &at(&want), Some(&at(&have)));
            kit.findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(found(body(r#"[{"name": "b", "n": 7}, {"name": "a", "n": 1}]"#)), "");
        insta::assert_snapshot!(found(body(r#"[{"name": "b"}, {"name": "a", "n": 2}]"#)), @"t.thing: read: `list[0].n` is 2, not 1");
        insta::assert_snapshot!(found(body(r#"[{"name": "c"}, {"name": "a", "n": 1}]"#)), @"t.thing: read: `list[1]` is missing, not {\"name\": \"b\"}");
        assert!(found(body(r#"[{"name": "a", "n": 1}]"#)).contains("`list` is"));
    }
}
