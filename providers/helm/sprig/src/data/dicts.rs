//! Maps: shared, and changed where they are.

use aurak_gotemplate::{Error, Functions, Map, Type, Value};

use crate::table::{A, B, S, add, add_rest};
use crate::value::strval;

pub(crate) fn add_all(table: &mut Functions) {
    let map = Type::any_map;
    add_rest(table, &["dict"], &[], A, map(), |context, a| {
        let made = Map::new();
        for pair in a.chunks(2) {
            let value = pair.get(1).cloned().unwrap_or_else(|| Value::str(""));
            made.set(strval(context, &pair[0])?, value)?;
        }
        Ok(made.into())
    });
    add(table, &["get"], &[map(), S], A, |_, a| Ok(a.map(0).get(a.str(1)).unwrap_or_else(|| Value::str(""))));
    add(table, &["set"], &[map(), S, A], map(), |_, a| {
        a.map(0).set(a.str(1), a.any(2))?;
        Ok(a.any(0))
    });
    add(table, &["unset"], &[map(), S], map(), |_, a| {
        a.map(0).remove(a.str(1));
        Ok(a.any(0))
    });
    add(table, &["hasKey"], &[map(), S], B, |_, a| Ok(a.map(0).contains(a.str(1)).into()));
    add_rest(table, &["pluck"], &[S], map(), Type::any_slice(), |_, a| {
        let key = a.str(0);
        let found = a.rest(1).iter().filter_map(|value| value.as_map()?.get(&key)).collect();
        Ok(Value::list(found))
    });
    add_rest(table, &["keys"], &[], map(), Type::slice(S), |context, a| {
        let maps = a.iter().filter_map(Value::as_map);
        let count = maps.clone().map(Map::len).sum::<usize>();
        context.spend_steps(u64::try_from(count).unwrap_or(u64::MAX))?;
        Ok(Value::strings(maps.flat_map(Map::keys)))
    });
    add(table, &["values"], &[map()], Type::any_slice(), |_, a| {
        Ok(Value::list(a.map(0).entries().into_iter().map(|(_, value)| value).collect()))
    });
    add_rest(table, &["pick"], &[map()], S, map(), |_, a| {
        let (from, picked) = (a.map(0), Map::new());
        for key in a.rest(1).iter().filter_map(Value::as_str) {
            if let Some(value) = from.get(key) {
                picked.set(key.clone(), value)?;
            }
        }
        Ok(picked.into())
    });
    add_rest(table, &["omit"], &[map()], S, map(), |_, a| {
        let left: Map = a.map(0).entries().into_iter().collect();
        for key in a.rest(1).iter().filter_map(Value::as_str) {
            left.remove(key);
        }
        Ok(left.into())
    });
    add_rest(table, &["dig"], &[], A, A, |_, a| {
        let [path @ .., fallback, last] = &**a else {
            return Err(Error::new("dig needs at least three arguments"));
        };
        if path.is_empty() {
            return Err(Error::new("dig needs at least three arguments"));
        }
        let first = as_map(last)?;
        let keys = path.iter().map(|key| key.as_str().cloned().ok_or_else(|| converted(key, "string")));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let mut value = Value::Map(first);
        for key in keys {
            match as_map(&value)?.get(&key) {
                Some(found) => value = found,
                None => return Ok(fallback.clone()),
            }
        }
        Ok(value)
    });
}

/// Only exactly this type of map will do.
fn as_map(value: &Value) -> Result<Map, Error> {
    match value {
        Value::Map(map) if *map.get_type() == Type::any_map() => Ok(map.clone()),
        _ => Err(converted(value, "map[string]interface {}")),
    }
}

fn converted(value: &Value, wanted: &str) -> Error {
    let is = if value.is_nil() { "nil".to_owned() } else { value.type_name() };
    Error::new(format!("interface conversion: interface {{}} is {is}, not {wanted}"))
}
