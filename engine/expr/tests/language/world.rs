//! The scope that the tests see, and how they write values down.

use std::cell::RefCell;
use std::rc::Rc;

use aurak_expr::{Binding, ErrorKind, ExprError, Object, Scope, SourceAsk, Template};
use aurak_model::path::Seg;
use aurak_model::value::{Origin, Secret, Type};
use aurak_model::{Address, Map, Name, Path, Value};

/// A scope of values and lazy objects that writes down what is read.
pub(crate) struct World {
    pub(crate) names: Vec<(Name, Entry)>,
    pub(crate) read: Rc<RefCell<Vec<String>>>,
}

#[derive(Clone)]
pub(crate) enum Entry {
    Value(Value),
    /// A resource with these attributes; `None` is one whose `when` is false.
    Resource(Option<Map>),
    /// Instances of a resource by key.
    Group(Vec<(Name, Map)>),
}

pub(crate) fn row(address: &str, path: &str, ty: Type) -> Value {
    Value::of_row(&Address::parse(address).unwrap(), Path::parse(path).unwrap(), ty)
}

pub(crate) fn json(text: &str) -> Value {
    Value::from_json(&serde_json::from_str(text).unwrap())
}

fn map(value: Value) -> Map {
    value.as_map().unwrap().clone()
}

impl World {
    pub(crate) fn new() -> World {
        let read = Rc::new(RefCell::new(Vec::new()));
        let mut names: Vec<(Name, Entry)> = [
            ("a", json("1")),
            ("b", json("2")),
            ("f", json("1.5")),
            ("s", json("\"text\"")),
            ("empty", json("\"\"")),
            ("yes", json("true")),
            ("no", json("false")),
            ("null_value", json("null")),
            ("list", json("[3, 1, 2]")),
            ("words", json("[\"b\", \"A\", \"c\", \"a\"]")),
            ("tags", json("{\"env\": \"pre\", \"team\": \"x\"}")),
            ("deep", json("{\"m\": {\"k\": \"v\", \"l\": [1, {\"x\": 5}]}, \"0\": \"zero\", \"a.b\": \"dotted\"}")),
            (
                "pools",
                json(
                    "[{\"name\": \"one\", \"size\": 2, \"on\": true}, {\"name\": \"two\", \"size\": 1, \"on\": false, \"extra\": 7}]",
                ),
            ),
            ("secret", Value::from("hush").sensitive()),
            ("secret_number", Value::from(7).sensitive()),
            ("secret_flag", Value::from(true).sensitive()),
            ("mixed", Value::map([("open", Value::from("o")), ("hidden", Value::from("h").sensitive())])),
            ("all_hidden", Value::map([("k", Value::from("h").sensitive())])),
            ("mixed_list", Value::list([1.into(), Value::from(2).sensitive(), 3.into()])),
            ("later", row("r", "later", Type::String)),
            ("later_number", row("r", "n", Type::Integer)),
            ("later_any", row("r", "any", Type::Any)),
            ("later_list", row("r", "list", Type::List)),
            ("later_map", row("r", "map", Type::Map)),
            ("later_secret", row("r", "secret", Type::String).sensitive()),
            ("part_later", Value::map([("known", Value::from("k")), ("unknown", row("r", "u", Type::String))])),
            ("sealed", Value::Sensitive(Secret::Sealed("xyz".into()))),
        ]
        .into_iter()
        .map(|(name, value)| (name.into(), Entry::Value(value)))
        .collect();
        names.push((
            "cluster".into(),
            Entry::Resource(Some(map(Value::map([
                ("name", Value::from("aks")),
                ("id", row("cluster", "id", Type::String)),
                ("key", Value::from("k3y").sensitive()),
                ("properties", json("{\"version\": \"1.30\", \"nodes\": [1, 2]}")),
                ("status", row("cluster", "status", Type::Map)),
            ])))),
        ));
        names.push(("absent".into(), Entry::Resource(None)));
        names.push((
            "nodes".into(),
            Entry::Group(vec![
                (
                    "x".into(),
                    map(Value::map([("id", row("nodes[\"x\"]", "id", Type::String)), ("size", 1.into())])),
                ),
                (
                    "y".into(),
                    map(Value::map([("id", row("nodes[\"y\"]", "id", Type::String)), ("size", 2.into())])),
                ),
            ]),
        ));
        names.push(("no_nodes".into(), Entry::Group(vec![])));
        World { names, read }
    }

    pub(crate) fn eval(&self, text: &str) -> Result<Value, ExprError> {
        self.read.borrow_mut().clear();
        Ok(Template::parse(text)?.evaluate(self)?.value)
    }
}

impl Scope for World {
    fn lookup(&self, name: &str) -> Result<Option<Binding>, ExprError> {
        if name == "asking" {
            return Err(ExprError::asked());
        }
        let Some((name, entry)) = self.names.iter().find(|(n, _)| **n == *name) else { return Ok(None) };
        Ok(Some(match entry {
            Entry::Value(value) => {
                self.read.borrow_mut().push(name.to_string());
                Binding::Value(value.clone())
            }
            Entry::Resource(attributes) => Binding::Object(Rc::new(Resource {
                name: name.to_string(),
                attributes: attributes.clone(),
                read: self.read.clone(),
            })),
            Entry::Group(instances) => Binding::Object(Rc::new(Group {
                name: name.to_string(),
                instances: instances.clone(),
                read: self.read.clone(),
            })),
        }))
    }

    fn names(&self) -> Vec<Name> {
        self.names.iter().map(|(name, _)| name.clone()).collect()
    }

