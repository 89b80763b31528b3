//! The values of a stack's inputs, lowest first: defaults (which stand with the declarations),
//! profiles, the environment, variables of the process, the command line. Which environment it is
//! is decided here too.

use std::collections::BTreeMap;

use aurak_expr::suggest;
use aurak_model::program::{Input, Layer};
use aurak_model::{Diagnostic, ModuleId, Name, Node, Program, Span, Type, Value};

use crate::document::{Document, EnvironmentDecl, PathDecl};
use crate::fields::{self, Bag, listed};
use crate::load::{LoadRequest, Reader};
use crate::sources::SourceError;
use crate::{paths, yaml};

/// Finds the environment that is meant.
pub(crate) fn choose_environment(
    document: &mut Document,
    request: &LoadRequest,
    program: &mut Program,
    bag: &mut Bag,
) -> Option<usize> {
    let names: Vec<Name> = document.environments.iter().map(|e| e.name.clone()).collect();
    program.environments = names.clone();
    let chosen = match (&request.environment, names.len()) {
        (None, 0) => None,
        (None, 1) => Some(0),
        (None, _) => {
            bag.push(
                Diagnostic::error("environment", "which environment is meant?")
                    .detail(format!("The stack has {}.", listed(&names)))
                    .help(format!("choose one: --env {}", names[0])),
            );
            None
        }
        (Some(wanted), _) => {
            let found = names.iter().position(|name| **name == **wanted);
            if found.is_none() {
                let help = match (suggest(wanted, &names), names.is_empty()) {
                    (Some(meant), _) => format!("did you mean --env {meant}?"),
                    (None, true) => "leave --env out, or declare `environments` in aurak.yaml".to_string(),
                    (None, false) => format!("it has {}", listed(&names)),
                };
                let what = match names.is_empty() {
                    true => format!("the stack has no environments, so `{wanted}` is none"),
                    false => format!("the stack has no environment `{wanted}`"),
                };
                bag.push(Diagnostic::error("environment", what).help(help));
            }
            found
        }
    };
    program.environment = chosen.map(|i| names[i].clone());
    chosen
}

/// Values for the inputs of a stack, besides the defaults.
pub(crate) struct StackLayers {
    files: Vec<FileLayer>,
    vars: Vec<Var>,
    /// The inputs that other environments set: their names are checked too.
    elsewhere: Vec<(Name, Span)>,
    /// Some could not be read, or nobody knows which.
    incomplete: bool,
}

/// Values from one place.
pub(crate) struct FileLayer {
    pub(crate) source: Name,
    pub(crate) entries: Vec<(Name, Span, Node)>,
}

/// A value from outside of all files.
struct Var {
    /// For people: `--var replicas`.
    source: String,
    name: String,
    text: String,
    /// A name that no input has is an error.
    strict: bool,
}

impl StackLayers {
    /// Reads the profiles, and puts everything in order.
    pub(crate) fn read(
        document: &mut Document,
        environment: Option<usize>,
        request: &LoadRequest,
        reader: &mut Reader<'_>,
    ) -> StackLayers {
        let before = reader.bag.len();
        let undecided = environment.is_none() && !document.environments.is_empty();
        let mut files = Vec::new();
        let mut elsewhere = Vec::new();
        let mut profiles = std::mem::take(&mut document.layers);
        let mut own = None;
        for (i, decl) in std::mem::take(&mut document.environments).into_iter().enumerate() {
            let EnvironmentDecl { name, profiles: more, inputs } = decl;
            if environment == Some(i) {
                profiles.extend(more);
                own = Some(FileLayer { source: format!("environment {name}").into(), entries: inputs });
            } else {
                elsewhere.extend(inputs.into_iter().map(|(name, span, _)| (name, span)));
            }
        }
        for profile in &profiles {
            match profile.plain() {
                Some(path) => files.extend(file_layers(&path, Some(profile.path.span), reader)),
                None => reader.bag.push(not_plain(profile)),
            }
        }
        for path in &request.profiles {
            files.extend(file_layers(&paths::join("", path), None, reader));
        }
        files.extend(own);
        let var = |(name, text): &(String, String), strict: bool| Var {
            source: if strict { format!("--var {name}") } else { format!("AURAK_VAR_{name}") },
            name: name.clone(),
            text: text.clone(),
            strict,
        };
        let env_vars = request.env_vars.iter().map(|v| var(v, false));
        let vars = env_vars.chain(request.vars.iter().map(|v| var(v, true))).collect();
        let incomplete = undecided || reader.bag.len() > before;
        StackLayers { files, vars, elsewhere, incomplete }
    }

