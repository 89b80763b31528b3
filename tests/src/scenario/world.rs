//! What a script does to the world behind the engine's back: `world add sim.group { name: g }`.

use aurak_model::Value;
use aurak_sim::{Chaos, Fault, FaultKind, MAIN, Op, World};

/// Carries out what follows `world`, and says what came of it, often nothing.
pub fn command(world: &World, text: &str) -> Result<String, String> {
    let (verb, rest) = cut(text);
    match verb {
        "" => Ok(world.draw()),
        "add" => {
            let (type_name, rest) = cut(rest);
            let (place, rest) = match cut(rest) {
                ("in", rest) => cut(rest),
                _ => (MAIN, rest),
            };
            let id = world.add(place, type_name, &value(rest)?)?;
            Ok(format!("{id}\n"))
        }
        "edit" => {
            let (id, rest) = cut(rest);
            let (path, rest) = cut(rest);
            world.edit(id, path, value(rest)?).map(|()| String::new())
        }
        "unset" => {
            let (id, path) = cut(rest);
            world.unset(id, path).map(|()| String::new())
        }
        "remove" => world.remove(rest).map(|()| String::new()),
        "fault" => {
            world.fault(fault(rest)?);
            Ok(String::new())
        }
        "chaos" => {
            let per_mille = rest.parse().map_err(|_| "chaos takes a number of a thousand".to_string())?;
            world.chaos(Some(Chaos::harmless(per_mille)));
            Ok(String::new())
        }
        "seed" => {
            world.seed(rest.parse().map_err(|_| "a seed is a number".to_string())?);
            Ok(String::new())
        }
        "calm" => {
            world.calm();
            Ok(String::new())
        }
        "token" => {
            let (account, token) = cut(rest);
            world.ask_token(account, token);
            Ok(String::new())
        }
        _ => Err(format!("`world {verb}` is nothing that a script can do")),
    }
}

/// `lost create on sim.group times 2 after 1`.
fn fault(text: &str) -> Result<Fault, String> {
    let (kind, mut rest) = cut(text);
    let kind = FaultKind::parse(kind).ok_or_else(|| format!("`{kind}` is no fault"))?;
    let mut fault = Fault::new(kind);
    while !rest.is_empty() {
        let (word, after) = cut(rest);
        rest = match word {
            "on" => {
                let (on, rest) = cut(after);
                fault = fault.on(on);
                rest
            }
            "times" | "after" => {
                let (number, rest) = cut(after);
                let number = number.parse().map_err(|_| format!("`{number}` is no number"))?;
                fault = if word == "times" { fault.times(number) } else { fault.after(number) };
                rest
            }
            word => {
                fault = fault.op(Op::parse(word).ok_or_else(|| format!("`{word}` is no request"))?);
                after
            }
        };
    }
    Ok(fault)
}

fn cut(text: &str) -> (&str, &str) {
    let (word, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
    (word, rest.trim())
}

fn value(text: &str) -> Result<Value, String> {
    let json: serde_json::Value = serde_yaml::from_str(text).map_err(|e| e.to_string())?;
    Ok(Value::from_json(&json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_changes_the_world() {
        let world = World::new(0);
        for (text, expected) in [
            ("add sim.group { name: g }", Ok("group-1\n")),
            ("add sim.thing in other { name: t, value: 1 }", Ok("thing-1\n")),
            ("edit group-1 tags.a one", Ok("")),
            ("unset group-1 location", Ok("")),
            ("remove thing-2", Err("there is no `thing-2`")),
            ("fault lost create on sim.group times 2 after 1", Ok("")),
            ("fault broken", Err("`broken` is no fault")),
            ("explode", Err("`world explode` is nothing that a script can do")),
        ] {
            assert_eq!(command(&world, text).as_deref().map_err(String::as_str), expected, "{text}");
        }
        insta::assert_snapshot!(command(&world, "").unwrap(), @r#"
        group-1  sim.group  (made by somebody else)
            name: "g"
            tags:
                a: "one"
        thing-1  sim.thing in other  (made by somebody else)
            name: "t"
            serial: 1
            value: 1
        "#);
        let expected = Fault::new(FaultKind::Lost).op(Op::Create).on("sim.group").times(2).after(1);
        assert_eq!(world.faults_left(), [expected]);
    }
}
