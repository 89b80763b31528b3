//! What must hold after every run, whatever happened in it: nothing made is lost, nothing refused is
//! done, nothing protected is deleted, and what ended well has nothing left to do.
//!
//! It is looked at from outside: the service's objects and log before and after, the state before and
//! after, and what the configuration says in plain YAML. Nothing here asks the planner, except for the
//! plan that must be empty.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aurak_lang::LoadRequest;
use aurak_model::record::{EndResult, IdempotencyKey, Slot};
use aurak_model::{Address, Name, Row, Severity, StateDoc};
use aurak_run::Forget;
use aurak_sim::{Entry, Op, SimObject};

use super::options::Asked;
use super::stage::{Ended, Stage, failure, shown};

/// Runs after which `settle` gives up.
const MOST_RUNS: usize = 12;

/// Runs of `settle` that may fail: what stood in the way of one is known to the next.
const MOST_FAILURES: usize = 1;

/// What begins every secret of a script that is watched.
const CANARY: &str = "canary-";

const SLOTS: [Slot; 3] = [Slot::Current, Slot::Old, Slot::Temporary];

/// What is remembered from run to run.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Objects that were let go on purpose.
    released: BTreeSet<Name>,
    /// Creates that were dropped by hand: what they make yet is nobody's.
    dropped: BTreeSet<IdempotencyKey>,
    /// Objects that kept what their configuration did not say: what they use yet, no row says.
    keeping: BTreeSet<Name>,
    /// How often runs ended how.
    pub(crate) met: BTreeMap<String, u64>,
}

impl Watch {
    /// Whether an object was let go on purpose.
    fn is_nobodys(&self, object: &SimObject) -> bool {
        self.released.contains(&object.id)
            || object.made_by.as_ref().is_some_and(|key| self.dropped.contains(key))
    }
}

/// A run, as it was asked for, and its end.
pub(crate) struct Ran {
    pub(crate) ended: Ended,
    pub(crate) destroy: bool,
    pub(crate) only: Vec<String>,
    pub(crate) saved: bool,
    pub(crate) request: LoadRequest,
    /// Nobody else did anything meanwhile.
    pub(crate) alone: bool,
}

/// State and world at a moment.
pub(crate) struct Look {
    doc: StateDoc,
    objects: BTreeMap<Name, SimObject>,
    log: usize,
}

impl Look {
    pub(crate) async fn at(stage: &Stage, asked: &Asked) -> Result<Look, String> {
        let doc = stage.document_of_any(asked).await?;
        let objects = stage.world.objects().into_iter().map(|object| (object.id.clone(), object)).collect();
        Ok(Look { doc, objects, log: stage.world.log().len() })
    }
}

/// The objects of a row.
fn ids(row: &Row) -> impl Iterator<Item = &Name> {
    SLOTS.into_iter().filter_map(|slot| row.object(slot)).map(|object| &object.id)
}

fn named(doc: &StateDoc) -> BTreeSet<Name> {
    doc.rows.values().flat_map(|row| ids(row).cloned()).collect()
}

impl Stage {
    /// The one state that there is, also when the configuration cannot be read.
    async fn document_of_any(&self, _: &Asked) -> Result<StateDoc, String> {
        match self.stores.get("demo", None) {
            Some(store) => store.document().await.map_err(|e| e.to_string()),
            None => Ok(StateDoc::default()),
        }
    }

