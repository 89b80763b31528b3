//! The predicates of a type: when an attribute cannot be changed, and when it is somebody else's.
//!
//! They see `old` and `new`, the attribute before and after, `self`, the object as it will be, and in
//! what a list or map holds `item`, the item around the attribute as it will be.
//! What an object does not have is false there, not an error: a type speaks about objects of all
//! shapes, and the loader has checked that its paths exist. So is what cannot be asked of an attribute
//! that was not there before, or will not be: nothing is neither less nor more than a number.

use aurak_expr::{ErrorKind, MapScope, Template, truthy};
use aurak_model::schema::Immutable;
use aurak_model::{Map, Path, Value};

use super::walk::{Around, Gate, Walk, Yield, origins};
use super::{Compared, Forcing};

/// Which attributes are somebody else's in one of these states of the object. While that cannot be
/// told, they are ours.
pub(super) fn yielded(
    candidates: &[Yield<'_>],
    states: &[&Value],
    problems: &mut Vec<(Path, String)>,
) -> Vec<Path> {
    let mut out = Vec::new();
    for Yield { expression, path, around } in candidates {
        for state in states {
            match holds(expression, around, state) {
                Ok(Some(true)) => out.push(path.clone()),
                Ok(Some(false) | None) => {}
                Err(why) => problems.push((path.clone(), why)),
            }
        }
    }
    out
}

/// Decides for every difference in an attribute that may not be changed whether it needs a new
/// object, or is refused: the first rule that holds does.
pub(super) fn judge(change: &mut Walk<'_>, planned: &Value, out: &mut Compared) {
    for gate in std::mem::take(&mut change.gates) {
        let rotates = match first_that_holds(&gate, planned) {
            Ok(None) => continue,
            Ok(Some(Immutable::Always | Immutable::When(_))) => false,
            Ok(Some(Immutable::Rotate | Immutable::RotateWhen(_))) => true,
            Ok(Some(Immutable::Refused { message, .. })) => {
                out.refused.push((gate.path, message.clone()));
                continue;
            }
            Err(why) => {
                out.problems.push((gate.path, why));
                continue;
            }
        };
        for difference in &mut change.found[gate.found] {
            difference.forces = true;
            let needs = difference.after.as_ref().map(origins).unwrap_or_default();
            out.forces.push(Forcing { path: difference.path.clone(), needs, rotates });
        }
    }
}

fn first_that_holds<'a>(gate: &Gate<'a>, planned: &Value) -> Result<Option<&'a Immutable>, String> {
    for rule in gate.rules {
        let Some(when) = rule.when() else { return Ok(Some(rule)) };
        match holds(when, &gate.around, planned)? {
            Some(true) => return Ok(Some(rule)),
            Some(false) => {}
            // Only apply could tell. There it would be too late for a new object; but it is early
            // enough to refuse.
            None if matches!(rule, Immutable::Refused { .. }) => {}
            None => return Ok(Some(rule)),
        }
    }
    Ok(None)
}

/// Whether a predicate holds; none where that hangs on something unknown.
fn holds(expression: &str, around: &Around, planned: &Value) -> Result<Option<bool>, String> {
    let Around { old, new, item } = around;
    let names: Map =
        [("old", Some(old)), ("new", Some(new)), ("item", item.as_ref()), ("self", Some(planned))]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?.clone())))
            .collect();
    let evaluated = Template::expression(expression).and_then(|text| text.evaluate(&MapScope(&names)));
    match evaluated {
        Ok(evaluated) => Ok(truthy(&evaluated.value)),
        Err(error) if error.kind == ErrorKind::UndefinedAttribute => Ok(Some(false)),
        Err(error) if error.kind == ErrorKind::Type && (old.is_null() || new.is_null()) => Ok(Some(false)),
        Err(error) => Err(format!("`{expression}` in the type cannot be evaluated: {error}")),
    }
}
