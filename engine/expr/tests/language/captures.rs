//! Captures: what an evaluation read is enough to do it again, later, when more is known.

use aurak_expr::{MapScope, Template, part};
use aurak_model::value::Origin;
use aurak_model::{Map, Value};

use crate::world::{World, shown};

fn captured(text: &str) -> String {
    let world = World::new();
    let evaluated = Template::parse(text).unwrap().evaluate(&world).unwrap();
    shown(&Value::from(evaluated.captures))
}

#[test]
fn captures_are_what_was_read_pruned() {
    for (text, expected) in [
        // What stands for itself needs no captures.
        ("{{ a }}", "{}"),
        ("{{ later }}", "{}"),
        ("{{ [cluster.id, a] }}", "{}"),
        ("x{{ cluster.id }}", "{cluster: {id: ?string(cluster:id)}}"),
        ("{{ later ~ tags.env }}", "{later: ?string(r:later), tags: {env: \"pre\"}}"),
        ("{{ later ~ deep.m.l[1].x }}", "{deep: {m: {l: [1, {x: 5}]}}, later: ?string(r:later)}"),
        ("{{ cluster.status.x ~ 'y' }}", "{cluster: {status: ?map(cluster:status)}}"),
        ("{{ later ~ secret }}", "{later: ?string(r:later), secret: !\"hush\"}"),
        ("{{ later ~ file('a.txt') }}", "{file:a.txt: \"file text\\n\", later: ?string(r:later)}"),
        ("{{ later ~ env('NOPE', 'd') }}", "{env:NOPE: \"d\", later: ?string(r:later)}"),
        ("{{ later ~ (glob('*') | length) }}", "{glob:*: [\"a.yaml\", \"b.yaml\"], later: ?string(r:later)}"),
        // Both branches, and not what neither needs.
        ("{{ a if later else tags.env }}", "{a: 1, later: ?string(r:later), tags: {env: \"pre\"}}"),
        ("{{ (a if yes else b) ~ later }}", "{a: 1, later: ?string(r:later), yes: true}"),
        ("{{ later and nope.x }}", "{later: ?string(r:later)}"),
        // What was only asked for is there, without its value.
        ("{{ 'x' in nodes and later ~ 1 }}", "{later: ?string(r:later), nodes: {x: null}}"),
        ("{{ later ~ (nodes | length) }}", "{later: ?string(r:later), nodes: {x: null, y: null}}"),
        ("{{ later ~ (s is defined) }}", "{later: ?string(r:later), s: null}"),
        ("{{ later ~ (cluster.name is defined) }}", "{cluster: {name: null}, later: ?string(r:later)}"),
        ("{{ later ~ (1 if cluster else 2) }}", "{cluster: {: null}, later: ?string(r:later)}"),
        ("{{ later ~ (1 if no_nodes else 2) }}", "{later: ?string(r:later), no_nodes: {}}"),
        ("{{ later ~ (absent is none) }}", "{absent: null, later: ?string(r:later)}"),
        ("{{ later ~ (absent.id | default('')) }}", "{absent: null, later: ?string(r:later)}"),
        ("{{ later ~ (nope is defined) }}", "{later: ?string(r:later)}"),
        ("{{ later_map.x | default(s) }}", "{later_map: ?map(r:map), s: \"text\"}"),
        ("{{ cluster.status.x is defined }}", "{cluster: {status: ?map(cluster:status)}}"),
        // A whole value swallows its parts.
        ("{{ cluster.status.x ~ (cluster.status | json) }}", "{cluster: {status: ?map(cluster:status)}}"),
        ("{{ (cluster.status | json) ~ cluster.status.x }}", "{cluster: {status: ?map(cluster:status)}}"),
        (
            "{{ nodes | values | map(attribute='id') | join }}",
            "{nodes: {x: {id: ?string(nodes[\"x\"]:id)}, y: {id: ?string(nodes[\"y\"]:id)}}}",
        ),
        // A key that is secret or unknown could be any.
        ("{{ tags[later] }}", "{later: ?string(r:later), tags: {env: \"pre\", team: \"x\"}}"),
        (
            "{{ later ~ (secret in nodes) }}",
            "{later: ?string(r:later), nodes: {x: {id: ?string(nodes[\"x\"]:id), size: 1}, y: {id: ?string(nodes[\"y\"]:id), size: 2}}, secret: !\"hush\"}",
        ),
    ] {
        assert_eq!(captured(text), expected, "{text}");
    }
}

