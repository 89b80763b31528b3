//! `core.data`: a value that the state keeps.

use aurak_api::{Applied, Progress, Update};
use aurak_model::{Name, Value};

use crate::provider::{draw_id, with};

pub(crate) fn create(desired: &Value) -> Progress {
    done(draw_id(), desired)
}

pub(crate) fn update(update: &Update) -> Progress {
    done(update.id.clone(), &update.desired)
}

fn done(id: Name, desired: &Value) -> Progress {
    let input = desired.as_map().and_then(|map| map.get("input")).cloned().unwrap_or_default();
    let attributes = with(desired, [("output", input), ("id", Value::String(id.clone()))]);
    Progress::Done(Applied { id, attributes })
}
