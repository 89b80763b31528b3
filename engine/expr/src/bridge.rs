//! The way to minijinja's own filters, tests and templates, and back. Only values without marks and
//! unknowns go this way.

use std::sync::{Arc, LazyLock};

use aurak_model::{Name, Value};
use minijinja::machinery::ast::{Expr, UnaryOp, UnaryOpKind};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Rest, Value as Jinja, ValueKind};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind as JinjaErrorKind, Output, State, UndefinedBehavior,
};

use crate::bounds::Buffer;
use crate::catalog::OWN_FILTERS;
use crate::error::{ErrorKind, ExprError, Res, call_error, type_error};
use crate::filters::{self, Args};
use crate::text::of_scalar;
use crate::{catalog, guard, splitter};

/// Steps that a template file may take, some seconds of work: a loop in a loop in a loop ends.
const FUEL: u64 = 50_000_000;

/// How deep macros may call each other.
const RECURSION: usize = 100;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_debug(false);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    // The default syntax, but what a file ends with stays.
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        env.set_syntax(syntax);
    }
    env.set_recursion_limit(RECURSION);
    env.set_fuel(Some(FUEL));
    env.set_formatter(print);
    env.remove_filter("pprint");
    for name in OWN_FILTERS {
        env.add_filter(*name, move |args: Rest<Jinja>, named: Kwargs| own_filter(name, &args, &named));
        env.add_function(*name, move |args: Rest<Jinja>, named: Kwargs| own_filter(name, &args, &named));
    }
    env
});

/// Text in template files follows the same rule as in scalars.
fn print(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Jinja) -> Result<(), Error> {
    if let Some(text) = value.as_str() {
        return out.write_str(text).map_err(Error::from);
    }
    if value.is_undefined() {
        return Err(Error::from(JinjaErrorKind::UndefinedError));
    }
    let text = from_jinja(value).and_then(|v| of_scalar(&v).map(|t| t.into_owned()));
    match text {
        Ok(text) => out.write_str(&text).map_err(Error::from),
        Err(e) => Err(said(&e)),
    }
}

fn said(e: &ExprError) -> Error {
    let text = match &e.help {
        Some(help) => format!("{}; {help}", e.message),
        None => e.message.clone(),
    };
    Error::new(JinjaErrorKind::InvalidOperation, text)
}

fn own_filter(name: &str, args: &[Jinja], named: &Kwargs) -> Result<Jinja, Error> {
    let run = || -> Res<Value> {
        let pos = args.iter().map(from_jinja).collect::<Res<Vec<_>>>()?;
        let mut pairs = Vec::new();
        for key in named.args() {
            let value: Jinja = named.get(key).or_else(|e| type_error(e.to_string()))?;
            pairs.push((Name::from(key), from_jinja(&value)?));
        }
        filters::apply(name, Args { pos, named: pairs })
    };
    run().map(|v| to_jinja(&v)).map_err(|e| said(&e))
}

/// One of minijinja's filters.
pub(crate) fn filter(name: &str, pos: &[Value], named: &[(Name, Value)]) -> Res<Value> {
    let mut args: Vec<Jinja> = pos.iter().map(to_jinja).collect();
    if !named.is_empty() {
        let kwargs: Kwargs = named.iter().map(|(k, v)| (&**k, to_jinja(v))).collect();
        args.push(Jinja::from(kwargs));
    }
    match ENVIRONMENT.empty_state().apply_filter(name, &args) {
        Ok(value) => from_jinja(&value),
        Err(error) => call_error(format!("`{name}`: {}", detail(&error))),
    }
}

/// One of minijinja's tests.
pub(crate) fn test(name: &str, pos: &[Value]) -> Res<Value> {
    let args: Vec<Jinja> = pos.iter().map(to_jinja).collect();
    match ENVIRONMENT.empty_state().perform_test(name, &args) {
        Ok(holds) => Ok(Value::Bool(holds)),
        Err(error) => call_error(format!("`is {name}`: {}", detail(&error))),
    }
}

fn detail(error: &Error) -> String {
    match error.detail() {
        Some(detail) => detail.to_string(),
        None => error.kind().to_string(),
    }
}

