//! `aurak schema`.

use aurak_render::schema;

use crate::args::Global;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::session;

/// List the types of resources, or say what one of them takes and gives
///
/// Needs no stack.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  aurak schema\n  aurak schema core.file")]
pub(crate) struct Args {
    /// The type; without it, all of them
    #[arg(value_name = "TYPE")]
    name: Option<String>,
}

pub(crate) fn run(args: &Args, _: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    let schemas = session::schemas();
    let text = match &args.name {
        None => schema::list(&schemas, &ui.out),
        Some(name) => match schemas.types.get(name.as_str()) {
            Some(found) => schema::show(found, &ui.out),
            None => {
                let error = CommandError::new("no_such", format!("there is no type `{name}`"));
                return Err(
                    match aurak_expr::suggest(name, schemas.types.keys().map(AsRef::<str>::as_ref)) {
                        Some(meant) => error.help(format!("did you mean `{meant}`?")),
                        None => error.help("`aurak schema` lists all types"),
                    },
                );
            }
        },
    };
    ui.print(&text)?;
    Ok(Exit::Done)
}
