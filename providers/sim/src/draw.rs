//! A world as text, for reviewed files: a line for each object, a line below for each attribute.

use aurak_model::{Map, Value};

use crate::objects::SimObject;

/// Draws objects, in the order given.
pub(crate) fn draw(objects: &[SimObject]) -> String {
    let mut text = String::new();
    for object in objects {
        let SimObject { id, world, type_name, number: _, body, made_by } = object;
        text.push_str(&format!("{id}  {type_name}"));
        if &**world != crate::MAIN {
            text.push_str(&format!(" in {world}"));
        }
        if made_by.is_none() {
            text.push_str("  (made by somebody else)");
        }
        text.push('\n');
        lines(&mut text, body, 1);
    }
    text
}

fn lines(text: &mut String, map: &Map, depth: usize) {
    for (name, value) in map.iter() {
        // The id stands above.
        if depth == 1 && &**name == "id" {
            continue;
        }
        let indent = "    ".repeat(depth);
        match value {
            Value::Map(map) if !map.is_empty() => {
                text.push_str(&format!("{indent}{name}:\n"));
                lines(text, map, depth + 1);
            }
            value => text.push_str(&format!("{indent}{name}: {}\n", one_line(value))),
        }
    }
}

fn one_line(value: &Value) -> String {
    match value.to_json() {
        Some(json) => json.to_string(),
        None => format!("{value:?}"),
    }
}