/// Renders the text of a template file with plain variables.
pub(crate) fn render(path: &str, source: &str, variables: &Value) -> Res<Value> {
    check_depth(path, source)?;
    let fail = |error: &Error| template_error(path, source, error);
    let template = ENVIRONMENT.template_from_named_str(path, source).map_err(|e| fail(&e))?;
    let mut out = Buffer::default();
    let written = template.render_captured_to(to_jinja(variables), &mut out).map(drop);
    out.finish(written, |error| Err(fail(&error))).map(Value::string).map_err(|mut e| {
        if !e.message.contains(path) {
            e.message = format!("`{path}`: {}", e.message);
        }
        e
    })
}

/// The parser recurses without a bound of its own in a few places: see [`guard`].
fn check_depth(path: &str, source: &str) -> Res<()> {
    const MAX_ELIF: usize = 500;
    let deep = || -> Res<()> {
        Err(Box::new(ExprError::new(ErrorKind::Other, format!("`{path}` nests too deeply"))))
    };
    if source.matches("elif").count() > MAX_ELIF {
        return deep();
    }
    let mut rest = source;
    while let Some(open) = rest.find(['{']) {
        let after = &rest[open + 1..];
        let close = match after.as_bytes().first() {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            _ => {
                rest = after;
                continue;
            }
        };
        let end = after.find(close).unwrap_or(after.len());
        // Quotes may hold the closing mark, so what follows is looked at again as its own stretch.
        if guard::check(&after[1..end.max(1)], 0).is_err() {
            return deep();
        }
        rest = &after[end.max(1)..];
    }
    Ok(())
}

fn template_error(path: &str, source: &str, error: &Error) -> Box<ExprError> {
    let place = match error.line() {
        Some(line) if error.name() == Some(path) => format!("`{path}` line {line}"),
        _ => format!("`{path}`"),
    };
    let what = error.range().and_then(|range| source.get(range));
    // A place on white space tells nothing.
    let what = what.filter(|what| what.len() <= 80 && !what.trim().is_empty() && !what.contains('\n'));
    // Names are checked by what a template knows, and suggested as anywhere.
    let known = match (error.kind(), what) {
        (JinjaErrorKind::UnknownFilter, Some(name)) => catalog::known_filter(name).err(),
        (JinjaErrorKind::UnknownTest, Some(name)) => catalog::known_test(name).err(),
        (JinjaErrorKind::UnknownFunction, Some(call)) => {
            let name = call.split('(').next().unwrap_or(call).trim();
            Some(match catalog::known_function(name) {
                Ok(()) => ExprError::new(ErrorKind::Call, format!("a template cannot call `{name}`"))
                    .help("call it outside, and give the template its value"),
                Err(error) => error,
            })
        }
        _ => None,
    };
    if let Some(mut error) = known {
        error.message = format!("{place}: {}", error.message);
        return Box::new(error);
    }
    let message = match (error.kind(), what) {
        (JinjaErrorKind::UndefinedError, Some(what)) => {
            format!("{place}: `{}` is not defined", what.trim_start_matches('.'))
        }
        (JinjaErrorKind::OutOfFuel, _) => format!("{place}: the template does not come to an end"),
        (JinjaErrorKind::TemplateNotFound, _) => {
            format!("{place}: a template cannot include or extend another file")
        }
        (kind, Some(what)) => match error.detail() {
            Some(detail) => format!("{place}: {detail}, at `{what}`"),
            None => format!("{place}: {kind}, at `{what}`"),
        },
        _ => format!("{place}: {}", detail(error)),
    };
    let out = ExprError::new(ErrorKind::Other, message);
    Box::new(match error.kind() {
        JinjaErrorKind::UndefinedError => out.help(
            "a template sees only the variables that are given to it: `template(path, {'name': value})`",
        ),
        JinjaErrorKind::TemplateNotFound => {
            out.help("give it the text as a variable: `template(path, {'part': file('part.txt')})`")
        }
        JinjaErrorKind::SyntaxError if source.lines().any(splitter::looks_like_go) => {
            out.help("`template()` reads Jinja; use `file()` for text that is not")
        }
        _ => out,
    })
}

