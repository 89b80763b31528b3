//! Lists of plain values as a person reads them: where an item was taken out, those behind it moved
//! up, and did not each become another.
//!
//! A plan compares lists place by place, and its JSON says so. Only what is shown is aligned.

use std::borrow::Cow;

use aurak_model::{Difference, Path, Seg, Value};

/// Longer runs are shown place by place: aligning takes time that grows with the square, and nobody
/// reads that many lines.
const LONGEST: usize = 500;

/// The differences, runs of shifted items replaced by what came and went.
pub(super) fn aligned(differences: &[Difference]) -> Vec<Cow<'_, Difference>> {
    let mut out = Vec::with_capacity(differences.len());
    let mut rest = differences;
    while let Some(first) = rest.first() {
        let len = run(rest);
        let (here, behind) = rest.split_at(len.max(1));
        match (2..=LONGEST).contains(&len).then(|| edits(here)).flatten() {
            Some(edits) => out.extend(edits.into_iter().map(Cow::Owned)),
            None if len < 2 => out.push(Cow::Borrowed(first)),
            None => out.extend(here.iter().map(Cow::Borrowed)),
        }
        rest = behind;
    }
    out
}

/// How many of the first differences are neighbours in one list, with plain values.
fn run(differences: &[Difference]) -> usize {
    let mut expected: Option<(&[Seg], usize)> = None;
    let (mut old_ended, mut new_ended) = (false, false);
    let mut len = 0;
    for Difference { path, before, after, forces, place: _ } in differences {
        let Some((Seg::Index(index), list)) = path.0.split_last() else { break };
        let fits = expected.is_none_or(|expected| expected == (list, *index));
        let plain = [before, after].into_iter().flatten().all(is_plain);
        // Behind its end a list has nothing more.
        let in_order = !(old_ended && before.is_some() || new_ended && after.is_some());
        // The reasons of a replacement name places, which must then be there to see.
        if !fits || !plain || !in_order || *forces {
            break;
        }
        (old_ended, new_ended) = (before.is_none(), after.is_none());
        expected = Some((list, index + 1));
        len += 1;
    }
    len
}

fn is_plain(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => true,
        Value::List(_) | Value::Map(_) | Value::Unknown(_) | Value::Sensitive(_) => false,
    }
}

/// What came and went, where that is less than what is at another place.
fn edits(run: &[Difference]) -> Option<Vec<Difference>> {
    let old: Vec<&Difference> = run.iter().filter(|d| d.before.is_some()).collect();
    let new: Vec<&Difference> = run.iter().filter(|d| d.after.is_some()).collect();
    // `common[i][j]`: how many items the rests from `i` and `j` on have in common, in order.
    let width = new.len() + 1;
    let mut common = vec![0u16; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = match old[i].before == new[j].after {
                true => common[(i + 1) * width + j + 1] + 1,
                false => common[(i + 1) * width + j].max(common[i * width + j + 1]),
            };
        }
    }
    let mut out: Vec<Difference> = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i].before == new[j].after {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let stays = common[i * width + j];
        let goes = i < old.len() && common[(i + 1) * width + j] == stays;
        let comes = j < new.len() && common[i * width + j + 1] == stays;
        let both = goes && comes && common[(i + 1) * width + j + 1] == stays;
        // One for another is a change of that item.
        let (before, after) = match (both, goes) {
            (true, _) => (Some(old[i]), Some(new[j])),
            (false, true) => (Some(old[i]), None),
            (false, false) => (None, new.get(j).copied()),
        };
        i += usize::from(before.is_some());
        j += usize::from(after.is_some());
        let at = after.or(before)?;
        out.push(Difference {
            path: Path(at.path.0.clone()),
            before: before.and_then(|d| d.before.clone()),
            after: after.and_then(|d| d.after.clone()),
            forces: false,
            place: after.and_then(|d| d.place.clone()),
        });
    }
    (out.len() < run.len()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(before: &[&str], after: &[&str]) -> Vec<Difference> {
        let item = |list: &[&str], i: usize| list.get(i).map(|text| Value::from(*text));
        (0..before.len().max(after.len()))
            .filter(|i| before.get(*i) != after.get(*i))
            .map(|i| Difference {
                path: Path(vec![Seg::Key("list".into()), Seg::Index(i)]),
                before: item(before, i),
                after: item(after, i),
                forces: false,
                place: after.get(i).map(|_| format!("a.yaml:1:{i}")),
            })
            .collect()
    }

    fn read(before: &[&str], after: &[&str]) -> String {
        let side = |value: &Option<Value>| match value {
            Some(Value::String(text)) => text.to_string(),
            _ => "-".to_string(),
        };
        let all = differences(before, after);
        let shown: Vec<String> = aligned(&all)
            .iter()
            .map(|d| format!("{} {}>{}", d.path, side(&d.before), side(&d.after)))
            .collect();
        shown.join(", ")
    }

    #[test]
    fn what_moved_up_or_down_is_no_change() {
        assert_eq!(read(&["a", "b", "c"], &["b", "c"]), "list[0] a>-");
        assert_eq!(read(&["a", "b"], &["x", "a", "b"]), "list[0] ->x");
        assert_eq!(read(&["a", "b", "c", "d"], &["a", "c", "d", "e"]), "list[1] b>-, list[3] ->e");
        assert_eq!(read(&["a", "b", "c", "d"], &["b", "x", "d"]), "list[0] a>-, list[1] c>x");
        assert_eq!(read(&["a", "b", "b", "c"], &["b", "b", "c"]), "list[0] a>b, list[2] b>-");
    }

    #[test]
    fn what_changed_in_its_place_is_a_change() {
        assert_eq!(read(&["a", "b"], &["x", "y"]), "list[0] a>x, list[1] b>y");
        assert_eq!(read(&["a"], &["b"]), "list[0] a>b");
        assert_eq!(read(&["a", "b", "c"], &[]), "list[0] a>-, list[1] b>-, list[2] c>-");
        assert_eq!(read(&["a"], &["a", "b", "c"]), "list[1] ->b, list[2] ->c");
    }

    #[test]
    fn secrets_what_forces_and_other_lists_are_left_as_they_are() {
        let mut all = differences(&["a", "b", "c"], &["b", "c"]);
        all[1].before = Some(Value::from("b").sensitive());
        assert_eq!(aligned(&all).len(), 3);
        let mut all = differences(&["a", "b", "c"], &["b", "c"]);
        all.iter_mut().for_each(|difference| difference.forces = true);
        assert_eq!(aligned(&all).len(), 3);
        let mut all = differences(&["a", "b"], &["b"]);
        all[1].path = Path(vec![Seg::Key("other".into()), Seg::Index(1)]);
        assert_eq!(aligned(&all).len(), 2);
    }
}
