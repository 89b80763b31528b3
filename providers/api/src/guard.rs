//! Stands between the engine and a provider, so that no provider can leak a secret by oversight.
//!
//! On the way in it takes marks off for providers that do not want them. On the way out it marks
//! bodies: by schema, wherever a secret that went in is recognised, and, for a provider that saw
//! no marks, at the places that were marked in what went in. It removes secrets from errors,
//! progress and reasons.

use std::sync::Arc;

use async_trait::async_trait;
use aurak_model::schema::ProviderSchema;
use aurak_model::snapshot::{Child, Refreshed};
use aurak_model::{Name, TypeSchema, Value};

use crate::call::{Applied, Call, Listed, Progress, Readiness, Recovery, Update};
use crate::error::{Effect, ProviderError};
use crate::marks::{mark_like, mark_sensitive};
use crate::provider::{Provider, ProviderType};
use crate::scrub::Scrubber;

/// A provider type whose providers are guarded.
pub(crate) struct GuardedType(pub(crate) Arc<dyn ProviderType>);

#[async_trait]
impl ProviderType for GuardedType {
    fn schema(&self) -> Arc<ProviderSchema> {
        self.0.schema()
    }

    fn types(&self) -> Vec<Arc<TypeSchema>> {
        self.0.types()
    }

    async fn configure(&self, config: &Value) -> Result<Arc<dyn Provider>, ProviderError> {
        let secrets = Scrubber::of([config]);
        let inner = match self.0.configure(&config.reveal()).await {
            Ok(inner) => inner,
            Err(error) => {
                let seen = Seen { schema: None, like: None, places: false, own: secrets.clone(), secrets };
                return Err(clean(error, &seen));
            }
        };
        let reveals = !inner.sees_marks();
        Ok(Arc::new(Guard { inner, types: self.0.types(), config: secrets, reveals }))
    }
}

struct Guard {
    inner: Arc<dyn Provider>,
    types: Vec<Arc<TypeSchema>>,
    /// The secrets of its configuration.
    config: Scrubber,
    reveals: bool,
}

/// What the answer to a call is cleaned with.
struct Seen<'a> {
    schema: Option<&'a TypeSchema>,
    /// The body that went in.
    like: Option<&'a Value>,
    /// Whether places that are marked in it are marked in what comes out.
    places: bool,
    /// The secrets that are recognised in bodies.
    own: Scrubber,
    /// The secrets that are removed from text.
    secrets: Scrubber,
}

impl Guard {
    fn seen<'a>(&'a self, type_name: &str, input: Option<&'a Value>) -> Seen<'a> {
        let secrets = Scrubber::of(input).and(&self.config);
        Seen {
            schema: self.types.iter().find(|ty| &*ty.name == type_name).map(|ty| &**ty),
            like: input,
            places: self.reveals,
            own: secrets.clone(),
            secrets,
        }
    }

    /// What an answer to a change is cleaned with. What was a secret before and is none in what the
    /// configuration wants now is none afterwards; in text it still is.
    fn seen_change<'a>(
        &'a self,
        type_name: &str,
        live: &Value,
        desired: &Value,
        after: &'a Value,
    ) -> Seen<'a> {
        Seen {
            own: Scrubber::of([desired]).and(&self.config),
            secrets: Scrubber::of([live, desired]).and(&self.config),
            ..self.seen(type_name, Some(after))
        }
    }

    fn pass(&self, value: &Value) -> Value {
        if self.reveals { value.reveal() } else { value.clone() }
    }

    /// The call, with its progress cleaned.
    fn call(&self, call: &Call, seen: &Seen<'_>) -> Call {
        let mut call = call.clone();
        if !seen.secrets.is_empty() {
            let (secrets, inner) = (seen.secrets.clone(), call.progress);
            call.progress = Arc::new(move |text| inner(secrets.scrub(&text)));
        }
        call
    }
}

