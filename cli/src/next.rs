//! The commands that are printed as what to do next.
//!
//! Each carries the options that chose what this command worked on, so that typing it works on the
//! same: the folder, the environment, the state, the sandbox, and the values of inputs.
//! Libraries name commands bare, as `` `aurak plan` ``; they are completed on their way out.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use aurak_lang::{LoadRequest, Sources};
use aurak_model::event::{Report, StepEnd};
use aurak_model::{Diagnostic, Event, PlanReport, Schemas};

use crate::args::Global;

/// What stands for a value that may be a secret.
const HIDDEN: &str = "...";

/// Commands that load a stack. Also those that only look at its state need its inputs: its name may
/// depend on them.
const OF_STACKS: [&str; 8] = ["plan", "apply", "destroy", "validate", "graph", "output", "show", "state"];

/// The options that chose what a command works on.
#[derive(Debug, Default)]
pub(crate) struct World {
    global: Global,
    /// The inputs whose values may be printed, once it is known which are sensitive.
    open: OnceLock<BTreeSet<String>>,
}

impl World {
    pub(crate) fn of(global: &Global) -> World {
        World { global: global.clone(), open: OnceLock::new() }
    }

    /// The world that a saved plan was made for, in a folder other than this where one is named.
    pub(crate) fn of_plan(&self, folder: Option<&Path>, request: &LoadRequest) -> World {
        let mut global = Global {
            env: request.environment.clone(),
            vars: request.vars.clone(),
            profiles: request.profiles.clone(),
            ..self.global.clone()
        };
        if let Some(folder) = folder {
            let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
            global.dir = folder.to_path_buf();
            global.state = global.state.map(absolute);
            global.credentials = global.credentials.map(absolute);
        }
        World { global, open: OnceLock::new() }
    }

    /// Finds out which inputs are no secrets.
    pub(crate) fn look(&self, sources: &dyn Sources, request: &LoadRequest, schemas: &Schemas) {
        if self.global.vars.is_empty() || self.open.get().is_some() {
            return;
        }
        let program = aurak_lang::load(sources, request, schemas).program;
        let inputs = program.modules.first().into_iter().flat_map(|stack| &stack.inputs);
        let open = inputs.filter(|(_, input)| !input.sensitive).map(|(name, _)| name.to_string());
        let _ = self.open.set(open.collect());
    }

    /// `aurak WORDS`, with the options that those words take.
    pub(crate) fn command(&self, words: &str) -> String {
        let verb = words.split(' ').next().unwrap_or_default();
        if !OF_STACKS.contains(&verb) {
            return format!("aurak {words}");
        }
        let mut options = Vec::new();
        // Where the words are about another environment, the state is another one too.
        if !words.contains("--env ") {
            self.state(&mut options);
            options.extend(self.global.env.iter().map(|env| format!("--env {}", quoted(env))));
        }
        self.surroundings(&mut options);
        options.extend(self.global.profiles.iter().map(|file| format!("--profile {}", quoted(file))));
        options.extend(self.global.vars.iter().map(|(name, value)| self.variable(name, value)));
        self.render(words, options)
    }

    /// The command that applies a saved plan, which has its own environment and inputs.
    pub(crate) fn apply(&self, plan: &Path) -> String {
        let mut options = Vec::new();
        self.state(&mut options);
        self.surroundings(&mut options);
        self.render(&format!("apply {}", quoted(&plan.to_string_lossy())), options)
    }

    fn state(&self, options: &mut Vec<String>) {
        options.extend(
            self.global.state.iter().map(|dir| format!("--state {}", quoted(&dir.to_string_lossy()))),
        );
    }

    fn surroundings(&self, options: &mut Vec<String>) {
        if self.global.sandbox {
            options.push("--sandbox".to_string());
        }
        let credentials = self.global.credentials.iter();
        options.extend(credentials.map(|file| format!("--credentials {}", quoted(&file.to_string_lossy()))));
    }

    fn variable(&self, name: &str, value: &str) -> String {
        let open = self.open.get().is_some_and(|open| open.contains(name));
        format!("--var {}", quoted(&format!("{name}={}", if open { value } else { HIDDEN })))
    }

    fn render(&self, words: &str, options: Vec<String>) -> String {
        let dir = &self.global.dir;
        let here = *dir == Path::new(".") || dir.as_os_str().is_empty();
        let folder = (!here).then(|| format!("-C {}", quoted(&dir.to_string_lossy())));
        let all = ["aurak".to_string()].into_iter().chain(folder).chain([words.to_string()]).chain(options);
        aurak_render::clean(&all.collect::<Vec<_>>().join(" ")).into_owned()
    }

