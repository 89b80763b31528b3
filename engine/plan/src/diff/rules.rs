//! The predicates of a type: when an attribute cannot be changed, and when it is somebody else's.
//!
//! They see `old` and `new`, the attribute before and after, and `self`, the object as it will be.
//! What an object does not have is false there, not an error: a type speaks about objects of all
//! shapes, and the loader has checked that its paths exist.

use aurak_expr::{ErrorKind, MapScope, Template, truthy};
use aurak_model::schema::Immutable;
use aurak_model::{Map, Path, Value};

use super::walk::{Walk, Yield, origins};
use super::{Compared, Forcing};

/// Which attributes are somebody else's in one of these states of the object. While that cannot be
/// told, they are ours.
pub(super) fn yielded(
    candidates: &[Yield<'_>],
    states: &[&Value],
    problems: &mut Vec<(Path, String)>,
) -> Vec<Path> {
    let mut out = Vec::new();
    for Yield { expression, path, old, new } in candidates {
        for state in states {
            match holds(expression, old, new, state) {
                Ok(Some(true)) => out.push(path.clone()),
                Ok(Some(false) | None) => {}
                Err(why) => problems.push((path.clone(), why)),
            }
        }
    }
    out
}

/// Decides for every difference in an attribute that may not be changed whether it needs a new
/// object, or is refused.
pub(super) fn judge(change: &mut Walk<'_>, planned: &Value, out: &mut Compared) {
    for gate in std::mem::take(&mut change.gates) {
        let forces = match gate.rule {
            Immutable::Always => true,
            Immutable::When(when) => match holds(when, &gate.old, &gate.new, planned) {
                Ok(Some(holds)) => holds,
                // Only apply could tell, and there it would be too late for a new object.
                Ok(None) => true,
                Err(why) => {
                    out.problems.push((gate.path, why));
                    continue;
                }
            },
            Immutable::Refused { when, message } => {
                match holds(when, &gate.old, &gate.new, planned) {
                    Ok(Some(true)) => out.refused.push((gate.path, message.clone())),
                    Ok(Some(false) | None) => {}
                    Err(why) => out.problems.push((gate.path, why)),
                }
                continue;
            }
        };
        if !forces {
            continue;
        }
        for difference in &mut change.found[gate.found] {
            difference.forces = true;
            let needs = difference.after.as_ref().map(origins).unwrap_or_default();
            out.forces.push(Forcing { path: difference.path.clone(), needs });
        }
    }
}

/// Whether a predicate holds; none where that hangs on something unknown.
fn holds(expression: &str, old: &Value, new: &Value, planned: &Value) -> Result<Option<bool>, String> {
    let names: Map =
        [("old", old), ("new", new), ("self", planned)].into_iter().map(|(k, v)| (k, v.clone())).collect();
    let evaluated = Template::expression(expression).and_then(|text| text.evaluate(&MapScope(&names)));
    match evaluated {
        Ok(evaluated) => Ok(truthy(&evaluated.value)),
        Err(error) if error.kind == ErrorKind::UndefinedAttribute => Ok(Some(false)),
        Err(error) => Err(format!("`{expression}` in the type cannot be evaluated: {error}")),
    }
}
