//! Go's `reflect.DeepEqual`.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::Value;

/// Are the two equal by Go's `reflect.DeepEqual`: of the same type, and equal all the way down? Nil
/// and an empty list of the same type differ. Takes no stack, however deep they nest.
#[must_use]
pub fn deep_equal(left: &Value, right: &Value) -> bool {
    let mut waiting = vec![(left.clone(), right.clone())];
    // Pairs that are being compared: one that is met again holds if the rest does.
    let mut seen = BTreeSet::new();
    while let Some((left, right)) = waiting.pop() {
        if left.type_name() != right.type_name() {
            return false;
        }
        let same = match (&left, &right) {
            (Value::Nil, Value::Nil) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(_, a), Value::Int(_, b)) => a == b,
            (Value::Uint(_, a), Value::Uint(_, b)) => a == b,
            #[expect(clippy::float_cmp, reason = "that is the question")]
            (Value::Float(_, a), Value::Float(_, b)) => a == b,
            (Value::Str(a), Value::Str(b)) | (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (Value::List(a), Value::List(b)) => {
                let fits = a.is_nil() == b.is_nil() && a.len() == b.len();
                if fits && !a.same(b) && seen.insert((a.address(), b.address())) {
                    waiting.extend(a.items().into_iter().zip(b.items()));
                }
                fits
            }
            (Value::Map(a), Value::Map(b)) => {
                let fits = a.is_nil() == b.is_nil() && a.len() == b.len();
                if fits && !a.same(b) && seen.insert((a.address(), b.address())) {
                    for (key, value) in a.entries() {
                        let Some(other) = b.get(&key) else { return false };
                        waiting.push((value, other));
                    }
                }
                fits
            }
            (Value::Object(a), Value::Object(b)) => Rc::ptr_eq(a, b) || a.equal(b.as_ref()),
            // Functions are equal to nothing, not even to themselves.
            _ => false,
        };
        if !same {
            return false;
        }
    }
    true
}
