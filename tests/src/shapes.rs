//! Bodies of requests against the shapes of Azure's own specification, where these are at hand: a text
//! with a section for each type, in which a line is `name(req): type` with deeper lines for what is in
//! an object, `[` before a type makes a list that `]` ends, `<ro: a b>` names what the service decides.
//!
//! It shares nothing with the provider or the sandbox: each of them could be wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// The shapes of all types, by the type in small letters.
pub struct Shapes {
    types: BTreeMap<String, Shape>,
}

/// What came of the requests in a log.
#[derive(Debug, Default)]
pub struct Checked {
    /// Bodies that were compared with a shape.
    pub bodies: usize,
    /// What does not fit: the type, where in the body, and why.
    pub misfits: Vec<String>,
}

#[derive(Debug, Default)]
struct Shape {
    fields: BTreeMap<String, Field>,
    read_only: Vec<String>,
    /// Every key is as good as another.
    any_key: bool,
}

#[derive(Debug)]
struct Field {
    required: bool,
    list: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Any,
    Text,
    Integer { least: Option<i64>, most: Option<i64> },
    Boolean,
    OneOf(Vec<String>),
    Object(Shape),
}

impl Shapes {
    /// Reads them, where the file is.
    pub fn read(path: &Path) -> Option<Shapes> {
        fs::read_to_string(path).ok().map(|text| Shapes::parse(&text))
    }

    /// Reads them from a text.
    pub fn parse(text: &str) -> Shapes {
        let mut types = BTreeMap::new();
        for section in text.split("##### ").skip(1) {
            let mut lines = section.lines();
            let name = lines.next().and_then(|line| line.split('@').next()).unwrap_or_default();
            let lines: Vec<(usize, &str)> = lines
                .skip(1)
                .filter(|line| !line.trim().is_empty())
                .map(|line| (line.len() - line.trim_start().len(), line.trim()))
                .collect();
            types.insert(name.to_ascii_lowercase(), object(&lines));
        }
        Shapes { types }
    }

    /// Compares what a log of requests says that aurak sent; requests that the service did not take are
    /// left out, for they are what other tests are about.
    pub fn check(&self, log: &str) -> Checked {
        let mut checked = Checked::default();
        for line in log.lines() {
            let Ok(entry) = serde_json::from_str::<Value>(line) else { continue };
            let text = |path: &str| entry.pointer(path).and_then(Value::as_str).unwrap_or_default();
            let taken = entry.pointer("/answer/status").and_then(Value::as_u64).is_some_and(|s| s < 300);
            if text("/method") != "PUT" || !taken || !text("/headers/user-agent").contains("aurak") {
                continue;
            }
            let name = type_of(text("/path"));
            let Some(shape) = self.types.get(&name) else { continue };
            checked.bodies += 1;
            let mut misfits = Vec::new();
            shape.compare(&entry["body"], "", &mut misfits);
            checked.misfits.extend(misfits.into_iter().map(|why| format!("{name}: {why}")));
        }
        checked.misfits.sort();
        checked.misfits.dedup();
        checked
    }
}

/// The type that a path is of, in small letters; record sets share one shape.
fn type_of(path: &str) -> String {
    let lower = path.to_ascii_lowercase();
    let Some((_, rest)) = lower.rsplit_once("/providers/") else {
        return "microsoft.resources/resourcegroups".to_string();
    };
    let mut parts = rest.split('/');
    let mut name = parts.next().unwrap_or_default().to_string();
    for kind in parts.step_by(2) {
        name.push('/');
        name.push_str(kind);
    }
    match name.strip_prefix("microsoft.network/dnszones/") {
        Some(_) => "microsoft.network/dnszones/a".to_string(),
        None => name,
    }
}

fn object(lines: &[(usize, &str)]) -> Shape {
    let mut shape = Shape::default();
    let Some(&(depth, _)) = lines.first() else { return shape };
    let mut at = 0;
    while at < lines.len() {
        let (_, line) = lines[at];
        let end = (at + 1..lines.len()).find(|next| lines[*next].0 <= depth).unwrap_or(lines.len());
        let inside = &lines[at + 1..end];
        at = end;
        if let Some(names) = line.strip_prefix("<ro:") {
            let names = names.trim_end_matches(']').trim_end_matches('>');
            shape.read_only.extend(names.split_whitespace().map(str::to_string));
            continue;
        }
        let Some((name, of)) = line.split_once(": ") else { continue };
        let (name, flags) = name.split_once('(').unwrap_or((name, ""));
        if name == "*" {
            shape.any_key = true;
            continue;
        }
        // What is in the path is not in the body.
        let required = flags.contains("req") && !flags.contains("deploy");
        let list = of.starts_with('[');
        shape.fields.insert(name.to_string(), Field { required, list, kind: kind(of, inside) });
    }
    shape
}