impl Seen<'_> {
    fn body(&self, value: &Value) -> Value {
        let mut value = self.own.mark(value, self.like);
        if let Some(schema) = self.schema {
            value = mark_sensitive(&value, schema);
        }
        match self.like {
            Some(like) if self.places => mark_like(&value, like),
            _ => value,
        }
    }

    fn applied(&self, applied: Applied) -> Applied {
        Applied { id: applied.id, attributes: self.body(&applied.attributes) }
    }

    fn progress(&self, progress: Progress) -> Progress {
        match progress {
            Progress::Done(applied) => Progress::Done(self.applied(applied)),
            Progress::Deleted => Progress::Deleted,
            Progress::Waiting { handle, why, poll } => Progress::Waiting {
                handle: self.own.mark(&handle, None),
                why: self.secrets.scrub(&why),
                poll,
            },
        }
    }

    fn refreshed(&self, refreshed: Refreshed) -> Refreshed {
        match refreshed {
            Refreshed::Found { id, attributes } => {
                Refreshed::Found { id, attributes: self.body(&attributes) }
            }
            Refreshed::Asleep(why) => Refreshed::Asleep(self.secrets.scrub(&why)),
            Refreshed::Unreadable(why) => Refreshed::Unreadable(self.secrets.scrub(&why)),
            other @ (Refreshed::Absent | Refreshed::Ambiguous(_)) => other,
        }
    }
}

fn clean(error: ProviderError, seen: &Seen<'_>) -> ProviderError {
    let ProviderError { class, effect, message, status, code, help } = error;
    let secrets = &seen.secrets;
    ProviderError {
        class,
        effect: match effect {
            Effect::Partial(applied) => Effect::Partial(Box::new(seen.applied(*applied))),
            other @ (Effect::None | Effect::Untold | Effect::Unknown) => other,
        },
        message: secrets.scrub(&message),
        status: status.map(|text| secrets.scrub(&text).into()),
        code: code.map(|text| secrets.scrub(&text).into()),
        help: help.map(|text| secrets.scrub(&text)),
    }
}

/// What we own, laid over what is there.
fn overlay(live: &Value, desired: &Value) -> Value {
    match (live, desired) {
        (Value::Map(live), Value::Map(desired)) => {
            let mut out = (**live).clone();
            for (key, item) in desired.iter() {
                let item = match live.get(key) {
                    Some(below) => overlay(below, item),
                    None => item.clone(),
                };
                out.insert(key.clone(), item);
            }
            Value::from(out)
        }
        (_, desired) => desired.clone(),
    }
}

#[async_trait]
impl Provider for Guard {
    fn world(&self) -> Option<Name> {
        self.inner.world()
    }

    fn sees_marks(&self) -> bool {
        true
    }

    async fn list(&self, type_name: &str, collection: &str) -> Result<Vec<Listed>, ProviderError> {
        let seen = self.seen(type_name, None);
        let listed = self.inner.list(type_name, collection).await.map_err(|e| clean(e, &seen))?;
        Ok(listed
            .into_iter()
            .map(|Listed { id, key, attributes }| Listed { id, key, attributes: seen.body(&attributes) })
            .collect())
    }

    async fn read(&self, type_name: &str, id: &str, last: &Value) -> Result<Refreshed, ProviderError> {
        let seen = self.seen(type_name, Some(last));
        match self.inner.read(type_name, id, &self.pass(last)).await {
            Ok(refreshed) => Ok(seen.refreshed(refreshed)),
            Err(error) => Err(clean(error, &seen)),
        }
    }

    async fn read_volatile(
        &self,
        type_name: &str,
        id: &str,
        last: &Value,
    ) -> Result<Refreshed, ProviderError> {
        let seen = self.seen(type_name, Some(last));
        match self.inner.read_volatile(type_name, id, &self.pass(last)).await {
            Ok(refreshed) => Ok(seen.refreshed(refreshed)),
            Err(error) => Err(clean(error, &seen)),
        }
    }

    fn readiness(&self, type_name: &str, attributes: &Value) -> Readiness {
        let seen = self.seen(type_name, Some(attributes));
        match self.inner.readiness(type_name, &self.pass(attributes)) {
            Readiness::Ready => Readiness::Ready,
            Readiness::Waiting(why) => Readiness::Waiting(seen.secrets.scrub(&why)),
            Readiness::Failed(why) => Readiness::Failed(seen.secrets.scrub(&why)),
        }
    }

