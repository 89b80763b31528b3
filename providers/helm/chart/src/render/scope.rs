//! The root objects of templates: what `.` is in each chart of a tree, and which templates there are.

use std::collections::BTreeMap;

use aurak_gotemplate::{Error as TemplateError, Function, Map, Type, Value};

use super::{Request, metadata};
use crate::error::quoted;
use crate::path::{base, clean};
use crate::values::table;
use crate::{Chart, Files, Profile};

/// A template and what it is rendered with.
pub(super) struct Renderable {
    /// The text.
    pub(super) text: aurak_gotemplate::Str,
    /// What `.` is; all templates of a chart share it.
    pub(super) root: Map,
    /// `.Template.BasePath`
    pub(super) base_path: String,
}

/// All templates of a tree of charts by their paths, with their root objects. Of two of one path the
/// later one counts.
pub(super) fn templates(
    chart: &Chart,
    values: &Map,
    request: &Request,
    profile: Profile,
) -> BTreeMap<String, Renderable> {
    let release = Value::Map(release(request));
    let capabilities = request.capabilities.value(profile);
    let mut walk = Walk { release, capabilities, profile, found: BTreeMap::new() };
    walk.chart(chart, values.with_type(values_type(profile)), true);
    walk.found
}

fn release(request: &Request) -> Map {
    [
        ("Name", Value::str(request.name.as_str())),
        ("Namespace", Value::str(request.namespace.as_str())),
        ("IsUpgrade", request.is_upgrade.into()),
        ("IsInstall", (!request.is_upgrade).into()),
        ("Revision", Value::int(request.revision)),
        ("Service", Value::str("Helm")),
    ]
    .into_iter()
    .collect()
}

struct Walk {
    release: Value,
    capabilities: Value,
    profile: Profile,
    found: BTreeMap<String, Renderable>,
}

impl Walk {
    fn chart(&mut self, chart: &Chart, values: Map, is_root: bool) -> Map {
        let below = Map::new();
        let root: Map = [
            ("Chart", metadata::value(&chart.metadata, is_root, self.profile)),
            ("Files", Files::of(chart).value()),
            ("Release", self.release.clone()),
            ("Capabilities", self.capabilities.clone()),
            ("Values", Value::Map(values)),
            ("Subcharts", Value::Map(below.clone())),
        ]
        .into_iter()
        .collect();
        for inner in &chart.charts {
            let values = match table(&root, &format!("Values.{}", inner.name())) {
                Ok(values) => values,
                Err(_) => Map::new(),
            };
            let scope = self.chart(inner, values.with_type(values_type(self.profile)), false);
            // A map that was just made takes all.
            let _ = below.set(inner.name(), Value::Map(scope));
        }
        for file in &chart.templates {
            if chart.metadata.kind.eq_ignore_ascii_case("library") && !base(&file.name).starts_with('_') {
                continue;
            }
            self.found.insert(
                clean(&format!("{}/{}", chart.path, file.name)),
                Renderable {
                    text: file.data.clone(),
                    root: root.with_type(values_type(self.profile)),
                    base_path: clean(&format!("{}/templates", chart.path)),
                },
            );
        }
        root
    }
}

/// The type of `.Values`, and of `.` itself: a map with methods.
pub(super) fn values_type(profile: Profile) -> Type {
    let name = match profile {
        Profile::Helm3 => "chartutil.Values",
        Profile::Helm4 => "common.Values",
    };
    Type::with_methods(name, Type::any_map(), move |receiver, name| method(receiver, name, profile))
}

fn method(receiver: &Value, name: &str, profile: Profile) -> Option<Function> {
    let values = receiver.as_map()?.clone();
    Some(match name {
        "Table" => Function::new([Type::String], move |_, args| {
            table(&values, &args.text(0))
                .map(|found| Value::Map(found.with_type(values_type(profile))))
                .map_err(TemplateError::new)
        })
        .returning(values_type(profile)),
        "AsMap" => Function::new([], move |_, _| {
            Ok(Value::Map(if values.is_empty() { Map::new() } else { values.with_type(Type::any_map()) }))
        })
        .returning(Type::any_map()),
        "YAML" => Function::new([], move |context, _| {
            super::convert::yaml(context, &Value::Map(values.clone())).map(Value::from)
        })
        .returning(Type::String),
        "PathValue" => Function::new([Type::String], move |_, args| {
            let path = args.text(0);
            if path.is_empty() {
                return Err(TemplateError::new("YAML path cannot be empty"));
            }
            crate::values::path_value(&values, &path).map_err(|_| {
                let key = path.rsplit('.').next().unwrap_or_default();
                TemplateError::new(format!("{} is not a value", quoted(key)))
            })
        }),
        _ => return None,
    })
}
