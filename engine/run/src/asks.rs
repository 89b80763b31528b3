//! Answers the planner's questions: from the sources, and from providers.
//!
//! Questions about objects of one collection are answered by one listing where there are several.

use std::collections::BTreeMap;

use aurak_api::{Provider, ProviderError};
use aurak_lang::{SourceError, Sources};
use aurak_model::{Answer, Ask, AskKey, Name, ProviderNode, Refreshed};
use futures::stream::{self, StreamExt};

use crate::pool::ProviderPool;

/// How many questions are under way at once.
const AT_ONCE: usize = 16;

/// A listing: provider node, type, collection.
type Listing = (Name, Name, Name);

/// Answers all questions of a round. Rows of the state tell in which world an object was made.
pub(crate) async fn answer(
    asks: &BTreeMap<AskKey, Ask>,
    sources: &dyn Sources,
    pool: &ProviderPool,
) -> BTreeMap<AskKey, Answer> {
    let mut answers = BTreeMap::new();
    let mut finds: BTreeMap<Listing, Vec<(&AskKey, &Ask)>> = BTreeMap::new();
    let mut single = Vec::new();
    for (key, ask) in asks {
        match ask {
            Ask::File(path) => {
                answers.insert(key.clone(), file(sources, path));
            }
            Ask::Glob(pattern) => {
                let answer = match sources.glob(pattern) {
                    Ok(paths) => Answer::Glob(paths.into_iter().map(Name::from).collect()),
                    Err(error) => Answer::Failed(error.to_string()),
                };
                answers.insert(key.clone(), answer);
            }
            Ask::Env(name) => {
                answers.insert(key.clone(), Answer::Env(sources.env(name).map(Name::from)));
            }
            Ask::Find { type_name, provider, collection: Some(collection), .. } => {
                let group = (provider.address.as_str().into(), type_name.clone(), collection.clone());
                finds.entry(group).or_default().push((key, ask));
            }
            Ask::Find { .. } | Ask::Read { .. } | Ask::Preview { .. } | Ask::Expand { .. } => {
                single.push((key, ask))
            }
        }
    }
    for ((_, type_name, collection), asks) in finds {
        if asks.len() < 2 {
            single.extend(asks);
            continue;
        }
        match listed(&asks, &type_name, &collection, pool).await {
            Some(found) => answers.extend(found),
            None => single.extend(asks),
        }
    }
    let answered: Vec<(AskKey, Answer)> = stream::iter(single)
        .map(|(key, ask)| async move {
            let answer = one(ask, pool).await;
            (key.clone(), answer.unwrap_or_else(|error| Answer::Failed(error.to_string())))
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    answers.extend(answered);
    answers
}

fn file(sources: &dyn Sources, path: &str) -> Answer {
    match sources.read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Answer::File(text.into()),
            Err(_) => Answer::Failed("it is not UTF-8 text".to_string()),
        },
        Err(SourceError::NotFound) => Answer::Failed("there is no such file".to_string()),
        Err(error) => Answer::Failed(error.to_string()),
    }
}

/// Looks several keys up in one listing; `None` where the provider cannot list them.
async fn listed(
    asks: &[(&AskKey, &Ask)],
    type_name: &str,
    collection: &str,
    pool: &ProviderPool,
) -> Option<Vec<(AskKey, Answer)>> {
    let Some((_, Ask::Find { provider, .. })) = asks.first() else { return None };
    let opened = pool.reach(provider).await.ok()?;
    let objects = pool.ask(|| opened.list(type_name, collection)).await.ok()?;
    let mut by_key: BTreeMap<Name, Vec<_>> = BTreeMap::new();
    for object in objects {
        // A listing that does not tell the keys is of no use here.
        by_key.entry(object.key.clone()?).or_default().push(object);
    }
    let mut answers = Vec::new();
    for (name, ask) in asks {
        let Ask::Find { key, .. } = ask else { continue };
        let refreshed = match by_key.get(key).map(Vec::as_slice) {
            None | Some([]) => Refreshed::Absent,
            Some([object]) => {
                Refreshed::Found { id: object.id.clone(), attributes: object.attributes.clone() }
            }
            Some(several) => Refreshed::Ambiguous(several.iter().map(|object| object.id.clone()).collect()),
        };
        answers.push(((*name).clone(), Answer::Object(refreshed)));
    }
    Some(answers)
}

/// Puts one question to a provider.
async fn one(ask: &Ask, pool: &ProviderPool) -> Result<Answer, ProviderError> {
    match ask {
        Ask::Read { address: _, slot: _, type_name, provider: node, id, world, last, whole } => {
            let provider = pool.reach(node).await?;
            if let Some(why) = elsewhere(world.as_ref(), node, &*provider) {
                return Ok(Answer::Elsewhere(why));
            }
            let read = match whole {
                true => pool.ask(|| provider.read_volatile(type_name, id, last)).await,
                false => pool.ask(|| provider.read(type_name, id, last)).await,
            };
            read.map(Answer::Object)
        }
        Ask::Find { type_name, provider: node, key, planned, .. } => {
            let provider = pool.reach(node).await?;
            pool.ask(|| provider.find(type_name, key, planned)).await.map(Answer::Object)
        }
        Ask::Preview { type_name, provider: node, desired, live, .. } => {
            let provider = pool.reach(node).await?;
            let planned = pool.ask(|| provider.preview(type_name, desired, live)).await?;
            Ok(Answer::Preview { desired: desired.clone(), planned })
        }
        Ask::Expand { type_name, provider: node, desired, .. } => {
            let provider = pool.reach(node).await?;
            // Often answered by the provider itself, without a request.
            let children = pool.patiently(|| provider.expand(type_name, desired)).await?;
            Ok(Answer::Children { desired: desired.clone(), children })
        }
        Ask::File(_) | Ask::Glob(_) | Ask::Env(_) => {
            Err(ProviderError::permanent("a source is no question for a provider"))
        }
    }
}

/// Why an object that was made in one world is not to be looked for with a provider, if it is in
/// another: there it would only seem to be gone, and would be made a second time.
pub(crate) fn elsewhere(
    recorded: Option<&Name>,
    node: &ProviderNode,
    provider: &dyn Provider,
) -> Option<String> {
    let (recorded, here) = (recorded?, provider.world()?);
    let why = || format!("it was made in `{recorded}`, but the provider `{}` is in `{here}`", node.address);
    (*recorded != here).then(why)
}