    /// What a run did wrong.
    pub(super) async fn judge(&mut self, before: &Look, ran: &Ran, text: &str) -> Result<(), String> {
        let asked = Asked { request: ran.request.clone(), destroy: ran.destroy, ..Asked::default() };
        let after = Look::at(self, &asked).await?;
        let config = Config::read(self);
        let mut problems = Vec::new();
        let log: Vec<Entry> = self.world.log().split_off(before.log);

        if ran.ended == Ended::Broken || text.contains("this is an error in aurak") {
            problems.push("broken: the engine met a mistake of its own".to_string());
        }
        if let Some(store) = self.stores.get("demo", None) {
            let found = store.check().await.map_err(|e| e.to_string())?;
            // Notes are of open calls and of what has no instances.
            for finding in found.iter().filter(|finding| finding.severity != Severity::Note) {
                problems.push(format!("state check: {finding}"));
            }
        }
        // A line of the sources that a message shows is what somebody wrote there in clear.
        let quoted =
            |line: &str| line.split_once('|').is_some_and(|(number, _)| number.trim().parse::<u32>().is_ok());
        let told = text.lines().any(|line| line.contains(CANARY) && !quoted(line));
        if told || self.stores.bytes().iter().any(|bytes| contains(bytes, CANARY)) {
            problems.push("secret: one is in clear".to_string());
        }
        self.released(before, &after, &config, ran.destroy);
        let watch = self.watch.get_or_insert_default();
        *watch.met.entry(ran.ended.word().to_string()).or_default() += 1;
        let keeps = |row: &&Arc<Row>| config.block(&row.address).is_some_and(|block| block.keeps);
        watch.keeping.extend(after.doc.rows.values().filter(keeps).flat_map(|row| ids(row).cloned()));
        orphans(&after, watch, &mut problems);
        protected(before, &log, &config, &mut problems);
        refused(before, &after, &log, ran, &mut problems);
        outside(before, &after, &log, ran, &config, &mut problems);
        // A saved plan is bound to what it touches; the rest may have moved since.
        if ran.saved && ran.ended.is_done() {
            *watch.met.entry("done as saved".to_string()).or_default() += 1;
        }
        if ran.ended.is_done() && ran.alone && !ran.saved {
            if ran.destroy && ran.only.is_empty() {
                destroyed(&after, &mut problems);
            } else {
                self.nothing_left(&Asked { only: ran.only.clone(), ..asked }, &mut problems).await;
            }
            if ran.only.is_empty() && !after.doc.pending.is_empty() {
                problems.push("open: a call is left without an answer by a run that is done".to_string());
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(format!("{}\n{text}", problems.join("\n"))) }
    }

    /// What `state rm` lets go of is nobody's any more.
    pub(super) fn let_go(&mut self, before: &Look, address: &Address, what: Forget) {
        let Some(watch) = &mut self.watch else { return };
        if what == Forget::All {
            let rows = before.doc.rows.get(address).into_iter();
            watch.released.extend(rows.flat_map(|row| ids(row).cloned()));
        }
        for pending in before.doc.pending.iter().filter(|pending| pending.intent.address == *address) {
            // What was to be changed or deleted has a row, or is let go with it.
            if what == Forget::All {
                watch.released.extend(pending.intent.id.clone());
            }
            watch.dropped.insert(pending.intent.key.clone());
        }
    }

    /// Objects that left the state on purpose.
    fn released(&mut self, before: &Look, after: &Look, config: &Config, destroy: bool) {
        let still = named(&after.doc);
        let watch = self.watch.get_or_insert_default();
        // What was at another address before has this one now.
        let moved_to = |address: &Address| {
            let other = |row: &Row, id: &Name| row.address != *address && ids(row).any(|known| known == id);
            let came = |id: &Name| before.doc.rows.values().any(|row| other(row, id));
            after.doc.rows.get(address).is_some_and(|row| ids(row).any(came))
        };
        for row in before.doc.rows.values() {
            // What is still asked for stays, whatever becomes of its object.
            let asked_for = config.blocks.get(row.address.as_str());
            let asked_for = asked_for.is_some_and(|block| block.single && block.type_name == *row.type_name);
            let lost = asked_for && !destroy && !after.doc.rows.contains_key(&row.address);
            // What stays in the stack is not let go: its object may be replaced, and then it is deleted.
            let left = !after.doc.rows.contains_key(&row.address) || moved_to(&row.address);
            if (!row.lifecycle.retain || lost || !left) && !config.lets_go(&row.address) {
                continue;
            }
            for slot in SLOTS {
                if let Some(object) = row.object(slot)
                    && !still.contains(&object.id)
                {
                    watch.released.insert(object.id.clone());
                }
            }
        }
        // What a killed run made is recorded and let go in one run.
        for pending in &before.doc.pending {
            let retain = pending.intent.row.as_ref().is_some_and(|row| row.lifecycle.retain);
            if retain || config.lets_go(&pending.intent.address) {
                let made = after.objects.values().filter(|o| o.made_by.as_ref() == Some(&pending.intent.key));
                watch.released.extend(made.map(|object| object.id.clone()));
            }
        }
        watch.released.retain(|id| !still.contains(id));
    }

    /// What ended well has nothing left to do.
    async fn nothing_left(&self, asked: &Asked, problems: &mut Vec<String>) {
        self.world.pause_faults(true);
        let planned = aurak_run::plan(&self.session(asked), asked.options()).await;
        self.world.pause_faults(false);
        match planned {
            Ok(outcome) if outcome.plan.changes.is_empty() && outcome.plan.is_empty() => {}
            Ok(outcome) => problems.push(format!(
                "replan: it is not empty\n{}",
                shown(&outcome.plan, &outcome.report, &outcome.files)
            )),
            // What was only in the state is gone from there.
            Err(error)
                if !asked.only.is_empty() && failure(&error).contains("names nothing in this stack") => {}
            // An import names what this run made for another address.
            Err(error) if self.imports_of_others(asked, &failure(&error)).await => {}
            Err(error) => problems.push(format!("replan: it is refused\n{}", failure(&error))),
        }
    }

    /// Whether all that is wrong are imports of objects that other addresses have.
    async fn imports_of_others(&self, asked: &Asked, text: &str) -> bool {
        let Ok(doc) = self.document_of_any(asked).await else { return false };
        let known = named(&doc);
        let mut errors = text.lines().filter(|line| line.starts_with("error: ")).peekable();
        errors.peek().is_some()
            && errors
                .all(|line| line.split_once("cannot take over ").is_some_and(|(_, id)| known.contains(id)))
    }

    /// All faults end, what nobody knows is taken away, and apply and then destroy get where they want
    /// to, unless the configuration itself is refused.
    pub(super) async fn settle(&mut self, asked: &Asked) -> Result<String, String> {
        self.ended = true;
        self.world.calm();
        let applied = self.get_there(asked).await?;
        let destroy = Asked { destroy: true, ..asked.clone() };
        let destroyed = self.get_there(&destroy).await?;
        Ok(format!("apply: {applied}\ndestroy: {destroyed}\n"))
    }

    async fn get_there(&mut self, asked: &Asked) -> Result<String, String> {
        let mut failed = 0;
        for _ in 0..MOST_RUNS {
            // Objects of others may be where ours want to be.
            self.sweep(asked).await?;
            let mut rows: Vec<Arc<Row>> = self.document_of_any(asked).await?.rows.into_values().collect();
            let (text, ran) = self.apply_once(asked).await?;
            let (text, ran) = self.as_help_says(asked, text, ran).await?;
            let refused = ran.ended == Ended::Refused;
            let done = ran.ended.is_done() || (refused && asked.destroy && text.contains("has no state yet"));
            if done {
                if let Some(watch) = &mut self.watch {
                    let verb = if asked.destroy { "destroyed" } else { "settled" };
                    *watch.met.entry(verb.to_string()).or_default() += 1;
                }
                return Ok("done".to_string());
            }
            if self.answer(asked, &text).await? {
                continue;
            }
            // To look at one kind of end: it is taken for a failure, and made small.
            if let Ok(wanted) = std::env::var("AURAK_FUZZ_REFUSED")
                && text.contains(&wanted)
            {
                return Err(format!("wanted: {wanted}\n{text}"));
            }
            if refused {
                if let Some(why) = unfounded(&text) {
                    return Err(format!("refused, {}\n{text}", why.replace(':', ",")));
                }
                if let Some(watch) = &mut self.watch {
                    *watch.met.entry(format!("unsettled: {}", first_line(&text))).or_default() += 1;
                }
                return Ok(format!("refused\n{text}"));
            }
            rows.extend(self.document_of_any(asked).await?.rows.into_values());
            let config = Config::read(self);
            let objects = self.world.objects();
            let watch = self.watch.get_or_insert_default();
            let let_go =
                |id: &str| objects.iter().any(|object| *object.id == *id && watch.is_nobodys(object));
            let in_use = kept_in_use(&text, &rows, &config, let_go, |id| watch.keeping.contains(id))?;
            if ran.ended == Ended::Executed(EndResult::NeedsApproval) {
                continue;
            }
            // Some timeouts are shorter than what they are for: each run gets somewhat further.
            failed += usize::from(!text.contains("it was not done within"));
            // The next run may do without what stood in the way.
            if failed > MOST_FAILURES
                && let Some(why) = in_use
            {
                *watch.met.entry(format!("unsettled: {why}")).or_default() += 1;
                return Ok(format!("failed\n{text}"));
            }
            if failed > MOST_FAILURES {
                return Err(format!("settle: {failed} runs fail in a calm world\n{text}"));
            }
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        }
        let last = self.apply_once(asked).await?;
        Err(format!("settle: not done after {MOST_RUNS} runs\n{}", last.0))
    }

    /// A question to a person, who looks, finds nothing that is worth keeping, and does what help says.
    /// Whether there was one.
    async fn answer(&mut self, asked: &Asked, text: &str) -> Result<bool, String> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = text.split("aurak state rm --attempt '").skip(1);
        let asked_of: BTreeSet<Address> =
            words.filter_map(|rest| Address::parse(rest.split_once("'`")?.0).ok()).collect();
        for address in &asked_of {
            let before = Look::at(self, asked).await?;
            let keys: Vec<&IdempotencyKey> = before
                .doc
                .pending
                .iter()
                .filter(|pending| pending.intent.address == *address && pending.handle.is_none())
                .map(|pending| &pending.intent.key)
                .collect();
            let made = before
                .objects
                .values()
                .filter(|object| object.made_by.as_ref().is_some_and(|key| keys.contains(&key)));
            made.for_each(|object| drop(self.world.remove(&object.id)));
            // A killed run has the lease for a while yet.
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            let said = self.forget_address(asked, address, Forget::Attempts).await;
            if said != "row: false, attempts: 1\n" {
                return Err(format!("settle: what help says of `{address}` does not help\n{said}{text}"));
            }
        }
        Ok(!asked_of.is_empty())
    }

