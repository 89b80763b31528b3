//! Counting with integers, with floats and with decimals.

use aurak_gotemplate::strconv::parse_int;
use aurak_gotemplate::{Arguments, Error, Functions, Value};

use super::cast::{to_float64, to_int64};
use super::decimal::Decimal;
use crate::table::{A, Answer, F64, I, I64, S, add, add_rest};
use crate::value::printed;

pub(crate) fn add_all(table: &mut Functions) {
    conversions(table);
    integers(table);
    floats(table);
    decimals(table);
}

fn conversions(table: &mut Functions) {
    add(table, &["atoi"], &[S], I, |_, a| Ok(Value::int(atoi(&a.text(0)))));
    add(table, &["int"], &[A], I, |_, a| Ok(Value::int(to_int64(&a.any(0)))));
    add(table, &["int64"], &[A], I64, |_, a| Ok(Value::int64(to_int64(&a.any(0)))));
    add(table, &["float64"], &[A], F64, |_, a| Ok(Value::float(to_float64(&a.any(0)))));
    add(table, &["toDecimal"], &[A], I64, |context, a| {
        let text = printed(context, &a.any(0))?;
        Ok(Value::int64(text.to_str().and_then(|text| parse_int(text, 8).ok()).unwrap_or(0)))
    });
}

/// What is too large is the largest there is; what is no number is zero.
fn atoi(text: &str) -> i64 {
    use aurak_gotemplate::strconv::NumberError;
    match parse_int(text, 10) {
        Ok(n) => n,
        Err(NumberError::Range) if text.starts_with('-') => i64::MIN,
        Err(NumberError::Range) => i64::MAX,
        Err(NumberError::Syntax) => 0,
    }
}

fn integers(table: &mut Functions) {
    add(table, &["add1"], &[A], I64, |_, a| Ok(Value::int64(to_int64(&a.any(0)).wrapping_add(1))));
    add_rest(table, &["add"], &[], A, I64, |_, a| {
        Ok(Value::int64(a.iter().map(to_int64).fold(0, i64::wrapping_add)))
    });
    add(table, &["sub"], &[A, A], I64, |_, a| {
        Ok(Value::int64(to_int64(&a.any(0)).wrapping_sub(to_int64(&a.any(1)))))
    });
    add(table, &["div"], &[A, A], I64, |_, a| divided(a, i64::wrapping_div));
    add(table, &["mod"], &[A, A], I64, |_, a| divided(a, i64::wrapping_rem));
    add_rest(table, &["mul"], &[A], A, I64, |_, a| {
        Ok(Value::int64(a.iter().map(to_int64).fold(1, i64::wrapping_mul)))
    });
    add_rest(table, &["max", "biggest"], &[A], A, I64, |_, a| {
        Ok(Value::int64(a.iter().map(to_int64).max().unwrap_or_default()))
    });
    add_rest(table, &["min"], &[A], A, I64, |_, a| {
        Ok(Value::int64(a.iter().map(to_int64).min().unwrap_or_default()))
    });
}

fn divided(a: &Arguments<'_>, operation: fn(i64, i64) -> i64) -> Answer {
    match to_int64(&a.any(1)) {
        0 => Err(Error::new("runtime error: integer divide by zero")),
        divisor => Ok(Value::int64(operation(to_int64(&a.any(0)), divisor))),
    }
}

fn floats(table: &mut Functions) {
    add_rest(table, &["maxf"], &[A], A, F64, |_, a| folded(a, |x, y| extreme(x, y, true)));
    add_rest(table, &["minf"], &[A], A, F64, |_, a| folded(a, |x, y| extreme(x, y, false)));
    add(table, &["ceil"], &[A], F64, |_, a| Ok(Value::float(to_float64(&a.any(0)).ceil())));
    add(table, &["floor"], &[A], F64, |_, a| Ok(Value::float(to_float64(&a.any(0)).floor())));
    add_rest(table, &["round"], &[A, I], F64, F64, |_, a| {
        let on = if a.len() > 2 { a.float(2) } else { 0.5 };
        let power = power_of_ten(a.int(1));
        let digits = power * to_float64(&a.any(0));
        let rest = if digits.is_infinite() { f64::NAN } else { digits.fract() };
        let rounded = if rest >= on { digits.ceil() } else { digits.floor() };
        Ok(Value::float(rounded / power))
    });
}

fn folded(a: &Arguments<'_>, choose: impl Fn(f64, f64) -> f64) -> Answer {
    let first = to_float64(&a.any(0));
    Ok(Value::float(a.rest(1).iter().map(to_float64).fold(first, choose)))
}

/// The larger or smaller one. An infinity comes before what is no number, which comes before the rest.
fn extreme(x: f64, y: f64, larger: bool) -> f64 {
    let end = if larger { f64::INFINITY } else { f64::NEG_INFINITY };
    if x.total_cmp(&end).is_eq() || y.total_cmp(&end).is_eq() {
        return end;
    }
    if x.is_nan() || y.is_nan() {
        return f64::NAN;
    }
    let x_wins = if larger { x.total_cmp(&y).is_gt() } else { x.total_cmp(&y).is_lt() };
    if x_wins { x } else { y }
}

/// Ten to a whole power, as near as a float gets.
fn power_of_ten(exponent: i64) -> f64 {
    format!("1e{exponent}").parse().unwrap_or(0.0)
}

fn decimals(table: &mut Functions) {
    add(table, &["add1f"], &[A], F64, |context, a| {
        chained(context, &a.any(0), &[Value::int(1)], Decimal::plus)
    });
    add_rest(table, &["addf"], &[], A, F64, |context, a| {
        chained(context, &Value::float(0.0), a, Decimal::plus)
    });
    add_rest(table, &["subf"], &[A], A, F64, |context, a| {
        chained(context, &a.any(0), a.rest(1), |x, y| x.plus(&y.negated()))
    });
    add_rest(table, &["mulf"], &[A], A, F64, |context, a| {
        chained(context, &a.any(0), a.rest(1), |x, y| Ok(x.times(y)))
    });
    add_rest(table, &["divf"], &[A], A, F64, |context, a| {
        chained(context, &a.any(0), a.rest(1), Decimal::over)
    });
}

fn chained(
    context: &mut aurak_gotemplate::Context<'_>,
    first: &Value,
    rest: &[Value],
    operation: impl Fn(&Decimal, &Decimal) -> Result<Decimal, Error>,
) -> Answer {
    let mut result = Decimal::from_float(to_float64(first))?;
    for value in rest {
        let next = Decimal::from_float(to_float64(value))?;
        // Digits grow with every factor, and the work with their number.
        let work = result.size().saturating_mul(next.size());
        context.spend_steps(u64::try_from(work / 16).unwrap_or(u64::MAX))?;
        result = operation(&result, &next)?;
    }
    Ok(Value::float(result.to_float()))
}
