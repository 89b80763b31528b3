//! Whether a saved plan still holds: only what it touches or reads counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use aurak_lang::{MemorySources, SourceError, Sources};
use aurak_model::path::Seg;
use aurak_model::plan::{ReadBase, Work};
use aurak_model::{
    Address, Answer, Ask, AskKey, Diagnostic, Name, Path, Plan, Refreshed, Row, Slot, StateDoc, Step, Value,
};
use aurak_plan::Going;
use aurak_state::Key;

use crate::asks::answer;
use crate::error::RunError;
use crate::planning::base_digest;
use crate::pool::ProviderPool;
use crate::prefetch::{Limits, prefetch};
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
    pool: &ProviderPool,
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
    check_users(session, plan, previous)?;
    pool.begin().await;
    if let Some(key) = key {
        check_objects(session, pool, plan, previous, key).await?;
    }
    check_existing(pool, plan).await?;
    check_taken_over(pool, plan, previous).await?;
    check_creates(session, pool, plan).await
}

/// Nothing was made since from what the plan deletes: it would go with that, or keep it from going, and
/// the plan that was reviewed says nothing of it.
fn check_users(session: &Session, plan: &Plan, previous: &StateDoc) -> Result<(), RunError> {
    // What the plan renames has its other name still.
    let renamed: BTreeMap<&Address, &Address> = plan
        .steps
        .iter()
        .filter_map(|step| match &step.work {
            Work::Record { from: Some(from), .. } => Some((&step.address, from)),
            _ => None,
        })
        .collect();
    let types = &session.schemas.types;
    let mut deleted: BTreeSet<Address> = BTreeSet::new();
    let mut going = Going::default();
    for step in &plan.steps {
        let Work::Delete { id, live } = &step.work else { continue };
        for name in [Some(&step.address), renamed.get(&step.address).copied()].into_iter().flatten() {
            deleted.extend(name.composite());
            deleted.extend([name.block(), name.clone()]);
        }
        let provider = step.provider.and_then(|provider| plan.providers.get(provider as usize));
        if let Some(provider) = provider.filter(|_| !id.is_empty()) {
            let schema = types.get(&step.type_name).map(|schema| &**schema);
            going.add((&step.address, &provider.address), schema, id, live);
        }
    }
    let since =
        |row: &&Arc<Row>| row.version > plan.base.serial && !plan.base.rows.contains_key(&row.address);
    for row in previous.rows.values().filter(since) {
        let schema = types.get(&row.type_name).zip(row.current.as_ref());
        let around = schema.and_then(|(schema, current)| {
            going.around(schema, (&row.address, &row.provider), &current.attributes, |_, _| false)
        });
        if let Some(around) = around {
            let why = format!(
                "`{}` was made since in `{}`, of which the plan deletes an object",
                row.address, around.address
            );
            return Err(RunError::Stale { why });
        }
        let provider = previous.providers.get(&row.provider);
        let around = provider.into_iter().flat_map(|provider| &provider.needs);
        let mut needs = row.needs.iter().chain(&row.lifecycle.deleted_with).chain(around);
        if let Some(need) = needs.find(|need| deleted.contains(*need)) {
            let why = format!(
                "`{}` was made since from `{need}`, of which the plan deletes an object",
                row.address
            );
            return Err(RunError::Stale { why });
        }
    }
    Ok(())
}