    async fn find(&self, type_name: &str, key: &str, planned: &Value) -> Result<Refreshed, ProviderError> {
        let seen = self.seen(type_name, Some(planned));
        match self.inner.find(type_name, key, &self.pass(planned)).await {
            Ok(refreshed) => Ok(seen.refreshed(refreshed)),
            Err(error) => Err(clean(error, &seen)),
        }
    }

    async fn preview(&self, type_name: &str, desired: &Value, live: &Value) -> Result<Value, ProviderError> {
        let after = overlay(live, desired);
        let seen = self.seen_change(type_name, live, desired, &after);
        match self.inner.preview(type_name, &self.pass(desired), &self.pass(live)).await {
            Ok(body) => Ok(seen.body(&body)),
            Err(error) => Err(clean(error, &seen)),
        }
    }

    async fn expand(&self, type_name: &str, desired: &Value) -> Result<Vec<Child>, ProviderError> {
        let seen = self.seen(type_name, Some(desired));
        let children =
            self.inner.expand(type_name, &self.pass(desired)).await.map_err(|e| clean(e, &seen))?;
        Ok(children
            .into_iter()
            .map(|child| {
                // A child has a type of its own; only its schema and the secrets themselves tell.
                let of_child = Seen { like: None, ..self.seen(&child.type_name, Some(desired)) };
                Child { attributes: of_child.body(&child.attributes), ..child }
            })
            .collect())
    }

    async fn create(&self, call: &Call, type_name: &str, desired: &Value) -> Result<Progress, ProviderError> {
        let seen = self.seen(type_name, Some(desired));
        match self.inner.create(&self.call(call, &seen), type_name, &self.pass(desired)).await {
            Ok(progress) => Ok(seen.progress(progress)),
            Err(error) => Err(clean(error, &seen)),
        }
    }

    async fn update(&self, call: &Call, type_name: &str, update: &Update) -> Result<Progress, ProviderError> {
        let after = overlay(&update.live, &update.desired);
        let seen = self.seen_change(type_name, &update.live, &update.desired, &after);
        let passed = Update {
            id: update.id.clone(),
            desired: self.pass(&update.desired),
            live: self.pass(&update.live),
            unset: update.unset.clone(),
        };
        match self.inner.update(&self.call(call, &seen), type_name, &passed).await {
            Ok(progress) => Ok(seen.progress(progress)),
            Err(error) => Err(clean(error, &seen)),
        }
    }

    async fn delete(
        &self,
        call: &Call,
        type_name: &str,
        id: &str,
        live: &Value,
    ) -> Result<Progress, ProviderError> {
        let seen = self.seen(type_name, Some(live));
        match self.inner.delete(&self.call(call, &seen), type_name, id, &self.pass(live)).await {
            Ok(progress) => Ok(seen.progress(progress)),
            Err(error) => Err(clean(error, &seen)),
        }
    }

    async fn invoke(
        &self,
        call: &Call,
        type_name: &str,
        id: &str,
        action: &str,
        args: &Value,
    ) -> Result<Progress, ProviderError> {
        let seen = self.seen(type_name, Some(args));
        match self.inner.invoke(&self.call(call, &seen), type_name, id, action, &self.pass(args)).await {
            Ok(progress) => Ok(seen.progress(progress)),
            Err(error) => Err(clean(error, &seen)),
        }
    }

    async fn resume(&self, call: &Call, type_name: &str, handle: &Value) -> Result<Progress, ProviderError> {
        // A handle is no body: its places say nothing.
        let seen = Seen { like: None, ..self.seen(type_name, Some(handle)) };
        match self.inner.resume(&self.call(call, &seen), type_name, &self.pass(handle)).await {
            Ok(progress) => Ok(seen.progress(progress)),
            Err(error) => Err(clean(error, &seen)),
        }
    }