fn kind(of: &str, inside: &[(usize, &str)]) -> Kind {
    let mut of = of.trim_start_matches('[');
    while of.ends_with(']') && of.matches(']').count() > of.matches('[').count() {
        of = &of[..of.len() - 1];
    }
    if of.starts_with('{') || of.starts_with("any") {
        return Kind::Any;
    }
    if of.starts_with('\'') {
        let words: Vec<&str> = of.split(" | ").map(str::trim).collect();
        let open = words.iter().any(|word| word.starts_with("str"));
        let words = words.iter().map(|word| word.trim_matches('\'').to_string()).collect();
        return if open { Kind::Text } else { Kind::OneOf(words) };
    }
    match of.split([' ', '[']).next().unwrap_or_default() {
        "str" => Kind::Text,
        "bool" => Kind::Boolean,
        "int" => {
            let bounds = of.strip_prefix("int[").and_then(|rest| rest.split_once(']')).map(|(b, _)| b);
            let (least, most) = bounds.and_then(|bounds| bounds.split_once("..")).unwrap_or_default();
            Kind::Integer { least: least.parse().ok(), most: most.parse().ok() }
        }
        _ if inside.is_empty() => Kind::Any,
        _ => Kind::Object(object(inside)),
    }
}

impl Shape {
    fn compare(&self, body: &Value, at: &str, misfits: &mut Vec<String>) {
        let Some(map) = body.as_object() else {
            misfits.push(format!("`{at}` is no object"));
            return;
        };
        let below = |name: &str| if at.is_empty() { name.to_string() } else { format!("{at}.{name}") };
        for (name, value) in map {
            match self.fields.get(name) {
                Some(field) => field.compare(value, &below(name), misfits),
                None if self.any_key => {}
                None if self.read_only.contains(name) => {
                    misfits.push(format!("`{}` is what the service decides", below(name)));
                }
                None => misfits.push(format!("`{}` is not in the specification", below(name))),
            }
        }
        for (name, _) in self.fields.iter().filter(|(name, field)| field.required && !map.contains_key(*name))
        {
            misfits.push(format!("`{}` is missing", below(name)));
        }
    }
}

impl Field {
    fn compare(&self, value: &Value, at: &str, misfits: &mut Vec<String>) {
        if !self.list {
            return self.kind.compare(value, at, misfits);
        }
        match value.as_array() {
            Some(items) => items.iter().for_each(|item| self.kind.compare(item, &format!("{at}[]"), misfits)),
            None => misfits.push(format!("`{at}` is no list")),
        }
    }
}

impl Kind {
    fn compare(&self, value: &Value, at: &str, misfits: &mut Vec<String>) {
        let why = match self {
            Kind::Any => return,
            Kind::Object(shape) => return shape.compare(value, at, misfits),
            Kind::Text if value.is_string() => return,
            Kind::Text => "is no text".to_string(),
            Kind::Boolean if value.is_boolean() => return,
            Kind::Boolean => "is neither true nor false".to_string(),
            Kind::OneOf(words) => match value.as_str() {
                Some(text) if words.iter().any(|word| word == text) => return,
                _ => format!("is {value}, and none of {}", words.join(", ")),
            },
            Kind::Integer { least, most } => match value.as_i64() {
                Some(number) if least.is_none_or(|l| number >= l) && most.is_none_or(|m| number <= m) => {
                    return;
                }
                Some(number) => format!("is {number}, which is out of bounds"),
                // The specification has whole numbers where the service takes others too.
                None if value.is_number() && least.is_none() && most.is_none() => return,
                None => "is no whole number".to_string(),
            },
        };
        misfits.push(format!("`{at}` {why}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TEXT: &str = "\
##### Microsoft.Foo/bars@2020-01-01 | versions: 2020-01-01
Microsoft.Foo/bars
  name(req,deploy): str minLength=1 pattern=^[a-z]$
  location(req): str
  tags: Tags
    *: str
  sku: Sku
    name(req): 'A' | 'B'
    tier: 'X' | 'Y' | str
  properties: BarProperties
    size: int[1..9]
    on: bool
    rules: [Rule
      name(req): str
      ports: [Port
        from: int
        to: int]]
    names: [str]
    again: [{BarProperties..}]
    <ro: state>
  <ro: id type>
";

    fn misfits(body: Value) -> Vec<String> {
        let shapes = Shapes::parse(TEXT);
        let entry = json!({ "method": "PUT", "path": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Foo/bars/b",
            "headers": { "user-agent": "aurak" }, "answer": { "status": 201 }, "body": body });
        let checked = shapes.check(&entry.to_string());
        assert_eq!(checked.bodies, 1);
        checked.misfits
    }

    #[test]
    fn what_fits_is_in_order() {
        let body = json!({ "location": "x", "tags": { "any": "y" }, "sku": { "name": "A", "tier": "Z" },
            "properties": { "size": 9, "on": true, "names": ["n"], "again": [{ "size": 100 }],
            "rules": [{ "name": "r", "ports": [{ "from": 1, "to": 2 }] }] } });
        assert_eq!(misfits(body), Vec::<String>::new());
    }

    #[test]
    fn what_does_not_is_told() {
        let body = json!({ "id": "i", "sku": { "name": "C" }, "properties": { "size": 10, "on": "true",
            "names": "n", "rules": [{ "ports": [{ "from": "1", "till": 2 }] }], "state": "s", "foo": 1 } });
        let found = misfits(body).join("\n").replace("microsoft.foo/bars: ", "");
        insta::assert_snapshot!(found, @r#"
        `id` is what the service decides
        `location` is missing
        `properties.foo` is not in the specification
        `properties.names` is no list
        `properties.on` is neither true nor false
        `properties.rules[].name` is missing
        `properties.rules[].ports[].from` is no whole number
        `properties.rules[].ports[].till` is not in the specification
        `properties.size` is 10, which is out of bounds
        `properties.state` is what the service decides
        `sku.name` is "C", and none of A, B
        "#);
    }
}
