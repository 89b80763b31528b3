//! Changes of what cannot simply be changed: replaced, rotated, refused, or made in place after all.

use aurak_model::Path;
use aurak_model::plan::Reason;
use serde_json::Value as Json;

use super::changes::{set, set_all};
use super::coverage::messages;
use super::sample::{Case, Way};
use super::stage::{Stage, actions};

/// What went wrong.
pub(super) async fn tried(stage: &mut Stage<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, cases) in &stage.sample.immutable {
        let mut said = Vec::new();
        for case in cases.all() {
            match tried_one(stage, path, case).await {
                Ok(text) => said.extend(text),
                Err(why) => {
                    let way = format!("{:?}", case.leads_to).to_lowercase();
                    wrong.push(format!("`{path}` to {}, {way}: {why}", case.to));
                    stage.reset().await;
                }
            }
        }
        // Each rule that refuses has to be met.
        for message in messages(&stage.ty.schema, path) {
            let met = said.iter().any(|text| text.contains(&one_line(&message)));
            if !met && !stage.sample.excuses(path, Way::Refused) {
                wrong.push(format!("`{path}`: no case is refused with \"{message}\""));
            }
        }
    }
    wrong
}

/// Text without what its lines were broken with for people.
fn one_line(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| !matches!(*word, "│" | "|"));
    words.collect::<Vec<_>>().join(" ")
}

/// Tries a case: what the plan said where it was refused.
async fn tried_one(stage: &mut Stage<'_>, path: &str, case: &Case) -> Result<Option<String>, String> {
    let mut before = stage.resource(&case.with);
    if let Some(from) = &case.from {
        set(&mut before, path, from);
    }
    let mut after = before.clone();
    set_all(&mut after, &case.then);
    set(&mut after, path, &case.to);
    stage.begin(&before).await.map_err(|why| format!("before: {why}"))?;
    refused_to_others(stage, path, case).await?;
    if case.leads_to == Way::Refused {
        return match stage.plan(Some(&after)).await {
            Err(why) => Ok(Some(one_line(&why))),
            Ok(outcome) => Err(format!("it is planned\n{}", super::place::shown(&outcome))),
        };
    }
    changed(stage, path, case, &after).await?;
    Ok(None)
}

/// What the type says cannot be changed in place is refused to others, too: else either the type or the
/// sandbox is wrong.
async fn refused_to_others(stage: &Stage<'_>, path: &str, case: &Case) -> Result<(), String> {
    let name = path.split(['.', '[']).next().unwrap_or(path);
    let expression = |value: &Json| value.to_string().contains("{{");
    // An attribute that is left out may be kept, and what is no part of the body is another object.
    if case.leads_to == Way::Update
        || case.to.is_null()
        || !stage.ty.in_body(name)
        || expression(&case.to)
        || case.then.values().any(expression)
    {
        return Ok(());
    }
    let id = stage.id().await?;
    let mut body = stage.live().await?.ok_or("it is not there")?;
    set_all(&mut body, &case.then);
    set(&mut body, path, &case.to);
    stage.place.other.is_refused(&id, &body).await
}

async fn changed(stage: &mut Stage<'_>, path: &str, case: &Case, after: &Json) -> Result<(), String> {
    let change = stage.expect(Some(after), actions(case.leads_to)).await?;
    let rule = Path::parse(path).map_err(|error| error.to_string())?;
    let forced = change.reasons.iter().any(|reason| match reason {
        Reason::ImmutableAttribute { path } => rule.covers(path) || path.covers(&rule),
        _ => false,
    });
    let in_place = case.leads_to == Way::Update;
    if forced == in_place {
        return Err(format!("the plan says why: {:?}", change.reasons));
    }
    let old = stage.id().await?;
    stage.place.deleted()?;
    stage.apply(Some(after)).await?;
    let (new, deleted) = (stage.id().await?, stage.place.deleted()?);
    if deleted.contains(&old) == in_place {
        return Err(format!("{old} was there before, and deleted was {deleted:?}"));
    }
    // With a temporary one, two go.
    if deleted.len() != usize::from(!in_place) + usize::from(case.leads_to == Way::Rotate) {
        return Err(format!("deleted was {deleted:?}"));
    }
    if new != old && stage.place.other.get(&old).await?.is_some() {
        return Err(format!("{old} is still there"));
    }
    Ok(())
}
