//! A service as a provider.
//!
//! The provider's id of an object is its path in small letters, because services differ from answer to
//! answer in how they write ids; the attribute `id` is as the service writes it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurak_api::{
    Applied, Call, Class, Effect, Listed, Progress, Provider, ProviderError, Readiness, Recovery, Update,
};
use aurak_model::path::Seg;
use aurak_model::snapshot::Refreshed;
use aurak_model::value::Map;
use aurak_model::{Name, Value};
use serde_json::Value as Json;

use crate::body;
use crate::dialect::{Dialect, Verdict, retry_after};
use crate::driver::{Driver, named};
use crate::given;
use crate::operation::{self, Follow, Handle, Next, Verb, Word};
use crate::output;
use crate::overlay;
use crate::pace::Pace;
use crate::spec::{Output, RestType};
use crate::transport::{Method, Request, Response, Transport};

/// Where an object is, and the version of the interface to speak of it in.
struct At {
    path: String,
    version: String,
}

/// A configured provider of a REST service.
pub struct RestProvider {
    types: Arc<BTreeMap<Name, RestType>>,
    driver: Driver,
    world: Name,
}

impl RestProvider {
    /// Puts one together. `world` names what the objects live in.
    pub fn new(
        types: Arc<BTreeMap<Name, RestType>>,
        dialect: Arc<dyn Dialect>,
        transport: Arc<dyn Transport>,
        pace: Arc<Pace>,
        world: Name,
    ) -> RestProvider {
        RestProvider { types, driver: Driver { dialect, transport, pace }, world }
    }

    fn ty(&self, name: &str) -> Result<&RestType, ProviderError> {
        self.types.get(name).ok_or_else(|| ProviderError::no_such("type", name))
    }

    fn dialect(&self) -> &dyn Dialect {
        &*self.driver.dialect
    }

    /// Attributes with what follows from them.
    fn completed(&self, ty: &RestType, attributes: &Value) -> Map {
        match attributes.as_map() {
            Some(map) => given::completed(ty, map, |hole| self.dialect().given(hole)),
            None => Map::new(),
        }
    }

    /// The id of the object that attributes are about.
    fn at(&self, ty: &RestType, attributes: &Map) -> Result<At, ProviderError> {
        let filled = ty.fill(|hole| match attributes.get(hole) {
            Some(value) => value.as_str(),
            None => self.dialect().given(hole),
        });
        let path = filled.map_err(|bad| {
            ProviderError::permanent(bad.to_string())
                .help(format!("look at the attributes of the {} that make its path", ty.schema.name))
        })?;
        Ok(At { path, version: version(ty, attributes)? })
    }

    /// A request about an object, or about what is below it.
    fn request(&self, method: Method, at: &At) -> Request {
        self.dialect().versioned(Request::new(method, self.driver.url(&at.path)), &at.version)
    }