/// Fills unknown values in, as an apply would: each origin has one value, or turns out not to be.
pub(crate) fn fill(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Unknown(unknown) => {
            let (row, path) = match &unknown.origin {
                Origin::Row { row, path } => (row.as_str().to_string(), path.clone()),
                other => panic!("a capture is never {other:?}"),
            };
            let filled = part(&found(&row), &path)?;
            if unknown.sensitive { filled.sensitive() } else { filled }
        }
        Value::List(list) => Value::list(list.iter().map(fill).collect::<Option<Vec<_>>>()?),
        Value::Map(map) => {
            Value::map(map.iter().map(|(k, v)| Some((k.clone(), fill(v)?))).collect::<Option<Vec<_>>>()?)
        }
        other => other.clone(),
    })
}

/// What each resource turns out to hold.
fn found(row: &str) -> Value {
    crate::world::json(match row {
        "r" => {
            r#"{"later": "env", "n": 1, "any": {"x": "any"}, "list": [1, 2], "map": {"x": "mx"}, "secret": "hush2", "u": "u"}"#
        }
        "cluster" => r#"{"id": "cid", "status": {"x": {"y": "deep"}}}"#,
        _ => r#"{"id": "nid"}"#,
    })
}

/// The world in which everything is known.
pub(crate) fn filled_world() -> World {
    let mut world = World::new();
    for (_, entry) in &mut world.names {
        use crate::world::Entry;
        let fill_map = |map: &Map| map.iter().map(|(k, v)| (k.clone(), fill(v).unwrap())).collect::<Map>();
        match entry {
            Entry::Value(value) => *value = fill(value).unwrap(),
            Entry::Resource(Some(map)) => *map = fill_map(map),
            Entry::Resource(None) => {}
            Entry::Group(instances) => instances.iter_mut().for_each(|(_, map)| *map = fill_map(map)),
        }
    }
    world
}

/// Evaluating again from filled captures is evaluating in a world where all is known.
pub(crate) fn replays(text: &str) -> Result<(), String> {
    let world = World::new();
    let Ok(template) = Template::parse(text) else { return Ok(()) };
    let Ok(evaluated) = template.evaluate(&world) else { return Ok(()) };
    let direct = template.evaluate(&filled_world()).map(|e| e.value);
    let later = if evaluated.captures.is_empty() {
        // It stands for itself.
        fill(&evaluated.value).ok_or("not there".to_string())
    } else {
        match fill(&Value::from(evaluated.captures.clone())) {
            Some(captures) => template
                .evaluate(&MapScope(captures.as_map().unwrap()))
                .map(|e| e.value)
                .map_err(|e| e.to_string()),
            None => Err("not there".to_string()),
        }
    };
    match (&later, &direct) {
        (Ok(later), Ok(direct)) if shown(later) == shown(direct) => Ok(()),
        // An operation whose operand was unknown, and whose result was not needed, may fail in the end:
        // `[later + 1] | length` is 1 before anybody knows that `later` is text.
        (_, Err(_)) => Ok(()),
        (later, direct) => Err(format!(
            "{text}\n  from captures {}: {}\n  directly: {}",
            shown(&Value::from(evaluated.captures.clone())),
            later.as_ref().map_or_else(String::clone, shown),
            direct.as_ref().map_or_else(|e| e.to_string(), shown),
        )),
    }
}

#[test]
fn captures_replay() {
    for text in [
        "x{{ cluster.id }}",
        "{{ later ~ tags.env }}",
        "{{ tags[later] }}",
        "{{ a if later else b }}",
        "{{ later_map.x | default('none') }}",
        "{{ later_map.y | default('none') }}",
        "{{ later_map.y is defined }}",
        "{{ cluster.status.x.y ~ '!' }}",
        "{{ later_list[-1] + 1 }}",
        "{{ later ~ (1 if cluster else 2) ~ (1 if absent else 2) ~ (1 if no_nodes else 2) }}",
        "{{ later ~ (nodes | length) ~ ('z' in nodes) ~ ('x' in nodes) }}",
        "{{ nodes | values | map(attribute='id') | join(',') }}",
        "{{ nodes | items | json }}",
        "{{ later ~ secret ~ mixed.hidden }}",
        "{{ merge(tags, later_map) }}",
        "{{ [part_later] | selectattr('unknown', 'eq', 'u') }}",
        "{{ range(later_number) }}",
        "{{ later ~ file('a.txt') ~ env('HOME') ~ (glob('*') | length) }}",
        "{{ template('motd.j2', {'names': [later], 'who': cluster.name}) }}",
        "{{ (absent.id if absent else 'gone') ~ later }}",
        "{{ later_any.x ~ later_any['x'] }}",
        "{{ 1 < later_number < 3 }}",
        "{{ later_number in list }}",
        "{{ [later_number, 0] | sort }}",
        "{{ list[later_number:] }}",
        "{{ {'a': later_any} | merge({'a': {'y': 1}}) }}",
    ] {
        replays(text).unwrap();
    }
}
