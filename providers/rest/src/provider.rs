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
use aurak_model::snapshot::Refreshed;
use aurak_model::{Name, Value};
use serde_json::Value as Json;

use crate::body;
use crate::dialect::{Dialect, Verdict, retry_after};
use crate::driver::{Driver, named};
use crate::operation::{self, Follow, Handle, Next, Verb, Word};
use crate::output;
use crate::overlay;
use crate::pace::Pace;
use crate::spec::{Output, RestType};
use crate::transport::{Method, Request, Response, Transport};

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

    /// The id of the object that attributes are about.
    fn path(&self, ty: &RestType, attributes: &Value) -> Result<String, ProviderError> {
        let map = attributes.as_map();
        let filled = ty.spec.path.fill(|hole| match map.and_then(|map| map.get(hole)) {
            Some(value) => value.as_str(),
            None => self.dialect().given(hole),
        });
        filled.map_err(|bad| {
            ProviderError::permanent(bad.to_string())
                .help(format!("look at the attributes of the {} that make its path", ty.schema.name))
        })
    }

    /// A request about an object, or about what is below it.
    fn request(&self, ty: &RestType, method: Method, path: &str) -> Request {
        self.dialect().versioned(Request::new(method, self.driver.url(path)), &ty.spec.version)
    }

    /// The answer to a read, or none where it is not there.
    async fn look(&self, ty: &RestType, path: &str) -> Result<Option<Response>, ProviderError> {
        match self.driver.get(self.request(ty, Method::Get, path)).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.class == Class::Gone => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn object(&self, ty: &RestType, path: &str, body: &Json) -> Applied {
        let id = self.dialect().id(body).unwrap_or(path);
        Applied { id: identity(id), attributes: body::attributes(ty, id, body) }
    }

    /// A volatile attribute, which an action of the object answers.
    async fn output(&self, ty: &RestType, path: &str, output: &Output) -> Result<Value, ProviderError> {
        let request = self.request(ty, Method::Post, &format!("{path}/{}", output.post));
        let answer = self.driver.get(request.clone()).await?;
        output::value(output, &answer.body).ok_or_else(|| {
            ProviderError::permanent(format!(
                "{}: the answer has no `{}` as this type expects it",
                named(&request),
                output.at
            ))
        })
    }

    async fn object_at(&self, ty: &RestType, path: &str) -> Result<Option<Applied>, ProviderError> {
        Ok(self.look(ty, path).await?.map(|answer| self.object(ty, path, &answer.body)))
    }

    async fn refreshed(&self, ty: &RestType, path: &str) -> Result<Refreshed, ProviderError> {
        Ok(match self.object_at(ty, path).await? {
            Some(Applied { id, attributes }) => Refreshed::Found { id, attributes },
            None => Refreshed::Absent,
        })
    }

    /// The body to send, of attributes.
    fn sent(&self, ty: &RestType, attributes: &aurak_model::value::Map) -> Result<Json, ProviderError> {
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
        path: &str,
        next: Next,
        after: Option<Duration>,
    ) -> Result<Progress, ProviderError> {
        let poll = after.unwrap_or_else(|| self.dialect().poll());
        match next {
            Next::Ask { handle, why } => {
                self.driver.trusted(&handle.poll_url)?;
                Ok(Progress::Waiting { handle: handle.to_value(), why, poll })
            }
            Next::Over | Next::Result(_) if verb == Verb::Delete => Ok(Progress::Deleted),
            Next::Over | Next::Result(_) => match self.object_at(ty, path).await {
                Ok(Some(applied)) => Ok(Progress::Done(applied)),
                // It was made, and is not to be seen everywhere yet.
                Ok(None) if verb == Verb::Create => {
                    let handle = Handle {
                        verb,
                        kind: Follow::Object,
                        poll_url: self.request(ty, Method::Get, path).url,
                        final_url: None,
                        object: path.to_string(),
                    };
                    let why = "it is made, and not to be seen yet".to_string();
                    Ok(Progress::Waiting { handle: handle.to_value(), why, poll })
                }
                Ok(None) => Err(ProviderError::gone(format!("`{path}` went away while it was changed"))
                    .effect(Effect::Untold)),
                Err(error) => Err(error.effect(Effect::Unknown)),
            },
            Next::Failed(refusal) => {
                let help = self.dialect().judge(&refusal, Method::Get, None).help;
                let effect = match verb {
                    Verb::Create => match self.object_at(ty, path).await {
                        Ok(Some(applied)) => Effect::Partial(Box::new(applied)),
                        Ok(None) => Effect::None,
                        Err(_) => Effect::Unknown,
                    },
                    Verb::Update | Verb::Delete | Verb::Invoke => Effect::Untold,
                };
                // That it ended is final, whatever the reason: a retryable class would ask the same
                // operation again.
                let verdict = Verdict { class: Class::Permanent, effect, help };
                let what = match verb {
                    Verb::Create => "create",
                    Verb::Update => "update",
                    Verb::Delete => "delete",
                    Verb::Invoke => "invoke",
                };
                Err(refusal.error(&format!("{what} {path}"), verdict))
            }
        }
    }

    async fn put(
        &self,
        ty: &RestType,
        verb: Verb,
        path: &str,
        request: Request,
    ) -> Result<Progress, ProviderError> {
        let url = self.request(ty, Method::Get, path).url;
        let answer = self.driver.change(request).await?;
        let next = operation::begun(self.dialect(), verb, path, &url, &answer);
        self.next(ty, verb, path, next, retry_after(&answer)).await
    }
}

