//! What can be wrong with a state, apart from what its database says.
//!
//! One function per rule. Rows are the fold of the journal; what needs something finds it; what is
//! sealed opens.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::Path;

use aurak_model::{Address, Diagnostic, Name, Record, Severity, StateDoc};

use crate::error::StoreError;
use crate::fold::{empty, fold};
use crate::identity::Identity;
use crate::sealing::Key;
use crate::sealing::leaves::{Sealer, Way};
use crate::sealing::parts::open_part;

/// Judges a state as it is stored, leaves sealed, against its journal. `journal` hands over the records
/// one by one: there is no end to how many a state collects, and they need not be in memory at once. `part`
/// finds a sealed part of the sources.
pub(crate) fn check(
    identity: &Identity,
    key: Option<&Key>,
    stored: &StateDoc,
    journal: impl FnOnce(&mut dyn FnMut(u64, Record)) -> Result<(), StoreError>,
    part: impl Fn(&str) -> Result<Option<Vec<u8>>, StoreError>,
) -> Result<Vec<Diagnostic>, StoreError> {
    let mut read = Read {
        expected: 1,
        folded: empty(identity),
        sealer: key.map(|key| Sealer { store: &identity.id, key: Some(key), way: Way::Open }),
        gaps: Vec::new(),
        unsealable: Vec::new(),
        parts: BTreeSet::new(),
    };
    journal(&mut |serial, record| read.record(serial, record))?;
    let Read { expected, folded, sealer, gaps: mut findings, unsealable, parts } = read;
    check_end(stored, expected, &mut findings);
    check_fold(stored, &folded, &mut findings);
    check_needs(stored, &mut findings);
    check_providers(stored, &mut findings);
    check_vacant(stored, &mut findings);
    check_seals(identity, sealer.as_ref(), stored, &mut findings);
    findings.extend(unsealable);
    for digest in &parts {
        check_part(identity, key, digest, part(digest)?, &mut findings);
    }
    check_pending(stored, &mut findings);
    Ok(findings)
}

/// The journal, as far as it was read.
struct Read<'a> {
    /// The serial of the next record.
    expected: u64,
    /// The state that it makes.
    folded: StateDoc,
    /// Opens what is sealed, where there is a key.
    sealer: Option<Sealer<'a>>,
    gaps: Vec<Diagnostic>,
    unsealable: Vec<Diagnostic>,
    /// The parts of sources that runs were made from.
    parts: BTreeSet<Name>,
}

impl Read<'_> {
    /// Serials count from 1 without a gap, and everything that is sealed opens.
    fn record(&mut self, serial: u64, mut record: Record) {
        if serial != self.expected {
            let before = self.expected - 1;
            self.gaps.push(damage(format!("the journal goes from record {before} to {serial}")));
        }
        self.expected = serial + 1;
        fold(&mut self.folded, &record, serial);
        if let Record::Begin(operation) = &record {
            self.parts.extend(operation.sources.iter().map(|(_, digest)| digest.clone()));
        }
        if let Some(sealer) = &self.sealer
            && let Err(error) = sealer.record(&mut record)
        {
            self.unsealable.push(unsealable(&format!("record {serial} of the journal"), &error));
        }
    }
}

/// The state is as far as its journal.
fn check_end(stored: &StateDoc, expected: u64, findings: &mut Vec<Diagnostic>) {
    if stored.serial != expected - 1 {
        findings.push(damage(format!(
            "the state is at serial {}, its journal ends at {}",
            stored.serial,
            expected - 1
        )));
    }
}

/// The stored state is what the journal folds into.
fn check_fold(stored: &StateDoc, folded: &StateDoc, findings: &mut Vec<Diagnostic>) {
    let StateDoc {
        id: _,
        stack: _,
        environment: _,
        serial: _,
        rows,
        providers,
        outputs,
        pending,
        overrides,
        durations,
    } = stored;
    compare("the row of", rows, &folded.rows, findings);
    compare("the provider", providers, &folded.providers, findings);
    compare("the output", outputs, &folded.outputs, findings);
    compare("the duration of", durations, &folded.durations, findings);
    if *pending != folded.pending {
        findings.push(damage("the pending calls are not those of the journal".into()));
    }
    if *overrides != folded.overrides {
        findings.push(damage("the overrides are not those of the journal".into()));
    }
}

fn compare<K: Ord + Display, V: PartialEq>(
    what: &str,
    stored: &BTreeMap<K, V>,
    folded: &BTreeMap<K, V>,
    findings: &mut Vec<Diagnostic>,
) {
    let keys: BTreeSet<&K> = stored.keys().chain(folded.keys()).collect();
    for key in keys {
        let how = match (stored.get(key), folded.get(key)) {
            (Some(stored), Some(folded)) if stored == folded => continue,
            (Some(_), Some(_)) => "differs from what the journal says",
            (Some(_), None) => "is not in the journal",
            (None, _) => "is in the journal but not in the state",
        };
        findings.push(damage(format!("{what} `{key}` {how}")));
    }
}

