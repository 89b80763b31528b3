//! What is never stored, for somebody who asks for it: a recorded value may refer to attributes that
//! are read whenever they are used, such as a kubeconfig.

use std::collections::BTreeSet;

use aurak_model::path::Seg;
use aurak_model::value::Origin;
use aurak_model::{Address, Diagnostic, Name, Refreshed, StateDoc, Value};

use crate::pool::ProviderPool;
use crate::prefetch::{Limits, fill, prefetch, rows_behind};
use crate::session::Session;

/// Reads what a recorded value refers to, with the providers as they are recorded.
pub async fn read_on_use(session: &Session, doc: &StateDoc, value: &Value) -> Result<Value, Diagnostic> {
    let of = rows_behind(value);
    let rows = with_providers(doc, &of);
    let pool = ProviderPool::new(session.registry.clone());
    let wanted = |address: &Address| rows.contains(address);
    let (names, limits) = (attributes(value), Limits::default());
    let refreshed = prefetch(doc, &session.schemas, &pool, &wanted, &names, &limits).await.rows;
    if let Ok(read) = fill(value, doc, &refreshed) {
        return Ok(read);
    }
    let unread = of.iter().find_map(|address| match refreshed.get(address) {
        Some(Refreshed::Found { .. }) => None,
        Some(Refreshed::Unreadable(why) | Refreshed::Asleep(why)) => Some((address, why.as_str())),
        Some(Refreshed::Ambiguous(_)) => Some((address, "several objects have its id")),
        Some(Refreshed::Absent) => Some((address, "it is not there any more")),
        None => Some((address, "it is not in the state")),
    });
    Err(match unread {
        Some((address, why)) => {
            Diagnostic::error("unreadable", format!("could not read `{address}`: {why}")).about(address)
        }
        None => Diagnostic::error("unreadable", "what it refers to has no such attribute any more"),
    }
    .help("`aurak plan` says what became of it"))
}

/// The attributes that a value refers to.
fn attributes(value: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    value.for_each_unknown(&mut |unknown| {
        if let Origin::Row { path, .. } = &unknown.origin
            && let Some(Seg::Key(name)) = path.0.first()
        {
            names.insert(Name::to_string(name));
        }
    });
    names
}

/// These rows, and those that their providers are configured from.
fn with_providers(doc: &StateDoc, rows: &BTreeSet<Address>) -> BTreeSet<Address> {
    let mut all = BTreeSet::new();
    let mut open: Vec<Address> = rows.iter().cloned().collect();
    while let Some(address) = open.pop() {
        let provider = doc.rows.get(&address).and_then(|row| doc.providers.get(&row.provider));
        if all.insert(address) {
            open.extend(provider.iter().flat_map(|provider| rows_behind(&provider.config)));
        }
    }
    all
}