/// The id of an object for the engine.
fn identity(id: &str) -> Name {
    format!("/{}", id.trim_matches('/').to_ascii_lowercase()).into()
}

/// The path to ask with: as the service wrote it last, where that is known.
fn written(ty: &RestType, id: &str, last: &Value) -> Result<String, ProviderError> {
    let last = last.as_map().and_then(|map| map.get("id")).and_then(Value::as_str);
    let path = last.filter(|last| identity(last) == identity(id)).unwrap_or(id);
    let whole = format!("/{}", path.trim_matches('/'));
    let escapes = whole.chars().any(|c| c.is_control() || matches!(c, '?' | '#' | '%' | '\\'))
        || whole[1..].split('/').any(|segment| matches!(segment, "" | "." | ".."));
    match ty.take_apart(&whole) {
        Some(_) if !escapes => Ok(whole),
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
        let items = match self.driver.list(&self.dialect().collection(collection), &ty.spec.version).await {
            Ok(items) => items,
            // What would hold them is not there.
            Err(error) if error.class == Class::Gone => Vec::new(),
            Err(error) => return Err(error),
        };
        let objects = items.iter().filter_map(|body| {
            let id = self.dialect().id(body)?;
            // A list may hold what is of another type.
            ty.take_apart(id)?;
            let Applied { id, attributes } = self.object(ty, id, body);
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
        let path = written(ty, id, last)?;
        let Some(Applied { id, attributes }) = self.object_at(ty, &path).await? else {
            return Ok(Refreshed::Absent);
        };
        let mut map = attributes.as_map().cloned().unwrap_or_default();
        // One that is refused is left out, because another one may be what is used: a cluster without
        // local accounts has credentials for users only.
        let mut refused = None;
        for (name, output) in &ty.spec.outputs {
            match self.output(ty, &path, output).await {
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
        self.refreshed(ty, &self.path(ty, planned)?).await
    }

    async fn create(&self, _: &Call, type_name: &str, desired: &Value) -> Result<Progress, ProviderError> {
        let ty = self.ty(type_name)?;
        let path = self.path(ty, desired)?;
        // The service would take a create of what is there for a change of it.
        if let Some(there) = self.object_at(ty, &path).await? {
            return Err(ProviderError::exists(there.id, format!("`{path}` is there already")));
        }
        let body = self.sent(ty, desired.as_map().unwrap_or(&aurak_model::value::Map::new()))?;
        let mut request = self.request(ty, Method::Put, &path).body(body);
        if ty.spec.etag {
            request = request.header("if-none-match", "*");
        }
        match self.put(ty, Verb::Create, &path, request).await {
            Err(error) if ty.spec.etag && is_status(&error, "412") => {
                Err(ProviderError { class: Class::Exists { id: identity(&path) }, ..error })
            }
            // What it was to be made in is not there, or it went away again.
            Err(error) if error.class == Class::Gone => {
                Err(ProviderError { class: Class::Permanent, ..error })
            }
            progress => progress,
        }
    }

    async fn update(&self, _: &Call, type_name: &str, update: &Update) -> Result<Progress, ProviderError> {
        let ty = self.ty(type_name)?;
        let path = written(ty, &update.id, &update.live)?;
        // What was planned with may be old by now, and a list may show less than a read.
        let answer = self.driver.get(self.request(ty, Method::Get, &path)).await?;
        if let Some(state) = self.dialect().state(&answer.body)
            && Word::of(state) == Word::GoesOn
        {
            return Err(ProviderError::conflict(format!(
                "`{path}` is {state}: something else goes on with it"
            )));
        }
        let body = overlay::updated(ty, &body::received(ty, &answer.body), update);
        let mut request = self.request(ty, Method::Put, &path).body(self.sent(ty, &body)?);
        if ty.spec.etag
            && let Some(etag) = self.dialect().etag(&answer)
        {
            request = request.header("if-match", etag);
        }
        match self.put(ty, Verb::Update, &path, request).await {
            // Somebody else was faster: on with what is there now.
            Err(error) if ty.spec.etag && is_status(&error, "412") => {
                Err(ProviderError { class: Class::Conflict, ..error })
            }
            progress => progress,
        }
    }

    async fn delete(
        &self,
        _: &Call,
        type_name: &str,
        id: &str,
        live: &Value,
    ) -> Result<Progress, ProviderError> {
        let ty = self.ty(type_name)?;
        let path = written(ty, id, live)?;
        let request = self.request(ty, Method::Delete, &path);
        match self.put(ty, Verb::Delete, &path, request).await {
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
        if matches!(answer.status, 401 | 403 | 408 | 429 | 500..=599) {
            // The question failed, and not the operation.
            return Err(self.driver.refused(&request, &answer).effect(Effect::Unknown));
        }
        let url = self.request(ty, Method::Get, &handle.object).url;
        let next = operation::asked(self.dialect(), &handle, &url, &answer);
        self.next(ty, handle.verb, &handle.object, next, retry_after(&answer)).await
    }

    async fn recover(&self, _: &Call, type_name: &str, desired: &Value) -> Result<Recovery, ProviderError> {
        // A request that is still on its way makes the object of this path, and never a second one.
        let ty = self.ty(type_name)?;
        self.refreshed(ty, &self.path(ty, desired)?).await.map(Recovery::Object)
    }
}

fn is_status(error: &ProviderError, status: &str) -> bool {
    error.status.as_deref().is_some_and(|text| text.starts_with(status))
}
