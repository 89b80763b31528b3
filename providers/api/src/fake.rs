//! A provider made of closures, for tests of what calls providers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aurak_model::schema::ProviderSchema;
use aurak_model::snapshot::{Child, Refreshed};
use aurak_model::{Name, TypeSchema, Value};

use crate::call::{Applied, Call, Listed, Progress, Recovery, Update};
use crate::error::ProviderError;
use crate::provider::{Provider, ProviderType};

type Closure<A, R> = Box<dyn Fn(A) -> Result<R, ProviderError> + Send + Sync>;

macro_rules! fake {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty;)*) => {
        /// A provider with a closure per method. Every call is also kept as a line of text, such as
        /// `create sim.thing`. A method without closure answers as a provider that lacks it, but
        /// for `create`, `read`, `update` and `delete`, which keep objects in memory: the id is
        /// the name of the call's address, the body what was desired with that `id`.
        #[derive(Default)]
        pub struct FakeProvider {
            /// Its world.
            pub world: Option<Name>,
            /// Whether it sees marks.
            pub sees_marks: bool,
            objects: Mutex<BTreeMap<Name, Value>>,
            calls: Mutex<Vec<String>>,
            $($name: Option<Closure<($($ty,)*), $ret>>,)*
        }

        impl FakeProvider {
            $($(#[$doc])*
            #[must_use]
            pub fn $name<F>(mut self, f: F) -> FakeProvider
            where
                F: Fn($($ty),*) -> Result<$ret, ProviderError> + Send + Sync + 'static,
            {
                self.$name = Some(Box::new(move |($($arg,)*)| f($($arg),*)));
                self
            })*
        }
    };
}

fake! {
    /// Answers `list` of a type and a collection.
    on_list(type_name: String, collection: String) -> Vec<Listed>;
    /// Answers `read` of a type, an id and the attributes as last known.
    on_read(type_name: String, id: String, last: Value) -> Refreshed;
    /// Answers `find` of a type, a natural key and the planned attributes.
    on_find(type_name: String, key: String, planned: Value) -> Refreshed;
    /// Answers `preview` of a type, the desired and the live attributes.
    on_preview(type_name: String, desired: Value, live: Value) -> Value;
    /// Answers `expand` of a type and the desired attributes.
    on_expand(type_name: String, desired: Value) -> Vec<Child>;
    /// Answers `create` of a type with the desired attributes.
    on_create(call: Call, type_name: String, desired: Value) -> Progress;
    /// Answers `update` of a type.
    on_update(call: Call, type_name: String, update: Update) -> Progress;
    /// Answers `delete` of a type, an id and the live attributes.
    on_delete(call: Call, type_name: String, id: String, live: Value) -> Progress;
    /// Answers `invoke` of an action with arguments.
    on_invoke(call: Call, type_name: String, id: String, action: String, args: Value) -> Progress;
    /// Answers `resume` of a type with a handle.
    on_resume(call: Call, type_name: String, handle: Value) -> Progress;
    /// Answers `recover` of a type with the desired attributes.
    on_recover(call: Call, type_name: String, desired: Value) -> Recovery;
}

impl FakeProvider {
    /// One that keeps objects in memory.
    pub fn new() -> FakeProvider {
        FakeProvider::default()
    }

    /// The calls so far, in order.
    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The objects in memory, by id.
    pub fn objects(&self) -> BTreeMap<Name, Value> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, line: String) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn put(&self, id: Name, body: &Value) -> Progress {
        let mut map = body.as_map().cloned().unwrap_or_default();
        map.insert("id", Value::String(id.clone()));
        let attributes = Value::from(map);
        self.objects.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), attributes.clone());
        Progress::Done(Applied { id, attributes })
    }
}

#[async_trait]
impl Provider for FakeProvider {
    fn world(&self) -> Option<Name> {
        self.world.clone()
    }

    fn sees_marks(&self) -> bool {
        self.sees_marks
    }

    async fn list(&self, type_name: &str, collection: &str) -> Result<Vec<Listed>, ProviderError> {
        self.note(format!("list {type_name} {collection}"));
        match &self.on_list {
            Some(f) => f((type_name.into(), collection.into())),
            None => Err(ProviderError::unsupported("listing", type_name)),
        }
    }

    async fn read(&self, type_name: &str, id: &str, last: &Value) -> Result<Refreshed, ProviderError> {
        self.note(format!("read {type_name} {id}"));
        match &self.on_read {
            Some(f) => f((type_name.into(), id.into(), last.clone())),
            None => Ok(match self.objects().get(id) {
                Some(body) => Refreshed::Found { id: id.into(), attributes: body.clone() },
                None => Refreshed::Absent,
            }),
        }
    }

