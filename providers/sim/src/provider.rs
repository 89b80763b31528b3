//! The two kinds of provider that lead into a world: `sim`, an account, and `inner`, a cluster from
//! the inside.

use std::sync::Arc;

use async_trait::async_trait;
use aurak_api::{
    Applied, Call, Listed, Progress, Provider, ProviderError, ProviderType, Readiness, Recovery, Update,
    drop_volatile,
};
use aurak_model::schema::ProviderSchema;
use aurak_model::snapshot::{Child, Refreshed};
use aurak_model::{Name, TypeSchema, Value};

use crate::types;
use crate::wire::{Body, Link, Reply, Request};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sim,
    Inner,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Sim => "sim",
            Kind::Inner => "inner",
        }
    }
}

/// A kind of provider, with the way to its world.
pub(crate) struct SimType {
    kind: Kind,
    link: Arc<dyn Link>,
}

impl SimType {
    pub(crate) fn new(kind: Kind, link: Arc<dyn Link>) -> SimType {
        SimType { kind, link }
    }
}

#[async_trait]
impl ProviderType for SimType {
    fn schema(&self) -> Arc<ProviderSchema> {
        types::provider(self.kind.name())
    }

    fn types(&self) -> Vec<Arc<TypeSchema>> {
        types::of_provider(self.kind.name())
    }

    async fn configure(&self, config: &Value) -> Result<Arc<dyn Provider>, ProviderError> {
        let request = Request {
            world: crate::MAIN.into(),
            type_name: self.kind.name().into(),
            address: None,
            key: None,
            body: Body::Open { config: config.clone() },
        };
        match self.link.send(request).await? {
            Reply::Opened(world) => Ok(Arc::new(SimProvider { world, link: self.link.clone() })),
            other => Err(other.unexpected()),
        }
    }
}

/// An account, or a cluster from the inside.
struct SimProvider {
    world: Name,
    link: Arc<dyn Link>,
}

impl SimProvider {
    async fn ask(&self, type_name: &str, body: Body) -> Result<Reply, ProviderError> {
        self.send(None, type_name, body).await
    }

    async fn send(&self, call: Option<&Call>, type_name: &str, body: Body) -> Result<Reply, ProviderError> {
        let request = Request {
            world: self.world.clone(),
            type_name: type_name.into(),
            address: call.map(|call| call.address.clone()),
            key: call.map(|call| call.key.clone()),
            body,
        };
        self.link.send(request).await
    }

    async fn change(&self, call: &Call, type_name: &str, body: Body) -> Result<Progress, ProviderError> {
        Ok(match self.send(Some(call), type_name, body).await?.progress()? {
            Progress::Done(applied) => {
                let attributes = self.stored(type_name, &applied.attributes);
                Progress::Done(Applied { attributes, ..applied })
            }
            other => other,
        })
    }

    /// What the service says of an object without being asked for more: what is volatile, it tells
    /// only those who are about to use it.
    fn stored(&self, type_name: &str, attributes: &Value) -> Value {
        match types::of(type_name) {
            Some(schema) => drop_volatile(attributes, &schema),
            None => attributes.clone(),
        }
    }

    fn without_volatile(&self, type_name: &str, seen: Refreshed) -> Refreshed {
        match seen {
            Refreshed::Found { id, attributes } => {
                Refreshed::Found { id, attributes: self.stored(type_name, &attributes) }
            }
            other => other,
        }
    }

    /// A read, in which some refusals are answers.
    async fn look(&self, type_name: &str, body: Body) -> Result<Refreshed, ProviderError> {
        match self.ask(type_name, body).await {
            Err(error) => match error.code.as_deref() {
                Some("Asleep") => Ok(Refreshed::Asleep(error.message)),
                Some("Forbidden") => Ok(Refreshed::Unreadable(error.message)),
                _ => Err(error),
            },
            Ok(reply) => reply.object(),
        }
    }
}

#[async_trait]
impl Provider for SimProvider {
    fn world(&self) -> Option<Name> {
        Some(self.world.clone())
    }

