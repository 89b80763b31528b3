//! Reads what the state's rows stand for, before the first round of planning: a listing for each
//! collection that holds several, a read for each of the rest.
//!
//! Each row is read with its provider as recorded, so that what left the configuration can be read
//! too. A recorded configuration may refer to an output that is only read on use; such a provider is
//! opened after what it refers to was read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aurak_api::ProviderError;
use aurak_model::program::{NodeKind, Program};
use aurak_model::record::Row;
use aurak_model::schema::{Refresh, provider_of};
use aurak_model::value::Origin;
use aurak_model::{Address, Name, ProviderAddress, ProviderNode, Refreshed, Schemas, StateDoc, Value};
use futures::future::join_all;
use futures::stream::{self, StreamExt};

use crate::asks::elsewhere;
use crate::pool::ProviderPool;

/// How many reads are under way at once.
const AT_ONCE: usize = 16;

/// How long the reads of what a configuration says so of may take, by the names of blocks without keys.
#[derive(Default)]
pub(crate) struct Limits(BTreeMap<String, Duration>);

impl Limits {
    /// What a program says in plain numbers: what is read comes before its expressions are evaluated.
    pub(crate) fn of_program(program: &Program) -> Limits {
        let written = program.blocks.iter().filter_map(|block| {
            let NodeKind::Literal { value, .. } = &block.timeouts.get("read")?.kind else { return None };
            let seconds = value.as_int().and_then(|seconds| u64::try_from(seconds).ok())?;
            let path = program.module(block.module).path.iter().chain([&block.name]);
            let name = path.map(|name| &**name).collect::<Vec<_>>().join(".");
            Some((name, Duration::from_secs(seconds)))
        });
        Limits(written.collect())
    }

    fn of(&self, address: &Address) -> Option<Duration> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&address.plain()).copied()
    }
}

/// What was read.
#[derive(Default)]
pub(crate) struct Prefetched {
    pub(crate) rows: BTreeMap<Address, Refreshed>,
    /// See [`aurak_model::snapshot::Snapshot::astray`].
    pub(crate) astray: BTreeSet<Address>,
}

/// Reads the rows that `wanted` lets in; those with attributes that are read on use, and whose names are
/// among the words of the configuration, with these.
pub(crate) async fn prefetch(
    doc: &StateDoc,
    schemas: &Schemas,
    pool: &ProviderPool,
    wanted: &dyn Fn(&Address) -> bool,
    words: &BTreeSet<String>,
    limits: &Limits,
) -> Prefetched {
    let mut read = Prefetched::default();
    let refreshed = &mut read.rows;
    let mut waiting: BTreeMap<ProviderAddress, Vec<&Arc<Row>>> = BTreeMap::new();
    let mut on_use = configured_from(doc);
    // What the configuration speaks of may be used too.
    on_use.extend(
        doc.rows.values().filter(|row| is_spoken_of(row, schemas, words)).map(|row| row.address.clone()),
    );
    for row in doc.rows.values() {
        let read = schemas.types.get(&row.type_name).is_none_or(|schema| schema.refresh == Refresh::Read);
        if read && row.current.is_some() && wanted(&row.address) {
            waiting.entry(row.provider.clone()).or_default().push(row);
        }
    }
    while !waiting.is_empty() {
        let (mut ready, mut later) = (Vec::new(), BTreeMap::new());
        for (address, rows) in waiting {
            let node = recorded(doc, &address, &rows);
            match fill(&node.config, doc, refreshed) {
                Ok(config) => ready.push((ProviderNode { config, ..node }, rows)),
                Err(Unread) => drop(later.insert(address, rows)),
            }
        }
        if ready.is_empty() {
            for row in later.values().flatten() {
                let why = "its provider is configured with something that could not be read".to_string();
                refreshed.insert(row.address.clone(), Refreshed::Unreadable(why));
                read.astray.insert(row.address.clone());
            }
            break;
        }
        let reads = ready.iter().map(|(node, rows)| read_rows(node, rows, schemas, pool, &on_use, limits));
        for Prefetched { rows, astray } in join_all(reads).await {
            refreshed.extend(rows);
            read.astray.extend(astray);
        }
        waiting = later;
    }
    read
}

/// Whether an attribute of a row that is read on use is named in the configuration.
fn is_spoken_of(row: &Row, schemas: &Schemas, words: &BTreeSet<String>) -> bool {
    schemas.types.get(&row.type_name).is_some_and(|schema| {
        schema.attributes.iter().any(|(name, attribute)| attribute.volatile && words.contains(&**name))
    })
}

/// The rows that recorded providers are configured from: their volatile attributes are read too.
fn configured_from(doc: &StateDoc) -> BTreeSet<Address> {
    doc.providers.values().flat_map(|provider| rows_behind(&provider.config)).collect()
}

/// The rows that a recorded configuration is filled in from whenever it is used.
pub(crate) fn rows_behind(config: &Value) -> BTreeSet<Address> {
    let mut rows = BTreeSet::new();
    config.for_each_unknown(&mut |unknown| {
        if let Origin::Row { row, .. } = &unknown.origin {
            rows.insert(row.clone());
        }
    });
    rows
}

