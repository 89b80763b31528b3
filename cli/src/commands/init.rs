//! `aurak init`.

use std::fs;
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use aurak_model::address::is_name;

use crate::args::Global;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Ui;
use crate::session::STACK;

/// Write a first stack into a folder
///
/// The stack is small and commented, and can be planned at once. Nothing that is there already is
/// overwritten.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aurak init hello --template hello\n\nTemplates:\n  hello         a random name, a secret and a file\n  environments  one stack for several environments, with a module\n  commands      something that your own commands make, read and delete"
)]
pub(crate) struct Args {
    /// The folder; made where it is missing
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// The name of the stack, instead of the folder's
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What to start from
    #[arg(long, value_name = "NAME")]
    template: Option<Template>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Template {
    /// A random name, a secret and a file
    #[default]
    Hello,
    /// One stack for several environments, with a module
    Environments,
    /// Something that your own commands make, read and delete
    Commands,
}

const TEMPLATES: [(&str, Template); 3] =
    [("hello", Template::Hello), ("environments", Template::Environments), ("commands", Template::Commands)];

/// What stands for the stack's name in a template.
const NAME: &str = "STACK_NAME";

impl Template {
    /// Its files by path.
    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Template::Hello => &[(STACK, include_str!("../../templates/hello/aurak.yaml"))],
            Template::Environments => &[
                (STACK, include_str!("../../templates/environments/aurak.yaml")),
                (
                    "modules/service/module.yaml",
                    include_str!("../../templates/environments/modules/service/module.yaml"),
                ),
            ],
            Template::Commands => &[(STACK, include_str!("../../templates/commands/aurak.yaml"))],
        }
    }
}

pub(crate) fn run(args: &Args, _: &Global, ui: &Ui) -> Result<Exit, CommandError> {
    let folder = args.folder.clone().unwrap_or_default();
    let ask = ui.interactive && args.template.is_none();
    let default = stack_name(&folder);
    let name = match &args.name {
        Some(name) => name.clone(),
        None if ask => answer(ui, "What is the stack called?", &default)?,
        None => default,
    };
    if !is_name(&name) {
        return Err(CommandError::new("bad_name", format!("a stack cannot be called `{name}`"))
            .help("use letters, digits, `_` and `-`, beginning with a letter; give it with --name"));
    }
    let template = match args.template {
        Some(template) => template,
        None if ask => template_named(&answer(
            ui,
            "Start from which template: hello, environments or commands?",
            "hello",
        )?)?,
        None => Template::default(),
    };
    write(&folder, &name, template)?;
    let option = match folder.as_os_str().is_empty() || folder == Path::new(".") {
        true => String::new(),
        false => format!(" -C {}", folder.display()),
    };
    let environment = if template == Template::Environments { " --env test" } else { "" };
    let mut text = String::new();
    for (path, _) in template.files() {
        text.push_str(&format!("wrote {}\n", folder.join(path).display()));
    }
    text.push_str(&format!(
        "\nnext:\n  aurak{option} plan{environment}\n  aurak{option} apply{environment}\n"
    ));
    ui.print(&text)?;
    Ok(Exit::Done)
}

fn template_named(name: &str) -> Result<Template, CommandError> {
    TEMPLATES.iter().find(|(known, _)| *known == name).map(|(_, template)| *template).ok_or_else(|| {
        let names: Vec<&str> = TEMPLATES.iter().map(|(name, _)| *name).collect();
        CommandError::new("no_template", format!("there is no template `{name}`"))
            .help(format!("there are {}", names.join(", ")))
    })
}

/// The name of a folder as that of a stack.
fn stack_name(folder: &Path) -> String {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let folder = fs::canonicalize(folder)
        .or_else(|_| std::path::absolute(folder))
        .unwrap_or_else(|_| folder.to_path_buf());
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    let name = name.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    if is_name(name) { name.to_string() } else { "stack".to_string() }
}

fn answer(ui: &Ui, question: &str, default: &str) -> Result<String, CommandError> {
    ui.say(&format!("{question} [{default}] "));
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| CommandError::new("answer", format!("the answer could not be read: {error}")))?;
    Ok(match line.trim() {
        "" => default.to_string(),
        text => text.to_string(),
    })
}

/// Writes all files of a template, or none where one of them is there.
fn write(folder: &Path, name: &str, template: Template) -> Result<(), CommandError> {
    for (path, _) in template.files() {
        let path = folder.join(path);
        if path.symlink_metadata().is_ok() {
            return Err(CommandError::new("exists", format!("`{}` is there already", path.display()))
                .help("nothing was written; name another folder"));
        }
    }
    for (path, text) in template.files() {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            // Of a file in this very folder the parent is empty, which is there already.
            fs::create_dir_all(parent)
                .map_err(|error| CommandError::file("make the folder", parent, &error))?;
        }
        create(&path, &text.replace(NAME, name))?;
    }
    // The state stays on this machine. A list that is there is the user's own.
    let ignore = folder.join(".gitignore");
    if ignore.symlink_metadata().is_err() {
        create(&ignore, "/.aurak/\n")?;
    }
    Ok(())
}

fn create(path: &Path, text: &str) -> Result<(), CommandError> {
    let file = fs::OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| CommandError::file("write", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_written_once() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("my stack.2");
        assert_eq!(stack_name(&folder), "my-stack-2");
        for (name, template) in TEMPLATES {
            let folder = folder.join(name);
            write(&folder, "demo", template).unwrap();
            let text = fs::read_to_string(folder.join(STACK)).unwrap();
            assert!(text.contains("name: demo") && !text.contains(NAME), "{text}");
            let error = write(&folder, "demo", template).unwrap_err();
            assert!(error.findings[0].summary.ends_with("is there already"));
        }
    }
}
