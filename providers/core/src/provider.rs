//! The provider: hands each call to the type that it is for.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use aurak_api::{Call, Progress, Provider, ProviderError, ProviderType, Recovery, Update, type_file};
use aurak_model::schema::ProviderSchema;
use aurak_model::snapshot::Refreshed;
use aurak_model::value::Map;
use aurak_model::{Name, TypeSchema, Value};
use tokio::sync::Semaphore;

use crate::supervisor::Supervisor;
use crate::{command, data, file, private_key, random, sleep};

/// Calls at once. Most of them do not leave the process, so this is high; commands, which need the
/// machine, have a limit of their own.
const CONCURRENCY: usize = 64;

/// The type files, by name.
pub(crate) const FILES: [(&str, &str); 6] = [
    ("core/command.yaml", include_str!("../types/command.yaml")),
    ("core/data.yaml", include_str!("../types/data.yaml")),
    ("core/file.yaml", include_str!("../types/file.yaml")),
    ("core/private_key.yaml", include_str!("../types/private_key.yaml")),
    ("core/random.yaml", include_str!("../types/random.yaml")),
    ("core/sleep.yaml", include_str!("../types/sleep.yaml")),
];

static TYPES: LazyLock<Vec<Arc<TypeSchema>>> = LazyLock::new(|| {
    // A test loads each of them, so none is missing here.
    FILES.iter().filter_map(|(name, text)| type_file::load_checked(name, text).ok().map(Arc::new)).collect()
});

/// What the types need to know about where they run.
#[derive(Clone, Debug)]
pub struct CoreOptions {
    /// The stack's folder: paths are relative to it, and commands run in it.
    pub folder: PathBuf,
    /// How the supervisor of a command is started.
    pub supervisor: Supervisor,
}

/// The provider type `core`.
#[derive(Clone, Debug)]
pub struct CoreType {
    options: CoreOptions,
}

impl CoreType {
    /// The type, for a stack.
    pub fn new(options: CoreOptions) -> CoreType {
        CoreType { options }
    }
}

#[async_trait]
impl ProviderType for CoreType {
    fn schema(&self) -> Arc<ProviderSchema> {
        Arc::new(ProviderSchema {
            name: "core".into(),
            description: "Types that need no service. It is there without being configured.".to_string(),
            concurrency: CONCURRENCY,
            ..ProviderSchema::default()
        })
    }

    fn types(&self) -> Vec<Arc<TypeSchema>> {
        TYPES.clone()
    }

    async fn configure(&self, _: &Value) -> Result<Arc<dyn Provider>, ProviderError> {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Ok(Arc::new(Core {
            options: self.options.clone(),
            // Commands mostly wait for something else, so two of them fit a core.
            commands: Semaphore::new(2 * cores),
        }))
    }
}

/// The provider.
pub(crate) struct Core {
    pub(crate) options: CoreOptions,
    pub(crate) commands: Semaphore,
}

#[async_trait]
impl Provider for Core {
    /// `core.data` passes marks on, and `core.command` refuses them in arguments.
    fn sees_marks(&self) -> bool {
        true
    }

    async fn read(&self, type_name: &str, id: &str, last: &Value) -> Result<Refreshed, ProviderError> {
        match type_name {
            "core.file" => file::read(self, id, last).await,
            "core.command" => command::read(self, id, last).await,
            // Nothing outside the state can change these.
            "core.data" | "core.private_key" | "core.random" | "core.sleep" => {
                Ok(Refreshed::Found { id: id.into(), attributes: last.clone() })
            }
            _ => Err(ProviderError::no_such("type", type_name)),
        }
    }

    async fn find(&self, type_name: &str, key: &str, planned: &Value) -> Result<Refreshed, ProviderError> {
        match type_name {
            "core.file" => file::read(self, key, planned).await,
            _ => Err(ProviderError::unsupported("finding", type_name)),
        }
    }

    async fn create(&self, call: &Call, type_name: &str, desired: &Value) -> Result<Progress, ProviderError> {
        match type_name {
            "core.data" => Ok(data::create(desired)),
            "core.private_key" => private_key::create(desired).await,
            "core.random" => random::create(desired),
            "core.file" => file::create(self, desired).await,
            "core.sleep" => sleep::create(call, desired).await,
            "core.command" => command::create(self, call, desired).await,
            _ => Err(ProviderError::no_such("type", type_name)),
        }
    }

    async fn update(&self, call: &Call, type_name: &str, update: &Update) -> Result<Progress, ProviderError> {
        match type_name {
            "core.data" => Ok(data::update(update)),
            "core.private_key" => Err(ProviderError::permanent("a key does not change, it is replaced")),
            "core.random" => Err(ProviderError::permanent("a random value does not change, it is replaced")),
            "core.file" => file::update(self, update).await,
            "core.sleep" => Ok(sleep::update(update)),
            "core.command" => command::update(self, call, update).await,
            _ => Err(ProviderError::no_such("type", type_name)),
        }
    }

