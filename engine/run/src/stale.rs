//! Whether a saved plan still holds: only what it touches or reads counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use aurak_lang::{MemorySources, SourceError, Sources};
use aurak_model::{Plan, StateDoc};
use aurak_state::Key;

use crate::error::RunError;
use crate::planning::base_digest;
use crate::pool::ProviderPool;
use crate::prefetch::prefetch;
use crate::session::Session;

/// The stack's file; where it is not there, the sources are not at hand.
const STACK_FILE: &str = "aurak.yaml";

/// Compares the sources that a plan was made from with those at hand, where they are.
pub(crate) fn check_sources(planned: &MemorySources, here: &dyn Sources) -> Result<(), RunError> {
    if matches!(here.read(STACK_FILE), Err(SourceError::NotFound)) {
        return Ok(());
    }
    for (path, bytes) in &planned.files {
        match here.read(path) {
            Ok(now) if now == *bytes => {}
            Ok(_) => return Err(RunError::Stale { why: format!("`{path}` was changed since") }),
            Err(_) => return Err(RunError::Stale { why: format!("`{path}` is gone") }),
        }
    }
    for (pattern, paths) in &planned.globs {
        if here.glob(pattern).ok().as_ref() != Some(paths) {
            return Err(RunError::Stale { why: format!("other files match `{pattern}` now") });
        }
    }
    Ok(())
}

/// Compares the rows that a plan rests on with the state and with reality.
pub(crate) async fn check_base(
    session: &Session,
    pool: &Arc<ProviderPool>,
    plan: &Plan,
    previous: &StateDoc,
    key: Option<&Key>,
) -> Result<(), RunError> {
    for (address, base) in &plan.base.rows {
        let version = previous.rows.get(address).map_or(0, |row| row.version);
        if version != base.version {
            let why = match (base.version, version) {
                (0, _) => format!("`{address}` was created since"),
                (_, 0) => format!("`{address}` is gone from the state"),
                _ => format!("`{address}` was changed by another apply since"),
            };
            return Err(RunError::Stale { why });
        }
    }
    let Some(key) = key else { return Ok(()) };
    let wanted = |address: &aurak_model::Address| plan.base.rows.contains_key(address);
    // Providers may be configured with outputs of rows that the plan does not name itself.
    let providers: BTreeMap<_, _> = previous.providers.iter().map(|(a, p)| (a, &p.needs)).collect();
    let behind = |address: &aurak_model::Address| providers.values().any(|needs| needs.contains(address));
    let refreshed = prefetch(previous, &session.schemas, pool, &|a| wanted(a) || behind(a)).await;
    for (address, base) in &plan.base.rows {
        if base.version == 0 || base.digest.is_empty() {
            continue;
        }
        if base_digest(address, &base.paths, previous, &refreshed, key) != base.digest {
            return Err(RunError::Stale { why: format!("`{address}` was changed outside aurak since") });
        }
    }
    Ok(())
}
