//! `aurak sandbox copy`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use aurak_model::{Address, Refreshed, StateDoc};
use aurak_run::Refresh;
use aurak_sandbox::Closed;
use serde_json::{Value, json};

use crate::args::Global;
use crate::commands::state;
use crate::disk::write_private;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::sandbox::{Home, failed};
use crate::session::{self, block_on, sandbox_states, state_dir};

/// Copy what the stack has in Azure into the stack's own sandbox
///
/// Reads what the state knows, fills the sandbox of `--sandbox` with it under the same ids, and copies
/// the state beside it: a plan, also a saved one, can be rehearsed there with `--sandbox`. Nothing is
/// changed in Azure or in the state. Secrets cannot be read, so the sandbox draws its own.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  aurak sandbox copy && aurak apply --sandbox\n  aurak sandbox copy --replace"
)]
pub(super) struct Args {
    /// Give up what is in the stack's sandbox
    #[arg(long)]
    replace: bool,
}

pub(super) fn run(args: &Args, global: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    if global.sandbox {
        return Err(CommandError::new("sandbox", "a sandbox is not copied into itself")
            .help("leave `--sandbox` out: what is copied is what the stack has without it"));
    }
    let session = session::stack(global, ui)?;
    let root = session.folder.clone().unwrap_or_else(|| ".".into());
    let Refresh { document, rows } = block_on(async {
        let identity = state::find(&session, global).await?;
        aurak_run::refresh(&session, &identity).await.map_err(session::failed)
    })??;
    let bodies = bodies(&document, &rows)?;
    let place = place(&document)?;

    let from = state_dir(global, &root, &document.stack, document.environment.as_deref())?;
    if from.join(format!("{}-wal", aurak_state::FILE)).exists() {
        return Err(CommandError::new("locked", "a run is at work on the state, or was cut off")
            .help("wait for it, or let `aurak apply` go on with it, and copy then"));
    }
    let states = sandbox_states(&root);
    let home = Home::at(Some(&states))?;
    home.make()?;
    let mut closed = Closed::open(&home.world(), 1).map_err(|error| failed(&error))?;
    let there = closed.world().count();
    if there > 0 && !args.replace {
        return Err(CommandError::new("sandbox", format!("the stack's sandbox has {there} resources"))
            .help("`--replace` gives them up for the copy"));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
    let loaded = closed.change(|world| {
        world.clear();
        world.load(&bodies, now)
    });
    let loaded = loaded.map_err(|error| CommandError::caused("sandbox", &error))?;
    let count = loaded.map_err(|error| {
        CommandError::caused("sandbox", &error).help(
            "what is around it is in no state of this stack; `aurak sandbox load` takes bodies of any origin",
        )
    })?;
    home.stand_for(&place)?;
    copy_state(&from, &states.join(from.file_name().unwrap_or_default()))?;
    ui.say(&format!("copied: {count} resources, and the state; go on with `--sandbox`\n"));
    Ok(Exit::Done)
}

/// What was read, in the words of Azure, with the groups that it is in.
fn bodies(document: &StateDoc, rows: &BTreeMap<Address, Refreshed>) -> Result<Vec<Value>, CommandError> {
    let mut bodies = Vec::new();
    for (address, read) in rows {
        let Some(row) = document.rows.get(address) else { continue };
        match read {
            Refreshed::Found { attributes, .. } => {
                bodies.extend(aurak_azure::body(&row.type_name, attributes))
            }
            Refreshed::Absent => {}
            Refreshed::Asleep(why) | Refreshed::Unreadable(why) => {
                return Err(CommandError::new("unreadable", format!("could not read `{address}`: {why}"))
                    .help("nothing was changed; mend the cause and copy again"));
            }
            Refreshed::Ambiguous(_) => {
                return Err(CommandError::new("ambiguous", format!("several objects may be `{address}`")));
            }
        }
    }
    // A group that others made is only a place here.
    let id = |body: &Value| body["id"].as_str().unwrap_or_default().to_ascii_lowercase();
    let there: BTreeSet<String> = bodies.iter().map(id).collect();
    let mut around = BTreeMap::new();
    for body in &bodies {
        let whole = body["id"].as_str().unwrap_or_default();
        let group = whole.match_indices('/').nth(4).map_or(whole, |(at, _)| &whole[..at]);
        let in_group = group.to_ascii_lowercase().contains("/resourcegroups/");
        if in_group && !there.contains(&group.to_ascii_lowercase()) {
            let location = body["location"].as_str().filter(|place| *place != "global");
            let known = around.entry(group.to_ascii_lowercase()).or_insert((group.to_string(), location));
            known.1 = known.1.or(location);
        }
    }
    let around: Vec<Value> = around
        .into_values()
        .map(|(id, location)| json!({ "id": id, "location": location.unwrap_or("westeurope"), "properties": {} }))
        .collect();
    bodies.extend(around);
    Ok(bodies)
}

/// The cloud and tenant that the objects are in: a sandbox stands for one.
fn place(document: &StateDoc) -> Result<String, CommandError> {
    let worlds = document.rows.values().filter_map(|row| row.world.as_deref());
    let places: BTreeSet<&str> = worlds.filter_map(aurak_azure::place_of).map(|(place, _)| place).collect();
    match places.iter().collect::<Vec<_>>()[..] {
        [place] => Ok((*place).to_string()),
        [] => Err(CommandError::new("sandbox", "the state has nothing of Azure").help("apply first")),
        _ => Err(CommandError::new(
            "sandbox",
            format!(
                "the state is of several tenants, and a sandbox has one: {}",
                places.into_iter().collect::<Vec<_>>().join(", ")
            ),
        )),
    }
}

/// Copies a state that nobody writes just now: then it is one whole file.
fn copy_state(from: &Path, to: &Path) -> Result<(), CommandError> {
    let [source, target] = [from, to].map(|dir| dir.join(aurak_state::FILE));
    let bytes = fs::read(&source).map_err(|error| CommandError::file("read the state", &source, &error))?;
    match fs::remove_dir_all(to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(CommandError::file("replace the sandbox's state", to, &error));
        }
        _ => {}
    }
    fs::create_dir_all(to).map_err(|error| CommandError::file("make the folder", to, &error))?;
    write_private(&target, &bytes).map_err(|error| CommandError::file("write the state to", &target, &error))
}
