//! What became of a create whose answer never came: looks for the object by its natural key, then
//! asks the provider, and says so where only a person can tell. Never leads to a second object.

use std::pin::Pin;
use std::time::Duration;

use aurak_api::{Applied, Call, Class, Provider, ProviderError, Readiness, Recovery};
use aurak_model::snapshot::Refreshed;
use aurak_model::{Name, Value};

use crate::backoff::Backoff;
use crate::lease::LeaseKeeper;

/// The answer.
#[derive(Debug)]
pub(crate) enum Whereabouts {
    /// It is there.
    Found(Applied),
    /// It is not there.
    Nothing,
    /// A second call adds nothing.
    Repeat,
    /// Only a person can tell, and why.
    Ask(String),
    /// It cannot be found out just now, and why.
    CannotTell(String),
}

/// How often it is looked whether an object is ready.
pub(crate) const READY_POLL: Duration = Duration::from_secs(5);
/// How often a question that changes nothing is put when it fails in passing.
const TRIES: u32 = 5;

/// Finds out.
pub(crate) async fn find_out(
    provider: &dyn Provider,
    call: &Call,
    type_name: &str,
    key: Option<&Name>,
    desired: &Value,
    patience: Patience<'_>,
) -> Whereabouts {
    let mut unclear = None;
    if let Some(key) = key {
        match patience.ask(|| provider.find(type_name, key, desired)).await {
            Ok(Refreshed::Found { id, attributes }) => {
                return match patience.ask(|| provider.recover(call, type_name, desired)).await {
                    // Somebody else's may have the same key.
                    Ok(Recovery::Object(Refreshed::Found { id, attributes })) => {
                        Whereabouts::Found(Applied { id, attributes })
                    }
                    Ok(Recovery::Object(Refreshed::Absent)) => Whereabouts::Nothing,
                    Ok(
                        Recovery::Object(
                            Refreshed::Ambiguous(_) | Refreshed::Asleep(_) | Refreshed::Unreadable(_),
                        )
                        | Recovery::Repeat
                        | Recovery::Ask(_),
                    ) => Whereabouts::Found(Applied { id, attributes }),
                    Err(error) => Whereabouts::CannotTell(error.message),
                };
            }
            Ok(Refreshed::Absent) => return Whereabouts::Nothing,
            Ok(Refreshed::Ambiguous(ids)) => {
                return Whereabouts::Ask(format!("several objects are called `{key}`: {}", list(&ids)));
            }
            Ok(Refreshed::Asleep(why) | Refreshed::Unreadable(why)) => unclear = Some(why),
            Err(error) => unclear = Some(error.message),
        }
    }
    match patience.ask(|| provider.recover(call, type_name, desired)).await {
        Ok(Recovery::Repeat) => Whereabouts::Repeat,
        Ok(Recovery::Object(Refreshed::Found { id, attributes })) => {
            Whereabouts::Found(Applied { id, attributes })
        }
        Ok(Recovery::Object(Refreshed::Absent)) => Whereabouts::Nothing,
        Ok(Recovery::Object(Refreshed::Ambiguous(ids))) => {
            Whereabouts::Ask(format!("it may be one of {}", list(&ids)))
        }
        Ok(Recovery::Object(Refreshed::Asleep(why) | Refreshed::Unreadable(why))) => {
            Whereabouts::CannotTell(why)
        }
        // Where there is a key, looking again later can tell.
        Ok(Recovery::Ask(why)) => match unclear {
            Some(unclear) => Whereabouts::CannotTell(unclear),
            None => Whereabouts::Ask(why),
        },
        Err(error) => Whereabouts::CannotTell(unclear.unwrap_or(error.message)),
    }
}

/// Whether an object with the key of ours is what our call made. A provider that can tell what a call
/// made is believed; for any other the key has to do.
pub(crate) async fn is_ours(
    provider: &dyn Provider,
    call: &Call,
    type_name: &str,
    desired: &Value,
    found: &Name,
    patience: Patience<'_>,
) -> Result<bool, ProviderError> {
    Ok(match patience.ask(|| provider.recover(call, type_name, desired)).await? {
        Recovery::Object(Refreshed::Found { id, .. }) => id == *found,
        Recovery::Object(Refreshed::Absent) => false,
        Recovery::Object(Refreshed::Ambiguous(_) | Refreshed::Asleep(_) | Refreshed::Unreadable(_))
        | Recovery::Repeat
        | Recovery::Ask(_) => true,
    })
}

/// What became of an object that was found.
#[derive(Debug)]
pub(crate) enum Settled {
    /// Nothing goes on with it any more.
    Ready(Applied),
    /// The service gave up on it, and why.
    Failed(Applied, String),
    /// It went away meanwhile.
    Gone,
    /// It cannot be found out just now, and why.
    CannotTell(String),
}

/// Waits until nothing goes on any more with an object that was found: the call that nobody saw the
/// end of may not have ended, and what depends on the object must not start before it is.
pub(crate) async fn settled(
    provider: &dyn Provider,
    type_name: &str,
    mut found: Applied,
    patience: Patience<'_>,
    says: impl Fn(&str),
) -> Settled {
    loop {
        match provider.readiness(type_name, &found.attributes) {
            Readiness::Ready => return Settled::Ready(found),
            Readiness::Failed(why) => return Settled::Failed(found, why),
            Readiness::Waiting(why) => says(&why),
        }
        tokio::time::sleep(READY_POLL).await;
        match patience.ask(|| provider.read(type_name, &found.id, &found.attributes)).await {
            Ok(Refreshed::Found { id, attributes }) => found = Applied { id, attributes },
            Ok(Refreshed::Absent) => return Settled::Gone,
            Ok(Refreshed::Asleep(why) | Refreshed::Unreadable(why)) => return Settled::CannotTell(why),
            Ok(Refreshed::Ambiguous(_)) => return Settled::CannotTell("its id is not unique".to_string()),
            Err(error) => return Settled::CannotTell(error.message),
        }
    }
}

/// How questions that change nothing are put.
#[derive(Clone, Copy)]
pub(crate) struct Patience<'a> {
    pub(crate) lease: &'a LeaseKeeper,
    pub(crate) backoff: &'a Backoff,
}

impl Patience<'_> {
    /// Puts a question, again where it fails in passing.
    pub(crate) async fn ask<'f, T>(self, ask: impl Fn() -> Answer<'f, T>) -> Result<T, ProviderError> {
        let mut backoff = self.backoff.clone();
        backoff.reset();
        loop {
            self.lease.check().map_err(|lost| ProviderError::permanent(lost.to_string()))?;
            let error = match ask().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let wait: Duration = match error.class {
                Class::Transient { after } => backoff.failed(after),
                Class::Conflict => backoff.failed(None),
                Class::Exists { .. } | Class::Gone | Class::Permanent => return Err(error),
            };
            if backoff.failures() >= TRIES {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
        }
    }
}

/// What a provider's method returns.
pub(crate) type Answer<'f, T> = Pin<Box<dyn Future<Output = Result<T, ProviderError>> + Send + 'f>>;

fn list(ids: &[Name]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}
