//! `aurak.plan/1`.

use aurak_model::plan::{Base, DeferredBlock, DeferredCondition, Mode, OutputChange, Step, Work};
use aurak_model::schema::ReplaceOrder;
use aurak_model::snapshot::Override;
use aurak_model::{Action, Address, Change, Difference, Plan, PlanReport, Reason, StepId, Value};
use serde_json::{Value as Json, json};

use super::value::{Other, project};
use super::{diagnostic, object};
use crate::plan::{PlanView, has_drift, reason_words};
use crate::value::Needs;

/// The name and version of the form.
pub const PLAN_FORMAT: &str = "aurak.plan/1";

/// A plan.
pub fn plan(view: &PlanView<'_>) -> Json {
    let Plan {
        format: _,
        stack,
        environment,
        mode,
        base,
        changes,
        unchanged,
        nodes: _,
        providers: _,
        steps,
        deferred,
        outputs,
        conditions,
        overrides,
        phase,
    } = view.plan;
    let PlanReport { findings, critical_path, critical_ms, usual_ms, read, requests, rounds } = view.report;
    let mut needs = Needs::of(view.plan);
    let Base { state, serial, program, rows, existing: _ } = base;
    object([
        ("format", PLAN_FORMAT.into()),
        ("stack", (&**stack).into()),
        ("environment", environment.as_deref().into()),
        ("mode", mode_word(*mode).into()),
        ("phase", phase.as_deref().into()),
        (
            "base",
            json!({
                "state": &**state, "serial": serial, "program": program,
                "rows": rows.iter().map(|(address, row)| (address.to_string(), row.version)).collect::<std::collections::BTreeMap<_, _>>(),
            }),
        ),
        ("has_changes", view.plan.has_changes().into()),
        ("summary", summary(view.plan)),
        ("about_ms", (*usual_ms).into()),
        ("critical_path", addresses(critical_path)),
        ("critical_ms", (*critical_ms).into()),
        ("changes", changes.iter().map(|c| change(c, &mut needs)).collect()),
        ("unchanged", (*unchanged).into()),
        ("deferred", deferred.iter().map(deferred_block).collect()),
        ("outputs", outputs.iter().map(|output| output_change(output, &mut needs)).collect()),
        ("conditions", conditions.iter().map(|c| condition(c, &mut needs)).collect()),
        ("overrides", overrides.iter().map(|o| override_of(o, &mut needs)).collect()),
        ("findings", findings.iter().map(|finding| diagnostic(finding, view.files)).collect()),
        ("steps", steps.iter().map(step).collect()),
        (
            "reading",
            object([
                ("resources", (*read).into()),
                ("requests", (*requests).into()),
                ("rounds", (*rounds).into()),
                ("took_ms", view.took_ms.into()),
            ]),
        ),
    ])
}

fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Apply => "apply",
        Mode::Destroy => "destroy",
    }
}

fn addresses(list: &[Address]) -> Json {
    list.iter().map(|address| Json::from(address.as_str())).collect()
}

/// The action, and the order where it is a replacement.
fn action_words(action: Action) -> (&'static str, Option<&'static str>) {
    match action {
        Action::Create => ("create", None),
        Action::Update => ("update", None),
        Action::Replace(ReplaceOrder::DeleteFirst) => ("replace", Some("delete_first")),
        Action::Replace(ReplaceOrder::CreateFirst) => ("replace", Some("create_first")),
        Action::Replace(ReplaceOrder::Rotate) => ("replace", Some("rotate")),
        Action::Delete => ("delete", None),
        Action::Forget => ("forget", None),
        Action::Read => ("read", None),
        Action::Import => ("import", None),
        Action::Move => ("move", None),
        Action::NoOp => ("no_op", None),
    }
}

const ACTIONS: [&str; 9] =
    ["create", "update", "replace", "delete", "forget", "read", "import", "move", "no_op"];

fn summary(plan: &Plan) -> Json {
    let mut out = serde_json::Map::new();
    for word in ACTIONS {
        let n = plan.changes.iter().filter(|change| action_words(change.action).0 == word).count();
        out.insert(word.to_string(), n.into());
    }
    out.insert("drifted".into(), plan.changes.iter().filter(|change| has_drift(change)).count().into());
    out.insert("deferred".into(), plan.deferred.len().into());
    let losing = plan.changes.iter().filter(|change| change.data_loss.is_some()).count();
    out.insert("data_loss".into(), losing.into());
    out.insert("unchanged".into(), plan.unchanged.into());
    Json::Object(out)
}

fn change(change: &Change, needs: &mut Needs<'_>) -> Json {
    let Change {
        address,
        type_name,
        action,
        reasons,
        differences,
        drift,
        place,
        steps,
        usual_ms,
        from,
        data_loss,
    } = change;
    let (action, order) = action_words(*action);
    object([
        ("address", address.as_str().into()),
        ("type", (&**type_name).into()),
        ("action", action.into()),
        ("order", order.into()),
        ("reasons", reasons.iter().map(|reason| reason_of(reason, place.as_deref())).collect()),
        ("differences", differences.iter().map(|d| difference(d, needs)).collect()),
        ("drift", drift.iter().map(|d| difference(d, needs)).collect()),
        ("place", place.as_deref().into()),
        ("from", from.as_ref().map(Address::as_str).into()),
        ("data_loss", data_loss.as_deref().into()),
        ("about_ms", (*usual_ms).into()),
        ("steps", steps.iter().map(|StepId(id)| Json::from(*id)).collect()),
    ])
}

