//! The life of an object: made, read, changed in place, changed by others, drifted, gone, adopted,
//! deleted.

use aurak_model::Path;
use aurak_model::plan::{Action, Reason};
use aurak_rest::body;
use serde_json::{Value as Json, json};

use super::changes::{Changes, add_all, difference, get, leftover, set_all};
use super::stage::{IT, Stage};

/// What went wrong.
pub(super) async fn lived(stage: &mut Stage<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Err(why) = made(stage).await {
        return vec![format!("create: {why}")];
    }
    macro_rules! part {
        ($($name:literal: $part:ident),*) => {$(
            if let Err(why) = $part(stage).await {
                wrong.push(format!(concat!($name, ": {}"), why));
                stage.reset().await;
            }
        )*};
    }
    part!(
        "read": read,
        "update": updated,
        "what others set": left_alone,
        "drift": set_back,
        "gone": made_again,
        "adopt": adopted,
        "delete": deleted
    );
    wrong
}

async fn made(stage: &mut Stage<'_>) -> Result<(), String> {
    let it = stage.resource(&Changes::new());
    stage.apply(Some(&it)).await?;
    let live = stage.live().await?.ok_or("it is not there")?;
    for path in &stage.sample.served {
        if get(&it, path).is_some() {
            return Err(format!("`{path}` is said to come from the service, and the sample sets it"));
        }
        if get(&live, path).is_none() {
            return Err(format!("`{path}` is said to come from the service, which gives {live}"));
        }
    }
    Ok(())
}

/// Another stack, which only reads it.
async fn read(stage: &mut Stage<'_>) -> Result<(), String> {
    let live = stage.live().await?.ok_or("it is not there")?;
    let mut existing = json!({ "seen": { "type": stage.ty.schema.name, "id": live["id"] } });
    // What says its version itself does so here as well.
    let version = &stage.ty.spec.version;
    if let Some(name) = version.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        existing["seen"][name] = stage.sample.resource[name].clone();
    }
    let stack = json!({
        "aurak": 1, "name": "reader", "providers": { "azure": {} }, "existing": existing,
        "outputs": { "name": { "value": "{{ seen.name }}" } },
    });
    let outcome = stage.place.plan(&stack).await?;
    let seen = outcome.plan.outputs.first().and_then(|output| output.after.as_ref()?.as_str());
    match seen.is_some_and(|name| live["name"] == name) {
        true => Ok(()),
        false => Err(format!("its name is {} and was read as {seen:?}", live["name"])),
    }
}

async fn updated(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.begin(&stage.resource(&Changes::new())).await?;
    let changed = stage.resource(&stage.sample.update);
    stage.expect(Some(&changed), &[Action::Update]).await?;
    let before = stage.id().await?;
    stage.place.deleted()?;
    stage.apply(Some(&changed)).await?;
    let deleted = stage.place.deleted()?;
    let live = stage.live().await?.ok_or("it is not there")?;
    if let Some(path) = leftover(&live, &stage.resource(&Changes::new()), &changed) {
        return Err(format!("`{path}` is no longer asked for, and still there: {live}"));
    }
    match before == stage.id().await? && deleted.is_empty() {
        true => Ok(()),
        false => Err(format!("it was not changed in place: {deleted:?} was deleted")),
    }
}

/// What somebody else sets and we do not own is no drift, and an update leaves it alone.
async fn left_alone(stage: &mut Stage<'_>) -> Result<(), String> {
    let changed = stage.resource(&stage.sample.update);
    stage.begin(&changed).await?;
    let theirs = stage.others(|body| add_all(body, &stage.sample.others)).await?;
    stage.nothing_to_do(Some(&changed)).await?;
    stage.apply(Some(&stage.resource(&Changes::new()))).await?;
    let live = stage.live().await?.ok_or("it is not there")?;
    for (path, value) in &stage.sample.others {
        let there = get(&live, path).unwrap_or(&Json::Null);
        if get(&theirs, path).is_none_or(|there| difference(there, value).is_some()) {
            return Err(format!("`{path}` was not taken from somebody else: {theirs}"));
        }
        if let Some(why) = difference(there, value) {
            return Err(format!("`{path}` was set by somebody else and an update took it: {why}"));
        }
    }
    Ok(())
}

