//! The names of all filters, tests and functions, and what people call them elsewhere.
//!
//! Texts are checked against these when they are parsed, so that a typo is found before anything
//! runs, also in a branch that is never taken.

use minijinja::machinery::ast::{CallArg, CallType, Expr};

use crate::error::{ErrorKind, ExprError, Place, Res};
use crate::suggest::suggest;
use crate::{bare, bridge, splitter, syntax};

/// Jinja's own filters. `safe` and `pprint` are left out: there is no escaping and no debug output.
pub(crate) const FILTERS: &[&str] = &[
    "abs",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
    "zip",
];

/// Filters of aurak; each can be called as a function too: `x | json` is `json(x)`.
pub(crate) const OWN_FILTERS: &[&str] = &[
    "b64decode",
    "b64encode",
    "dict2items",
    "flatten",
    "items2dict",
    "json",
    "key_by",
    "keys",
    "merge",
    "sha256",
    "tojson",
    "values",
    "yaml",
];

/// Functions that are no filters.
pub(crate) const FUNCTIONS: &[&str] = &["dict", "env", "file", "glob", "range", "template"];

/// Tests: `x is NAME`.
pub(crate) const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "even",
    "false",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "int",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "true",
    "undefined",
    "upper",
];

/// Names from elsewhere, and what they are here.
const FOREIGN: &[(&str, &str)] = &[
    ("b64dec", "b64decode"),
    ("b64enc", "b64encode"),
    ("base64decode", "b64decode"),
    ("base64encode", "b64encode"),
    ("combine", "merge"),
    ("deepmerge", "merge"),
    ("distinct", "unique"),
    ("endswith", "endingwith"),
    ("hash", "sha256"),
    ("jsonencode", "json"),
    ("len", "length"),
    ("lookup", "env"),
    ("startswith", "startingwith"),
    ("templatefile", "template"),
    ("toJson", "json"),
    ("toYaml", "yaml"),
    ("to_json", "json"),
    ("to_nice_json", "json(indent=2)"),
    ("to_nice_yaml", "yaml"),
    ("to_yaml", "yaml"),
    ("yamlencode", "yaml"),
];

pub(crate) fn is_filter(name: &str) -> bool {
    FILTERS.contains(&name) || OWN_FILTERS.contains(&name)
}

pub(crate) fn is_test(name: &str) -> bool {
    TESTS.contains(&name)
}

pub(crate) fn is_function(name: &str) -> bool {
    FUNCTIONS.contains(&name) || OWN_FILTERS.contains(&name)
}

/// Names elsewhere of what reads JSON and YAML, which nothing here does.
const PARSERS: &[&str] =
    &["from_json", "from_yaml", "fromjson", "fromyaml", "fromJson", "fromYaml", "jsondecode", "yamldecode"];

/// What to do where a name is not known and none is like it.
const PARSE_HELP: &str = "text is not read as data: give it as an input, by a profile or with `let`";

/// Checks every called name in a tree, and every number.
pub(crate) fn check(expr: &Expr<'_>, source: &str, base: usize) -> Res<()> {
    let go = |e: &Expr<'_>| check(e, source, base);
    match expr {
        Expr::Const(e) => match bridge::from_template(&e.value) {
            Ok(_) => Ok(()),
            Err(error) => {
                let help = "numbers have 64 bits; quote it if text is meant";
                Err(Box::new(error.help(help).at(syntax::place(expr, source, base))))
            }
        },
        // The parser takes words of the language for names where no operand is missing.
        Expr::Var(e) if bare::is_keyword(e.id) => {
            let mut error =
                ExprError::new(ErrorKind::Syntax, format!("`{}` stands where a value should", e.id));
            if splitter::looks_like_go(source) {
                error.help = Some(splitter::RAW_HELP.to_string());
            } else if e.id == "if" {
                error.help = Some("write `a if condition else b`".to_string());
            }
            Err(Box::new(error.at(syntax::place(expr, source, base))))
        }
        Expr::Var(_) => Ok(()),
        Expr::Slice(e) => {
            go(&e.expr)?;
            [&e.start, &e.stop, &e.step].into_iter().flatten().try_for_each(go)
        }
        Expr::UnaryOp(e) if bridge::is_least(e) => Ok(()),
        Expr::UnaryOp(e) => go(&e.expr),
        Expr::BinOp(e) => {
            go(&e.left)?;
            go(&e.right)
        }
        Expr::Compare(e) => {
            go(&e.expr)?;
            e.ops.iter().try_for_each(|op| go(&op.expr))
        }
        Expr::IfExpr(e) => {
            go(&e.test_expr)?;
            go(&e.true_expr)?;
            e.false_expr.iter().try_for_each(go)
        }
        Expr::Filter(e) => {
            e.expr.iter().try_for_each(go)?;
            known_filter(e.name).map_err(|x| x.at(syntax::name_place(e.span(), e.name, base)))?;
            check_args(&e.args, source, base)?;
            check_named(e.name, &e.args, source, base)
        }
        Expr::Test(e) => {
            go(&e.expr)?;
            known_test(e.name).map_err(|x| x.at(syntax::name_place(e.span(), e.name, base)))?;
            check_args(&e.args, source, base)
        }
        Expr::GetAttr(e) => go(&e.expr),
        Expr::GetItem(e) => {
            go(&e.expr)?;
            go(&e.subscript_expr)
        }
        Expr::Call(e) => {
            check_args(&e.args, source, base)?;
            match e.identify_call() {
                CallType::Function(name) => {
                    let at = base + syntax::start(&e.expr, source);
                    Ok(known_function(name).map_err(|x| x.at(Place::new(at, at + name.len())))?)
                }
                CallType::Method(object, name) => {
                    go(object)?;
                    Err(Box::new(method(name).at(syntax::attribute_place(e.expr.span(), name, base))))
                }
                CallType::Block(name) => {
                    Err(Box::new(method(name).at(syntax::attribute_place(e.expr.span(), name, base))))
                }
                CallType::Object(object) => Err(Box::new(
                    ExprError::new(ErrorKind::Call, "only functions can be called")
                        .at(syntax::place(object, source, base)),
                )),
            }
        }
        Expr::List(e) => e.items.iter().try_for_each(go),
        Expr::Tuple(e) => e.items.iter().try_for_each(go),
        Expr::Map(e) => e.keys.iter().chain(&e.values).try_for_each(go),
    }
}

