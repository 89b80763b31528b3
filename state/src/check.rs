//! What can be wrong with a state, apart from what its database says.
//!
//! One function per rule. Rows are the fold of the journal; what needs something finds it; what is
//! sealed opens.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::Path;

use aurak_model::{Address, Diagnostic, Record, Severity, StateDoc};

use crate::error::StoreError;
use crate::fold::{empty, fold};
use crate::identity::Identity;
use crate::sealing::Key;
use crate::sealing::leaves::{Sealer, Way};

/// Judges a state as it is stored, leaves sealed, against its journal.
pub(crate) fn check(
    identity: &Identity,
    key: Option<&Key>,
    stored: &StateDoc,
    journal: &[(u64, Record)],
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    check_serials(stored, journal, &mut findings);
    check_fold(identity, stored, journal, &mut findings);
    check_needs(stored, &mut findings);
    check_providers(stored, &mut findings);
    check_vacant(stored, &mut findings);
    check_seals(identity, key, stored, journal, &mut findings);
    check_pending(stored, &mut findings);
    findings
}

/// Serials count from 1 without a gap.
fn check_serials(stored: &StateDoc, journal: &[(u64, Record)], findings: &mut Vec<Diagnostic>) {
    let mut expected = 1;
    for (serial, _) in journal {
        if *serial != expected {
            findings.push(damage(format!("the journal goes from record {} to {serial}", expected - 1)));
        }
        expected = serial + 1;
    }
    if stored.serial != expected - 1 {
        findings.push(damage(format!(
            "the state is at serial {}, its journal ends at {}",
            stored.serial,
            expected - 1
        )));
    }
}

/// The stored state is what the journal folds into.
fn check_fold(
    identity: &Identity,
    stored: &StateDoc,
    journal: &[(u64, Record)],
    findings: &mut Vec<Diagnostic>,
) {
    let mut folded = empty(identity);
    for (serial, record) in journal {
        fold(&mut folded, record, *serial);
    }
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
    let blocks: BTreeSet<_> = stored.rows.keys().map(|address| address.block()).collect();
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
    key: Option<&Key>,
    stored: &StateDoc,
    journal: &[(u64, Record)],
    findings: &mut Vec<Diagnostic>,
) {
    if key.is_none() {
        if identity.key_id.is_some() {
            findings.push(
                note("unchecked_seals", "what is sealed was not checked: no key was given".into())
                    .help("give the stack's key in AURAK_KEY, or its passphrase in AURAK_PASSPHRASE"),
            );
        }
        return;
    }
    let sealer = Sealer { store: &identity.id, key, way: Way::Open };
    let mut say = |place: String, result: Result<(), StoreError>| {
        if let Err(error) = result {
            findings.push(Diagnostic::error("unsealable", format!("{place}: {error}")));
        }
    };
    for row in stored.rows.values() {
        say("the rows".into(), sealer.shared_row(&mut row.clone()));
    }
    for provider in stored.providers.values() {
        say("the providers".into(), sealer.provider(&mut provider.clone()));
    }
    for (name, value) in &stored.outputs {
        say("the outputs".into(), sealer.output(name, &mut value.clone()));
    }
    for (serial, record) in journal {
        say(format!("record {serial} of the journal"), sealer.record(&mut record.clone()));
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
