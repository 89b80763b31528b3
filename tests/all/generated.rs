//! Pages of the documentation that are made from the code, compared with the files that are there.
//! `AURAK_BLESS=1` writes them.

use std::fmt::Write as _;

use aurak_expr::reference::{FILTERS, FUNCTIONS, Group, TESTS};
use aurak_model::schema::{Attribute, Immutable, Refresh};
use aurak_model::{Kind, TypeSchema};

use crate::docs::{core_types, same_as_file};

/// Stands at the top of each page, so that nobody edits it by hand.
fn note(source: &str) -> String {
    format!("<!-- Made from {source}; `just bless` writes it again. -->\n\n")
}

#[test]
fn functions_are_documented() {
    let mut page = note("engine/expr/src/reference.rs");
    page.push_str(
        "# Functions, filters and tests\n\n\
         What can be used between `{{` and `}}`, besides the operators and literals of Jinja; see\n\
         [the language](language.md#expressions). Arguments may be given by position or by name; those\n\
         that are shown without a default and are not needed may be left out. Every example is\n\
         tested.\n",
    );
    for (title, about, groups) in [
        (
            "Functions",
            "Written as `name(...)`. Filters under *Maps* and *Forms* that Jinja does not have (`b64decode`, `b64encode`, `dict2items`, `flatten`, `items2dict`, `json`, `key_by`, `keys`, `merge`, `sha256`, `values`, `yaml`) can be called as functions too: `x | json` is `json(x)`.",
            FUNCTIONS,
        ),
        (
            "Filters",
            "Written as `value | name(...)`. A filter binds more tightly than any operator: `a + b | length` is `a + (b | length)`.",
            FILTERS,
        ),
        (
            "Tests",
            "Written as `value is name(...)`, and `value is not name(...)`. `select`, `reject`, `selectattr` and `rejectattr` take their names in quotes.",
            TESTS,
        ),
    ] {
        let _ = write!(page, "\n## {title}\n\n{about}\n");
        for group in groups {
            page.push_str(&table(group));
        }
    }
    same_as_file("docs/functions.md", &page);
}

