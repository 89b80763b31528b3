//! The two traits of a provider.

use std::sync::Arc;

use async_trait::async_trait;
use aurak_model::schema::ProviderSchema;
use aurak_model::snapshot::{Child, Refreshed};
use aurak_model::{Name, TypeSchema, Value};

use crate::call::{Call, Listed, Progress, Readiness, Recovery, Update};
use crate::error::ProviderError;

/// A type of provider: `core`, `azure`.
#[async_trait]
pub trait ProviderType: Send + Sync {
    /// Its name and what a node of it is configured with.
    fn schema(&self) -> Arc<ProviderSchema>;

    /// Its resource types.
    fn types(&self) -> Vec<Arc<TypeSchema>>;

    /// Opens one. The configuration is whole, fits the schema and carries no marks.
    async fn configure(&self, config: &Value) -> Result<Arc<dyn Provider>, ProviderError>;
}

/// A configured provider.
///
/// The engine passes values *with* their marks (in clear, never sealed, never unknown). The guard
/// that the registry puts around each provider takes the marks off for one that does not ask for
/// them, marks secrets again in what comes back (by schema, and wherever a secret that went in
/// shows up), and removes secrets from messages. So a provider neither reveals nor marks anything
/// by itself, unless it [sees marks](Provider::sees_marks).
///
/// A call is made at most once at a time for an object. Dropping the future of a call abandons it.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The world that its objects live in: an object recorded with another one is refused.
    fn world(&self) -> Option<Name> {
        None
    }

    /// Whether it wants values with their marks.
    fn sees_marks(&self) -> bool {
        false
    }

    /// All objects of a collection.
    async fn list(&self, type_name: &str, collection: &str) -> Result<Vec<Listed>, ProviderError> {
        let _ = collection;
        Err(ProviderError::unsupported("listing", type_name))
    }

    /// What an object looks like now; `last` are its attributes as last known.
    async fn read(&self, type_name: &str, id: &str, last: &Value) -> Result<Refreshed, ProviderError>;

    /// The same with its volatile attributes, because something is about to use them. A provider that
    /// needs no more requests for these gives them with every read.
    async fn read_volatile(
        &self,
        type_name: &str,
        id: &str,
        last: &Value,
    ) -> Result<Refreshed, ProviderError> {
        self.read(type_name, id, last).await
    }

    /// How far an object has come, by what was just read of it. Asked where nobody was there for the
    /// end of the call that made or changed it: after a kill, or an answer that was lost.
    fn readiness(&self, type_name: &str, attributes: &Value) -> Readiness {
        let _ = (type_name, attributes);
        Readiness::Ready
    }

    /// Whether an object with this natural key is there.
    async fn find(&self, type_name: &str, key: &str, planned: &Value) -> Result<Refreshed, ProviderError> {
        let _ = (key, planned);
        Err(ProviderError::unsupported("finding", type_name))
    }

    /// What an update would lead to, as the service sees it: the whole body afterwards.
    async fn preview(&self, type_name: &str, desired: &Value, live: &Value) -> Result<Value, ProviderError> {
        let _ = (desired, live);
        Err(ProviderError::unsupported("a preview", type_name))
    }

    /// The resources that a composite stands for.
    async fn expand(&self, type_name: &str, desired: &Value) -> Result<Vec<Child>, ProviderError> {
        let _ = desired;
        Err(ProviderError::unsupported("an expansion", type_name))
    }

    /// Makes an object.
    async fn create(&self, call: &Call, type_name: &str, desired: &Value) -> Result<Progress, ProviderError>;

    /// Changes one.
    async fn update(&self, call: &Call, type_name: &str, update: &Update) -> Result<Progress, ProviderError>;

    /// Deletes one. That it is gone already is success.
    async fn delete(
        &self,
        call: &Call,
        type_name: &str,
        id: &str,
        live: &Value,
    ) -> Result<Progress, ProviderError>;

    /// Calls an action of a type on an object. Its end is `Done` with whatever the provider knows of the
    /// object, or `Deleted` where that is nothing.
    async fn invoke(
        &self,
        call: &Call,
        type_name: &str,
        id: &str,
        action: &str,
        args: &Value,
    ) -> Result<Progress, ProviderError> {
        let _ = (call, type_name, id, args);
        Err(ProviderError::no_such("action", action))
    }

    /// Asks how far a call has come that answered `Waiting`.
    async fn resume(&self, call: &Call, type_name: &str, handle: &Value) -> Result<Progress, ProviderError> {
        let _ = (call, handle);
        Err(ProviderError::unsupported("waiting", type_name))
    }

    /// What became of a create whose end nobody saw, because the run was killed. `call` has the
    /// key of the interrupted call. Asked where the type has no natural key to find it by, or where
    /// [`Provider::find`] could not tell.
    async fn recover(
        &self,
        call: &Call,
        type_name: &str,
        desired: &Value,
    ) -> Result<Recovery, ProviderError> {
        let _ = (call, type_name, desired);
        Ok(Recovery::Ask("the service names the object by itself, so it cannot be looked for".to_string()))
    }
}