/// The objects that the plan touches or reads are as they were.
async fn check_objects(
    session: &Session,
    pool: &ProviderPool,
    plan: &Plan,
    previous: &StateDoc,
    key: &Key,
) -> Result<(), RunError> {
    // Providers may be configured with outputs of rows that the plan does not name itself.
    let behind: BTreeSet<&Address> =
        previous.providers.values().flat_map(|provider| &provider.needs).collect();
    let wanted = |address: &Address| plan.base.rows.contains_key(address) || behind.contains(address);
    // What a plan rests on may be read on use.
    let paths = plan.base.rows.values().flat_map(|base| &base.paths);
    let words: BTreeSet<String> = paths
        .filter_map(|path| match path.0.first() {
            Some(Seg::Key(name)) => Some(name.to_string()),
            _ => None,
        })
        .collect();
    let refreshed =
        prefetch(previous, &session.schemas, pool, &wanted, &words, &Limits::default()).await.rows;
    let mut unreadable = Vec::new();
    for (address, base) in &plan.base.rows {
        if base.version == 0 || base.digest.is_empty() {
            continue;
        }
        if base_digest(address, &base.paths, previous, &refreshed, key) == base.digest {
            continue;
        }
        match refreshed.get(address) {
            Some(Refreshed::Unreadable(why)) => unreadable.push(unreadable_since(address, why)),
            _ => return Err(RunError::Stale { why: format!("`{address}` was changed outside aurak since") }),
        }
    }
    found(unreadable)
}

fn unreadable_since(address: &Address, why: &str) -> Diagnostic {
    Diagnostic::error("unreadable", format!("could not read `{address}`: {why}"))
        .detail("so it is not known whether the plan still holds")
        .help("nothing was changed; mend the cause and apply the plan again")
        .about(address)
}

fn found(findings: Vec<Diagnostic>) -> Result<(), RunError> {
    match findings.is_empty() {
        true => Ok(()),
        false => Err(RunError::Findings { findings, files: Box::default() }),
    }
}

/// What is only read, and went into the plan, is as it was.
async fn check_existing(pool: &ProviderPool, plan: &Plan) -> Result<(), RunError> {
    let ask = |(address, base): (&Address, &ReadBase)| {
        let ask = Ask::Read {
            address: address.clone(),
            slot: Slot::Current,
            type_name: base.type_name.clone(),
            provider: base.provider.clone(),
            id: base.id.clone(),
            world: None,
            last: Value::Null,
            whole: base.whole,
        };
        (ask.key(0), ask)
    };
    let asks: BTreeMap<AskKey, Ask> = plan.base.existing.iter().map(ask).collect();
    let mut unreadable = Vec::new();
    for (name, answer) in answer(&asks, &MemorySources::default(), pool).await {
        let AskKey::Read(address, ..) = name else { continue };
        let values = plan.base.existing.get(&address).map_or(&[][..], |base| &base.values);
        let why = match answer {
            Answer::Object(Refreshed::Found { attributes, .. }) => {
                let now = |path: &Path| attributes.at(path).map(Value::reveal).unwrap_or_default();
                if values.iter().all(|(path, value)| now(path) == value.reveal()) {
                    continue;
                }
                format!("`{address}`, which is only read, was changed since")
            }
            Answer::Object(Refreshed::Absent) => format!("`{address}`, which is only read, is gone"),
            Answer::Object(Refreshed::Unreadable(why)) | Answer::Failed(why) => {
                unreadable.push(unreadable_since(&address, &why));
                continue;
            }
            _ => continue,
        };
        return Err(RunError::Stale { why });
    }
    found(unreadable)
}

/// An object that the plan takes over: no row has it when the plan is made, and none reads it.
struct TakenOver<'a> {
    step: &'a Step,
    id: &'a Name,
    /// As it was found.
    live: &'a Value,
}

