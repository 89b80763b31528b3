//! Functions: `env, file, glob, template` ask the outside, `range` and `dict` make values, and every
//! filter of aurak's own can be called as one.

use aurak_model::Value;
use aurak_model::value::Type;

use crate::bounds::{self, MAX_ITEMS};
use crate::bridge;
use crate::error::{Place, Placed, Res, call_error, type_error};
use crate::eval::Eval;
use crate::filters::{self, Args, shaped, whole};
use crate::scope::SourceAsk;
use crate::taint::{Taint, fresh, hide, opaque, open, reveal};

impl Eval<'_> {
    pub(crate) fn function(&mut self, name: &str, args: Args, place: Place) -> Res<Value> {
        match name {
            "env" => {
                let [variable, default] = args.bind(name, ["name", "default"], 1)?;
                self.ask(name, variable.unwrap_or_default(), place, |eval, variable| {
                    eval.source(SourceAsk::Env { name: variable, default: default.as_ref() }, place)
                })
            }
            "file" => {
                let [path] = args.bind(name, ["path"], 1)?;
                self.ask(name, path.unwrap_or_default(), place, |eval, path| {
                    eval.source(SourceAsk::File(path), place)
                })
            }
            "glob" => {
                let [pattern] = args.bind(name, ["pattern"], 1)?;
                self.ask(name, pattern.unwrap_or_default(), place, |eval, pattern| {
                    eval.source(SourceAsk::Glob(pattern), place)
                })
            }
            "template" => self.template(args, place),
            "range" => range(args),
            "dict" => dict(args),
            filter => filters::apply(filter, args),
        }
    }

    /// A question whose argument is a string that may be secret or unknown itself.
    fn ask(
        &mut self,
        name: &str,
        argument: Value,
        place: Place,
        f: impl FnOnce(&mut Self, &str) -> Res<Value>,
    ) -> Res<Value> {
        match argument {
            Value::String(text) => f(self, &text),
            Value::Unknown(_) => {
                self.late = true;
                let ty = match name {
                    "file" => Type::String,
                    "glob" => Type::List,
                    _ => Type::Any,
                };
                Ok(fresh(ty, &[&argument]))
            }
            Value::Sensitive(_) => {
                type_error(format!("what `{name}` asks for is recorded, so it cannot be sensitive")).at(place)
            }
            other => type_error(format!("`{name}` takes a string, not {}", other.article())).at(place),
        }
    }

    /// `template(path, {vars})`: a Jinja file, statements and all, that sees only these variables.
    fn template(&mut self, mut args: Args, place: Place) -> Res<Value> {
        // Variables may be given by name too: `template('motd.j2', host=name)`.
        if args.pos.len() == 1 && !args.named.is_empty() && args.named.iter().all(|(k, _)| &**k != "vars") {
            args.pos.push(Value::map(std::mem::take(&mut args.named)));
        }
        let [path, variables] = args.bind("template", ["path", "vars"], 1)?;
        let path = path.unwrap_or_default();
        let variables = variables.unwrap_or_else(|| Value::map::<&str>([]));
        let path = match &path {
            Value::String(path) => path.clone(),
            Value::Unknown(_) => {
                self.late = true;
                return Ok(fresh(Type::String, &[&path, &variables]));
            }
            Value::Sensitive(_) => {
                return type_error("what `template` asks for is recorded, so it cannot be sensitive")
                    .at(place);
            }
            other => {
                return type_error(format!("`template` takes a path, not {}", other.article())).at(place);
            }
        };
        let source = self.source(SourceAsk::File(&path), place)?;
        let taint = Taint::of([&source, &variables]);
        if taint.unknown {
            return Ok(taint.fresh(Type::String));
        }
        taint.openable()?;
        let sensitive = taint.sensitive;
        let (source, variables) = (reveal(&source), reveal(&variables));
        let (Value::String(source), Value::Map(_)) = (&source, &variables) else {
            return call_error("`template` takes a path and a map of variables").at(place);
        };
        let result = bridge::render(&path, source, &variables);
        match sensitive {
            false => result,
            true => result.map(opaque).map_err(hide).map_err(|mut e| {
                e.message = format!("`{path}` fails with a sensitive variable, so the reason is not shown");
                e
            }),
        }
    }
}

fn range(args: Args) -> Res<Value> {
    let name = "range";
    // With one argument, that is where it ends.
    let [first, second, step] = args.bind(name, ["start", "stop", "step"], 1)?;
    shaped(Type::List, [first, second, step], |[first, second, step]| {
        let number = |parameter, value: Value| whole(name, parameter, &value, i64::MIN, i64::MAX);
        let (start, stop) = match second {
            Some(second) => (number("start", first.unwrap_or_default())?, number("stop", second)?),
            None => (0, number("stop", first.unwrap_or_default())?),
        };
        let step = step.map_or(Ok(1), |step| number("step", step))?;
        if step == 0 {
            return type_error("the step of `range` cannot be 0");
        }
        let mut list = Vec::new();
        let mut i = start;
        while (step > 0 && i < stop) || (step < 0 && i > stop) {
            if list.len() >= MAX_ITEMS {
                return type_error("`range` gives more than a million numbers");
            }
            list.push(Value::Int(i));
            match i.checked_add(step) {
                Some(next) => i = next,
                None => break,
            }
        }
        Ok(Value::from(list))
    })
}

/// `dict(a=1, b=2)`, and `dict(map, b=2)`.
fn dict(mut args: Args) -> Res<Value> {
    let named = std::mem::take(&mut args.named);
    let [value] = args.bind("dict", ["map"], 0)?;
    let Some(value) = value else { return Ok(Value::map(named)) };
    if let Value::Unknown(_) = value {
        let mut all = vec![&value];
        all.extend(named.iter().map(|(_, v)| v));
        return Ok(fresh(Type::Map, &all));
    }
    let (value, secret) = open(&value)?;
    let Value::Map(map) = value else {
        return type_error(format!("`dict` takes a map, not {}", value.article()));
    };
    let made = Value::map(map.iter().map(|(k, v)| (k.clone(), v.clone())).chain(named));
    let made = bounds::parts(made)?;
    Ok(if secret { opaque(made) } else { made })
}