    /// Gives the inputs their values. Gives back those that may lack one because of something that
    /// was said already.
    pub(crate) fn apply(self, inputs: &mut BTreeMap<Name, Input>, reader: &mut Reader<'_>) -> Vec<Name> {
        let mut lacking: Vec<Name> =
            if self.incomplete { inputs.keys().cloned().collect() } else { Vec::new() };
        for (name, span) in self.elsewhere {
            if !inputs.contains_key(&name) {
                reader.bag.push(unknown_input(&name, Some(span), "the stack", inputs.keys()));
            }
        }
        for layer in self.files {
            lacking.extend(apply(layer, ModuleId(0), "the stack", inputs, &mut reader.bag));
        }
        for var in self.vars {
            let Some(input) = inputs.get_mut(&*var.name) else {
                lacking.extend(suggest(&var.name, inputs.keys()).map(Name::from));
                let mut diagnostic = unknown_input(&var.name, None, "the stack", inputs.keys());
                diagnostic.detail = Some(format!("{} gives it a value.", var.source));
                if !var.strict {
                    diagnostic.severity = aurak_model::Severity::Warning;
                }
                reader.bag.push(diagnostic);
                continue;
            };
            if let Some(node) = var.node(input, reader) {
                let source = match var.strict {
                    true => "--var".into(),
                    false => var.source.as_str().into(),
                };
                let verbatim = input.ty == Type::String;
                input.layers.push(Layer { node, scope: ModuleId(0), source, verbatim });
            } else {
                lacking.push(var.name.as_str().into());
            }
        }
        lacking
    }
}

impl Var {
    /// Text for a string, YAML for anything else. What is sensitive is kept out of the texts that
    /// messages show: its place is that of the declaration.
    fn node(&self, input: &Input, reader: &mut Reader<'_>) -> Option<Node> {
        let shown = if input.sensitive { "" } else { &self.text };
        let file = reader.files.add(&self.source, shown.into());
        let place = match input.sensitive {
            true => input.span,
            false => Span {
                len: self.text.lines().next().unwrap_or("").chars().count() as u32,
                ..yaml::start(file)
            },
        };
        if input.ty == Type::String {
            return Some(Node::literal(Value::string(self.text.as_str()), place));
        }
        let read = yaml::read_value(file, &self.text);
        if !input.sensitive {
            reader.bag.extend(read.diagnostics);
            return read.root;
        }
        if !read.diagnostics.is_empty() {
            reader.bag.push(
                Diagnostic::error("yaml", format!("the value of {} is not YAML", self.source))
                    .at(input.span, "of this input")
                    .help("quote it as YAML wants it; the value is sensitive and not shown"),
            );
            return None;
        }
        let mut root = read.root?;
        place_at(&mut root, input.span);
        Some(root)
    }
}

fn place_at(node: &mut Node, span: Span) {
    node.span = span;
    match &mut node.kind {
        aurak_model::NodeKind::List(items) => items.iter_mut().for_each(|node| place_at(node, span)),
        aurak_model::NodeKind::Map(entries) => {
            for (_, key, node) in entries {
                *key = span;
                place_at(node, span);
            }
        }
        _ => {}
    }
}

