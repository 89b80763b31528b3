//! Reading what the objects of a state look like now, for whoever wants them as they are.

use std::collections::{BTreeMap, BTreeSet};

use aurak_model::{Address, Refreshed, StateDoc};
use aurak_state::Identity;

use crate::error::{RunError, state};
use crate::pool::ProviderPool;
use crate::prefetch::{Limits, prefetch};
use crate::session::Session;
use crate::upgrade::upgraded;

/// A state, and what became of its objects.
pub struct Refresh {
    /// The state.
    pub document: StateDoc,
    /// What was read, by address. Types that are not read are not among it.
    pub rows: BTreeMap<Address, Refreshed>,
}

/// Reads a state and all that it stands for. Nothing is changed.
pub async fn refresh(session: &Session, identity: &Identity) -> Result<Refresh, RunError> {
    let key = session.stores.key(identity).await.map_err(state("find the stack's key"))?;
    let store = session.stores.open(identity, key, false).await.map_err(state("open the state"))?;
    let stored = store.document().await.map_err(state("read the state"))?;
    let document = upgraded(stored, &session.schemas)?;
    let pool = ProviderPool::new(session.registry.clone());
    pool.begin().await;
    let none = (BTreeSet::new(), Limits::default());
    let rows = prefetch(&document, &session.schemas, &pool, &|_| true, &none.0, &none.1).await.rows;
    Ok(Refresh { document, rows })
}