    fn source(&self, ask: SourceAsk<'_>) -> Result<Value, ExprError> {
        let missing = |what: String| Err(ExprError::new(ErrorKind::Other, what));
        match ask {
            SourceAsk::File("a.txt") => Ok("file text\n".into()),
            SourceAsk::File("raw.txt") => Ok("{{ $x }}".into()),
            SourceAsk::File("motd.j2") => {
                Ok("{% for n in names %}{{ n }};{% endfor %}{{ who | b64encode }}\n".into())
            }
            SourceAsk::File("bad.j2") => Ok("line one\n{{ nope.x }}\n".into()),
            SourceAsk::File("syntax.j2") => Ok("{% if %}".into()),
            SourceAsk::File("null.j2") => Ok("{{ x }}".into()),
            SourceAsk::File("loop.j2") => Ok("{% for a in range(100000) %}{% for b in range(100000) %}{% set c = 1 %}{% endfor %}{% endfor %}".into()),
            SourceAsk::File("huge.j2") => Ok("{% for a in range(100000) %}{{ x }}{% endfor %}".into()),
            SourceAsk::File("deep.j2") => Ok(format!("{{{{ {} x }}}}", "not ".repeat(100_000)).into()),
            SourceAsk::File("asked.txt") => Err(ExprError::asked()),
            SourceAsk::File(path) => missing(format!("there is no file `{path}`")),
            SourceAsk::Env { name: "HOME", .. } => Ok("/home/x".into()),
            SourceAsk::Env { name: "TOKEN", .. } => Ok(Value::from("t0ken").sensitive()),
            SourceAsk::Env { name, default } => match default {
                Some(default) => Ok(default.clone()),
                None => missing(format!("the environment variable `{name}` is not set")),
            },
            SourceAsk::Glob(_) => Ok(Value::list(["a.yaml".into(), "b.yaml".into()])),
        }
    }
}

struct Resource {
    name: String,
    attributes: Option<Map>,
    read: Rc<RefCell<Vec<String>>>,
}

impl Object for Resource {
    fn get(&self, key: &Seg) -> Result<Option<Binding>, ExprError> {
        let Some(attributes) = &self.attributes else {
            return Err(ExprError::new(
                ErrorKind::UndefinedAttribute,
                format!("{} is not there: its `when` is false", self.describe()),
            )
            .help(format!("write `{n}.id if {n} else ...`", n = self.name)));
        };
        let Seg::Key(key) = key else { return Ok(None) };
        self.read.borrow_mut().push(format!("{}.{key}", self.name));
        Ok(attributes.get(key).cloned().map(Binding::Value))
    }
    fn has(&self, key: &Seg) -> Result<bool, ExprError> {
        Ok(match (key, &self.attributes) {
            (Seg::Key(key), Some(attributes)) => attributes.contains_key(key),
            _ => false,
        })
    }
    fn keys(&self) -> Result<Vec<Name>, ExprError> {
        Ok(self.attributes.iter().flat_map(|a| a.keys().cloned()).collect())
    }
    fn value(&self) -> Result<Value, ExprError> {
        self.read.borrow_mut().push(format!("{}.*", self.name));
        Ok(self.attributes.clone().map_or(Value::Null, Value::from))
    }
    fn describe(&self) -> String {
        format!("the resource `{}`", self.name)
    }
    fn is_none(&self) -> bool {
        self.attributes.is_none()
    }
}

struct Group {
    name: String,
    instances: Vec<(Name, Map)>,
    read: Rc<RefCell<Vec<String>>>,
}

impl Group {
    fn find(&self, key: &Seg) -> Option<&(Name, Map)> {
        let Seg::Key(key) = key else { return None };
        self.instances.iter().find(|(k, _)| k == key)
    }
}

impl Object for Group {
    fn get(&self, key: &Seg) -> Result<Option<Binding>, ExprError> {
        Ok(self.find(key).map(|(key, attributes)| {
            Binding::Object(Rc::new(Resource {
                name: format!("{}[{key:?}]", self.name),
                attributes: Some(attributes.clone()),
                read: self.read.clone(),
            }))
        }))
    }
    fn has(&self, key: &Seg) -> Result<bool, ExprError> {
        Ok(self.find(key).is_some())
    }
    fn keys(&self) -> Result<Vec<Name>, ExprError> {
        Ok(self.instances.iter().map(|(k, _)| k.clone()).collect())
    }
    fn value(&self) -> Result<Value, ExprError> {
        self.read.borrow_mut().push(format!("{}.*", self.name));
        Ok(Value::map(self.instances.iter().map(|(k, m)| (k.clone(), Value::from(m.clone())))))
    }
    fn describe(&self) -> String {
        format!("the resource `{}`", self.name)
    }
}

/// A value on one line: `!x` is sensitive, `?(origin)` unknown, `?string` its type, `!?` both.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Sensitive(Secret::Plain(inner)) => format!("!{}", shown(inner)),
        Value::Sensitive(Secret::Sealed(_)) => "sealed".to_string(),
        Value::Unknown(unknown) => {
            let ty = match unknown.ty {
                Type::Any => String::new(),
                other => format!("{other:?}").to_lowercase(),
            };
            let mark = if unknown.sensitive { "!" } else { "" };
            format!("{mark}?{ty}({})", origin(&unknown.origin))
        }
        Value::List(list) => format!("[{}]", list.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            format!(
                "{{{}}}",
                map.iter().map(|(k, v)| format!("{k}: {}", shown(v))).collect::<Vec<_>>().join(", ")
            )
        }
        other => format!("{other:?}"),
    }
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Row { row, path } => format!("{row}:{path}"),
        Origin::Node { node, path } => format!("#{}:{path}", node.0),
        Origin::Fresh { needs } => {
            format!("fresh {}", needs.iter().map(self::origin).collect::<Vec<_>>().join(" "))
        }
        Origin::Deferred { block } => format!("deferred {block}"),
    }
}