    /// What is somewhere else than it should be says how it gets there: does so.
    async fn as_help_says(
        &mut self,
        asked: &Asked,
        mut text: String,
        mut ran: Ran,
    ) -> Result<(String, Ran), String> {
        let mut replace: BTreeSet<Address> = BTreeSet::new();
        while ran.ended == Ended::Refused {
            let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let commands = line.split("made here with `").skip(1).filter_map(|rest| rest.split('`').next());
            let words = commands.flat_map(|command| command.split("--replace '").skip(1));
            let named = words.filter_map(|rest| Address::parse(rest.rsplit_once('\'')?.0).ok());
            let count = replace.len();
            replace.extend(named);
            if replace.is_empty() {
                break;
            }
            if replace.len() == count && line.contains("made here with `") {
                return Err(format!("settle: what help says does not help\n{text}"));
            }
            if replace.len() == count {
                break;
            }
            let asked = Asked { replace: replace.iter().cloned().collect(), ..asked.clone() };
            (text, ran) = self.apply_once(&asked).await?;
        }
        Ok((text, ran))
    }

    /// Takes away what others made and the configuration does not name, and what was let go.
    async fn sweep(&mut self, asked: &Asked) -> Result<(), String> {
        let doc = self.document_of_any(asked).await?;
        let known = named(&doc);
        let text: String =
            self.sources.files.values().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
        let imported = |line: &str| {
            let to = line.trim_start().strip_prefix("- { to: '").and_then(|rest| rest.split_once('\''));
            let to = to.and_then(|(to, _)| Address::parse(to).ok());
            to.and_then(|to| doc.rows.get(&to)).is_some_and(|row| row.current.is_some())
        };
        let watch = self.watch.get_or_insert_default();
        let strangers: Vec<Name> = self
            .world
            .objects()
            .into_iter()
            .filter(|object| {
                let ours = doc.pending.iter().any(|pending| {
                    Some(&pending.intent.key) == object.made_by.as_ref()
                        || pending.intent.id.as_ref() == Some(&object.id)
                });
                // A destroy takes nothing over, and what has its object imports none.
                let mut lines = text.lines().filter(|line| line.contains(&*object.id));
                let named = !asked.destroy && lines.any(|line| !imported(line));
                let nobodys = object.made_by.is_none() || watch.is_nobodys(object);
                nobodys && !known.contains(&object.id) && !ours && !named
            })
            .map(|object| object.id)
            .collect();
        strangers.iter().for_each(|id| drop(self.world.remove(id)));
        // Files are two folders deep at most, and named by their path.
        let Some(folder) = self.folder.as_ref() else { return Ok(()) };
        let inside = |path: &std::path::Path| {
            std::fs::read_dir(path)
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path())
                .collect::<Vec<_>>()
        };
        for file in inside(folder.path()).iter().flat_map(|path| inside(path)) {
            let id = file.strip_prefix(folder.path()).unwrap_or(&file).to_string_lossy().into_owned();
            // What is open may be about it.
            let open = doc.pending.iter().any(|pending| {
                let intent = &pending.intent;
                [&intent.natural_key, &intent.id].into_iter().flatten().any(|name| **name == *id)
            });
            if !known.contains(&*id) && !open {
                let _ = std::fs::remove_file(&file);
            }
        }
        Ok(())
    }
}

