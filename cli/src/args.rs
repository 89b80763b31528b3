//! The words of the command line.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};

use crate::commands::{
    apply, completions, destroy, graph, init, output, plan, sandbox, schema, show, state, validate,
};
use crate::terminal::Color;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Cyan.on_default().dimmed());

/// Brings declared infrastructure and the real one together.
///
/// A stack is a folder with an `aurak.yaml`. `aurak plan` says what is different and what would be
/// done about it; `aurak apply` does it.
#[derive(Debug, clap::Parser)]
#[command(name = "aurak", version, styles = STYLES, max_term_width = 100, disable_help_subcommand = true)]
#[command(
    after_help = "A first stack, from nothing:\n  aurak init hello\n  aurak -C hello plan\n  aurak -C hello apply"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What every command takes.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Stack")]
pub(crate) struct Global {
    /// Work in this folder
    #[arg(short = 'C', value_name = "DIR", global = true, default_value = ".", hide_default_value = true)]
    pub(crate) dir: PathBuf,
    /// The environment of the stack
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) env: Option<String>,
    /// Gives an input a value; text as it stands, anything else as YAML
    #[arg(long = "var", value_name = "NAME=VALUE", global = true, value_parser = variable)]
    pub(crate) vars: Vec<(String, String)>,
    /// Gives inputs the values of a file, or of all `*.yml` in a folder
    #[arg(long = "profile", value_name = "FILE", global = true)]
    pub(crate) profiles: Vec<String>,
    /// The folder of the state, instead of `.aurak/NAME@ENV`
    #[arg(long, value_name = "PATH", global = true)]
    pub(crate) state: Option<PathBuf>,
    /// Use a sandbox of this stack's own instead of Azure: nothing leaves this machine
    #[arg(long, global = true)]
    pub(crate) sandbox: bool,
    /// A JSON file with the credentials of the Azure subscription, where a provider names none
    /// (`AURAK_CREDENTIALS`)
    #[arg(short = 'c', long, value_name = "FILE", global = true)]
    pub(crate) credentials: Option<PathBuf>,
    /// When to use colours: auto, always or never
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub(crate) color: Color,
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if aurak_model::address::is_name(name) => {
            Ok((name.to_string(), value.to_string()))
        }
        Some((name, _)) => Err(format!("`{name}` cannot be the name of an input")),
        None => Err("write it as NAME=VALUE".to_string()),
    }
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Init(init::Args),
    Validate(validate::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Destroy(destroy::Args),
    Show(show::Args),
    Graph(graph::Args),
    Output(output::Args),
    State(state::Args),
    Sandbox(sandbox::Args),
    Schema(schema::Args),
    Completions(completions::Args),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_words_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        fn check(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
                check(sub, &path);
            }
            assert!(command.get_about().is_some(), "{path} has no description");
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("  aurak "), "{path} has no example");
        }
        check(&Cli::command(), "");
    }

    #[test]
    fn a_typo_gets_a_suggestion() {
        use clap::Parser as _;
        for (args, meant) in [
            (&["aurak", "aply"][..], "apply"),
            (&["aurak", "plan", "--exitcode"], "--exit-code"),
            (&["aurak", "state", "lst"], "list"),
        ] {
            let error = Cli::try_parse_from(args).unwrap_err().to_string();
            assert!(error.contains(meant), "{error}");
        }
        assert!(Cli::try_parse_from(["aurak", "plan", "--var", "1x=2"]).is_err());
        assert!(Cli::try_parse_from(["aurak", "plan", "--var", "x=a=b", "--env", "pre"]).is_ok());
    }
}