    /// The answer to a read, or none where it is not there.
    async fn look(&self, at: &At) -> Result<Option<Response>, ProviderError> {
        match self.driver.get(self.request(Method::Get, at)).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.class == Class::Gone => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn object(&self, ty: &RestType, at: &At, body: &Json) -> Applied {
        let id = self.dialect().id(body).unwrap_or(&at.path);
        let mut attributes = body::attributes(ty, id, body);
        if let (Some(name), Value::Map(map)) = (ty.version_in(), &attributes) {
            attributes = Value::from(given::with(map, &[Seg::Key(name.into())], Value::string(&*at.version)));
        }
        Applied { id: identity(id), attributes }
    }

    /// A volatile attribute, which an action of the object answers.
    async fn output(&self, at: &At, output: &Output) -> Result<Value, ProviderError> {
        let action = At { path: format!("{}/{}", at.path, output.post), version: at.version.clone() };
        let request = self.request(Method::Post, &action);
        let answer = self.driver.get(request.clone()).await?;
        output::value(output, &answer.body).ok_or_else(|| {
            ProviderError::permanent(format!(
                "{}: the answer has no `{}` as this type expects it",
                named(&request),
                output.at
            ))
        })
    }

    async fn object_at(&self, ty: &RestType, at: &At) -> Result<Option<Applied>, ProviderError> {
        Ok(self.look(at).await?.map(|answer| self.object(ty, at, &answer.body)))
    }

    async fn refreshed(&self, ty: &RestType, at: &At) -> Result<Refreshed, ProviderError> {
        Ok(match self.object_at(ty, at).await? {
            Some(Applied { id, attributes }) => Refreshed::Found { id, attributes },
            None => Refreshed::Absent,
        })
    }

    /// The body to send, of attributes.
    fn sent(&self, ty: &RestType, attributes: &Map) -> Result<Json, ProviderError> {
        let mut body = body::sent(ty, attributes).ok_or_else(|| {
            ProviderError::permanent(format!("a part of this {} is hidden or not known yet", ty.schema.name))
        })?;
        if let Json::Object(body) = &mut body {
            body.retain(|name, _| !self.dialect().is_envelope(name));
        }
        Ok(body)
    }

    /// What an answer to a change, or to a question about it, leads to.
    async fn next(
        &self,
        ty: &RestType,
        verb: Verb,
        at: &At,
        next: Next,
        after: Option<Duration>,
    ) -> Result<Progress, ProviderError> {
        let poll = after.unwrap_or_else(|| self.dialect().poll());
        match next {
            Next::Ask { mut handle, why } => {
                self.driver.trusted(&handle.poll_url)?;
                handle.version = ty.version_in().map(|_| at.version.clone());
                Ok(Progress::Waiting { handle: handle.to_value(), why, poll })
            }
            Next::Over | Next::Result(_) if matches!(verb, Verb::Delete | Verb::Reset) => {
                Ok(Progress::Deleted)
            }
            Next::Over | Next::Result(_) => match self.object_at(ty, at).await {
                Ok(Some(applied)) => Ok(Progress::Done(applied)),
                // It was made, and is not to be seen everywhere yet.
                Ok(None) if verb == Verb::Create => {
                    let handle = Handle {
                        verb,
                        kind: Follow::Object,
                        poll_url: self.request(Method::Get, at).url,
                        final_url: None,
                        object: at.path.clone(),
                        version: ty.version_in().map(|_| at.version.clone()),
                    };
                    let why = "it is made, and not to be seen yet".to_string();
                    Ok(Progress::Waiting { handle: handle.to_value(), why, poll })
                }
                Ok(None) => Err(ProviderError::gone(format!("`{}` went away while it was changed", at.path))
                    .effect(Effect::Untold)),
                Err(error) => Err(error.effect(Effect::Unknown)),
            },
            Next::Failed(refusal) => {
                let help = self.dialect().judge(&refusal, Method::Get, None).help;
                let effect = match verb {
                    Verb::Create => match self.object_at(ty, at).await {
                        Ok(Some(applied)) => Effect::Partial(Box::new(applied)),
                        Ok(None) => Effect::None,
                        Err(_) => Effect::Unknown,
                    },
                    Verb::Update | Verb::Delete | Verb::Reset | Verb::Invoke => Effect::Untold,
                };
                // That it ended is final, whatever the reason: a retryable class would ask the same
                // operation again.
                let verdict = Verdict { class: Class::Permanent, effect, help };
                let what = match verb {
                    Verb::Create => "create",
                    Verb::Update => "update",
                    Verb::Delete => "delete",
                    Verb::Reset => "put back",
                    Verb::Invoke => "invoke",
                };
                Err(refusal.error(&format!("{what} {}", at.path), verdict))
            }
        }
    }

    /// Sends an object as it is with a change; without one, there is nothing to do.
    async fn change(
        &self,
        ty: &RestType,
        verb: Verb,
        at: &At,
        changed: impl FnOnce(&Map) -> Option<Map> + Send,
    ) -> Result<Progress, ProviderError> {
        // What was planned with may be old by now, and a list may show less than a read.
        let answer = self.driver.get(self.request(Method::Get, at)).await?;
        if let Some(state) = self.dialect().state(&answer.body)
            && Word::of(state) == Word::GoesOn
        {
            return Err(ProviderError::conflict(format!(
                "`{}` is {state}: something else goes on with it",
                at.path
            )));
        }
        let Some(body) = changed(&body::received(ty, &answer.body)) else {
            return self.next(ty, verb, at, Next::Over, None).await;
        };
        let mut request = self.request(Method::Put, at).body(self.sent(ty, &body)?);
        if ty.spec.etag
            && let Some(etag) = self.dialect().etag(&answer)
        {
            request = request.header("if-match", etag);
        }
        match self.put(ty, verb, at, request).await {
            // Somebody else was faster: on with what is there now.
            Err(error) if ty.spec.etag && is_status(&error, "412") => {
                Err(ProviderError { class: Class::Conflict, ..error })
            }
            progress => progress,
        }
    }

    async fn put(
        &self,
        ty: &RestType,
        verb: Verb,
        at: &At,
        request: Request,
    ) -> Result<Progress, ProviderError> {
        let url = self.request(Method::Get, at).url;
        let answer = self.driver.change(request).await?;
        let next = operation::begun(self.dialect(), verb, &at.path, &url, &answer);
        self.next(ty, verb, at, next, retry_after(&answer)).await
    }
}

/// The id of an object for the engine.
fn identity(id: &str) -> Name {
    format!("/{}", id.trim_matches('/').to_ascii_lowercase()).into()
}

/// The version of the interface to speak of an object in.
fn version(ty: &RestType, attributes: &Map) -> Result<String, ProviderError> {
    let Some(name) = ty.version_in() else { return Ok(ty.spec.version.clone()) };
    attributes.get(name).and_then(Value::as_str).map(str::to_string).ok_or_else(|| {
        ProviderError::permanent(format!(
            "a {} is spoken of in the version that its `{name}` says",
            ty.schema.name
        ))
        .help(format!("set `{name}`"))
    })
}

/// Where to ask: as the service wrote it last, where that is known.
fn written(ty: &RestType, id: &str, last: &Value) -> Result<At, ProviderError> {
    let version = version(ty, last.as_map().unwrap_or(&Map::new()))?;
    let last = last.as_map().and_then(|map| map.get("id")).and_then(Value::as_str);
    let path = last.filter(|last| identity(last) == identity(id)).unwrap_or(id);
    let whole = format!("/{}", path.trim_matches('/'));
    let escapes = whole.chars().any(|c| c.is_control() || matches!(c, '?' | '#' | '%' | '\\'))
        || whole[1..].split('/').any(|segment| matches!(segment, "" | "." | ".."));
    match ty.take_apart(&whole) {
        Some(_) if !escapes => Ok(At { path: whole, version }),
        _ => Err(ProviderError::permanent(format!("`{id}` is no id of {}", ty.schema.name))
            .help(format!("such an id looks like `{}`", ty.spec.path))),
    }
}

#[async_trait]
impl Provider for RestProvider {
    fn world(&self) -> Option<Name> {
        Some(self.world.clone())
    }

