//! Lists. What gives a list gives a new one; only `sortAlpha` changes one where it is.

use aurak_gotemplate::{Context, Error, Functions, List, Type, Value, deep_equal};

use crate::number::to_int64;
use crate::table::{A, Answer, B, I, add, add_rest, int, makeslice, nil_pointer};
use crate::value::{elements, empty, kind};

pub(crate) fn add_all(table: &mut Functions) {
    let list = Type::any_slice;
    add_rest(table, &["list", "tuple"], &[], A, list(), |_, a| Ok(Value::list(a.to_vec())));
    add(table, &["append", "push", "mustAppend", "mustPush"], &[A, A], list(), |_, a| {
        let mut items = elements(&a.any(0), "Cannot push on type")?;
        items.push(a.any(1));
        Ok(Value::list(items))
    });
    add(table, &["prepend", "mustPrepend"], &[A, A], list(), |_, a| {
        let mut items = elements(&a.any(0), "Cannot prepend on type")?;
        items.insert(0, a.any(1));
        Ok(Value::list(items))
    });
    add(table, &["first", "mustFirst"], &[A], A, |_, a| {
        Ok(elements(&a.any(0), "Cannot find first on type")?.into_iter().next().unwrap_or_default())
    });
    add(table, &["last", "mustLast"], &[A], A, |_, a| {
        Ok(elements(&a.any(0), "Cannot find last on type")?.pop().unwrap_or_default())
    });
    add(table, &["rest", "mustRest"], &[A], list(), |_, a| {
        let items = elements(&a.any(0), "Cannot find rest on type")?;
        Ok(items.get(1..).map_or(Value::Nil, |rest| Value::list(rest.to_vec())))
    });
    add(table, &["initial", "mustInitial"], &[A], list(), |_, a| {
        let mut items = elements(&a.any(0), "Cannot find initial on type")?;
        Ok(items.pop().map_or(Value::Nil, |_| Value::list(items)))
    });
    add(table, &["reverse", "mustReverse"], &[A], list(), |_, a| {
        let mut items = elements(&a.any(0), "Cannot find reverse on type")?;
        items.reverse();
        Ok(Value::list(items))
    });
    add(table, &["compact", "mustCompact"], &[A], list(), |_, a| {
        let mut items = elements(&a.any(0), "Cannot compact on type")?;
        items.retain(|item| !empty(item));
        Ok(Value::list(items))
    });
    add(table, &["uniq", "mustUniq"], &[A], list(), |context, a| {
        let mut kept: Vec<Value> = Vec::new();
        for item in elements(&a.any(0), "Cannot find uniq on type")? {
            if !is_in(context, &item, &kept)? {
                kept.push(item);
            }
        }
        Ok(Value::list(kept))
    });
    add_rest(table, &["without", "mustWithout"], &[A], A, list(), |context, a| {
        let mut kept = Vec::new();
        for item in elements(&a.any(0), "Cannot find without on type")? {
            if !is_in(context, &item, a.rest(1))? {
                kept.push(item);
            }
        }
        Ok(Value::list(kept))
    });
    add(table, &["has", "mustHas"], &[A, A], B, |context, a| match a.any(1) {
        Value::Nil => Ok(false.into()),
        list => {
            let items = elements(&list, "Cannot find has on type")?;
            Ok(is_in(context, &a.any(0), &items)?.into())
        }
    });
    add_rest(table, &["slice", "mustSlice"], &[A], A, A, |_, a| slice(&a.any(0), a.rest(1)));
    add_rest(table, &["concat"], &[], A, A, |context, a| {
        let mut all = Vec::new();
        for value in a.iter() {
            if value.is_nil() {
                return Err(nil_pointer());
            }
            let Some(items) = value.elements() else {
                return Err(Error::new(format!("Cannot concat type {} as list", kind(value))));
            };
            context.spend_steps(u64::try_from(items.len()).unwrap_or(u64::MAX))?;
            all.extend(items);
        }
        Ok(if all.is_empty() { Value::List(List::nil(Type::any_slice())) } else { Value::list(all) })
    });
    add(table, &["chunk", "mustChunk"], &[I, A], Type::slice(list()), |_, a| {
        chunk(a.int(0), &elements(&a.any(1), "Cannot chunk type")?)
    });
}

fn is_in(context: &mut Context<'_>, wanted: &Value, items: &[Value]) -> Result<bool, Error> {
    context.spend_steps(u64::try_from(items.len()).unwrap_or(u64::MAX))?;
    Ok(items.iter().any(|item| deep_equal(wanted, item)))
}

fn slice(value: &Value, indices: &[Value]) -> Answer {
    let items = elements(value, "list should be type of slice or array but")?;
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let start = indices.first().map_or(0, to_int64);
    let end = indices.get(1).map_or(int(items.len()), to_int64);
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let taken = range.and_then(|(start, end)| items.get(start..end));
    let Some(taken) = taken else {
        return Err(Error::new("reflect.Value.Slice: slice index out of bounds"));
    };
    Ok(match value {
        Value::Bytes(bytes) => {
            let from = usize::try_from(start).unwrap_or_default();
            Value::Bytes(bytes.get(from..from + taken.len()).unwrap_or_default().into())
        }
        Value::List(list) => Value::List(List::new(taken.to_vec()).with_type(list.get_type().clone())),
        _ => Value::list(taken.to_vec()),
    })
}

/// The sizes are worked out in floats, which is what decides about sizes that make no sense.
#[expect(clippy::cast_precision_loss, reason = "that is how it is worked out")]
fn chunk(size: i64, items: &[Value]) -> Answer {
    let length = int(items.len());
    let count = ((length - 1) as f64 / size as f64).floor() + 1.0;
    if !(0.0..9e15).contains(&count) {
        return Err(makeslice());
    }
    let make = |chunks: Vec<Value>| Value::List(List::of(Type::any_slice(), chunks));
    if count == 0.0 {
        return Ok(make(Vec::new()));
    }
    let Ok(size) = usize::try_from(size) else {
        // One chunk of a negative size is left: it has the one item, or cannot be.
        return match items {
            [only] => Ok(make(vec![Value::list(vec![only.clone()])])),
            _ => Err(makeslice()),
        };
    };
    Ok(make(items.chunks(size.max(1)).map(|chunk| Value::list(chunk.to_vec())).collect()))
}
