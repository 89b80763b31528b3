//! `core.sleep`: waits when it is made and when it goes.

use std::time::Duration;

use aurak_api::{Applied, Call, Progress, ProviderError, Update};
use aurak_model::{Name, Value};

use crate::duration;
use crate::provider::{draw_id, text, with};

pub(crate) async fn create(call: &Call, desired: &Value) -> Result<Progress, ProviderError> {
    // Both are read now, so that the second does not fail only when it goes.
    let wait = wait_of(desired, "create")?;
    wait_of(desired, "destroy")?;
    sleep(call, wait).await?;
    Ok(done(draw_id(), desired))
}

pub(crate) fn update(update: &Update) -> Progress {
    done(update.id.clone(), &update.desired)
}

pub(crate) async fn delete(call: &Call, live: &Value) -> Result<Progress, ProviderError> {
    sleep(call, wait_of(live, "destroy")?).await?;
    Ok(Progress::Deleted)
}

fn wait_of(attributes: &Value, name: &str) -> Result<Duration, ProviderError> {
    match text(&attributes.reveal(), name) {
        None => Ok(Duration::ZERO),
        Some(written) => {
            duration::parse(written).map_err(|bad| ProviderError::permanent(format!("`{name}`: {bad}")))
        }
    }
}

async fn sleep(call: &Call, wait: Duration) -> Result<(), ProviderError> {
    if wait.is_zero() {
        return Ok(());
    }
    call.progress(format!("waiting {wait:?}"));
    tokio::select! {
        () = tokio::time::sleep(wait) => Ok(()),
        () = call.cancel.cancelled() => Err(ProviderError::transient("stopped while it waited")),
    }
}

fn done(id: Name, desired: &Value) -> Progress {
    Progress::Done(Applied { attributes: with(desired, [("id", Value::String(id.clone()))]), id })
}
