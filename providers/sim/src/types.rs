//! The type files, compiled in, and the two kinds of provider that they belong to.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use aurak_api::type_file;
use aurak_model::schema::ProviderSchema;
use aurak_model::{Name, TypeSchema};

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

// A test loads all of these and finds no mistake, so nothing is lost by leaving one out here.
static LOADED: LazyLock<Loaded> = LazyLock::new(|| Loaded {
    types: TYPES
        .iter()
        .filter_map(|(name, text)| type_file::load_checked(name, text).ok().map(Arc::new))
        .collect(),
    providers: PROVIDERS
        .iter()
        .filter_map(|(_, text)| {
            let schema: ProviderSchema = serde_yaml::from_str(text).ok()?;
            Some((schema.name.clone(), Arc::new(schema)))
        })
        .collect(),
});

struct Loaded {
    types: Vec<Arc<TypeSchema>>,
    providers: BTreeMap<Name, Arc<ProviderSchema>>,
}

/// A type by its name.
pub(crate) fn of(name: &str) -> Option<Arc<TypeSchema>> {
    LOADED.types.iter().find(|schema| *schema.name == *name).cloned()
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
    fn the_type_files_hold_no_mistakes() {
        let mut files = aurak_model::Files::default();
        for (name, text) in TYPES {
            let schema =
                type_file::load(&mut files, name, text).unwrap_or_else(|found| panic!("{name}: {found:#?}"));
            assert_eq!(&*schema.name, *name);
        }
        assert_eq!(LOADED.types.len(), TYPES.len());
        assert_eq!(LOADED.providers.len(), PROVIDERS.len());
    }

    #[test]
    fn every_type_has_a_behaviour_that_fits_it() {
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