    async fn find(&self, type_name: &str, key: &str, planned: &Value) -> Result<Refreshed, ProviderError> {
        self.note(format!("find {type_name} {key}"));
        match &self.on_find {
            Some(f) => f((type_name.into(), key.into(), planned.clone())),
            None => Err(ProviderError::unsupported("finding", type_name)),
        }
    }

    async fn preview(&self, type_name: &str, desired: &Value, live: &Value) -> Result<Value, ProviderError> {
        self.note(format!("preview {type_name}"));
        match &self.on_preview {
            Some(f) => f((type_name.into(), desired.clone(), live.clone())),
            None => Err(ProviderError::unsupported("a preview", type_name)),
        }
    }

    async fn expand(&self, type_name: &str, desired: &Value) -> Result<Vec<Child>, ProviderError> {
        self.note(format!("expand {type_name}"));
        match &self.on_expand {
            Some(f) => f((type_name.into(), desired.clone())),
            None => Err(ProviderError::unsupported("an expansion", type_name)),
        }
    }

    async fn create(&self, call: &Call, type_name: &str, desired: &Value) -> Result<Progress, ProviderError> {
        self.note(format!("create {type_name}"));
        match &self.on_create {
            Some(f) => f((call.clone(), type_name.into(), desired.clone())),
            None => Ok(self.put(call.address.as_str().into(), desired)),
        }
    }

    async fn update(&self, call: &Call, type_name: &str, update: &Update) -> Result<Progress, ProviderError> {
        self.note(format!("update {type_name} {}", update.id));
        match &self.on_update {
            Some(f) => f((call.clone(), type_name.into(), update.clone())),
            None if !self.objects().contains_key(&update.id) => {
                Err(ProviderError::gone(format!("{type_name} `{}` is not there", update.id)))
            }
            None => Ok(self.put(update.id.clone(), &update.desired)),
        }
    }

    async fn delete(
        &self,
        call: &Call,
        type_name: &str,
        id: &str,
        live: &Value,
    ) -> Result<Progress, ProviderError> {
        self.note(format!("delete {type_name} {id}"));
        match &self.on_delete {
            Some(f) => f((call.clone(), type_name.into(), id.into(), live.clone())),
            None => {
                self.objects.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
                Ok(Progress::Deleted)
            }
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
        self.note(format!("invoke {action} {type_name} {id}"));
        match &self.on_invoke {
            Some(f) => f((call.clone(), type_name.into(), id.into(), action.into(), args.clone())),
            None => Err(ProviderError::no_such("action", action)),
        }
    }

    async fn resume(&self, call: &Call, type_name: &str, handle: &Value) -> Result<Progress, ProviderError> {
        self.note(format!("resume {type_name}"));
        match &self.on_resume {
            Some(f) => f((call.clone(), type_name.into(), handle.clone())),
            None => Err(ProviderError::unsupported("waiting", type_name)),
        }
    }

    async fn recover(
        &self,
        call: &Call,
        type_name: &str,
        desired: &Value,
    ) -> Result<Recovery, ProviderError> {
        self.note(format!("recover {type_name}"));
        match &self.on_recover {
            Some(f) => f((call.clone(), type_name.into(), desired.clone())),
            None => Ok(Recovery::Ask("a fake cannot tell".to_string())),
        }
    }
}

/// A provider type that always opens the same provider.
pub struct FakeType {
    /// What it is configured with.
    pub schema: Arc<ProviderSchema>,
    /// Its resource types.
    pub types: Vec<Arc<TypeSchema>>,
    /// What it opens.
    pub provider: Arc<FakeProvider>,
}

impl FakeType {
    /// One that takes no configuration.
    pub fn new(name: &str, types: Vec<TypeSchema>, provider: Arc<FakeProvider>) -> FakeType {
        FakeType {
            schema: Arc::new(ProviderSchema {
                name: name.into(),
                concurrency: 4,
                ..ProviderSchema::default()
            }),
            types: types.into_iter().map(Arc::new).collect(),
            provider,
        }
    }
}

#[async_trait]
impl ProviderType for FakeType {
    fn schema(&self) -> Arc<ProviderSchema> {
        self.schema.clone()
    }

    fn types(&self) -> Vec<Arc<TypeSchema>> {
        self.types.clone()
    }

    async fn configure(&self, _: &Value) -> Result<Arc<dyn Provider>, ProviderError> {
        Ok(self.provider.clone())
    }
}
