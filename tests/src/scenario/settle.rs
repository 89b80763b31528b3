//! The end of a watched script: all faults are over, somebody does what help says, and apply and then
//! destroy get where they want to.

use std::collections::BTreeSet;
use std::sync::Arc;

use aurak_model::record::{EndResult, IdempotencyKey};
use aurak_model::{Address, Name, Row};
use aurak_run::Forget;

use super::config::{Config, plain};
use super::options::Asked;
use super::stage::{Ended, Stage};
use super::watch::{Look, Ran, first_line, ids, named};

/// Runs after which `settle` gives up.
const MOST_RUNS: usize = 12;

/// Runs of `settle` that may fail: what stood in the way of one is known to the next.
const MOST_FAILURES: usize = 1;

impl Stage {
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
            // Where only apply knows the names, only apply finds that two are one.
            let twice = text.contains("would be the same").then_some("two are one object");
            let founded = in_use.or(twice);
            if ran.ended == Ended::Executed(EndResult::NeedsApproval) {
                continue;
            }
            // Some timeouts are shorter than what they are for: each run gets somewhat further.
            failed += usize::from(!text.contains("it was not done within"));
            // The next run may do without what stood in the way.
            if failed > MOST_FAILURES
                && let Some(why) = founded
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
        let config = Config::read(self);
        let imports_none = |line: &str| {
            let to = line.trim_start().strip_prefix("- { to: '").and_then(|rest| rest.split_once('\''));
            let Some(to) = to.and_then(|(to, _)| Address::parse(to).ok()) else { return false };
            let has_one = doc.rows.get(&to).is_some_and(|row| row.current.is_some());
            has_one || config.block(&to).is_some_and(|block| block.conditional)
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
                // A destroy takes nothing over, what has its object imports none, nor what is not there.
                let mut lines = text.lines().filter(|line| line.contains(&*object.id));
                let named = !asked.destroy && lines.any(|line| !imports_none(line));
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
    "would be the same ",
    " are both moved to ",
    // Changes are ignored of what would have to leave it.
    "_ would be deleted, but _, which stays, is in it",
    "_ would be deleted, but _ would be made in it",
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
        // What an import names is left to it, though it is not where the import looks, or does not fit.
        let not_imported =
            ["no object to import as `", "nothing is imported as `", "cannot be taken over as it is"];
        let named = words.contains("such a ") && not_imported.iter().any(|why| text.contains(why));
        // What is made anew in a new cluster cannot be waited for by what keeps the older one.
        let parted =
            words.contains(LED_TO) && words.contains("apply it in two parts: first let _ do without _");
        let led_to = words.contains(LED_TO) && text.matches("error: ").count() > 1;
        match parted || led_to || named || FOUNDED.iter().any(|founded| words.contains(founded)) {
            true => None,
            false => Some(words.chars().take(70).collect()),
        }
    })
}