/// A provider node as recorded, or without configuration where none was recorded.
pub(crate) fn recorded(doc: &StateDoc, address: &ProviderAddress, rows: &[&Arc<Row>]) -> ProviderNode {
    match doc.providers.get(address) {
        Some(row) => row.node(),
        None => ProviderNode {
            address: address.clone(),
            type_name: rows
                .first()
                .map_or_else(|| address.as_str().into(), |row| provider_of(&row.type_name).into()),
            config: Value::map::<Name>([]),
            needs: Vec::new(),
        },
    }
}

/// There is something that was not read.
pub(crate) struct Unread;

/// A value with what it refers to.
pub(crate) fn fill(
    value: &Value,
    doc: &StateDoc,
    refreshed: &BTreeMap<Address, Refreshed>,
) -> Result<Value, Unread> {
    value.map_leaves(&mut |_, leaf| {
        let Value::Unknown(unknown) = leaf else { return Ok(None) };
        let Origin::Row { row, path } = &unknown.origin else { return Err(Unread) };
        let value = match refreshed.get(row) {
            Some(Refreshed::Found { attributes, .. }) => attributes.at(path).cloned(),
            Some(_) => None,
            // A type that is not read holds its outputs in the state.
            None => doc.rows.get(row).and_then(|row| row.current.as_ref()?.attributes.at(path).cloned()),
        };
        value.map(Some).ok_or(Unread)
    })
}

async fn read_rows(
    node: &ProviderNode,
    rows: &[&Arc<Row>],
    schemas: &Schemas,
    pool: &ProviderPool,
    on_use: &BTreeSet<Address>,
    limits: &Limits,
) -> Prefetched {
    let provider = match pool.reach(node).await {
        Ok(provider) => provider,
        Err(error) => {
            let why = format!("the provider `{}` could not be opened: {error}", node.address);
            let unread = |row: &&Arc<Row>| (row.address.clone(), Refreshed::Unreadable(why.clone()));
            return Prefetched { rows: rows.iter().map(unread).collect(), astray: BTreeSet::new() };
        }
    };
    let provider = &*provider;
    let Prefetched { rows: mut all, mut astray } = Prefetched::default();
    let mut single = Vec::new();
    let mut collections: BTreeMap<(Name, Name), Vec<&Arc<Row>>> = BTreeMap::new();
    for row in rows {
        if let Some(why) = elsewhere(row.world.as_ref(), node, provider) {
            all.insert(row.address.clone(), Refreshed::Unreadable(why));
            astray.insert(row.address.clone());
            continue;
        }
        let collection = schemas.types.get(&row.type_name).and_then(|schema| {
            let attributes = &row.current.as_ref()?.attributes;
            aurak_plan::collection_of(schema, attributes)
        });
        match collection {
            // A listing has no volatile attributes.
            Some(_) if on_use.contains(&row.address) => single.push(*row),
            Some(collection) => collections.entry((row.type_name.clone(), collection)).or_default().push(row),
            None => single.push(*row),
        }
    }
    let lists = collections.into_iter().filter_map(|((type_name, collection), rows)| {
        if rows.len() < 2 {
            single.extend(rows);
            return None;
        }
        Some(async move {
            let objects = pool.ask(|| provider.list(&type_name, &collection)).await;
            (objects, rows)
        })
    });
    let lists: Vec<_> = lists.collect();
    let mut listed = stream::iter(lists).buffer_unordered(AT_ONCE);
    while let Some((objects, rows)) = listed.next().await {
        let objects = objects.unwrap_or_default();
        let by_id: BTreeMap<Name, Value> = objects.into_iter().map(|o| (o.id, o.attributes)).collect();
        for row in rows {
            let Some(current) = &row.current else { continue };
            match by_id.get(&current.id) {
                Some(attributes) => {
                    let found = Refreshed::Found { id: current.id.clone(), attributes: attributes.clone() };
                    all.insert(row.address.clone(), found);
                }
                // Listings lag behind in some services, and others do not list: a read tells.
                None => single.push(row),
            }
        }
    }
    drop(listed);
    let reads = single.into_iter().map(|row| async move {
        let Some(current) = &row.current else { return (row.address.clone(), Refreshed::Absent) };
        let (type_name, id, last) = (&row.type_name, &current.id, &current.attributes);
        let read = async {
            match on_use.contains(&row.address) {
                true => pool.ask(|| provider.read_volatile(type_name, id, last)).await,
                false => pool.ask(|| provider.read(type_name, id, last)).await,
            }
        };
        let read = match limits.of(&row.address) {
            None => read.await,
            Some(limit) => tokio::time::timeout(limit, read).await.unwrap_or_else(|_| {
                let why = format!("there was no answer within {} s, as `timeouts` says", limit.as_secs());
                Err(ProviderError::permanent(why))
            }),
        };
        let refreshed = read.unwrap_or_else(|error| Refreshed::Unreadable(error.to_string()));
        (row.address.clone(), refreshed)
    });
    all.extend(stream::iter(reads).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await);
    Prefetched { rows: all, astray }
}
