//! The type files, compiled in, and the two kinds of provider that they belong to.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use aurak_model::schema::ProviderSchema;
use aurak_model::{Name, TypeSchema};
use serde::de::DeserializeOwned;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../types/", $name, ".yaml")))),*]
    };
}

const TYPES: &[(&str, &str)] = files![
    "inner.bundle",
    "inner.namespace",
    "inner.object",
    "sim.bundle",
    "sim.cluster",
    "sim.database",
    "sim.dependant",
    "sim.group",
    "sim.network",
    "sim.pool",
    "sim.preview",
    "sim.secret",
    "sim.subnet",
    "sim.thing",
    "sim.token",
    "sim.volume",
];

const PROVIDERS: &[(&str, &str)] = files!["provider.inner", "provider.sim"];

static LOADED: LazyLock<Loaded> = LazyLock::new(|| Loaded {
    types: TYPES.iter().map(|(name, text)| Arc::new(read::<TypeSchema>(name, text))).collect(),
    providers: PROVIDERS
        .iter()
        .map(|(name, text)| {
            let schema: ProviderSchema = read(name, text);
            (schema.name.clone(), Arc::new(schema))
        })
        .collect(),
});

struct Loaded {
    types: Vec<Arc<TypeSchema>>,
    providers: BTreeMap<Name, Arc<ProviderSchema>>,
}

fn read<T: DeserializeOwned>(name: &str, text: &str) -> T {
    // By way of JSON, which has one way of writing an enum.
    let json: Result<serde_json::Value, _> = serde_yaml::from_str(text);
    let read = json
        .map_err(|e| e.to_string())
        .and_then(|json| serde_json::from_value(json).map_err(|e| e.to_string()));
    // The files are part of this crate, and a test reads them all.
    read.unwrap_or_else(|e| panic!("types/{name}.yaml: {e}"))
}

/// All types of a kind of provider.
pub(crate) fn of_provider(name: &str) -> Vec<Arc<TypeSchema>> {
    LOADED.types.iter().filter(|schema| schema.provider() == name).cloned().collect()
}

/// A type.
pub(crate) fn schema(type_name: &str) -> Option<&'static Arc<TypeSchema>> {
    LOADED.types.iter().find(|schema| &*schema.name == type_name)
}

/// What a kind of provider is configured with.
pub(crate) fn provider(name: &str) -> Arc<ProviderSchema> {
    LOADED.providers.get(name).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour;

    #[test]
    fn every_type_has_a_behaviour_that_fits_it() {
        assert_eq!(LOADED.providers.len(), PROVIDERS.len());
        for schema in &LOADED.types {
            let behaviour = behaviour::of(&schema.name);
            assert_eq!(behaviour.is_none(), schema.composite, "{}", schema.name);
            let Some(behaviour) = behaviour else { continue };
            assert_eq!(behaviour.key.is_some(), schema.key.is_some(), "{}", schema.name);
            for reference in behaviour.refs {
                assert!(schema.attributes.contains_key(reference.attribute), "{}", schema.name);
                assert!(reference.target.is_none_or(|target| super::schema(target).is_some()));
            }
        }
    }
}