/// Deletes that fail because of a use that the configuration keeps up: `None` where nothing fails so.
///
/// What is used cannot be deleted before its successor is made, nor what is inside, of which the plan
/// warns; what was let go uses what it is in, and what a difference that is not acted upon goes on using
/// cannot be deleted at all. Any other use should have ended before.
fn kept_in_use(
    text: &str,
    rows: &[Arc<Row>],
    config: &Config,
    let_go: impl Fn(&str) -> bool,
    kept: impl Fn(&str) -> bool,
) -> Result<Option<&'static str>, String> {
    let mut founded = None;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in text.lines() {
        let failed = line.strip_prefix("- ").and_then(|line| line.split_once(": failed: "));
        let Some((address, why)) = failed else { continue };
        let Some((_, user)) = why.split_once(" is in use by ") else { continue };
        let user = user.split_whitespace().next().unwrap_or_default();
        if let_go(user) {
            founded = Some("in use by what was let go");
            continue;
        }
        // As it was before the run, and as it is after it: what was renamed says so there.
        let all: Vec<&Arc<Row>> = rows.iter().filter(|row| ids(row).any(|id| **id == *user)).collect();
        let Some(row) = all.first() else {
            return Err(format!("in use by {user}, which is in no row\n{text}"));
        };
        // By the name that it had then, or has now.
        let name = |text: &str| plain(text).rsplit('.').next().unwrap_or_default().to_string();
        let mut needs = all.iter().flat_map(|row| &row.needs);
        let needs = needs.any(|need| name(need.as_str()) == name(address));
        let warned = |user: &Address| words.contains(&format!("`{address}` goes before `{user}` lets go"));
        let keeps = config.block(&row.address).is_some_and(|block| block.keeps);
        founded = Some(match text.contains(&format!("\n+ {address}: skipped")) {
            true if needs => "in use, and to be replaced",
            _ if keeps || kept(user) => "in use by what keeps what it does not say",
            _ if all.iter().any(|row| warned(&row.address)) => "in use, as the plan says",
            _ => return Err(format!("{address} goes before {}, which uses it\n{text}", row.address)),
        });
    }
    Ok(founded)
}