    async fn list(&self, type_name: &str, collection: &str) -> Result<Vec<Listed>, ProviderError> {
        let ty = self.ty(type_name)?;
        let version = version(ty, &Map::new())?;
        let items = match self.driver.list(&self.dialect().collection(collection), &version).await {
            Ok(items) => items,
            // What would hold them is not there.
            Err(error) if error.class == Class::Gone => Vec::new(),
            Err(error) => return Err(error),
        };
        let objects = items.iter().filter_map(|body| {
            let id = self.dialect().id(body)?;
            // A list may hold what is of another type.
            ty.take_apart(id)?;
            let at = At { path: id.to_string(), version: version.clone() };
            let Applied { id, attributes } = self.object(ty, &at, body);
            Some(Listed { id, key: None, attributes })
        });
        Ok(objects.collect())
    }

    async fn read(&self, type_name: &str, id: &str, last: &Value) -> Result<Refreshed, ProviderError> {
        let ty = self.ty(type_name)?;
        self.refreshed(ty, &written(ty, id, last)?).await
    }

    async fn read_volatile(
        &self,
        type_name: &str,
        id: &str,
        last: &Value,
    ) -> Result<Refreshed, ProviderError> {
        let ty = self.ty(type_name)?;
        let at = written(ty, id, last)?;
        let Some(Applied { id, attributes }) = self.object_at(ty, &at).await? else {
            return Ok(Refreshed::Absent);
        };
        let mut map = attributes.as_map().cloned().unwrap_or_default();
        // One that is refused is left out, because another one may be what is used: a cluster without
        // local accounts has credentials for users only.
        let mut refused = None;
        for (name, output) in &ty.spec.outputs {
            match self.output(&at, output).await {
                Ok(value) => drop(map.insert(name.clone(), value)),
                Err(error) if error.class == Class::Permanent => refused = Some(error),
                Err(error) => return Err(error),
            }
        }
        if let Some(refused) = refused
            && !ty.spec.outputs.keys().any(|name| map.contains_key(name))
        {
            return Err(refused);
        }
        Ok(Refreshed::Found { id, attributes: Value::from(map) })
    }

    fn readiness(&self, _: &str, attributes: &Value) -> Readiness {
        let Some(body) = attributes.reveal().to_json() else { return Readiness::Ready };
        match self.dialect().state(&body).map(|state| (Word::of(state), state)) {
            None | Some((Word::Succeeded, _)) => Readiness::Ready,
            Some((Word::Failed, state)) => Readiness::Failed(format!("the service says that it is {state}")),
            Some((Word::GoesOn, state)) => Readiness::Waiting(format!("the service says that it is {state}")),
        }
    }

