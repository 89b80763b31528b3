//! Copies that share nothing.

use aurak_gotemplate::{Context, Error, Functions, List, Map, Value};

use crate::semver::VersionObject;
use crate::table::{A, add};

/// How deep a value may nest that is copied. A map that contains itself has no copy.
const MOST_LEVELS: usize = 250;

pub(crate) fn add_all(table: &mut Functions) {
    add(table, &["deepCopy", "mustDeepCopy"], &[A], A, |context, a| match a.any(0) {
        Value::Nil => Err(Error::new("reflect: call of reflect.Value.Type on zero Value")),
        value => copied(context, &value, 0),
    });
}

fn copied(context: &mut Context<'_>, value: &Value, level: usize) -> Result<Value, Error> {
    if level > MOST_LEVELS {
        return Err(Error::limit(format!("what is copied nests deeper than {MOST_LEVELS} levels")));
    }
    match value {
        Value::List(list) if list.is_nil() => Ok(value.clone()),
        Value::List(list) => {
            let items = list.items();
            context.spend_bytes(items.len().saturating_mul(size_of::<Value>()))?;
            let items = items.iter().map(|item| copied(context, item, level + 1));
            let items = items.collect::<Result<Vec<_>, _>>()?;
            Ok(Value::List(List::new(items).with_type(list.get_type().clone())))
        }
        Value::Map(map) if map.is_nil() => Ok(value.clone()),
        Value::Map(map) => {
            let entries = map.entries();
            context.spend_bytes(entries.len().saturating_mul(2 * size_of::<Value>()))?;
            let copy = Map::new();
            for (key, item) in entries {
                copy.set(key, copied(context, &item, level + 1)?)?;
            }
            Ok(Value::Map(copy.with_type(map.get_type().clone())))
        }
        // Of a version no field can be copied, so that the copy has none.
        Value::Object(object) if object.as_any().is::<VersionObject>() => Ok(VersionObject::zero()),
        other => Ok(other.clone()),
    }
}
