//! The functions of `tests/oracle/template/answer.go`; also an example of how `include` and `tpl` of
//! Helm are made.

use aurak_gotemplate::{Error, FloatKind, Function, Functions, IntKind, List, Map, Type, UintKind, Value};
use aurak_gotemplate::{deep_equal, fmt, strconv::quote};

use crate::host::values_type;

pub(crate) fn functions() -> Functions {
    let mut table = Functions::new();
    texts(&mut table);
    lists_and_maps(&mut table);
    wants(&mut table);
    templates(&mut table);
    table
}

fn templates(table: &mut Functions) {
    table.add(
        "include",
        Function::new([Type::String, Type::Any], |context, args| {
            context.render(&args.str(0), &args.any(1)).map(Value::from)
        })
        .returning(Type::String),
    );
    table.add(
        "tpl",
        Function::new([Type::String, Type::Any], |context, args| {
            let shown = String::from_utf8_lossy(&quote(&args.str(0))).into_owned();
            // A text that does not parse is told from one that fails by the kind of the error.
            let output = context.render_text("gotpl", &args.str(0), &args.any(1)).map_err(|error| {
                error.clone().within(&match error.kind() {
                    aurak_gotemplate::ErrorKind::Parse => format!("cannot parse template {shown}: "),
                    _ => format!("error during tpl function execution for {shown}: "),
                })
            })?;
            Ok(Value::str(without(&output, b"<no value>")))
        })
        .returning(Type::String),
    );
}

/// The text without any of these parts.
fn without(text: &[u8], part: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(part.len()).position(|window| window == part) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + part.len()..];
    }
    out.extend_from_slice(rest);
    out
}

fn texts(table: &mut Functions) {
    table.add(
        "upper",
        Function::new([Type::String], |_, args| Ok(args.text(0).to_uppercase().into()))
            .returning(Type::String),
    );
    table.add(
        "repeat",
        Function::new([Type::INT, Type::String], |_, args| match usize::try_from(args.int(0) % 10) {
            Ok(count) => Ok(Value::str(args.str(1).repeat(count))),
            Err(_) => Err(Error::new("strings: negative Repeat count")),
        })
        .returning(Type::String),
    );
    table.add(
        "join",
        Function::new([Type::String, Type::slice(Type::String)], |_, args| {
            let items: Vec<String> =
                args.list(1).items().iter().filter_map(Value::as_str).map(ToString::to_string).collect();
            Ok(items.join(&args.text(0)).into())
        })
        .returning(Type::String),
    );
    table.add(
        "typeOf",
        Function::new([Type::Any], |_, args| Ok(args[0].type_name().into())).returning(Type::String),
    );
    table.add(
        "kindOf",
        Function::new([Type::Any], |_, args| Ok(args[0].kind().name().into())).returning(Type::String),
    );
    table.add(
        "fail",
        Function::new([Type::String], |_, args| Err(Error::new(args.text(0)))).returning(Type::String),
    );
    table.add(
        "explode",
        Function::new([Type::String], |_, args| Err(Error::new(format!("exploded: {}", args.text(0)))))
            .returning(Type::String),
    );
}

fn lists_and_maps(table: &mut Functions) {
    table.add(
        "list",
        Function::variadic([], Type::Any, |_, args| Ok(Value::list(args.to_vec())))
            .returning(Type::any_slice()),
    );
    table.add(
        "strs",
        Function::variadic([], Type::String, |_, args| Ok(List::of(Type::String, args.to_vec()).into()))
            .returning(Type::slice(Type::String)),
    );
    table.add("nothing", Function::new([], |_, _| Ok(Value::Nil)));
    let deep = || Value::Map([("x", "deep".into()), ("n", Value::Nil)].into_iter().collect());
    table.add("table", Function::new([], move |_, _| Ok(deep())).returning(Type::any_map()));
    table.add("anymap", Function::new([], move |_, _| Ok(deep())));
    table.add("nomap", Function::new([], |_, _| Ok(Value::Nil)).returning(Type::any_map()));
    table.add(
        "default",
        Function::variadic([Type::Any], Type::Any, |_, args| match args.get(1) {
            Some(given) if given.truth() => Ok(given.clone()),
            _ => Ok(args.any(0)),
        }),
    );
    table.add(
        "dict",
        Function::variadic([], Type::Any, |_, args| {
            let map = Map::new();
            for pair in args.chunks_exact(2) {
                map.set(fmt::sprint(&pair[..1])?, pair[1].clone())?;
            }
            Ok(map.into())
        })
        .returning(Type::any_map()),
    );
    table.add(
        "set",
        Function::new([Type::any_map(), Type::String, Type::Any], |_, args| {
            args.map(0).set(args.str(1), args.any(2))?;
            Ok(args.any(0))
        })
        .returning(Type::any_map()),
    );
    table.add(
        "deepEqual",
        Function::new([Type::Any, Type::Any], |_, args| Ok(deep_equal(&args[0], &args[1]).into()))
            .returning(Type::Bool),
    );
    table.add(
        "ternary",
        Function::new([Type::Any, Type::Any, Type::Bool], |_, args| Ok(args.any(usize::from(!args.bool(2))))),
    );
    table.add(
        "adder",
        Function::new([Type::INT], |_, args| {
            let n = args.int(0);
            let add = Function::new([Type::INT], move |_, args| Ok(Value::int(n.wrapping_add(args.int(0)))));
            Ok(add.returning(Type::INT).into())
        })
        .returning(Type::Func("func(int) int".into())),
    );
}

/// Functions that say what they were given.
fn wants(table: &mut Functions) {
    let scalars = [
        ("wantInt", Type::INT),
        ("wantInt8", Type::Int(IntKind::Int8)),
        ("wantInt64", Type::INT64),
        ("wantUint8", Type::Uint(UintKind::Uint8)),
        ("wantFloat", Type::Float(FloatKind::Float64)),
        ("wantBool", Type::Bool),
    ];
    for (name, ty) in scalars {
        let say =
            Function::new([ty], |_, args| Ok(fmt::sprintf(b"%T %v", &[args.any(0), args.any(0)])?.into()));
        table.add(name, say.returning(Type::String));
    }
    let containers =
        [("wantList", Type::any_slice()), ("wantMap", Type::any_map()), ("wantValues", values_type())];
    for (name, ty) in containers {
        let say = Function::new([ty], |_, args| {
            let nil = match args.any(0) {
                Value::List(list) => list.is_nil(),
                Value::Map(map) => map.is_nil(),
                _ => false,
            };
            Ok(fmt::sprintf(b"%T %v %v", &[args.any(0), args.any(0), nil.into()])?.into())
        });
        table.add(name, say.returning(Type::String));
    }
    table.add(
        "wantAnys",
        Function::variadic([Type::INT], Type::Any, |_, args| {
            let items = args.rest(1).to_vec();
            let count = Value::int(i64::try_from(items.len()).unwrap_or(i64::MAX));
            Ok(fmt::sprint(&[args.any(0), " ".into(), count, " ".into(), Value::list(items)])?.into())
        })
        .returning(Type::String),
    );
}