fn table(group: &Group) -> String {
    let mut text = format!(
        "\n### {}\n\n| Written | What it does | Example | gives |\n| --- | --- | --- | --- |\n",
        group.title
    );
    for entry in group.entries {
        let others: Vec<String> = entry.names[1..].iter().map(|name| format!("`{name}`")).collect();
        let also = match others.is_empty() {
            true => String::new(),
            false => format!(" Also {}.", others.join(" and ")),
        };
        let cells =
            [code(entry.usage), format!("{}{also}", entry.about), code(entry.example), code(entry.gives)];
        let _ = writeln!(text, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
    }
    text
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

#[test]
fn core_types_are_documented() {
    let mut page = note("providers/core/types");
    page.push_str(
        "# The types of `core`\n\n\
         Types that need no service. The provider `core` is there without being configured.\n\
         `aurak schema core.file` shows one of these at the terminal.\n",
    );
    for schema in core_types() {
        page.push_str(&type_section(&schema));
    }
    same_as_file("docs/reference/core.md", &page);
}

#[test]
fn azure_types_are_documented() {
    let mut page = note("providers/azure/types");
    page.push_str(
        "# The types of `azure`\n\n\
         See [Azure](../azure.md). `aurak schema azure.subnet` shows one of these at the terminal.\n",
    );
    let types = aurak_azure::all();
    let names: Vec<String> = types.keys().map(|name| link(name)).collect();
    let _ = write!(page, "\n{}\n", names.join(" \u{b7} "));
    for ty in types.values() {
        page.push_str(&type_section(&ty.schema));
    }
    same_as_file("docs/reference/azure.md", &page);
}

/// A link to a section of the same page.
fn link(name: &str) -> String {
    format!("[{}](#{})", name.rsplit('.').next().unwrap_or(name), name.replace('.', ""))
}

fn type_section(schema: &TypeSchema) -> String {
    let mut text = format!("\n## {}\n\n{}\n", schema.name, schema.description.trim());
    for (title, given) in [("It takes", true), ("It gives", false)] {
        let own = schema.attributes.iter().filter(|(_, a)| (!a.computed || a.optional) == given);
        let _ = write!(text, "\n| {title} | | |\n| --- | --- | --- |\n");
        for (name, attribute) in own {
            rows(name, attribute, given, &mut text);
        }
    }
    let mut notes = Vec::new();
    if let Some(key) = &schema.key {
        notes.push(format!("An object that is there already is found by `{key}`."));
    }
    if schema.refresh == Refresh::None {
        notes.push("Nothing outside the state can change it, so it is not read before a plan.".to_string());
    }
    if !notes.is_empty() {
        let _ = write!(text, "\n{}\n", notes.join(" "));
    }
    text
}

/// An attribute, and what is in it; what an object only gives stands with the rest of it.
fn rows(path: &str, attribute: &Attribute, given: bool, text: &mut String) {
    let about = attribute.description.trim().replace('|', "\\|");
    let only = if given && attribute.computed && !attribute.optional { ", given by the service" } else { "" };
    let _ = writeln!(text, "| `{path}` | {}{only} | {about} |", traits(attribute));
    for (name, below) in &attribute.attributes {
        rows(&format!("{path}.{name}"), below, given, text);
    }
    let items = attribute.items.as_deref().filter(|items| !items.attributes.is_empty());
    for (name, below) in items.iter().flat_map(|items| &items.attributes) {
        rows(&format!("{path}[].{name}"), below, given, text);
    }
}

fn traits(attribute: &Attribute) -> String {
    let mut words = vec![kind(attribute).to_string()];
    let mut say = |yes: bool, word: &str| {
        if yes {
            words.push(word.to_string());
        }
    };
    say(attribute.required, "required");
    say(attribute.sensitive, "sensitive");
    say(attribute.no_secrets, "may hold no secret");
    for rule in &attribute.immutable {
        match rule {
            Immutable::Always => say(true, "a change replaces it"),
            Immutable::When(rule) => say(true, &format!("a change replaces it when `{rule}`")),
            Immutable::Rotate => say(true, "a change rotates it"),
            Immutable::RotateWhen(rule) => say(true, &format!("a change rotates it when `{rule}`")),
            Immutable::Refused { .. } => say(true, "some changes are refused"),
        }
    }
    if let Some(rule) = &attribute.sensitive_when {
        say(true, &format!("sensitive when `{rule}`"));
    }
    if let Some(default) = &attribute.default {
        say(true, &format!("default `{}`", serde_json::to_string(default).unwrap()));
    }
    if !attribute.allowed.is_empty() {
        let allowed: Vec<String> = attribute.allowed.iter().map(|word| code(word)).collect();
        say(true, &format!("one of {}", allowed.join(", ")));
    }
    for (word, bound) in [("at least", attribute.minimum), ("at most", attribute.maximum)] {
        if let Some(bound) = bound {
            let what = if attribute.kind == Kind::String { " characters" } else { "" };
            say(true, &format!("{word} {bound}{what}"));
        }
    }
    if let Some(pattern) = &attribute.pattern {
        say(true, &format!("matches `{pattern}`"));
    }
    words.join(", ").replace('|', "\\|")
}

fn kind(attribute: &Attribute) -> &'static str {
    match attribute.kind {
        Kind::Any => "anything",
        Kind::Boolean => "boolean",
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::String => "text",
        Kind::List => "list",
        Kind::Map => match attribute.items.as_deref() {
            Some(Attribute { kind: Kind::String, .. }) => "map of text",
            _ => "map",
        },
        Kind::Object => "map with known keys",
    }
}

#[test]
fn commands_are_documented() {
    let mut page = note("the commands' own help");
    page.push_str(
        "# Commands\n\n\
         What `--help` says, command by command. How commands end is listed under\n\
         [exit codes](exit-codes.md).\n",
    );
    let mut aurak = aurak_cli::command();
    aurak.build();
    let mut open = vec![aurak];
    while let Some(mut command) = open.pop() {
        let name = command.get_bin_name().unwrap_or(command.get_name()).to_string();
        // Wrapped as for a pipe, whatever the terminal of this test is.
        let help = command.clone().term_width(100).render_long_help().to_string();
        let lines: Vec<&str> = help.trim().lines().map(str::trim_end).collect();
        let _ = write!(page, "\n## {name}\n\n```text\n{}\n```\n", lines.join("\n"));
        let subcommands = command.get_subcommands_mut().filter(|sub| !sub.is_hide_set());
        let mut subcommands: Vec<_> = subcommands.map(|sub| sub.clone()).collect();
        subcommands.reverse();
        open.append(&mut subcommands);
    }
    same_as_file("docs/reference/cli.md", &page);
}