    /// A text with the commands in it completed.
    pub(crate) fn complete(&self, text: &str) -> String {
        const LEAD: &str = "`aurak ";
        let (mut out, mut rest) = (String::with_capacity(text.len()), text);
        while let Some((before, from)) = rest.split_once(LEAD) {
            let Some((words, after)) = from.split_once('`') else { break };
            out.push_str(&format!("{before}`{}`", self.command(words)));
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// Completes what findings say is to be done.
    pub(crate) fn findings<'a>(&self, findings: impl IntoIterator<Item = &'a mut Diagnostic>) {
        for help in findings.into_iter().filter_map(|finding| finding.help.as_mut()) {
            *help = self.complete(help);
        }
    }

    /// The same for what planning said.
    pub(crate) fn report<'a>(&self, report: &'a PlanReport) -> Cow<'a, PlanReport> {
        let speaks =
            |finding: &Diagnostic| finding.help.as_ref().is_some_and(|help| help.contains("`aurak "));
        if !report.findings.iter().any(speaks) {
            return Cow::Borrowed(report);
        }
        let mut report = report.clone();
        self.findings(&mut report.findings);
        Cow::Owned(report)
    }

    /// The same for what a run tells.
    pub(crate) fn event(&self, event: &mut Event) {
        if let Report::StepFinished { end: StepEnd::Failed(why), .. } = &mut event.report {
            self.findings([&mut **why]);
        }
    }
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use aurak_lang::MemorySources;

    use super::*;

    const STACK: &str = "
aurak: 1
name: demo
inputs:
  size: { type: string }
  token: { type: string, sensitive: true }
";

    fn world() -> World {
        World::of(&Global {
            dir: "my stacks".into(),
            env: Some("test".into()),
            vars: vec![("size".into(), "it's [1]".into()), ("token".into(), "CANARY".into())],
            profiles: vec!["es.yml".into()],
            state: Some("../state of mine".into()),
            sandbox: true,
            ..Global::default()
        })
    }

    fn knowing(world: World) -> World {
        let sources =
            MemorySources { files: [("aurak.yaml".into(), STACK.into())].into(), ..Default::default() };
        let request = LoadRequest { vars: world.global.vars.clone(), ..LoadRequest::default() };
        world.look(&sources, &request, &Schemas::default());
        world
    }

    #[test]
    fn a_command_carries_what_chose_its_world() {
        let place = "--state '../state of mine'";
        assert_eq!(
            knowing(world()).command("destroy"),
            format!(
                r"aurak -C 'my stacks' destroy {place} --env test --sandbox --profile es.yml --var 'size=it'\''s [1]' --var token=..."
            )
        );
        assert_eq!(
            world().apply(Path::new("a b/follow-up.plan")),
            format!("aurak -C 'my stacks' apply 'a b/follow-up.plan' {place} --sandbox")
        );
        assert_eq!(World::default().command("apply"), "aurak apply");
        assert_eq!(world().command("sandbox start"), "aurak sandbox start");
    }

    #[test]
    fn no_value_is_printed_before_it_is_known_to_be_no_secret() {
        let command = world().command("plan");
        assert!(command.ends_with("--var size=... --var token=..."), "{command}");
    }

    #[test]
    fn commands_in_a_text_are_completed() {
        let world = World::of(&Global { env: Some("a".into()), sandbox: true, ..Global::default() });
        assert_eq!(
            world.complete(
                "`x` or `aurak state rm --attempt 'y[\"z\"]'`, then `aurak init` and `aurak plan`."
            ),
            "`x` or `aurak state rm --attempt 'y[\"z\"]' --env a --sandbox`, then `aurak init` and `aurak plan \
             --env a --sandbox`."
        );
        assert_eq!(world.complete("`aurak destroy --env b`"), "`aurak destroy --env b --sandbox`");
        assert_eq!(world.complete("`aurak plan"), "`aurak plan");
    }

    #[test]
    fn a_saved_plan_brings_its_own_choices() {
        let request = LoadRequest { environment: Some("prod".into()), ..LoadRequest::default() };
        let world = World::of(&Global { state: Some("/s".into()), ..Global::default() });
        assert_eq!(
            world.of_plan(Some(Path::new("/there")), &request).command("apply"),
            "aurak -C /there apply --state /s --env prod"
        );
    }
}