/// What a configuration may ask for that cannot be had, whatever happens.
const FOUNDED: &[&str] = &[
    "_ keeps it",
    "_ would be the same ",
    "_ cannot be made before the old one is gone",
    "there is no object to import as _",
    "_ cannot be taken over as it is",
    // What goes in the same plan, or another one than it has.
    "_ cannot take over ",
    // Names are made of what others are called.
    "it must have at most 12 characters",
    // A version that goes back, a size that shrinks.
    "_ of _ cannot be changed so",
];

/// What an error leads to: what fails has no place in the order.
const LED_TO: &str = "there is no order in which this could be done";

/// An error that is none of these.
fn unfounded(text: &str) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.split("error: ").skip(1).find_map(|error| {
        let mut words = String::new();
        for (place, part) in error.split('`').enumerate() {
            words.push_str(if place % 2 == 1 { "_" } else { part });
        }
        let same = |founded: &str| words.contains(founded) || words.contains("_ and _ would be the same ");
        // What an import names is left to it, though it is not where the import looks, or does not fit.
        let not_imported =
            ["no object to import as `", "nothing is imported as `", "cannot be taken over as it is"];
        let named = words.contains("such a ") && not_imported.iter().any(|why| text.contains(why));
        let led_to = words.contains(LED_TO) && text.matches("error: ").count() > 1;
        match led_to || named || FOUNDED.iter().any(|founded| same(founded)) {
            true => None,
            false => Some(words.chars().take(70).collect()),
        }
    })
}

