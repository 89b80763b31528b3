//! Files and capabilities as templates see them: Go's types with their methods.

use std::any::Any;
use std::rc::Rc;

use aurak_gotemplate::{Field, Function, Map, Object, Str, Type, UintKind, Value};

use crate::{Capabilities, Files, KubeVersion, Profile};

fn bytes() -> Type {
    Type::slice(Type::Uint(UintKind::Uint8))
}

impl Files {
    /// `.Files`: a map of bytes with the methods `Get`, `GetBytes`, `Glob`, `Lines`, `AsConfig` and
    /// `AsSecrets`.
    #[must_use]
    pub fn value(&self) -> Value {
        let map = Map::of(bytes());
        for (name, data) in self.iter() {
            // A map that was just made takes all.
            let _ = map.set(name, Value::Bytes(data.clone()));
        }
        Value::Map(map.with_type(Type::with_methods("engine.files", Type::map(bytes()), method)))
    }

    /// The files of a value that templates may have changed meanwhile.
    fn of_value(value: &Value) -> Self {
        let entries = value.as_map().map(Map::entries).unwrap_or_default();
        entries
            .into_iter()
            .filter_map(|(name, data)| match data {
                Value::Bytes(data) => Some((name.lossy().into_owned(), data)),
                _ => None,
            })
            .collect()
    }
}

fn method(receiver: &Value, name: &str) -> Option<Function> {
    let receiver = receiver.clone();
    let text = [Type::String];
    Some(match name {
        "Get" => {
            Function::new(text, move |_, args| Ok(Value::Str(Files::of_value(&receiver).get(&args.text(0)))))
                .returning(Type::String)
        }
        "GetBytes" => Function::new(text, move |_, args| {
            Ok(Value::Bytes(Files::of_value(&receiver).get(&args.text(0))))
        })
        .returning(bytes()),
        "Glob" => {
            Function::new(text, move |_, args| Ok(Files::of_value(&receiver).glob(&args.text(0)).value()))
        }
        "Lines" => Function::new(text, move |_, args| {
            Ok(Value::strings(Files::of_value(&receiver).lines(&args.text(0))))
        }),
        "AsConfig" => Function::new([], move |_, _| Ok(Files::of_value(&receiver).as_config().into()))
            .returning(Type::String),
        "AsSecrets" => Function::new([], move |_, _| Ok(Files::of_value(&receiver).as_secrets().into()))
            .returning(Type::String),
        _ => return None,
    })
}

impl Capabilities {
    /// `.Capabilities`, of the Helm that is meant.
    #[must_use]
    pub fn value(&self, profile: Profile) -> Value {
        Value::object(Seen { capabilities: self.clone(), profile })
    }
}

/// The package of the types.
fn package(profile: Profile) -> &'static str {
    match profile {
        Profile::Helm3 => "chartutil",
        Profile::Helm4 => "common",
    }
}

struct Seen {
    capabilities: Capabilities,
    profile: Profile,
}

impl Object for Seen {
    fn type_name(&self) -> &str {
        match self.profile {
            Profile::Helm3 => "*chartutil.Capabilities",
            Profile::Helm4 => "*common.Capabilities",
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn field(&self, name: &str) -> Field {
        Field::Typed(match name {
            "KubeVersion" => Value::object(SeenVersion {
                version: self.capabilities.kube_version.clone(),
                name: format!("{}.KubeVersion", package(self.profile)),
            }),
            "APIVersions" => {
                let versions = self.capabilities.api_versions.iter().map(String::as_str);
                let name = format!("{}.VersionSet", package(self.profile));
                let ty = Type::with_methods(&name, Type::slice(Type::String), has);
                match Value::strings(versions) {
                    Value::List(list) => Value::List(list.with_type(ty)),
                    other => other,
                }
            }
            "HelmVersion" => Value::object(BuildInfo(self.profile)),
            _ => return Field::Missing,
        })
    }

    fn fields(&self) -> Vec<(String, Value)> {
        named(self, &["KubeVersion", "APIVersions", "HelmVersion"])
    }
}

/// The fields of these names.
fn named(object: &dyn Object, names: &[&str]) -> Vec<(String, Value)> {
    let value = |name: &str| match object.field(name) {
        Field::Typed(value) | Field::Any(value) => Some((name.to_owned(), value)),
        Field::Missing | Field::Unexported => None,
    };
    names.iter().filter_map(|name| value(name)).collect()
}

fn has(receiver: &Value, name: &str) -> Option<Function> {
    if name != "Has" {
        return None;
    }
    let versions = receiver.elements().unwrap_or_default();
    let has = move |wanted: &Str| versions.iter().any(|one| one.as_str() == Some(wanted));
    Some(Function::new([Type::String], move |_, args| Ok(has(&args.str(0)).into())).returning(Type::Bool))
}

struct SeenVersion {
    version: KubeVersion,
    name: String,
}

impl Object for SeenVersion {
    fn type_name(&self) -> &str {
        &self.name
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn field(&self, name: &str) -> Field {
        let KubeVersion { version, normalized: _, major, minor } = &self.version;
        Field::Typed(Value::str(match name {
            "Version" => version,
            "Major" => major,
            "Minor" => minor,
            "normalizedVersion" => return Field::Unexported,
            _ => return Field::Missing,
        }))
    }

    fn fields(&self) -> Vec<(String, Value)> {
        let mut fields = named(self, &["Version", "Major", "Minor"]);
        if self.name.starts_with(package(Profile::Helm4)) {
            let normalized = Value::str(self.version.normalized.as_str());
            fields.insert(1, ("normalizedVersion".to_owned(), normalized));
        }
        fields
    }

    fn method(self: Rc<Self>, name: &str) -> Option<Function> {
        let text = match name {
            "String" => self.version.normalized.clone(),
            "GitVersion" => self.version.version.clone(),
            _ => return None,
        };
        Some(Function::new([], move |_, _| Ok(Value::str(text.as_str()))).returning(Type::String))
    }

    fn text_in_place(&self) -> Option<Str> {
        Some(self.version.normalized.as_str().into())
    }
}

/// What a Helm says of how it was built.
struct BuildInfo(Profile);

impl Object for BuildInfo {
    fn type_name(&self) -> &str {
        "version.BuildInfo"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn field(&self, name: &str) -> Field {
        Field::Typed(Value::str(match (name, self.0) {
            ("Version", Profile::Helm3) => "v3.22.0",
            ("Version", Profile::Helm4) => "v4.3.1",
            ("GitCommit" | "GitTreeState" | "GoVersion", _) | ("KubeClientVersion", Profile::Helm4) => "",
            _ => return Field::Missing,
        }))
    }

    fn fields(&self) -> Vec<(String, Value)> {
        named(self, &["Version", "GitCommit", "GitTreeState", "GoVersion", "KubeClientVersion"])
    }

    fn json(&self) -> Vec<(String, Value)> {
        let tags = ["version", "git_commit", "git_tree_state", "go_version", "kube_client_version"];
        let tagged = tags.into_iter().zip(self.fields());
        // The last one has no `omitempty`.
        tagged
            .filter(|(tag, (_, value))| value.truth() || *tag == "kube_client_version")
            .map(|(tag, (_, value))| (tag.to_owned(), value))
            .collect()
    }
}