    async fn recover(
        &self,
        call: &Call,
        type_name: &str,
        desired: &Value,
    ) -> Result<Recovery, ProviderError> {
        let seen = self.seen(type_name, Some(desired));
        match self.inner.recover(&self.call(call, &seen), type_name, &self.pass(desired)).await {
            Ok(Recovery::Object(refreshed)) => Ok(Recovery::Object(seen.refreshed(refreshed))),
            Ok(Recovery::Ask(why)) => Ok(Recovery::Ask(seen.secrets.scrub(&why))),
            Ok(Recovery::Repeat) => Ok(Recovery::Repeat),
            Err(error) => Err(clean(error, &seen)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use aurak_model::{Address, Attribute, Kind};

    use super::*;
    use crate::{FakeProvider, FakeType, Registry};

    const CANARY: &str = "canary-4711";

    async fn guarded(fake: FakeProvider) -> (Arc<FakeProvider>, Arc<dyn Provider>) {
        let mut schema = TypeSchema::new("t.thing");
        let secret = Attribute { sensitive: true, ..Attribute::of(Kind::String) };
        schema.attributes = [("token".into(), secret)].into();
        let fake = Arc::new(fake);
        let registry = Registry::new().with(Arc::new(FakeType::new("t", vec![schema], fake.clone())));
        let config = Value::map([("password", Value::from("config-canary").sensitive())]);
        (fake, registry.configure("t", &config).await.unwrap())
    }

    fn desired() -> Value {
        Value::map([
            ("name", Value::from("n")),
            ("password", Value::from(CANARY).sensitive()),
            ("token", Value::Null),
        ])
    }

    fn call() -> Call {
        Call::new("k1", &Address::parse("a").unwrap())
    }

    #[tokio::test]
    async fn a_provider_sees_no_marks_and_its_answers_carry_them() {
        let fake = FakeProvider::new().on_create(|call, _, desired| {
            assert_eq!(desired.at(&aurak_model::Path::key("password")), Some(&CANARY.into()));
            let attributes = Value::map([
                ("name", Value::from("n")),
                ("password", CANARY.into()),
                ("url", format!("mongodb://{CANARY}@host").into()),
                ("login", "config-canary".into()),
                ("token", "t".into()),
            ]);
            Ok(Progress::Done(Applied { id: call.address.as_str().into(), attributes }))
        });
        let (_, provider) = guarded(fake).await;
        let progress = provider.create(&call(), "t.thing", &desired()).await.unwrap();
        insta::assert_snapshot!(format!("{progress:?}"), @r#"Done(Applied { id: "a", attributes: {"login": (sensitive), "name": "n", "password": (sensitive), "token": (sensitive), "url": (sensitive)} })"#);
    }

    #[tokio::test]
    async fn errors_progress_and_reasons_carry_no_secret() {
        let fake = FakeProvider::new()
            .on_create(|call, _, desired| {
                call.progress(format!("sending {CANARY}"));
                Err(ProviderError::permanent(format!("`{CANARY}` is no good for config-canary"))
                    .help(format!("another one than {CANARY}"))
                    .status(format!("400 {CANARY}"))
                    .effect(Effect::Partial(Box::new(Applied { id: "i".into(), attributes: desired }))))
            })
            .on_read(|_, _, _| Ok(Refreshed::Unreadable(format!("{CANARY}?"))));
        let (_, provider) = guarded(fake).await;
        let said = Arc::new(Mutex::new(Vec::new()));
        let mut call = call();
        call.progress = Arc::new({
            let said = said.clone();
            move |text| said.lock().unwrap().push(text)
        });
        let error = provider.create(&call, "t.thing", &desired()).await.unwrap_err();
        let read = provider.read("t.thing", "i", &desired()).await.unwrap();
        let all = format!("{error:?} {:?} {read:?}", said.lock().unwrap());
        assert!(!all.contains("canary"), "{all}");
        assert_eq!(error.message, "`(sensitive)` is no good for (sensitive)");
        assert_eq!(*said.lock().unwrap(), ["sending (sensitive)"]);
    }

    #[tokio::test]
    async fn what_is_no_secret_any_more_loses_its_mark() {
        let (_, provider) = guarded(FakeProvider::new()).await;
        let Ok(Progress::Done(made)) = provider.create(&call(), "t.thing", &desired()).await else {
            panic!("not made");
        };
        let desired = Value::map([("name", Value::from("n")), ("password", CANARY.into())]);
        let update = Update { id: made.id, desired, live: made.attributes, unset: Vec::new() };
        let updated = provider.update(&call(), "t.thing", &update).await.unwrap();
        insta::assert_snapshot!(format!("{updated:?}"), @r#"Done(Applied { id: "a", attributes: {"id": "a", "name": "n", "password": "canary-4711"} })"#);
    }
}
