//! Cases as text and results as text.

use std::fmt::Write;

use aurak_model::value::Origin;
use aurak_model::{Address, Difference, NodeId, Path, Secret, Type, TypeSchema, Unknown, Value};

use crate::diff::{Compare, Compared, compare, prepare, used};

/// A type from its attributes as YAML.
pub(super) fn schema(attributes: &str) -> TypeSchema {
    let mut schema = TypeSchema::new("sim.thing");
    // By way of JSON, where an enum is a map with one key as in type files.
    let json: serde_json::Value = serde_yaml::from_str(attributes).expect("YAML");
    schema.attributes = serde_json::from_value(json).expect("attributes of a type");
    schema
}

/// A value from YAML; `!secret x`, `!sealed x`, `!row address:path`, `!node 3`, `!fresh [a:p, b:q]`
/// and `!later block` make the special ones.
pub(super) fn value(text: &str) -> Value {
    from_yaml(&serde_yaml::from_str(text).expect("a value in YAML"))
}

fn from_yaml(yaml: &serde_yaml::Value) -> Value {
    use serde_yaml::Value as Yaml;
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(b) => Value::Bool(*b),
        Yaml::Number(n) => match n.as_i64() {
            Some(i) => Value::Int(i),
            None => Value::Float(n.as_f64().unwrap_or_default()),
        },
        Yaml::String(s) => Value::string(s.as_str()),
        Yaml::Sequence(items) => Value::list(items.iter().map(from_yaml)),
        Yaml::Mapping(map) => {
            Value::map(map.iter().map(|(k, v)| (k.as_str().expect("text keys").to_string(), from_yaml(v))))
        }
        Yaml::Tagged(tagged) => {
            let text = || tagged.value.as_str().map(str::to_string).unwrap_or_default();
            let later =
                |origin| Value::Unknown(Box::new(Unknown { ty: Type::Any, origin, sensitive: false }));
            let row = |text: &str| {
                let (row, path) = text.split_once(':').expect("address:path");
                Origin::Row {
                    row: Address::parse(row).expect("an address"),
                    path: Path::parse(path).expect("a path"),
                }
            };
            match tagged.tag.to_string().as_str() {
                "!secret" => from_yaml(&tagged.value).sensitive(),
                "!sealed" => Value::Sensitive(Secret::Sealed(text().into())),
                "!row" => later(row(&text())),
                "!later" => later(Origin::Deferred { block: Address::parse(&text()).expect("an address") }),
                "!node" => later(Origin::Node {
                    node: NodeId(
                        u32::try_from(tagged.value.as_u64().unwrap_or_default()).unwrap_or_default(),
                    ),
                    path: Path::root(),
                }),
                "!fresh" => later(Origin::Fresh {
                    needs: tagged
                        .value
                        .as_sequence()
                        .expect("a list")
                        .iter()
                        .map(|v| row(v.as_str().expect("text")))
                        .collect(),
                }),
                other => panic!("no such tag: {other}"),
            }
        }
    }
}

/// A comparison from one YAML text with `desired`, `previous` (that is desired, where it is not
/// given; `none` for none), `refreshed`, `ignore` and `stays` (rows that stay), drawn.
pub(super) fn case(schema: &TypeSchema, text: &str) -> String {
    let all: serde_yaml::Value = serde_yaml::from_str(text).expect("a case");
    let side = |key: &str| all.get(key).map(from_yaml);
    let mut desired = side("desired").unwrap_or_else(|| value("{}"));
    desired = prepare(schema, &desired);
    let previous = match side("previous") {
        Some(Value::String(_)) => None,
        Some(previous) => Some(previous),
        None => Some(desired.clone()),
    };
    let refreshed = side("refreshed").unwrap_or_else(|| desired.clone());
    let texts = |key: &str| -> Vec<String> {
        let list = all.get(key).and_then(|v| v.as_sequence()).cloned().unwrap_or_default();
        list.iter().map(|v| v.as_str().expect("text").to_string()).collect()
    };
    let ignore: Vec<Path> = texts("ignore").iter().map(|p| Path::parse(p).expect("a path")).collect();
    let staying: Vec<Address> =
        texts("stays").iter().map(|a| Address::parse(a).expect("an address")).collect();
    let stays =
        |unknown: &Unknown| matches!(&unknown.origin, Origin::Row { row, .. } if staying.contains(row));
    let address = Address::parse("me").expect("an address");
    let input = Compare {
        schema,
        address: &address,
        id: &"7".into(),
        desired: &desired,
        previous: previous.as_ref(),
        refreshed: &refreshed,
        ignore: &ignore,
        stays: Some(&stays),
    };
    let compared = compare(&input);
    let mut out = draw(&compared);
    if compared.desired != desired {
        writeln!(out, "sent     {}", show(&compared.desired)).expect("text");
    }
    if all.get("used").is_some() {
        let used = used(&input);
        writeln!(out, "used     {}", join(&used)).expect("text");
    }
    out
}

fn join<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

/// What came out.
pub(super) fn draw(compared: &Compared) -> String {
    let Compared { differences, drift, unset, planned, desired: _, record, forces, refused, problems } =
        compared;
    let mut out = String::new();
    for difference in differences {
        let rotates = forces.iter().any(|forcing| forcing.path == difference.path && forcing.rotates);
        let sign = match difference.forces {
            true if rotates => "↻",
            true => "±",
            false => "~",
        };
        writeln!(out, "{sign} {}", line(difference)).expect("text");
    }
    for forcing in forces.iter().filter(|forcing| !forcing.needs.is_empty()) {
        writeln!(out, "needs    {}: {:?}", forcing.path, forcing.needs).expect("text");
    }
    for difference in drift {
        writeln!(out, "≠ {}", line(difference)).expect("text");
    }
    if !unset.is_empty() {
        writeln!(out, "unset    {}", join(unset)).expect("text");
    }
    for (path, why) in refused {
        writeln!(out, "refused  {path}: {why}").expect("text");
    }
    for (path, why) in problems {
        writeln!(out, "problem  {path}: {why}").expect("text");
    }
    if *record && differences.is_empty() {
        writeln!(out, "to be recorded").expect("text");
    }
    writeln!(out, "planned  {}", show(planned)).expect("text");
    out
}

fn line(difference: &Difference) -> String {
    let Difference { path, before, after, forces: _, place: _ } = difference;
    let side = |value: &Option<Value>| value.as_ref().map_or("nothing".to_string(), show);
    format!("{path}: {} → {}", side(before), side(after))
}

/// A value on a line, without the id that each object has.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::Map(map) if map.get("id") == Some(&"7".into()) => {
            let rest = map.iter().filter(|(key, _)| &***key != "id");
            show(&Value::map(rest.map(|(k, v)| (k.clone(), v.clone()))))
        }
        value => format!("{value:?}"),
    }
}