fn first_line(text: &str) -> String {
    let line =
        text.lines().find(|line| line.contains("error:")).unwrap_or(text.lines().next().unwrap_or_default());
    // Without names and numbers, so that the same reasons are counted together.
    let mut words = String::new();
    for (place, part) in line.split('`').enumerate() {
        words.push_str(if place % 2 == 1 { "_" } else { part });
    }
    words
}

fn contains(bytes: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(text)
}

/// Every object that we made is named by a row or by an intent, or was let go on purpose.
fn orphans(after: &Look, watch: &Watch, problems: &mut Vec<String>) {
    let known = named(&after.doc);
    for object in after.objects.values() {
        let Some(key) = &object.made_by else { continue };
        let open = after
            .doc
            .pending
            .iter()
            .any(|pending| pending.intent.key == *key || pending.intent.id.as_ref() == Some(&object.id));
        if !open && !known.contains(&object.id) && !watch.is_nobodys(object) {
            problems.push(format!("orphan: {} ({}) is in no row and no intent", object.id, object.type_name));
        }
    }
    let mut names: BTreeMap<&Name, &Address> = BTreeMap::new();
    for row in after.doc.rows.values() {
        for id in ids(row) {
            if let Some(other) = names.insert(id, &row.address) {
                problems.push(format!("twice: {id} is in the rows of {other} and {}", row.address));
            }
        }
    }
}

/// What must not be deleted is not.
fn protected(before: &Look, log: &[Entry], config: &Config, problems: &mut Vec<String>) {
    let deleted: BTreeSet<&str> =
        log.iter().filter(|entry| entry.op == Op::Delete).map(|entry| entry.what.as_str()).collect();
    for row in before.doc.rows.values() {
        // To delete what somebody else deleted before does nothing.
        let was_there = |id: &Name| deleted.contains(&**id) && before.objects.contains_key(id);
        let Some(object) = row.current.as_ref().filter(|object| was_there(&object.id)) else {
            continue;
        };
        let block = config.block(&row.address);
        if row.lifecycle.prevent_destroy && block.is_none_or(|block| block.prevent_destroy) {
            problems.push(format!("prevent_destroy: {} ({}) was deleted", row.address, object.id));
        }
        if row.lifecycle.retain && block.is_none() && !config.takes(&row.address) {
            problems.push(format!("retain: {} ({}) was deleted", row.address, object.id));
        }
    }
}

/// What was refused changed nothing.
fn refused(before: &Look, after: &Look, log: &[Entry], ran: &Ran, problems: &mut Vec<String>) {
    if ran.ended != Ended::Refused || !before.doc.pending.is_empty() || !ran.alone {
        return;
    }
    if let Some(entry) = log.iter().find(|entry| entry.op.writes()) {
        problems.push(format!("refused: and yet {entry}"));
    }
    if before.doc.rows != after.doc.rows || before.doc.outputs != after.doc.outputs {
        problems.push("refused: and yet the state is another".to_string());
    }
}

