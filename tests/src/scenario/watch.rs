//! What must hold after every run, whatever happened in it: nothing made is lost, nothing refused is
//! done, nothing protected is deleted, and what ended well has nothing left to do.
//!
//! It is looked at from outside: the service's objects and log before and after, the state before and
//! after, and what the configuration says in plain YAML. Nothing here asks the planner, except for the
//! plan that must be empty.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aurak_lang::LoadRequest;
use aurak_model::record::{IdempotencyKey, Slot};
use aurak_model::{Address, Name, Row, Severity, StateDoc};
use aurak_run::Forget;
use aurak_sim::{Entry, Op, SimObject};

use super::config::{Config, plain};
use super::options::Asked;
use super::stage::{Ended, Stage, failure, shown};

/// What begins every secret of a script that is watched.
const CANARY: &str = "canary-";

const SLOTS: [Slot; 3] = [Slot::Current, Slot::Old, Slot::Temporary];

/// What is remembered from run to run.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Objects that were let go on purpose.
    pub(super) released: BTreeSet<Name>,
    /// Creates that were dropped by hand: what they make yet is nobody's.
    pub(super) dropped: BTreeSet<IdempotencyKey>,
    /// Objects that kept what their configuration did not say: what they use yet, no row says.
    pub(super) keeping: BTreeSet<Name>,
    /// How often runs ended how.
    pub(crate) met: BTreeMap<String, u64>,
}

impl Watch {
    /// Whether an object was let go on purpose.
    pub(super) fn is_nobodys(&self, object: &SimObject) -> bool {
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
    pub(super) doc: StateDoc,
    pub(super) objects: BTreeMap<Name, SimObject>,
    pub(super) log: usize,
}

impl Look {
    pub(crate) async fn at(stage: &Stage, asked: &Asked) -> Result<Look, String> {
        let doc = stage.document_of_any(asked).await?;
        let objects = stage.world.objects().into_iter().map(|object| (object.id.clone(), object)).collect();
        Ok(Look { doc, objects, log: stage.world.log().len() })
    }
}

/// The objects of a row.
pub(super) fn ids(row: &Row) -> impl Iterator<Item = &Name> {
    SLOTS.into_iter().filter_map(|slot| row.object(slot)).map(|object| &object.id)
}

pub(super) fn named(doc: &StateDoc) -> BTreeSet<Name> {
    doc.rows.values().flat_map(|row| ids(row).cloned()).collect()
}

impl Stage {
    /// The one state that there is, also when the configuration cannot be read.
    pub(super) async fn document_of_any(&self, _: &Asked) -> Result<StateDoc, String> {
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
            let vacant = |row: &Arc<Row>| !asked_for && row.current.is_none();
            let left = after.doc.rows.get(&row.address).is_none_or(vacant) || moved_to(&row.address);
            let retain = row.lifecycle.retain || config.block(&row.address).is_some_and(|block| block.retain);
            if (!retain || lost || !left) && !config.lets_go(&row.address) {
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
            let said = config.block(&pending.intent.address).is_some_and(|block| block.retain);
            let recorded = pending.intent.row.as_ref().is_some_and(|row| row.lifecycle.retain);
            if said || recorded || config.lets_go(&pending.intent.address) {
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
}

pub(super) fn first_line(text: &str) -> String {
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
    named.extend(ran.only.iter().filter(|only| !only.contains('[')).cloned());
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