    async fn find(&self, type_name: &str, _: &str, planned: &Value) -> Result<Refreshed, ProviderError> {
        let ty = self.ty(type_name)?;
        self.refreshed(ty, &self.at(ty, &self.completed(ty, planned))?).await
    }

    async fn create(&self, _: &Call, type_name: &str, desired: &Value) -> Result<Progress, ProviderError> {
        let ty = self.ty(type_name)?;
        let desired = self.completed(ty, desired);
        let at = self.at(ty, &desired)?;
        // The service would take a create of what is there for a change of it.
        if let Some(there) = self.object_at(ty, &at).await? {
            return Err(ProviderError::exists(there.id, format!("`{}` is there already", at.path)));
        }
        let body = self.sent(ty, &desired)?;
        let mut request = self.request(Method::Put, &at).body(body);
        if ty.spec.etag {
            request = request.header("if-none-match", "*");
        }
        match self.put(ty, Verb::Create, &at, request).await {
            Err(error) if ty.spec.etag && is_status(&error, "412") => {
                Err(ProviderError { class: Class::Exists { id: identity(&at.path) }, ..error })
            }
            // What it was to be made in is not there, or it went away again.
            Err(error) if error.class == Class::Gone => {
                Err(ProviderError { class: Class::Permanent, ..error })
            }
            Err(error) => match self.dialect().instead(&at.path, &error) {
                Some(there) => Err(ProviderError { class: Class::Exists { id: identity(&there) }, ..error }),
                None => Err(error),
            },
            progress => progress,
        }
    }

    async fn update(&self, _: &Call, type_name: &str, update: &Update) -> Result<Progress, ProviderError> {
        let ty = self.ty(type_name)?;
        let mut at = written(ty, &update.id, &update.live)?;
        if let (Some(_), Some(desired)) = (ty.version_in(), update.desired.as_map()) {
            at.version = version(ty, desired)?;
        }
        self.change(ty, Verb::Update, &at, |body| Some(overlay::updated(ty, body, update))).await
    }

    async fn delete(
        &self,
        _: &Call,
        type_name: &str,
        id: &str,
        live: &Value,
    ) -> Result<Progress, ProviderError> {
        let ty = self.ty(type_name)?;
        let at = written(ty, id, live)?;
        if ty.schema.always {
            return match self.change(ty, Verb::Reset, &at, |body| overlay::reset(ty, body)).await {
                Err(error) if error.class == Class::Gone => Ok(Progress::Deleted),
                progress => progress,
            };
        }
        let request = self.request(Method::Delete, &at);
        match self.put(ty, Verb::Delete, &at, request).await {
            Err(error) if error.class == Class::Gone => Ok(Progress::Deleted),
            progress => progress,
        }
    }

    async fn resume(&self, _: &Call, type_name: &str, handle: &Value) -> Result<Progress, ProviderError> {
        let ty = self.ty(type_name)?;
        let Some(handle) = Handle::from_value(handle) else {
            return Err(ProviderError::permanent("the handle of the operation cannot be read")
                .help("the state may come from a newer version: run the one that wrote it"));
        };
        let request = Request::new(Method::Get, self.driver.trusted(&handle.poll_url)?);
        let answer = self.driver.ask(request.clone()).await?;
        if matches!(answer.status, 401 | 403 | 408 | 429 | 500..=599)
            && !(handle.kind != Follow::Object && self.dialect().is_the_end(&answer))
        {
            // The question failed, and not the operation.
            return Err(self.driver.refused(&request, &answer).effect(Effect::Unknown));
        }
        let version = handle.version.clone().unwrap_or_else(|| ty.spec.version.clone());
        let at = At { path: handle.object.clone(), version };
        let url = self.request(Method::Get, &at).url;
        let next = operation::asked(self.dialect(), &handle, &url, &answer);
        self.next(ty, handle.verb, &at, next, retry_after(&answer)).await
    }

    async fn recover(&self, _: &Call, type_name: &str, desired: &Value) -> Result<Recovery, ProviderError> {
        // A request that is still on its way makes the object of this path, and never a second one.
        let ty = self.ty(type_name)?;
        let at = self.at(ty, &self.completed(ty, desired))?;
        self.refreshed(ty, &at).await.map(Recovery::Object)
    }
}

fn is_status(error: &ProviderError, status: &str) -> bool {
    error.status.as_deref().is_some_and(|text| text.starts_with(status))
}
