//! What a record does to the state.
//!
//! [`fold`] is the meaning of the journal: the state is the fold of all records, in order. Stores
//! that keep rows in tables do the same by tables, and `check` compares the two.

use std::collections::BTreeMap;
use std::sync::Arc;

use aurak_model::record::{Outcome, Pending, RowChange};
use aurak_model::{Name, Record, StateDoc};

/// The duration of a type is a moving mean that takes one part in so many of every new one: one slow
/// create among many must not put the next plan's order upside down.
const LEARN_TYPE: u64 = 4;

/// The same for an address, which is the same object with much the same to do each time: half, so
/// that it follows what changed for good within a few runs, and a bad day counts half.
const LEARN_ADDRESS: u64 = 2;

/// Brings a state up to date with the next record, the one of this serial.
pub fn fold(doc: &mut StateDoc, record: &Record, serial: u64) {
    doc.serial = serial;
    match record {
        Record::Begin(_) | Record::End { .. } => {}
        Record::Intent(intent) => {
            doc.pending.retain(|pending| pending.intent.key != intent.key);
            doc.pending.push(Pending { intent: intent.clone(), handle: None });
        }
        Record::Waiting { key, handle } => {
            if let Some(pending) = doc.pending.iter_mut().find(|pending| pending.intent.key == *key) {
                pending.handle = Some(handle.clone());
            }
        }
        Record::Outcome(outcome) => {
            let closed = outcome.key.as_ref().and_then(|key| {
                let at = doc.pending.iter().position(|pending| pending.intent.key == *key)?;
                Some(doc.pending.remove(at).intent)
            });
            let closed = closed.as_ref().map(|intent| &intent.type_name);
            if let Some((name, of_type, ms)) = durations(outcome, closed) {
                let mean = learn_address(doc.durations.get(&name).copied(), ms);
                doc.durations.insert(name, mean);
                if let Some(of_type) = of_type {
                    let mean = learn_type(doc.durations.get(&of_type).copied(), ms);
                    doc.durations.insert(of_type, mean);
                }
            }
            for change in &outcome.rows {
                match change {
                    RowChange::Put(row) => {
                        let mut row = row.clone();
                        if row.version != serial {
                            Arc::make_mut(&mut row).version = serial;
                        }
                        doc.rows.insert(row.address.clone(), row);
                    }
                    RowChange::Remove(address) => {
                        doc.rows.remove(address);
                    }
                }
            }
        }
        Record::Provider(provider) => {
            doc.providers.insert(provider.address.clone(), provider.clone());
        }
        Record::ProviderGone { address } => {
            doc.providers.remove(address);
        }
        Record::Output { name, value } => {
            match value {
                Some(value) => doc.outputs.insert(name.clone(), value.clone()),
                None => doc.outputs.remove(name),
            };
        }
        Record::Override(over) => {
            let place = (&over.address, &over.path);
            match doc.overrides.binary_search_by(|other| (&other.address, &other.path).cmp(&place)) {
                Ok(at) => doc.overrides[at] = over.clone(),
                Err(at) => doc.overrides.insert(at, over.clone()),
            }
        }
        Record::OverrideGone { address, path } => {
            doc.overrides.retain(|over| over.address != *address || over.path != *path);
        }
    }
}

/// What is learned from an outcome: the name and time of its address, and the name of its type
/// where that is known from the row or from the intent which it closes. Failures teach nothing.
/// Times fit into a column, half of what they could be.
pub(crate) fn durations(outcome: &Outcome, closed: Option<&Name>) -> Option<(Name, Option<Name>, u64)> {
    let (name, ms) = outcome.took.as_ref()?;
    if outcome.error.is_some() {
        return None;
    }
    let of_type = name.split_once(' ').and_then(|(verb, address)| {
        let put = outcome.rows.iter().find_map(|change| match change {
            RowChange::Put(row) if row.address.as_str() == address => Some(&row.type_name),
            _ => None,
        });
        let type_name = put.or(closed)?;
        Some(Name::from(format!("{verb} {type_name}")))
    });
    Some((name.clone(), of_type, (*ms).min(i64::MAX as u64)))
}

/// The mean of a type after one more duration.
pub(crate) fn learn_type(before: Option<u64>, ms: u64) -> u64 {
    learn(before, ms, LEARN_TYPE)
}

/// The mean of an address after one more duration.
pub(crate) fn learn_address(before: Option<u64>, ms: u64) -> u64 {
    learn(before, ms, LEARN_ADDRESS)
}

fn learn(before: Option<u64>, ms: u64, parts: u64) -> u64 {
    match before {
        None => ms,
        Some(before) => before.saturating_mul(parts - 1).saturating_add(ms) / parts,
    }
}

/// An empty state of a store.
pub(crate) fn empty(identity: &crate::Identity) -> StateDoc {
    StateDoc {
        id: identity.id.clone(),
        stack: identity.stack.clone(),
        environment: identity.environment.clone(),
        serial: 0,
        rows: BTreeMap::new(),
        providers: BTreeMap::new(),
        outputs: BTreeMap::new(),
        pending: Vec::new(),
        overrides: Vec::new(),
        durations: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{learn_address, learn_type};

    #[test]
    fn a_type_learns_slowly_an_address_faster_and_neither_overflows() {
        assert_eq!((learn_type(None, 80), learn_address(None, 80)), (80, 80));
        assert_eq!((learn_type(Some(100), 20), learn_address(Some(100), 20)), (80, 60));
        assert_eq!((learn_type(Some(3), 3), learn_address(Some(3), 3)), (3, 3));
        assert!(learn_type(Some(u64::MAX), u64::MAX) > 0 && learn_address(Some(u64::MAX), u64::MAX) > 0);
    }
}