/// What a row or a provider needs is there. Worth knowing, not wrong: it may be a block without
/// instances, or a row that was forgotten.
fn check_needs(stored: &StateDoc, findings: &mut Vec<Diagnostic>) {
    let mut blocks: BTreeSet<Address> = BTreeSet::new();
    for address in stored.rows.keys() {
        blocks.insert(address.block());
        // Only the parts of a composite have rows.
        blocks.extend(address.composite());
    }
    let there = |address: &Address| stored.rows.contains_key(address) || blocks.contains(address);
    for row in stored.rows.values() {
        for need in row.needs.iter().filter(|need| !there(need)) {
            let summary = format!("`{}` needs `{need}`, which has no row", row.address);
            findings.push(note("dangling_need", summary).about(&row.address));
        }
    }
    for provider in stored.providers.values() {
        for need in provider.needs.iter().filter(|need| !there(need)) {
            let summary = format!("the provider `{}` needs `{need}`, which has no row", provider.address);
            findings.push(note("dangling_need", summary));
        }
    }
}

/// The provider of a row is there: what left the configuration is deleted with it.
fn check_providers(stored: &StateDoc, findings: &mut Vec<Diagnostic>) {
    for row in stored.rows.values().filter(|row| !stored.providers.contains_key(&row.provider)) {
        findings.push(
            Diagnostic::warning(
                "missing_provider",
                format!("the provider `{}` of `{}` is not in the state", row.provider, row.address),
            )
            .about(&row.address)
            .help("the next apply that changes it records its provider again"),
        );
    }
}

/// A row holds at least one object.
fn check_vacant(stored: &StateDoc, findings: &mut Vec<Diagnostic>) {
    for row in stored.rows.values().filter(|row| row.is_vacant()) {
        findings.push(
            Diagnostic::warning("vacant_row", format!("the row of `{}` holds no object", row.address))
                .about(&row.address),
        );
    }
}

/// Everything that is sealed opens, in its place.
fn check_seals(
    identity: &Identity,
    sealer: Option<&Sealer<'_>>,
    stored: &StateDoc,
    findings: &mut Vec<Diagnostic>,
) {
    let Some(sealer) = sealer else {
        if identity.key_id.is_some() {
            findings.push(
                note("unchecked_seals", "what is sealed was not checked: no key was given".into())
                    .help("give the stack's key in AURAK_KEY, or its passphrase in AURAK_PASSPHRASE"),
            );
        }
        return;
    };
    let mut say = |place: &str, result: Result<(), StoreError>| {
        if let Err(error) = result {
            findings.push(unsealable(place, &error));
        }
    };
    for row in stored.rows.values() {
        say("the rows", sealer.shared_row(&mut row.clone()));
    }
    for provider in stored.providers.values() {
        say("the providers", sealer.provider(&mut provider.clone()));
    }
    for (name, value) in &stored.outputs {
        say("the outputs", sealer.output(name, &mut value.clone()));
    }
}

fn unsealable(place: &str, error: &StoreError) -> Diagnostic {
    Diagnostic::error("unsealable", format!("{place}: {error}"))
}

/// A part of the sources is there, and what was written. Without the key only whether it is there.
fn check_part(
    identity: &Identity,
    key: Option<&Key>,
    digest: &str,
    sealed: Option<Vec<u8>>,
    findings: &mut Vec<Diagnostic>,
) {
    match open_part(identity, key, digest, sealed.as_deref()) {
        Ok(_) | Err(StoreError::KeyNeeded { .. }) => {}
        Err(StoreError::Damaged { what }) => findings.push(damage(what)),
        Err(error) => findings.push(damage(error.to_string())),
    }
}

/// Calls of which nobody knows how they ended.
fn check_pending(stored: &StateDoc, findings: &mut Vec<Diagnostic>) {
    for pending in &stored.pending {
        let intent = &pending.intent;
        let summary = format!("a call for `{}` was begun and its end is not known", intent.address);
        findings.push(
            note("pending", summary)
                .about(&intent.address)
                .help("the next apply looks what became of it before it does anything else"),
        );
    }
}

/// A finding that nothing but damage explains.
pub(crate) fn damage(summary: String) -> Diagnostic {
    Diagnostic::error("damaged", summary)
}

/// Says once, with the last of what is damaged, what to do about all of it.
pub(crate) fn way_back(findings: &mut [Diagnostic], file: &Path) {
    if let Some(last) = findings.iter_mut().rev().find(|finding| finding.code == "damaged") {
        last.help = Some(format!(
            "something other than aurak wrote to `{file}`, or the disk is faulty: nothing was repaired. Run \
             nothing that writes; keep the damaged folder, put a copy of the file from before in its place \
             without a `state.db-wal` of another moment, then run `aurak state check` and `aurak plan`. What \
             was made since the copy has to be imported",
            file = file.display()
        ));
    }
}

fn note(code: &str, summary: String) -> Diagnostic {
    Diagnostic { severity: Severity::Note, ..Diagnostic::warning(code, summary) }
}
