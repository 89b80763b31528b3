//! From sources to a program: which files are read, in which order, and what is done with them.

use std::collections::{BTreeSet, HashSet};

use aurak_model::{Diagnostic, Files, Program, Schemas, Span};
use serde::{Deserialize, Serialize};

use crate::digest::Noting;
use crate::document::{self, Document, Role};
use crate::fields::Bag;
use crate::sources::{SourceError, Sources};
use crate::{check, glob, link, paths, values, veil, yaml};

/// The stack's own file.
pub const STACK_FILE: &str = "aurak.yaml";

/// A module's own file, in its folder.
pub const MODULE_FILE: &str = "module.yaml";

/// What is asked for besides the files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadRequest {
    /// `--env`.
    #[serde(default)]
    pub environment: Option<String>,
    /// `--profile`, in order: files, or folders of `*.yml` and `*.yaml`.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// `--var`, in order.
    #[serde(default)]
    pub vars: Vec<(String, String)>,
    /// `AURAK_VAR_x` of the environment, without the prefix.
    #[serde(default)]
    pub env_vars: Vec<(String, String)>,
}

/// A program with whatever is wrong with it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The program; with holes where there are errors.
    pub program: Program,
    /// All independent findings, in order of their places.
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// Whether nothing stands against planning it.
    pub fn is_good(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Reads, links and checks a stack.
pub fn load(sources: &dyn Sources, request: &LoadRequest, schemas: &Schemas) -> Loaded {
    let noting = Noting::new(sources);
    let mut reader =
        Reader { sources: &noting, files: Files::default(), values: BTreeSet::new(), bag: Vec::new() };
    let mut program = Program::default();
    let document = reader.document(STACK_FILE, Role::Stack, None);
    let mut linked = link::Linked::default();
    if let Some(mut document) = document {
        let environment = values::choose_environment(&mut document, request, &mut program, &mut reader.bag);
        let layers = values::StackLayers::read(&mut document, environment, request, &mut reader);
        linked = link::modules(document, layers, &mut program, &mut reader);
    }
    let Reader { files, values: of_values, mut bag, .. } = reader;
    program.files = files;
    link::names(&mut program, &mut linked, schemas, &mut bag);
    check::program(&program, schemas, &linked.lacking, &mut bag);
    for (kind, name, content) in values::digested(&program, request) {
        noting.note(kind, &name, content.as_bytes());
    }
    veil::veil(&mut program, &of_values);
    program.digest = noting.digest();
    Loaded { diagnostics: in_order(bag), program }
}

/// Reads files into documents.
pub(crate) struct Reader<'a> {
    pub(crate) sources: &'a dyn Sources,
    pub(crate) files: Files,
    /// The files that give values to inputs.
    pub(crate) values: BTreeSet<String>,
    pub(crate) bag: Bag,
}

impl Reader<'_> {
    /// A stack or module with all that it includes. `named` is the place that names it.
    pub(crate) fn document(&mut self, path: &str, role: Role, named: Option<Span>) -> Option<Document> {
        let root = self.yaml(path, named)?;
        let mut document = document::parse(root, role, path, &mut self.bag);
        let part = if role == Role::Stack { Role::PartOfStack } else { Role::PartOfModule };
        let mut read = BTreeSet::from([path.to_string()]);
        for include in std::mem::take(&mut document.include) {
            let span = include.path.span;
            for path in self.paths(&include, "`include`") {
                if read.insert(path.clone())
                    && let Some(root) = self.yaml(&path, Some(span))
                {
                    let part = document::parse(root, part, &path, &mut self.bag);
                    document.absorb(part, &mut self.bag);
                }
            }
        }
        Some(document)
    }

    /// The files that a path or pattern means.
    fn paths(&mut self, include: &document::PathDecl, what: &str) -> Vec<String> {
        let Some(path) = include.plain() else {
            self.bag.push(
                Diagnostic::error("not_an_expression", format!("{what} cannot be an expression"))
                    .at(include.path.span, "it must be known before anything is planned")
                    .help("write the path itself; `*` and `**` are patterns"),
            );
            return Vec::new();
        };
        if !glob::is_pattern(&path) {
            return vec![path];
        }
        match self.sources.glob(&path) {
            Ok(found) if !found.is_empty() => found,
            Ok(_) => {
                self.bag.push(
                    Diagnostic::error("no_file", format!("no file matches {path}"))
                        .at(include.path.span, "")
                        .help("`*` stands for part of a name, `**` for any folders"),
                );
                Vec::new()
            }
            Err(error) => {
                self.bag.push(
                    Diagnostic::error("no_file", format!("{path} cannot be listed: {error}"))
                        .at(include.path.span, ""),
                );
                Vec::new()
            }
        }
    }

    /// The node of a file; `None`, and said why, where it cannot be had.
    pub(crate) fn yaml(&mut self, path: &str, named: Option<Span>) -> Option<aurak_model::Node> {
        match self.sources.read(path) {
            Ok(bytes) => {
                let read = yaml::read(&mut self.files, path, bytes);
                self.bag.extend(read.diagnostics);
                read.root
            }
            Err(error) => {
                self.unreadable(path, &error, named);
                None
            }
        }
    }

    /// Says that a file cannot be read.
    pub(crate) fn unreadable(&mut self, path: &str, error: &SourceError, named: Option<Span>) {
        let mut diagnostic = Diagnostic::error("no_file", format!("{path} cannot be read: {error}"));
        if let Some(span) = named {
            diagnostic = diagnostic.at(span, "named here");
        }
        let help = match error {
            SourceError::NotFound if path == STACK_FILE => {
                "go to the folder of a stack, name it with -C, or make one with `aurak init`".to_string()
            }
            SourceError::NotFound => match paths::folder(path) {
                "" => "paths start at the folder of the file that names them".to_string(),
                folder => {
                    format!("paths start at the folder of the file that names them; looked in {folder}")
                }
            },
            SourceError::Outside => "copy it into the stack's folder".to_string(),
            SourceError::Other(_) => "see that it is a file that you may read".to_string(),
        };
        self.bag.push(diagnostic.help(help));
    }
}

/// Findings by place, each once. A scalar that could not be read is no news to later checks of its
/// value: of errors that begin at one place, those of the reader stand alone.
fn in_order(bag: Bag) -> Vec<Diagnostic> {
    let unread: HashSet<Span> = bag
        .iter()
        .filter(|d| yaml::SCALAR_CODES.contains(&d.code.as_str()))
        .filter_map(|d| d.labels.first().map(|label| label.span))
        .collect();
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(bag.len());
    let mut seen = HashSet::new();
    for diagnostic in bag {
        let place = diagnostic.labels.first().map(|label| label.span);
        let of_reader = yaml::SCALAR_CODES.contains(&diagnostic.code.as_str());
        let consequence = !of_reader && place.is_some_and(|span| unread.contains(&span));
        if !consequence && seen.insert((diagnostic.code.clone(), diagnostic.summary.clone(), place)) {
            kept.push(diagnostic);
        }
    }
    kept.sort_by_key(|d| d.labels.first().map(|label| label.span));
    kept
}