    async fn delete(
        &self,
        call: &Call,
        type_name: &str,
        id: &str,
        live: &Value,
    ) -> Result<Progress, ProviderError> {
        match type_name {
            "core.data" | "core.private_key" | "core.random" => Ok(Progress::Deleted),
            "core.file" => file::delete(self, id).await,
            "core.sleep" => sleep::delete(call, live).await,
            "core.command" => command::delete(self, call, live).await,
            _ => Err(ProviderError::no_such("type", type_name)),
        }
    }

    async fn recover(
        &self,
        call: &Call,
        type_name: &str,
        desired: &Value,
    ) -> Result<Recovery, ProviderError> {
        match type_name {
            // They leave nothing behind but what the state keeps.
            "core.data" | "core.private_key" | "core.random" | "core.sleep" => Ok(Recovery::Repeat),
            "core.file" => {
                let path = text(desired, "path").unwrap_or_default();
                file::read(self, path, desired).await.map(Recovery::Object)
            }
            "core.command" => command::recover(self, call, desired).await,
            _ => Err(ProviderError::no_such("type", type_name)),
        }
    }
}

/// An id that says nothing.
pub(crate) fn draw_id() -> Name {
    uuid::Uuid::new_v4().to_string().into()
}

/// The text of an attribute.
pub(crate) fn text<'a>(attributes: &'a Value, name: &str) -> Option<&'a str> {
    attributes.as_map()?.get(name)?.as_str()
}

/// Attributes with some set.
pub(crate) fn with<const N: usize>(attributes: &Value, set: [(&str, Value); N]) -> Value {
    let mut map: Map = attributes.as_map().cloned().unwrap_or_default();
    for (name, value) in set {
        map.insert(name, value);
    }
    Value::from(map)
}

#[cfg(test)]
mod tests {
    use aurak_model::Files;

    use super::*;

    #[test]
    fn the_type_files_hold_no_mistakes() {
        for (name, text) in FILES {
            let mut files = Files::default();
            type_file::load(&mut files, name, text).unwrap_or_else(|found| {
                let places: Vec<String> = found
                    .iter()
                    .map(|d| format!("{}: {d}", d.labels.first().map_or("?".into(), |l| files.place(l.span))))
                    .collect();
                panic!("{places:#?}")
            });
        }
        assert_eq!(TYPES.len(), FILES.len());
    }

    #[test]
    fn what_becomes_an_id_or_an_argument_holds_no_secret() {
        let without: Vec<String> = TYPES
            .iter()
            .flat_map(|ty| ty.attributes.iter().map(move |(name, attribute)| (ty, name, attribute)))
            .filter(|(_, _, attribute)| attribute.no_secrets)
            .map(|(ty, name, _)| format!("{}.{name}", ty.name))
            .collect();
        let commands = ["create", "delete", "read", "update"].map(|name| format!("core.command.{name}"));
        let files = ["mode", "path"].map(|name| format!("core.file.{name}"));
        assert_eq!(without, [&commands[..], &files[..]].concat());
    }

    #[test]
    fn what_is_wrong_in_itself_is_refused_before_anything_runs() {
        let fits = |path: &str, value: &str| {
            let (ty, name) = path.rsplit_once('.').unwrap();
            let ty = TYPES.iter().find(|found| &*found.name == ty).unwrap();
            aurak_expr::coerce(&value.into(), None, &ty.attributes[name]).is_ok()
        };
        let good = [
            ("core.sleep.create", "1h30m"),
            ("core.sleep.create", "0"),
            ("core.sleep.destroy", "1.5s"),
            ("core.sleep.destroy", " 2min "),
            ("core.file.mode", "0o644"),
            ("core.file.mode", "0644"),
            ("core.random.special_characters", "#%\\"),
            ("core.random.kind", "uuid"),
        ];
        for (path, value) in good {
            assert!(fits(path, value), "{path}: {value}");
        }
        let bad = [
            ("core.sleep.create", "3 parsecs"),
            ("core.sleep.create", "-3s"),
            ("core.sleep.create", ""),
            ("core.sleep.destroy", "5"),
            ("core.sleep.destroy", "1..2s"),
            ("core.sleep.destroy", "99999999999999999999d"),
            ("core.file.mode", "0o1644"),
            ("core.file.mode", "644"),
            ("core.file.path", ""),
            ("core.random.special_characters", "é"),
            ("core.random.kind", "name"),
        ];
        for (path, value) in bad {
            assert!(!fits(path, value), "{path}: {value}");
        }
    }

    #[test]
    fn every_attribute_is_explained() {
        for ty in TYPES.iter() {
            assert!(!ty.description.is_empty(), "{}", ty.name);
            for (name, attribute) in &ty.attributes {
                assert!(!attribute.description.is_empty(), "{}: {name}", ty.name);
            }
        }
    }
}
