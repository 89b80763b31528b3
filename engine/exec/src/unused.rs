//! Provider nodes that nothing uses any more. A run takes its own away when it ends; one that was killed
//! leaves them to the next.

use std::collections::BTreeSet;

use aurak_model::{Record, StateDoc};

use crate::context::Context;
use crate::error::ExecError;

/// Takes away the provider nodes that no row and no open call names; says whether there were any.
pub async fn drop_unused_providers(context: &Context, state: &StateDoc) -> Result<bool, ExecError> {
    let rows = state.rows.values().map(|row| &row.provider);
    let used: BTreeSet<_> =
        rows.chain(state.pending.iter().map(|pending| &pending.intent.provider)).collect();
    let unused = state.providers.keys().filter(|address| !used.contains(address));
    let records: Vec<Record> =
        unused.map(|address| Record::ProviderGone { address: address.clone() }).collect();
    if records.is_empty() {
        return Ok(false);
    }
    context.lease.check()?;
    context.store.append(context.lease.fence(), records).await?;
    Ok(true)
}
