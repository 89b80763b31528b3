//! Differences of two values leaf by leaf, without any rule: for what is made new, and for outputs.

use aurak_model::{Difference, Path, Seg, Value};

use super::shape::{marked, open};

/// The leaves in which two values differ, in order of their paths. Leaves are all but non-empty
/// maps and lists. Where one side is marked both are, so that neither tells about the other.
pub fn leaf_differences(before: Option<&Value>, after: Option<&Value>) -> Vec<Difference> {
    let mut out = Vec::new();
    go(before, after, &mut Path::root(), false, &mut out);
    out.sort_by(|a, b| a.path.cmp(&b.path));
    out.shrink_to_fit();
    out
}

fn go(
    before: Option<&Value>,
    after: Option<&Value>,
    path: &mut Path,
    secret: bool,
    out: &mut Vec<Difference>,
) {
    if before == after {
        return;
    }
    let (old, new) = (before.map(open), after.map(open));
    let secret = secret || old.is_some_and(|v| v.1) || new.is_some_and(|v| v.1);
    let (old, new) = (old.map(|v| v.0), new.map(|v| v.0));
    // One side may be missing: then the other one is spelt out.
    let none = (None, None);
    let (old_map, new_map) = match (old, new) {
        (Some(Value::Map(a)), Some(Value::Map(b))) => (Some(a), Some(b)),
        (Some(Value::Map(a)), None) if !a.is_empty() => (Some(a), None),
        (None, Some(Value::Map(b))) if !b.is_empty() => (None, Some(b)),
        _ => none,
    };
    if old_map.is_some() || new_map.is_some() {
        let old_keys = old_map.iter().flat_map(|map| map.keys());
        let new_keys = new_map
            .iter()
            .flat_map(|map| map.keys())
            .filter(|key| old_map.is_none_or(|old| !old.contains_key(key)));
        for key in old_keys.chain(new_keys) {
            path.0.push(Seg::Key(key.clone()));
            let (old, new) = (old_map.and_then(|m| m.get(key)), new_map.and_then(|m| m.get(key)));
            go(old, new, path, secret, out);
            path.0.pop();
        }
        return;
    }
    let lists = match (old, new) {
        (Some(Value::List(a)), Some(Value::List(b))) => Some((&***a, &***b)),
        (Some(Value::List(a)), None) if !a.is_empty() => Some((&***a, &[][..])),
        (None, Some(Value::List(b))) if !b.is_empty() => Some((&[][..], &***b)),
        _ => None,
    };
    if let Some((old, new)) = lists {
        for i in 0..old.len().max(new.len()) {
            path.0.push(Seg::Index(i));
            go(old.get(i), new.get(i), path, secret, out);
            path.0.pop();
        }
        return;
    }
    let marks = |value: Option<&Value>| value.is_some_and(Value::has_marks);
    let secret = secret || marks(before) || marks(after);
    out.push(Difference {
        path: path.clone(),
        before: before.map(|value| marked(value, secret)),
        after: after.map(|value| marked(value, secret)),
        forces: false,
        place: None,
    });
}