fn check_args(args: &[CallArg<'_>], source: &str, base: usize) -> Res<()> {
    args.iter().try_for_each(|arg| match arg {
        CallArg::Pos(e) | CallArg::Kwarg(_, e) | CallArg::PosSplat(e) | CallArg::KwargSplat(e) => {
            check(e, source, base)
        }
    })
}

/// `map('upper')`, `select('odd')`, `selectattr('x', 'odd')`: a name in quotes is checked too.
fn check_named(filter: &str, args: &[CallArg<'_>], source: &str, base: usize) -> Res<()> {
    let index = match filter {
        "map" | "select" | "reject" => 0,
        "selectattr" | "rejectattr" => 1,
        _ => return Ok(()),
    };
    let Some(CallArg::Pos(arg)) = args.get(index) else { return Ok(()) };
    let Expr::Const(constant) = arg else { return Ok(()) };
    let Some(name) = constant.value.as_str() else { return Ok(()) };
    let known = match filter {
        "map" => known_filter(name),
        _ => known_test(operator_test(name)),
    };
    Ok(known.map_err(|x| x.at(syntax::place(arg, source, base)))?)
}

/// `selectattr('x', '==', 1)`: operators have names as tests.
pub(crate) fn operator_test(name: &str) -> &str {
    match name {
        "==" => "eq",
        "!=" => "ne",
        "<" => "lt",
        "<=" => "le",
        ">" => "gt",
        ">=" => "ge",
        other => other,
    }
}

pub(crate) fn known_filter(name: &str) -> Result<(), ExprError> {
    if is_filter(name) {
        return Ok(());
    }
    let error = ExprError::new(ErrorKind::Call, format!("there is no filter `{name}`"));
    Err(match foreign(name, is_filter) {
        Some(meant) => error.help(format!("did you mean `| {meant}`?")),
        None if PARSERS.contains(&name) => error.help(PARSE_HELP),
        None if is_function(name) => error.help(format!("`{name}` is a function: write `{name}(...)`")),
        None => match suggest(name, FILTERS.iter().chain(OWN_FILTERS)) {
            Some(meant) => error.help(format!("did you mean `| {meant}`?")),
            None => error,
        },
    })
}

pub(crate) fn known_test(name: &str) -> Result<(), ExprError> {
    if is_test(name) {
        return Ok(());
    }
    let error = ExprError::new(ErrorKind::Call, format!("there is no test `{name}`"));
    let other = match name {
        "null" | "nil" => Some("none".to_string()),
        "dict" | "map" | "object" => Some("mapping".to_string()),
        "list" | "array" => Some("sequence".to_string()),
        _ => foreign(name, is_test),
    };
    Err(match other.or_else(|| suggest(name, TESTS)) {
        Some(meant) => error.help(format!("did you mean `is {meant}`?")),
        None => error,
    })
}

pub(crate) fn known_function(name: &str) -> Result<(), ExprError> {
    if is_function(name) {
        return Ok(());
    }
    let error = ExprError::new(ErrorKind::Call, format!("there is no function `{name}`"));
    Err(match foreign(name, is_function) {
        Some(meant) => error.help(format!("did you mean `{meant}`?")),
        None if PARSERS.contains(&name) => error.help(PARSE_HELP),
        None if is_filter(name) => error.help(format!("`{name}` is a filter: write `... | {name}`")),
        None => match suggest(name, FUNCTIONS.iter().chain(OWN_FILTERS)) {
            Some(meant) => error.help(format!("did you mean `{meant}(...)`?")),
            None => error.help(format!("functions are {}", crate::suggest::listed(FUNCTIONS))),
        },
    })
}

fn method(name: &str) -> ExprError {
    let error =
        ExprError::new(ErrorKind::Call, format!("`.{name}()` is a call of a method, and values have none"));
    match name {
        "get" => error.help("write `x.key | default(...)`"),
        "format" => error.help("write `'...' | format(...)`, or `~` between the parts"),
        _ => match foreign(name, is_filter).or_else(|| is_filter(name).then(|| name.to_string())) {
            Some(filter) => error.help(format!("write `... | {filter}`")),
            None => match foreign(name, is_test) {
                Some(test) => error.help(format!("write `... is {test}(...)`")),
                None => error,
            },
        },
    }
}

fn foreign(name: &str, known: fn(&str) -> bool) -> Option<String> {
    let (_, meant) = FOREIGN.iter().find(|(from, _)| *from == name)?;
    known(meant.split('(').next().unwrap_or(meant)).then(|| (*meant).to_string())
}