/// What somebody else does to what we own is seen and set back.
async fn set_back(stage: &mut Stage<'_>) -> Result<(), String> {
    let it = stage.resource(&Changes::new());
    stage.begin(&it).await?;
    for (path, value) in &stage.sample.drift {
        let one = Changes::from([(path.clone(), value.clone())]);
        stage.others(|body| set_all(body, &one)).await?;
        let change = stage.expect(Some(&it), &[Action::Update]).await?;
        let path = Path::parse(path).map_err(|error| error.to_string())?;
        let seen = |rule: &Path, at: &Path| rule.covers(at) || at.covers(rule);
        if !change.drift.iter().any(|drift| seen(&path, &drift.path)) {
            return Err(format!("`{path}` drifted, and the plan has {:?}", change.drift));
        }
        if !change.reasons.contains(&Reason::ChangedOutside) {
            return Err(format!("`{path}` drifted, and the plan says {:?}", change.reasons));
        }
        stage.apply(Some(&it)).await?;
    }
    Ok(())
}

/// What somebody else deleted is made again.
async fn made_again(stage: &mut Stage<'_>) -> Result<(), String> {
    let it = stage.resource(&Changes::new());
    stage.begin(&it).await?;
    stage.place.other.delete(&stage.id().await?).await?;
    let change = stage.expect(Some(&it), &[Action::Create]).await?;
    if !change.reasons.contains(&Reason::ObjectGone) {
        return Err(format!("it is gone, and the plan says {:?}", change.reasons));
    }
    stage.apply(Some(&it)).await
}

/// What somebody else made is taken over where that is asked for, and not otherwise; it becomes what we
/// ask for.
async fn adopted(stage: &mut Stage<'_>) -> Result<(), String> {
    let it = stage.resource(&Changes::new());
    stage.begin(&it).await?;
    let object = stage.place.recorded(IT).await?;
    let id = get(&stage.live().await?.ok_or("it is not there")?, "id").cloned().unwrap_or_default();
    let id = id.as_str().unwrap_or_default();
    let attributes = object.desired.reveal();
    let mut theirs = body::sent(stage.ty, attributes.as_map().ok_or("no attributes")?).ok_or("no body")?;
    set_all(&mut theirs, &stage.sample.drift);
    stage.apply(None).await?;
    stage.place.other.put(id, &theirs).await?;
    match stage.plan(Some(&it)).await {
        Err(why) if why.contains("adopt") => {}
        Err(why) => return Err(format!("the plan should say that it exists, and says {why}")),
        Ok(outcome) => return Err(format!("it exists, and the plan is {}", super::place::shown(&outcome))),
    }
    let mut ours = it.clone();
    ours["lifecycle"] = json!({ "adopt": true });
    stage.expect(Some(&ours), &[Action::Import]).await?;
    stage.place.deleted()?;
    stage.apply(Some(&ours)).await?;
    let deleted = stage.place.deleted()?;
    if !deleted.is_empty() || stage.id().await? != id.to_ascii_lowercase() {
        return Err(format!("{id} was not taken over; deleted: {deleted:?}"));
    }
    stage.nothing_to_do(Some(&it)).await
}

async fn deleted(stage: &mut Stage<'_>) -> Result<(), String> {
    stage.begin(&stage.resource(&Changes::new())).await?;
    let id = stage.id().await?;
    stage.expect(None, &[Action::Delete]).await?;
    stage.apply(None).await?;
    match stage.place.other.get(&id).await? {
        None => Ok(()),
        Some(there) => Err(format!("it is still there: {there}")),
    }
}
