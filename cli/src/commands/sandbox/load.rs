//! `aurak sandbox load`.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use aurak_sandbox::Closed;
use serde_json::Value;

use super::Place;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::sandbox::failed;

/// Fill an empty world with what was read elsewhere
///
/// The file holds bodies as Resource Manager shows them, in any order: a list of them, the answer of a
/// listing (`value`), or one on each line. They keep their ids. The sandbox must be stopped.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aurak sandbox load production.json")]
pub(super) struct Args {
    #[command(flatten)]
    place: Place,
    /// The file; `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<Exit, CommandError> {
    let home = args.place.home()?;
    let text = read(&args.file)?;
    let bodies = bodies(&text).map_err(|why| {
        let what = format!("`{}` holds no bodies: {why}", args.file.display());
        CommandError::new("sandbox", what)
            .help("it is a JSON list of bodies, an answer with `value`, or one body on each line")
    })?;
    home.make()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
    let mut closed = Closed::open(&home.world(), 1).map_err(|error| failed(&error))?;
    let loaded = closed
        .change(|world| world.load(&bodies, now))
        .map_err(|error| CommandError::caused("sandbox", &error))?;
    let count = loaded.map_err(|error| CommandError::caused("sandbox", &error))?;
    ui.say(&format!("loaded: {count} resources\n"));
    Ok(Exit::Done)
}

fn read(path: &Path) -> Result<String, CommandError> {
    let mut text = String::new();
    let read = match path == Path::new("-") {
        true => std::io::stdin().read_to_string(&mut text).map(drop),
        false => std::fs::read_to_string(path).map(|read| text = read),
    };
    read.map_err(|error| CommandError::file("read", path, &error))?;
    Ok(text)
}

/// The bodies in a text.
fn bodies(text: &str) -> Result<Vec<Value>, String> {
    let mut all = Vec::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        match document.map_err(|error| error.to_string())? {
            Value::Array(bodies) => all.extend(bodies),
            Value::Object(mut body) => match body.remove("value") {
                Some(Value::Array(bodies)) if !body.contains_key("id") => all.extend(bodies),
                Some(value) => {
                    body.insert("value".to_string(), value);
                    all.push(body.into());
                }
                None => all.push(body.into()),
            },
            other => return Err(format!("{other} is no body")),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_come_as_a_list_an_answer_or_lines() {
        for text in [
            r#"[{"id": "a"}, {"id": "b"}]"#,
            r#"{"value": [{"id": "a"}, {"id": "b"}], "nextLink": null}"#,
            "{\"id\": \"a\"}\n{\"id\": \"b\"}\n",
        ] {
            let ids: Vec<Value> = bodies(text).unwrap().iter().map(|body| body["id"].clone()).collect();
            assert_eq!(ids, ["a", "b"], "{text}");
        }
        assert_eq!(bodies("").unwrap(), Vec::<Value>::new());
        assert!(bodies("1").is_err() && bodies("[").is_err());
    }
}
