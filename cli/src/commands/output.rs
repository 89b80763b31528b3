//! `aurak output`.

use aurak_model::Value;
use aurak_render::{json, state};

use super::state::{StateView, open};
use crate::args::Global;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::session::{self, block_on};

/// Print the outputs of the last apply
///
/// One output prints its value alone: text as it is, anything else as YAML-like lines or, with
/// `--json`, as JSON. A sensitive one is only printed with `--reveal`. What is never stored, such as the
/// kubeconfig of a cluster, is read from the service.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  aurak output\n  aurak output kubeconfig --reveal > kubeconfig")]
pub(crate) struct Args {
    /// The output; without it, all of them
    name: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print it even if it is sensitive
    #[arg(long, requires = "name")]
    reveal: bool,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    let session = session::any(global, ui)?;
    let StateView { document } = block_on(open(&session, global))??;
    let Some(name) = &args.name else {
        ui.print(&match args.json {
            true => {
                let all: serde_json::Map<_, _> = document
                    .outputs
                    .iter()
                    .map(|(name, value)| (name.to_string(), json::value(value)))
                    .collect();
                format!("{}\n", serde_json::Value::Object(all))
            }
            false => state::outputs(&document, &ui.out),
        })?;
        return Ok(Exit::Done);
    };
    let Some(value) = document.outputs.get(name.as_str()) else {
        let error = CommandError::new("no_such", format!("there is no output `{name}`"));
        return Err(match aurak_expr::suggest(name, document.outputs.keys().map(AsRef::<str>::as_ref)) {
            Some(meant) => error.help(format!("did you mean `{meant}`?")),
            None => error.help("outputs are there once they were applied"),
        });
    };
    if value.has_marks() && !args.reveal {
        return Err(CommandError::new("sensitive", format!("the output `{name}` is sensitive"))
            .help("add --reveal to print it all the same"));
    }
    let value = match value.has_unknown() {
        true => block_on(aurak_run::read_on_use(&session, &document, value))?.map_err(CommandError::of)?,
        false => value.clone(),
    };
    let value = match args.reveal {
        true => value.reveal(),
        false => value,
    };
    if value.has_marks() {
        return Err(CommandError::new(
            "key",
            format!("the output `{name}` is sealed, and the state's key is not here"),
        )
        .help("give it with AURAK_KEY or AURAK_PASSPHRASE"));
    }
    let text = match (&value, args.json) {
        (Value::String(text), false) if text.ends_with('\n') => text.to_string(),
        (Value::String(text), false) => format!("{text}\n"),
        (value, true) => format!("{}\n", json::value(value)),
        (value, false) => state::value(value, &ui.out),
    };
    ui.print(&text)?;
    Ok(Exit::Done)
}