/// To minijinja. What is marked or unknown never comes here; it would become undefined, which every
/// use refuses.
pub(crate) fn to_jinja(value: &Value) -> Jinja {
    match value {
        Value::Null => Jinja::from(()),
        Value::Bool(b) => Jinja::from(*b),
        Value::Int(i) => Jinja::from(*i),
        Value::Float(x) => Jinja::from(*x),
        Value::String(text) => Jinja::from(text.clone()),
        Value::List(list) => Jinja::from(list.iter().map(to_jinja).collect::<Vec<_>>()),
        Value::Map(map) => Jinja::from_pairs(map.iter().map(|(k, v)| (Arc::clone(k), to_jinja(v)))),
        Value::Sensitive(_) | Value::Unknown(_) => Jinja::UNDEFINED,
    }
}

/// Whether this is the least integer, whose digits without the sign do not fit.
pub(crate) fn is_least(e: &UnaryOp<'_>) -> bool {
    let Expr::Const(constant) = &e.expr else { return false };
    matches!(e.op, UnaryOpKind::Neg)
        && constant.value.is_integer()
        && i128::try_from(constant.value.clone()).is_ok_and(|i| i == -i128::from(i64::MIN))
}

/// A constant of the syntax tree.
pub(crate) fn from_template(value: &Jinja) -> Res<Value> {
    match value.as_str() {
        Some(text) => Ok(Value::string(text)),
        None => from_jinja(value),
    }
}

/// From minijinja.
pub(crate) fn from_jinja(value: &Jinja) -> Res<Value> {
    let lost = |what: &str| type_error(format!("{what} cannot be a value here"));
    match value.kind() {
        ValueKind::None => Ok(Value::Null),
        ValueKind::Bool => Ok(Value::Bool(value.is_true())),
        ValueKind::Number if value.is_integer() => match value.as_i64() {
            Some(i) => Ok(Value::Int(i)),
            None => type_error("the number does not fit into 64 bits"),
        },
        ValueKind::Number => match f64::try_from(value.clone()) {
            Ok(x) if x.is_finite() => Ok(Value::Float(x)),
            _ => type_error("the number is not finite"),
        },
        ValueKind::String => Ok(Value::string(value.as_str().unwrap_or_default())),
        ValueKind::Seq | ValueKind::Iterable => {
            let mut list = Vec::new();
            for item in value.try_iter().or_else(|e| type_error(detail(&e)))? {
                list.push(from_jinja(&item)?);
            }
            Ok(Value::from(list))
        }
        ValueKind::Map => {
            let mut entries: Vec<(Name, Value)> = Vec::new();
            for key in value.try_iter().or_else(|e| type_error(detail(&e)))? {
                let item = value.get_item(&key).or_else(|e| type_error(detail(&e)))?;
                let name = match key.as_str() {
                    Some(text) => Name::from(text),
                    None => Name::from(key.to_string()),
                };
                entries.push((name, from_jinja(&item)?));
            }
            Ok(Value::map(entries))
        }
        ValueKind::Undefined => lost("nothing"),
        ValueKind::Bytes => lost("a string of bytes"),
        _ => lost("this"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_template() {
        let variables = Value::map([("x", Value::from(1))]);
        let mut wrong = Vec::new();
        for (source, expected) in [
            ("a\n{{ x | uper }}", "`t.j2` line 2: there is no filter `uper`; did you mean `| upper`?"),
            ("{{ x is od }}", "`t.j2` line 1: there is no test `od`; did you mean `is odd`?"),
            ("{{ rnge(3) }}", "`t.j2` line 1: there is no function `rnge`; did you mean `range(...)`?"),
            (
                "{{ env('X') }}",
                "`t.j2` line 1: a template cannot call `env`; call it outside, and give the template its value",
            ),
            (
                "{{ nope }}",
                "`t.j2` line 1: `nope` is not defined; a template sees only the variables that are given to it: `template(path, {'name': value})`",
            ),
            ("a\n{% if x %}\n", "`t.j2` line 2: unexpected end of input, expected end of block"),
            (
                "{% include 'other.j2' %}",
                "`t.j2` line 1: a template cannot include or extend another file; give it the text as a variable: `template(path, {'part': file('part.txt')})`",
            ),
        ] {
            let said = match render("t.j2", source, &variables) {
                Ok(value) => format!("{value:?}"),
                Err(e) => [Some(e.message), e.help].into_iter().flatten().collect::<Vec<_>>().join("; "),
            };
            if said != expected {
                wrong.push(format!("{source}\n  {said}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
