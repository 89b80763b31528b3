//! The functions of templates: sprig's, and those that Helm adds or replaces.

use std::cell::RefCell;
use std::collections::BTreeMap;

use aurak_gotemplate::{Context, Error, ErrorKind, Function, Functions, Str, Type, Value, strconv};

use super::{Request, convert, durations};
use crate::Profile;

/// Around the message of `fail` and `required`, by which it is found in the text of the error.
pub(super) const MESSAGE_START: &str = "HELM_ERR_START";
pub(super) const MESSAGE_END: &str = "HELM_ERR_END";

/// What Go prints for no value, which Helm takes out of everything.
const NO_VALUE: &[u8] = b"<no value>";

/// How often a template may be included in itself.
const MOST_IN_ITSELF: usize = 1000;

/// All functions.
pub(super) fn functions(request: &Request, profile: Profile) -> Functions {
    let mut table = aurak_sprig::functions(request.draws.clone());
    table.remove("env");
    table.remove("expandenv");
    convert::add_all(&mut table, profile);
    if profile == Profile::Helm4 {
        durations::add_all(&mut table);
    }
    let included = Included::default();
    let include =
        move |context: &mut Context<'_>, name: Str, data: &Value| included.render(context, &name, data);
    table.add(
        "include",
        Function::new([Type::String, Type::Any], move |context, args| {
            include(context, args.str(0), &args.any(1)).map(Value::Str)
        })
        .returning(Type::String),
    );
    table.add(
        "tpl",
        Function::new([Type::String, Type::Any], |context, args| {
            tpl(context, &args.str(0), &args.any(1)).map(Value::Str)
        })
        .returning(Type::String),
    );
    table.add(
        "required",
        Function::new([Type::String, Type::Any], |_, args| match args.any(1) {
            Value::Nil => Err(message(&args.text(0))),
            Value::Str(text) if text.is_empty() => Err(message(&args.text(0))),
            value => Ok(value),
        }),
    );
    table.add(
        "fail",
        Function::new([Type::String], |_, args| Err(message(&args.text(0)))).returning(Type::String),
    );
    let lookup = request.lookup.clone();
    table.add(
        "lookup",
        Function::new([Type::String, Type::String, Type::String, Type::String], move |_, args| {
            lookup
                .lookup(&args.text(0), &args.text(1), &args.text(2), &args.text(3))
                .map(Value::Map)
                .map_err(Error::new)
        })
        .returning(Type::any_map()),
    );
    if !request.dns {
        let nothing = Function::new([Type::String], |_, _| Ok(Value::str("")));
        table.add("getHostByName", nothing.returning(Type::String));
    }
    table
}

fn message(text: &str) -> Error {
    Error::new(format!("{MESSAGE_START}{text}{MESSAGE_END}"))
}

/// How deep each template is in itself, by `include`.
#[derive(Default)]
struct Included(RefCell<BTreeMap<Str, usize>>);

impl Included {
    fn render(&self, context: &mut Context<'_>, name: &Str, data: &Value) -> Result<Str, Error> {
        let depth = self.0.borrow().get(name).copied().unwrap_or(0);
        if depth > MOST_IN_ITSELF {
            return Err(Error::new("unable to execute template")
                .within(&format!("rendering template has a nested reference name: {name}: ")));
        }
        self.0.borrow_mut().insert(name.clone(), depth + 1);
        let text = context.render(name, data);
        self.0.borrow_mut().insert(name.clone(), depth);
        text
    }
}

/// What the text defines is seen by it and by what it includes. Its name is that of the whole set.
fn tpl(context: &mut Context<'_>, text: &Str, data: &Value) -> Result<Str, Error> {
    let name = context.templates().name().to_string();
    let shown = || String::from_utf8_lossy(&strconv::quote(text)).into_owned();
    match context.render_text(&name, text, data) {
        Ok(out) => Ok(without_no_value(out)),
        Err(error) if error.kind() == ErrorKind::Parse => {
            Err(error.within(&format!("cannot parse template {}: ", shown())))
        }
        Err(error) => Err(error.within(&format!("error during tpl function execution for {}: ", shown()))),
    }
}

/// A text without what Go prints for no value.
pub(super) fn without_no_value(text: Str) -> Str {
    let mut rest: &[u8] = &text;
    let mut out: Option<Vec<u8>> = None;
    let mut from = 0;
    while let Some(found) = find(rest.get(from..).unwrap_or_default(), NO_VALUE) {
        let kept = out.get_or_insert_default();
        kept.extend_from_slice(rest.get(..from + found).unwrap_or_default());
        rest = rest.get(from + found + NO_VALUE.len()..).unwrap_or_default();
        from = 0;
    }
    match out {
        None => text,
        Some(mut out) => {
            out.extend_from_slice(rest);
            out.into()
        }
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    let mut start = 0;
    while let Some(at) = text.get(start..)?.iter().position(|byte| byte == &what[0]) {
        if text.get(start + at..)?.starts_with(what) {
            return Some(start + at);
        }
        start += at + 1;
    }
    None
}