/// Nothing but what was chosen, and what it needs, was changed.
fn outside(
    before: &Look,
    after: &Look,
    log: &[Entry],
    ran: &Ran,
    config: &Config,
    problems: &mut Vec<String>,
) {
    if ran.only.is_empty() {
        return;
    }
    let fits = |chosen: &str, address: &str| {
        address == chosen
            || address.strip_prefix(chosen).is_some_and(|rest| rest.starts_with(['.', '[', '/']))
    };
    let mut chosen: BTreeSet<String> = ran.only.iter().cloned().collect();
    // What those name, without keys.
    let mut named: BTreeSet<String> = BTreeSet::new();
    loop {
        let (mut more, names_before) = (BTreeSet::new(), named.len());
        for (block, names) in &config.names {
            let inside = |chosen: &str| fits(chosen, block) || fits(block, chosen);
            if chosen.iter().any(|chosen| inside(&plain(chosen))) || named.iter().any(|name| inside(name)) {
                named.extend(names.iter().cloned());
            }
        }
        for doc in [&before.doc, &after.doc] {
            for row in doc.rows.values() {
                let address = row.address.as_str();
                if chosen.iter().any(|chosen| fits(chosen, address))
                    || named.iter().any(|name| fits(name, &plain(address)))
                {
                    more.extend(row.needs.iter().map(|need| need.as_str().to_string()));
                    let provider = doc.providers.get(&row.provider);
                    more.extend(provider.iter().flat_map(|p| &p.needs).map(|need| need.as_str().to_string()));
                }
            }
        }
        let count = chosen.len();
        chosen.extend(more);
        if chosen.len() == count && named.len() == names_before {
            break;
        }
    }
    for entry in log.iter().filter(|entry| entry.op.writes()) {
        let Some(address) = &entry.address else { continue };
        let settled = before.doc.pending.iter().any(|pending| pending.intent.address == *address);
        let is_chosen = chosen.iter().any(|chosen| fits(chosen, address.as_str()))
            || named.iter().any(|name| fits(name, &plain(address.as_str())));
        if !settled && !is_chosen {
            problems.push(format!("outside: {address} is not in --only {}: {entry}", ran.only.join(" ")));
        }
    }
}

/// What a destroy leaves.
fn destroyed(after: &Look, problems: &mut Vec<String>) {
    if !after.doc.rows.is_empty() {
        problems.push(format!("destroy: {} rows are left", after.doc.rows.len()));
    }
    if !after.doc.providers.is_empty() {
        problems.push(format!("destroy: {} provider rows are left", after.doc.providers.len()));
    }
    if !after.doc.pending.is_empty() {
        problems.push("destroy: something is left unanswered".to_string());
    }
}

/// What the configuration says in plain words of what is protected, renamed and let go.
#[derive(Debug, Default)]
struct Config {
    blocks: BTreeMap<String, Block>,
    /// The blocks that the text of each names.
    names: BTreeMap<String, BTreeSet<String>>,
    moved: Vec<(String, String)>,
    removed: Vec<(String, bool)>,
}

#[derive(Clone, Debug)]
struct Block {
    type_name: String,
    prevent_destroy: bool,
    /// It may keep what it does not say: changes are ignored, or it takes over what is there.
    keeps: bool,
    /// It stands for one instance, whatever is known when.
    single: bool,
}

impl Config {
    fn read(stage: &Stage) -> Config {
        let mut config = Config::default();
        let yaml = |path: &str| {
            let bytes = stage.sources.files.get(path)?;
            serde_yaml::from_slice::<serde_json::Value>(bytes).ok()
        };
        let Some(root) = yaml("aurak.yaml") else { return config };
        config.add("", &root, "");
        let providers = root.get("providers").map(ToString::to_string).unwrap_or_default();
        let inside: Vec<String> = config.blocks.keys().cloned().collect();
        for block in inside {
            config.name(&block, "", &providers);
        }
        config.modules("", "", &root, &providers, &yaml);
        config
    }

    /// The modules that a file calls; `around` is all that was said in the calls around it.
    fn modules(
        &mut self,
        prefix: &str,
        around: &str,
        document: &serde_json::Value,
        providers: &str,
        yaml: &impl Fn(&str) -> Option<serde_json::Value>,
    ) {
        for (name, call) in entries(document, "modules") {
            let source = call.get("source").and_then(|source| source.as_str()).unwrap_or_default();
            let path = format!("{}/module.yaml", source.trim_start_matches(['.', '/']));
            let Some(module) = yaml(&path) else { continue };
            let address = format!("{prefix}{name}");
            let around = format!("{around}{call}");
            self.add(&format!("{address}."), &module, &(around.clone() + providers));
            // What a module gives out.
            let outputs = module.get("outputs").map(ToString::to_string).unwrap_or_default();
            self.name(&address, &format!("{address}."), &outputs);
            self.modules(&format!("{address}."), &around, &module, providers, yaml);
        }
    }

