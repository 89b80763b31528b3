//! Answers the planner's questions: from the sources, and from providers.
//!
//! Questions about objects of one collection are answered by one listing where there are several.

use std::collections::BTreeMap;
use std::sync::Arc;

use aurak_api::Provider;
use aurak_exec::Providers;
use aurak_lang::{SourceError, Sources};
use aurak_model::{Answer, Ask, AskKey, Name, Refreshed, Value};
use futures::stream::{self, StreamExt};

use crate::pool::ProviderPool;

/// How many questions are under way at once.
const AT_ONCE: usize = 16;

/// A listing: provider node, type, collection.
type Listing = (Name, Name, Name);

/// Answers all questions of a round.
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
    let answered: Vec<(AskKey, Answer)> =
        stream::iter(single).map(|(key, ask)| one(key, ask, pool)).buffer_unordered(AT_ONCE).collect().await;
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
    let opened = pool.open(provider).await.ok()?;
    let objects = opened.list(type_name, collection).await.ok()?;
    pool.count_request();
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

async fn one(key: &AskKey, ask: &Ask, pool: &ProviderPool) -> (AskKey, Answer) {
    let answer = match ask {
        Ask::Read { type_name, provider, id, last, .. } => match pool.open(provider).await {
            Ok(provider) => object(read(&provider, type_name, id, last, pool).await),
            Err(error) => Answer::Failed(error.to_string()),
        },
        Ask::Find { type_name, provider, key: wanted, planned, .. } => match pool.open(provider).await {
            Ok(provider) => {
                pool.count_request();
                object(provider.find(type_name, wanted, planned).await.map_err(|error| error.to_string()))
            }
            Err(error) => Answer::Failed(error.to_string()),
        },
        Ask::Preview { type_name, provider, desired, live, .. } => match pool.open(provider).await {
            Ok(provider) => {
                pool.count_request();
                match provider.preview(type_name, desired, live).await {
                    Ok(planned) => Answer::Preview { desired: desired.clone(), planned },
                    Err(error) => Answer::Failed(error.to_string()),
                }
            }
            Err(error) => Answer::Failed(error.to_string()),
        },
        Ask::Expand { type_name, provider, desired, .. } => match pool.open(provider).await {
            Ok(provider) => match provider.expand(type_name, desired).await {
                Ok(children) => Answer::Children { desired: desired.clone(), children },
                Err(error) => Answer::Failed(error.to_string()),
            },
            Err(error) => Answer::Failed(error.to_string()),
        },
        Ask::File(_) | Ask::Glob(_) | Ask::Env(_) => Answer::Failed("a source is no object".to_string()),
    };
    (key.clone(), answer)
}

fn object(refreshed: Result<Refreshed, String>) -> Answer {
    match refreshed {
        Ok(refreshed) => Answer::Object(refreshed),
        Err(why) => Answer::Failed(why),
    }
}

/// Reads an object.
pub(crate) async fn read(
    provider: &Arc<dyn Provider>,
    type_name: &str,
    id: &str,
    last: &Value,
    pool: &ProviderPool,
) -> Result<Refreshed, String> {
    pool.count_request();
    let mut tries = 0;
    loop {
        match provider.read(type_name, id, last).await {
            Err(error) if error.is_retryable() && tries < 5 => {
                tries += 1;
                let wait = match error.class {
                    aurak_api::Class::Transient { after: Some(after) } => after,
                    _ => std::time::Duration::from_millis(100 << tries),
                };
                tokio::time::sleep(wait).await;
            }
            Err(error) => return Err(error.to_string()),
            Ok(refreshed) => return Ok(refreshed),
        }
    }
}
