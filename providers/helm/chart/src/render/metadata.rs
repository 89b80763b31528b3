//! `.Chart`: a struct in Helm 3, a map in Helm 4.

use aurak_gotemplate::{List, Map, Type, Value};

use super::record::{Embedded, Member, Record};
use crate::values::from_yaml;
use crate::{Dependency, Maintainer, Metadata, Profile};

/// The value of `.Chart`.
pub(super) fn value(metadata: &Metadata, is_root: bool, profile: Profile) -> Value {
    match profile {
        Profile::Helm3 => Value::object(Embedded {
            metadata: record(metadata),
            shared: Value::object(record(metadata)),
            is_root,
        }),
        Profile::Helm4 => {
            let map = as_map(record(metadata));
            // A map that was just made takes all.
            let _ = map.set("IsRoot", is_root.into());
            Value::Map(map)
        }
    }
}

fn text(name: &'static str, tag: &'static str, value: &str) -> Member {
    Member { name, tag, omit_empty: true, value: Value::str(value) }
}

fn texts(name: &'static str, tag: &'static str, values: &[String]) -> Member {
    let value = match values {
        [] => Value::List(List::nil(Type::slice(Type::String))),
        all => Value::strings(all.iter().map(String::as_str)),
    };
    Member { name, tag, omit_empty: true, value }
}

fn records(name: &'static str, tag: &'static str, ty: &'static str, values: Vec<Value>) -> Member {
    let element = Type::Object(ty.into());
    let value = if values.is_empty() {
        Value::List(List::nil(Type::slice(element)))
    } else {
        Value::List(List::of(element, values))
    };
    Member { name, tag, omit_empty: true, value }
}

fn record(metadata: &Metadata) -> Record {
    let maintainers = metadata.maintainers.iter().map(|one| Value::object(maintainer(one))).collect();
    let dependencies =
        metadata.dependencies.iter().flatten().map(|one| Value::object(dependency(&one.borrow()))).collect();
    let annotations = if metadata.annotations.is_empty() {
        Map::nil(Type::map(Type::String))
    } else {
        let map: Map =
            metadata.annotations.iter().map(|(key, value)| (key, Value::str(value.as_str()))).collect();
        map.with_type(Type::map(Type::String))
    };
    Record {
        type_name: "chart.Metadata",
        members: vec![
            text("Name", "name", &metadata.name),
            text("Home", "home", &metadata.home),
            texts("Sources", "sources", &metadata.sources),
            text("Version", "version", &metadata.version),
            text("Description", "description", &metadata.description),
            texts("Keywords", "keywords", &metadata.keywords),
            records("Maintainers", "maintainers", "*chart.Maintainer", maintainers),
            text("Icon", "icon", &metadata.icon),
            text("APIVersion", "apiVersion", &metadata.api_version),
            text("Condition", "condition", &metadata.condition),
            text("Tags", "tags", &metadata.tags),
            text("AppVersion", "appVersion", &metadata.app_version),
            Member {
                name: "Deprecated",
                tag: "deprecated",
                omit_empty: true,
                value: metadata.deprecated.into(),
            },
            Member {
                name: "Annotations",
                tag: "annotations",
                omit_empty: true,
                value: Value::Map(annotations),
            },
            text("KubeVersion", "kubeVersion", &metadata.kube_version),
            records("Dependencies", "dependencies", "*chart.Dependency", dependencies),
            text("Type", "type", &metadata.kind),
        ],
    }
}

fn maintainer(Maintainer { name, email, url }: &Maintainer) -> Record {
    Record {
        type_name: "*chart.Maintainer",
        members: vec![text("Name", "name", name), text("Email", "email", email), text("URL", "url", url)],
    }
}

fn dependency(dependency: &Dependency) -> Record {
    let Dependency { name, version, repository, condition, tags, enabled, import_values, imported, alias } =
        dependency;
    let pair = |(child, parent): &(String, String)| {
        let map: Map = [("child", Value::str(child.as_str())), ("parent", Value::str(parent.as_str()))]
            .into_iter()
            .collect();
        Value::Map(map.with_type(Type::map(Type::String)))
    };
    let imports: Vec<Value> =
        imported.iter().map(pair).chain(import_values.iter().cloned().map(from_yaml)).collect();
    let imports = match imports.is_empty() {
        true => Value::List(List::nil(Type::any_slice())),
        false => Value::list(imports),
    };
    let always = |member: Member| Member { omit_empty: false, ..member };
    Record {
        type_name: "*chart.Dependency",
        members: vec![
            always(text("Name", "name", name)),
            text("Version", "version", version),
            always(text("Repository", "repository", repository)),
            text("Condition", "condition", condition),
            texts("Tags", "tags", tags),
            Member { name: "Enabled", tag: "enabled", omit_empty: true, value: (*enabled).into() },
            Member { name: "ImportValues", tag: "import-values", omit_empty: true, value: imports },
            text("Alias", "alias", alias),
        ],
    }
}

/// A struct as Helm 4 makes a map of it: by the names of its fields, and lists of anything.
fn as_map(record: Record) -> Map {
    record.members.into_iter().map(|Member { name, value, .. }| (name, loosened(value))).collect()
}

fn loosened(value: Value) -> Value {
    match value {
        Value::List(list) => Value::list(list.items().into_iter().map(loosened).collect()),
        Value::Object(object) => {
            Value::Map(object.fields().into_iter().map(|(name, value)| (name, loosened(value))).collect())
        }
        other => other,
    }
}