/// Gives inputs the values of one place. Gives back the inputs that were probably meant by names
/// that no input has.
pub(crate) fn apply(
    layer: FileLayer,
    scope: ModuleId,
    whose: &str,
    inputs: &mut BTreeMap<Name, Input>,
    bag: &mut Bag,
) -> Vec<Name> {
    let mut meant = Vec::new();
    for (name, span, node) in layer.entries {
        match inputs.get_mut(&name) {
            Some(input) => {
                let source = layer.source.clone();
                input.layers.push(Layer { node, scope, source, verbatim: false });
            }
            None => {
                meant.extend(suggest(&name, inputs.keys()).map(Name::from));
                bag.push(unknown_input(&name, Some(span), whose, inputs.keys()));
            }
        }
    }
    meant
}

/// The values in a profile, or in each file of a folder of profiles.
pub(crate) fn file_layers(path: &str, named: Option<Span>, reader: &mut Reader<'_>) -> Vec<FileLayer> {
    let is_file = [".yml", ".yaml", ".json"].iter().any(|ending| path.ends_with(ending));
    let mut paths = Vec::new();
    if !is_file {
        for ending in ["yml", "yaml"] {
            paths.extend(reader.sources.glob(&paths::join(path, &format!("*.{ending}"))).unwrap_or_default());
        }
        paths.sort();
    }
    if paths.is_empty() {
        paths.push(path.to_string());
    }
    let mut layers = Vec::new();
    for path in paths {
        let bytes = match reader.sources.read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let error = match (&error, is_file) {
                    (SourceError::NotFound, false) => {
                        SourceError::Other("there is no such file, and no folder with *.yml or *.yaml".into())
                    }
                    _ => error,
                };
                reader.unreadable(&path, &error, named);
                continue;
            }
        };
        if bytes.starts_with(b"$ANSIBLE_VAULT") {
            reader.bag.push(
                Diagnostic::error("vault", format!("{path} is encrypted with Ansible Vault"))
                    .help("decrypt it, or give its values by the environment: {{ env('NAME') }}"),
            );
            continue;
        }
        reader.values.insert(path.clone());
        let read = yaml::read(&mut reader.files, &path, bytes);
        reader.bag.extend(read.diagnostics);
        let Some(root) = read.root else { continue };
        if let Some(entries) = fields::entries(root, &path, &mut reader.bag) {
            layers.push(FileLayer { source: format!("profile {path}").into(), entries });
        }
    }
    layers
}

/// An input that is not declared.
pub(crate) fn unknown_input<'n>(
    name: &str,
    span: Option<Span>,
    whose: &str,
    known: impl Iterator<Item = &'n Name> + Clone,
) -> Diagnostic {
    let help = match suggest(name, known.clone()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("declare it under `inputs`; there are {}", listed(known)),
    };
    let diagnostic = Diagnostic::error("unknown_input", format!("{whose} has no input `{name}`")).help(help);
    match span {
        Some(span) => diagnostic.at(span, ""),
        None => diagnostic,
    }
}

pub(crate) fn not_plain(path: &PathDecl) -> Diagnostic {
    Diagnostic::error("not_an_expression", "the path of a profile cannot be an expression")
        .at(path.path.span, "it must be known before anything is planned")
        .help("write the path itself")
}

/// What of a request belongs into the digest of a program: all but the values of sensitive inputs,
/// which a digest without a key would give away to whoever guesses.
pub(crate) fn digested(program: &Program, request: &LoadRequest) -> Vec<(&'static str, String, String)> {
    let mut parts = Vec::new();
    if let Some(environment) = &program.environment {
        parts.push(("environment", String::new(), environment.to_string()));
    }
    for (i, path) in request.profiles.iter().enumerate() {
        parts.push(("profile", i.to_string(), path.clone()));
    }
    let inputs = program.modules.first().map(|module| &module.inputs);
    for (kind, vars) in [("env_var", &request.env_vars), ("var", &request.vars)] {
        for (name, text) in vars {
            // Of several values of a name the last counts, and overwrites the others here too.
            if inputs.and_then(|inputs| inputs.get(&**name)).is_some_and(|input| !input.sensitive) {
                parts.push((kind, name.clone(), text.clone()));
            }
        }
    }
    parts
}
