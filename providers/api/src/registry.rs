//! The provider types of a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use aurak_model::{Name, Schemas, Value};

use crate::error::ProviderError;
use crate::guard::GuardedType;
use crate::provider::{Provider, ProviderType};

/// Provider types by name.
#[derive(Clone, Default)]
pub struct Registry {
    types: BTreeMap<Name, Arc<dyn ProviderType>>,
}

impl Registry {
    /// An empty one.
    pub fn new() -> Registry {
        Registry::default()
    }

    /// Adds a provider type, guarded; one of the same name gives way.
    pub fn add(&mut self, provider: Arc<dyn ProviderType>) {
        self.types.insert(provider.schema().name.clone(), Arc::new(GuardedType(provider)));
    }

    /// The same, to chain.
    #[must_use]
    pub fn with(mut self, provider: Arc<dyn ProviderType>) -> Registry {
        self.add(provider);
        self
    }

    /// The provider type of a name, guarded.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn ProviderType>> {
        self.types.get(name)
    }

    /// The names of the provider types.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.types.keys()
    }

    /// Opens a provider.
    pub async fn configure(
        &self,
        type_name: &str,
        config: &Value,
    ) -> Result<Arc<dyn Provider>, ProviderError> {
        let provider = self.get(type_name).ok_or_else(|| ProviderError::no_such("provider", type_name))?;
        provider.configure(config).await
    }

    /// What all of them know.
    pub fn schemas(&self) -> Schemas {
        let mut schemas = Schemas::default();
        for (name, provider) in &self.types {
            schemas.providers.insert(name.clone(), provider.schema());
            for ty in provider.types() {
                schemas.types.insert(ty.name.clone(), ty);
            }
        }
        schemas
    }
}
