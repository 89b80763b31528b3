//! Lists of numbers.

use aurak_gotemplate::{Arguments, Context, Error, Functions, List, Type, Value};

use crate::table::{Answer, I, S, add, add_rest};

pub(crate) fn add_all(table: &mut Functions) {
    let ints = || Type::slice(I);
    add(table, &["until"], &[I], ints(), |context, a| {
        let count = a.int(0);
        listed(context, 0, count, if count < 0 { -1 } else { 1 })
    });
    add(table, &["untilStep"], &[I, I, I], ints(), |context, a| {
        listed(context, a.int(0), a.int(1), a.int(2))
    });
    add_rest(table, &["seq"], &[], I, S, seq);
}

/// The numbers from `start` up to before `stop`, or down; none if the step leads away.
fn numbers(context: &mut Context<'_>, start: i64, stop: i64, step: i64) -> Result<Vec<i64>, Error> {
    let (start, stop, step) = (i128::from(start), i128::from(stop), i128::from(step));
    let goes = if stop < start { step < 0 } else { step > 0 };
    if !goes {
        return Ok(Vec::new());
    }
    let distance = (stop - start).unsigned_abs();
    let count = distance.div_ceil(step.unsigned_abs());
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    context.spend_steps(u64::try_from(count).unwrap_or(u64::MAX))?;
    context.spend_bytes(count.saturating_mul(size_of::<Value>()))?;
    let mut all = Vec::with_capacity(count);
    let mut next = start;
    while (step > 0 && next < stop) || (step < 0 && next > stop) {
        all.push(i64::try_from(next).unwrap_or_default());
        next += step;
    }
    Ok(all)
}

fn listed(context: &mut Context<'_>, start: i64, stop: i64, step: i64) -> Answer {
    let all = numbers(context, start, stop, step)?;
    Ok(Value::List(List::of(I, all.into_iter().map(Value::int).collect())))
}

fn seq(context: &mut Context<'_>, a: &Arguments<'_>) -> Answer {
    let (start, end) = match a.len() {
        1 => (1, a.int(0)),
        2 => (a.int(0), a.int(1)),
        3 => (a.int(0), a.int(2)),
        _ => return Ok(Value::str("")),
    };
    let direction = if end < start { -1 } else { 1 };
    let step = if a.len() == 3 { a.int(1) } else { direction };
    if direction < 0 && step > 0 {
        return Ok(Value::str(""));
    }
    let all = numbers(context, start, end.wrapping_add(direction), step)?;
    Ok(Value::from(all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")))
}