fn difference(difference: &Difference, needs: &mut Needs<'_>) -> Json {
    let Difference { path, before, after, forces, place } = difference;
    let (old, new) = sides(before.as_ref(), after.as_ref(), needs);
    let mut out = serde_json::Map::new();
    out.insert("path".into(), path.to_string().into());
    // Null is a value; what is not set is not there at all.
    if let Some(old) = old {
        out.insert("before".into(), old);
    }
    if let Some(new) = new {
        out.insert("after".into(), new);
    }
    out.insert("forces".into(), (*forces).into());
    if let Some(place) = place {
        out.insert("place".into(), place.as_str().into());
    }
    Json::Object(out)
}

fn sides(
    before: Option<&Value>,
    after: Option<&Value>,
    needs: &mut Needs<'_>,
) -> (Option<Json>, Option<Json>) {
    let old = before.map(|value| project(value, Other::side(after), needs));
    let new = after.map(|value| project(value, Other::side(before), needs));
    (old, new)
}

fn reason_of(reason: &Reason, place: Option<&str>) -> Json {
    let text = reason_words(reason, place);
    let name = |name: &'static str| ("reason", Json::from(name));
    let text = ("text", Json::from(text));
    match reason {
        Reason::NotYetThere => object([name("not_yet_there"), text]),
        Reason::ObjectGone => object([name("object_gone"), text]),
        Reason::ConfigurationChanged => object([name("configuration_changed"), text]),
        Reason::ChangedOutside => object([name("changed_outside"), text]),
        Reason::ImmutableAttribute { path } => {
            object([name("immutable_attribute"), text, ("path", path.to_string().into())])
        }
        Reason::ImmutableNeeds { path, needs } => object([
            name("immutable_needs"),
            text,
            ("path", path.to_string().into()),
            ("address", needs.as_str().into()),
        ]),
        Reason::TypeChanged { before } => {
            object([name("type_changed"), ("before", Json::from(&**before)), text])
        }
        Reason::WithinReplaced { within } => {
            object([name("within_replaced"), text, ("address", within.as_str().into())])
        }
        Reason::ReplaceWhen => object([name("replace_when"), text]),
        Reason::Requested => object([name("requested"), text]),
        Reason::Incomplete { why: _ } => object([name("incomplete"), text]),
        Reason::NotInConfiguration => object([name("not_in_configuration"), text]),
        Reason::WhenFalse => object([name("when_false"), text]),
        Reason::KeyGone => object([name("key_gone"), text]),
        Reason::Destroy => object([name("destroy"), text]),
        Reason::LeftOver { id } => object([name("left_over"), text, ("id", (&**id).into())]),
        Reason::LeftOfRotation => object([name("left_of_rotation"), text]),
        Reason::DeletedWith { parent } => {
            object([name("deleted_with"), text, ("address", parent.as_str().into())])
        }
        Reason::Retained => object([name("retained"), text]),
        Reason::Adopted { id } => object([name("adopted"), text, ("id", (&**id).into())]),
        Reason::Overridden { path, who } => object([
            name("overridden"),
            text,
            ("path", path.to_string().into()),
            ("who", who.as_str().into()),
        ]),
        Reason::PlannedOffline { why: _ } => object([name("planned_offline"), text]),
        Reason::Bookkeeping => object([name("bookkeeping"), text]),
    }
}

fn deferred_block(block: &DeferredBlock) -> Json {
    let DeferredBlock { address, type_name, waits_for, why } = block;
    json!({
        "address": address.as_str(), "type": &**type_name, "waits_for": addresses(waits_for), "why": why,
    })
}

fn output_change(output: &OutputChange, needs: &mut Needs<'_>) -> Json {
    let OutputChange { name, before, after } = output;
    let (old, new) = sides(before.as_ref(), after.as_ref(), needs);
    let mut out = serde_json::Map::new();
    out.insert("name".into(), (&**name).into());
    if let Some(old) = old {
        out.insert("before".into(), old);
    }
    if let Some(new) = new {
        out.insert("after".into(), new);
    }
    Json::Object(out)
}

fn condition(condition: &DeferredCondition, needs: &mut Needs<'_>) -> Json {
    let DeferredCondition { address, after, that, message, place } = condition;
    object([
        ("address", address.as_ref().map(Address::as_str).into()),
        ("judged", if *after { "after" } else { "before" }.into()),
        ("that", project(that, Other::Nothing, needs)),
        ("message", project(message, Other::Nothing, needs)),
        ("place", place.as_deref().into()),
    ])
}

fn override_of(over: &Override, needs: &mut Needs<'_>) -> Json {
    let Override { address, path, value, who, why } = over;
    json!({
        "address": address.as_str(), "path": path.to_string(),
        "value": project(value, Other::Nothing, needs), "who": who, "why": why,
    })
}

fn step(step: &Step) -> Json {
    let Step { id, address, type_name, slot, work, provider: _, after, serialise: _, usual_ms, timeout_s } =
        step;
    let detail = match work {
        Work::Invoke { action, args: _ } => Some(action.to_string()),
        Work::Wait { what } => Some(what.clone()),
        Work::Create { .. }
        | Work::Update { .. }
        | Work::Delete { .. }
        | Work::Forget
        | Work::Record { .. }
        | Work::Read { .. }
        | Work::Join => None,
    };
    object([
        ("id", id.0.into()),
        ("address", address.as_str().into()),
        ("type", (&**type_name).into()),
        ("verb", serde_json::to_value(work.verb()).unwrap_or_default()),
        ("detail", detail.into()),
        ("slot", serde_json::to_value(slot).unwrap_or_default()),
        ("after", after.iter().map(|StepId(id)| Json::from(*id)).collect()),
        ("about_ms", (*usual_ms).into()),
        ("timeout_s", (*timeout_s).into()),
    ])
}
