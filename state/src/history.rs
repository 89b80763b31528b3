//! Runs, as the journal tells them.

use aurak_model::Record;
use aurak_model::record::OperationId;

use crate::store::HistoryEntry;

/// The latest runs among these records, newest first.
pub(crate) fn history<'a>(
    records: impl IntoIterator<Item = (u64, &'a Record)>,
    limit: usize,
) -> Vec<HistoryEntry> {
    let mut entries: Vec<HistoryEntry> = Vec::new();
    // The run that a record belongs to is nearly always the last one.
    let find = |entries: &mut Vec<HistoryEntry>, id: &OperationId| {
        entries.iter().rposition(|entry| entry.operation.id == *id)
    };
    for (serial, record) in records {
        match record {
            Record::Begin(operation) => entries.push(HistoryEntry {
                serial,
                operation: operation.clone(),
                end: None,
                done: 0,
                failed: 0,
            }),
            Record::Outcome(outcome) => {
                if let Some(at) = find(&mut entries, &outcome.operation) {
                    match outcome.error {
                        None => entries[at].done += 1,
                        Some(_) => entries[at].failed += 1,
                    }
                }
            }
            Record::End { operation, at_ms, result } => {
                if let Some(at) = find(&mut entries, operation) {
                    entries[at].end = Some((*at_ms, *result));
                }
            }
            Record::Intent(_)
            | Record::Waiting { .. }
            | Record::Provider(_)
            | Record::ProviderGone { .. }
            | Record::Output { .. }
            | Record::Override(_)
            | Record::OverrideGone { .. } => {}
        }
    }
    entries.reverse();
    entries.truncate(limit);
    entries
}