    /// Notes which blocks a text names, seen from a module.
    fn name(&mut self, block: &str, prefix: &str, text: &str) {
        let named = self.names.entry(block.to_string()).or_default();
        for part in expressions(text) {
            let words = part.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            named.extend(words.map(|word| format!("{prefix}{word}")));
        }
    }

    fn add(&mut self, prefix: &str, document: &serde_json::Value, call: &str) {
        for (name, block) in entries(document, "resources") {
            let address = format!("{prefix}{name}");
            self.name(&address, prefix, &block.to_string());
            self.name(&address, "", call);

            let prevents = block.pointer("/lifecycle/prevent_destroy").and_then(serde_json::Value::as_bool);
            let keeps = ["ignore_changes", "adopt"]
                .iter()
                .any(|word| block.pointer(&format!("/lifecycle/{word}")).is_some());
            let keeps = keeps || document.get("imports").is_some();
            let single = prefix.is_empty() && block.get("for_each").is_none() && block.get("when").is_none();
            let type_name = block.get("type").and_then(|name| name.as_str()).unwrap_or_default().to_string();
            let block = Block { type_name, prevent_destroy: prevents.unwrap_or(false), keeps, single };
            self.blocks.insert(format!("{prefix}{name}"), block);
        }
        let list =
            |name: &str| document.get(name).and_then(|list| list.as_array()).cloned().unwrap_or_default();
        for entry in list("moved") {
            let text = |name: &str| {
                entry.get(name).and_then(|text| text.as_str()).map(|text| format!("{prefix}{text}"))
            };
            self.moved.extend(text("from").zip(text("to")));
        }
        for entry in list("removed") {
            let address = entry.get("address").and_then(|text| text.as_str()).unwrap_or_default();
            let destroy = entry.get("destroy").and_then(serde_json::Value::as_bool).unwrap_or(true);
            self.removed.push((format!("{prefix}{address}"), destroy));
        }
    }

    /// The block of an address, also where it is to be renamed. Parts of composites stand for it.
    fn block(&self, address: &Address) -> Option<&Block> {
        let mut name = plain(address.as_str());
        if let Some(block) = self.blocks.get(&name) {
            return Some(block);
        }
        // One rename after another: the newer ones stand behind.
        for (from, to) in &self.moved {
            let rest = name.strip_prefix(&plain(from));
            let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('.')) else { continue };
            name = plain(to) + rest;
            if let Some(block) = self.blocks.get(&name) {
                return Some(block);
            }
        }
        None
    }

    fn lets_go(&self, address: &Address) -> bool {
        self.removal(address) == Some(false)
    }

    fn takes(&self, address: &Address) -> bool {
        self.removal(address) == Some(true)
    }

    fn removal(&self, address: &Address) -> Option<bool> {
        let address = address.as_str();
        let covers = |entry: &str| {
            address == entry
                || address.strip_prefix(entry).is_some_and(|rest| rest.starts_with(['.', '[', '/']))
        };
        // Where one says that it stays, it stays.
        self.removed.iter().filter(|(entry, _)| covers(entry)).map(|(_, destroy)| *destroy).min()
    }
}

/// What of a text in JSON can name a block: expressions, and what says a name in plain.
fn expressions(text: &str) -> impl Iterator<Item = &str> {
    let inside = text.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0));
    let plain = ["\"depends_on\":", "\"deleted_with\":", "\"provider\":", "\"providers\":"];
    let named = plain.into_iter().flat_map(move |key| {
        text.split(key).skip(1).map(|rest| rest.split(['}', ':']).next().unwrap_or_default())
    });
    inside.chain(named)
}

/// An address without keys and without a child.
fn plain(address: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in address.chars() {
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            '/' if !inside => break,
            letter if !inside => text.push(letter),
            _ => {}
        }
    }
    text
}

fn entries<'a>(
    document: &'a serde_json::Value,
    section: &str,
) -> impl Iterator<Item = (&'a String, &'a serde_json::Value)> {
    document.get(section).and_then(|section| section.as_object()).into_iter().flatten()
}