/// The objects that the plan takes over are there as they were found, and still nobody's.
async fn check_taken_over(pool: &ProviderPool, plan: &Plan, previous: &StateDoc) -> Result<(), RunError> {
    let taken: BTreeMap<&Address, TakenOver<'_>> = plan
        .steps
        .iter()
        .filter_map(|step| taken_over(step, previous))
        .map(|it| (&it.step.address, it))
        .collect();
    // Those that were there before were judged by the plan.
    let since = previous.rows.values().filter(|row| !taken.is_empty() && row.version > plan.base.serial);
    let owners: HashMap<(&Name, &Name), &Address> = since
        .flat_map(|row| {
            let objects = row.current.iter().chain(&row.old).chain(&row.temporary);
            objects.map(|object| ((&row.type_name, &object.id), &row.address))
        })
        .collect();
    let mut asks = BTreeMap::new();
    for (address, TakenOver { step, id, live }) in &taken {
        if let Some(owner) = owners.get(&(&step.type_name, *id)) {
            let why = format!("{id}, which `{address}` was to take over, belongs to `{owner}` now");
            return Err(RunError::Stale { why });
        }
        let provider = step.provider.and_then(|provider| plan.providers.get(provider as usize));
        let Some(provider) = provider.filter(|provider| !provider.config.has_unknown()) else { continue };
        let ask = Ask::Read {
            address: step.address.clone(),
            slot: Slot::Current,
            type_name: step.type_name.clone(),
            provider: provider.clone(),
            id: (*id).clone(),
            world: None,
            last: (*live).clone(),
            whole: false,
        };
        asks.insert(ask.key(0), ask);
    }
    let mut unreadable = Vec::new();
    for (name, answer) in answer(&asks, &MemorySources::default(), pool).await {
        let AskKey::Read(address, ..) = name else { continue };
        let Some(TakenOver { id, live, .. }) = taken.get(&address) else { continue };
        let paths = plan.base.rows.get(&address).map_or(&[][..], |base| &base.paths);
        let why = match answer {
            Answer::Object(Refreshed::Found { attributes, .. }) => {
                let same =
                    |path: &Path| attributes.at(path).map(Value::reveal) == live.at(path).map(Value::reveal);
                if paths.iter().all(same) {
                    continue;
                }
                format!("`{address}` was changed outside aurak since")
            }
            Answer::Object(Refreshed::Absent) => format!("{id}, which `{address}` was to take over, is gone"),
            Answer::Object(Refreshed::Unreadable(why)) | Answer::Failed(why) | Answer::Elsewhere(why) => {
                unreadable.push(unreadable_since(&address, &why));
                continue;
            }
            _ => continue,
        };
        return Err(RunError::Stale { why });
    }
    found(unreadable)
}

fn taken_over<'a>(step: &'a Step, previous: &StateDoc) -> Option<TakenOver<'a>> {
    let (id, live) = match &step.work {
        Work::Record { id, attributes, from: None, .. } => (id, attributes),
        Work::Update { id, live, .. } => (id, live),
        _ => return None,
    };
    let row = previous.rows.get(&step.address);
    let has = row.and_then(|row| row.current.as_ref()).is_some_and(|object| object.id == *id);
    (!has).then_some(TakenOver { step, id, live })
}

/// What the plan makes is not there yet. Where that cannot be found out, making it will tell.
async fn check_creates(session: &Session, pool: &ProviderPool, plan: &Plan) -> Result<(), RunError> {
    let mut asks = BTreeMap::new();
    for step in &plan.steps {
        let Work::Create { desired, key: Some(Value::String(key)), .. } = &step.work else { continue };
        let provider = step.provider.and_then(|provider| plan.providers.get(provider as usize));
        let Some(provider) = provider.filter(|provider| !provider.config.has_unknown()) else { continue };
        if plan.base.rows.get(&step.address).is_none_or(|base| base.version > 0) {
            continue;
        }
        let schema = session.schemas.types.get(&step.type_name);
        let ask = Ask::Find {
            address: step.address.clone(),
            slot: step.slot,
            type_name: step.type_name.clone(),
            provider: provider.clone(),
            key: key.clone(),
            collection: schema.and_then(|schema| aurak_plan::collection_of(schema, desired)),
            planned: desired.clone(),
        };
        asks.insert(ask.key(0), ask);
    }
    let answers = answer(&asks, &MemorySources::default(), pool).await;
    for (name, answer) in answers {
        if let (
            AskKey::Find(address, ..),
            Answer::Object(Refreshed::Found { .. } | Refreshed::Ambiguous(_)),
        ) = (name, answer)
        {
            return Err(RunError::Stale { why: format!("`{address}` was created outside aurak since") });
        }
    }
    Ok(())
}