    async fn list(&self, type_name: &str, collection: &str) -> Result<Vec<Listed>, ProviderError> {
        let listed = self.ask(type_name, Body::List { collection: collection.into() }).await?.listed()?;
        let plain = |object: Listed| {
            let attributes = self.stored(type_name, &object.attributes);
            Listed { attributes, ..object }
        };
        Ok(listed.into_iter().map(plain).collect())
    }

    async fn read(&self, type_name: &str, id: &str, _last: &Value) -> Result<Refreshed, ProviderError> {
        let seen = self.look(type_name, Body::Read { id: id.into() }).await?;
        Ok(self.without_volatile(type_name, seen))
    }

    async fn read_volatile(
        &self,
        type_name: &str,
        id: &str,
        _last: &Value,
    ) -> Result<Refreshed, ProviderError> {
        self.look(type_name, Body::Read { id: id.into() }).await
    }

    fn readiness(&self, _: &str, attributes: &Value) -> Readiness {
        match attributes.as_map().and_then(|map| map.get("state")).and_then(Value::as_str) {
            Some(state @ ("creating" | "updating" | "deleting")) => {
                Readiness::Waiting(format!("the service is {state} it"))
            }
            Some("failed") => Readiness::Failed("the service could not make it".to_string()),
            _ => Readiness::Ready,
        }
    }

    async fn find(&self, type_name: &str, key: &str, _planned: &Value) -> Result<Refreshed, ProviderError> {
        let seen = self.look(type_name, Body::Find { key: key.into() }).await?;
        Ok(self.without_volatile(type_name, seen))
    }

    async fn preview(&self, type_name: &str, desired: &Value, live: &Value) -> Result<Value, ProviderError> {
        let body = Body::Preview { desired: desired.clone(), live: live.clone() };
        match self.ask(type_name, body).await? {
            Reply::Previewed(planned) => Ok(planned),
            other => Err(other.unexpected()),
        }
    }

    async fn expand(&self, type_name: &str, desired: &Value) -> Result<Vec<Child>, ProviderError> {
        self.ask(type_name, Body::Expand { desired: desired.clone() }).await?.children()
    }

    async fn create(&self, call: &Call, type_name: &str, desired: &Value) -> Result<Progress, ProviderError> {
        self.change(call, type_name, Body::Create { desired: desired.clone() }).await
    }

    async fn update(&self, call: &Call, type_name: &str, update: &Update) -> Result<Progress, ProviderError> {
        let Update { id, desired, live: _, unset } = update;
        let body = Body::Update { id: id.clone(), desired: desired.clone(), unset: unset.clone() };
        self.change(call, type_name, body).await
    }

    async fn delete(
        &self,
        call: &Call,
        type_name: &str,
        id: &str,
        _live: &Value,
    ) -> Result<Progress, ProviderError> {
        self.change(call, type_name, Body::Delete { id: id.into() }).await
    }

    async fn invoke(
        &self,
        call: &Call,
        type_name: &str,
        id: &str,
        action: &str,
        args: &Value,
    ) -> Result<Progress, ProviderError> {
        let body = Body::Invoke { id: id.into(), action: action.into(), args: args.clone() };
        self.change(call, type_name, body).await
    }

    async fn resume(&self, call: &Call, type_name: &str, handle: &Value) -> Result<Progress, ProviderError> {
        let operation = handle.as_map().and_then(|map| map.get("operation")).and_then(Value::as_str);
        let Some(operation) = operation else {
            return Err(ProviderError::permanent("the handle names no operation"));
        };
        self.change(call, type_name, Body::Resume { operation: operation.into() }).await
    }

    async fn recover(
        &self,
        call: &Call,
        type_name: &str,
        _desired: &Value,
    ) -> Result<Recovery, ProviderError> {
        match self.send(Some(call), type_name, Body::Recover).await? {
            Reply::Lost(why) => Ok(Recovery::Ask(why)),
            Reply::Object(seen) => Ok(Recovery::Object(self.without_volatile(type_name, seen))),
            other => Err(other.unexpected()),
        }
    }
}
