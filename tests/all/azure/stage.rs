//! A sample played: what is asked for now, and what every step of it is checked with.

use aurak_model::plan::{Action, Change};
use aurak_model::schema::ReplaceOrder;
use aurak_rest::{RestType, body};
use aurak_run::PlanOutcome;
use serde_json::{Value as Json, json};

use super::changes::{difference, set_all};
use super::place::{Place, STACK, shown};
use super::sample::{Sample, Way};

/// The address of the resource.
pub(super) const IT: &str = "it";

pub(super) struct Stage<'s> {
    pub(super) ty: &'s RestType,
    pub(super) sample: &'s Sample,
    pub(super) place: Place,
    /// What was applied last.
    now: Option<Json>,
}

impl<'s> Stage<'s> {
    pub(super) async fn new(ty: &'s RestType, sample: &'s Sample) -> Stage<'s> {
        Stage { ty, sample, place: Place::new(&ty.spec.version).await, now: None }
    }

    /// The resource of the sample, changed.
    pub(super) fn resource(&self, changes: &super::changes::Changes) -> Json {
        let mut it = self.sample.resource.clone();
        set_all(&mut it, changes);
        it
    }

    /// The stack with this resource in it, or without.
    fn stack(&self, it: Option<&Json>) -> Json {
        let mut resources = self.sample.around.clone();
        if let Some(it) = it {
            let mut it = it.clone();
            it["type"] = json!(self.ty.schema.name);
            resources.insert(IT.to_string(), it);
        }
        json!({ "aurak": 1, "name": STACK, "providers": { "azure": {} }, "resources": resources })
    }

    pub(super) async fn plan(&self, it: Option<&Json>) -> Result<PlanOutcome, String> {
        self.place.plan(&self.stack(it)).await
    }

    /// Plans, and gives what happens to the resource, which is all that happens.
    pub(super) async fn change(&self, it: Option<&Json>) -> Result<(Change, String), String> {
        let outcome = self.plan(it).await?;
        let shown = shown(&outcome);
        match &outcome.plan.changes[..] {
            [change] if change.address.to_string() == IT => Ok((change.clone(), shown)),
            _ => Err(format!("the plan should change `{IT}` and nothing else, and is\n{shown}")),
        }
    }

    /// Plans a change that has to be of a kind.
    pub(super) async fn expect(&self, it: Option<&Json>, action: &[Action]) -> Result<Change, String> {
        let (change, shown) = self.change(it).await?;
        match action.contains(&change.action) {
            true => Ok(change),
            false => Err(format!("the plan should be {action:?} and is {:?}\n{shown}", change.action)),
        }
    }

    /// Applies, and looks whether the object is then what was asked for, and nothing is left to do.
    pub(super) async fn apply(&mut self, it: Option<&Json>) -> Result<(), String> {
        self.place.apply(&self.stack(it)).await?;
        self.now = it.cloned();
        if it.is_some() {
            let object = self.place.recorded(IT).await?;
            let attributes = object.desired.reveal();
            let expected = body::sent(self.ty, attributes.as_map().ok_or("no attributes")?);
            let expected = expected.ok_or("the recorded attributes are no body")?;
            let found = self.live().await?.ok_or_else(|| format!("{} is not there", object.id))?;
            if let Some(why) = difference(&found, &expected) {
                return Err(format!("after apply {why}"));
            }
        }
        self.nothing_to_do(it).await
    }

    pub(super) async fn nothing_to_do(&self, it: Option<&Json>) -> Result<(), String> {
        let outcome = self.plan(it).await?;
        match outcome.plan.changes.is_empty() && outcome.plan.is_empty() {
            true => Ok(()),
            false => Err(format!("the plan should be empty and is\n{}", shown(&outcome))),
        }
    }

    /// The id of the object, as state has it.
    pub(super) async fn id(&self) -> Result<String, String> {
        Ok(self.place.recorded(IT).await?.id.to_string())
    }

    /// The object as somebody else sees it.
    pub(super) async fn live(&self) -> Result<Option<Json>, String> {
        self.place.other.get(&self.id().await?).await
    }

    /// Somebody else changes the object.
    pub(super) async fn others(&self, change: impl FnOnce(&mut Json)) -> Result<Json, String> {
        let id = self.id().await?;
        let mut body = self.place.other.get(&id).await?.ok_or("it is not there")?;
        change(&mut body);
        self.place.other.put(&id, &body).await
    }

    /// Whatever was there, now it is this.
    pub(super) async fn begin(&mut self, it: &Json) -> Result<(), String> {
        if self.now.as_ref() == Some(it) {
            return Ok(());
        }
        if self.now.is_some() {
            self.apply(None).await?;
        }
        self.apply(Some(it)).await
    }

    /// Everything anew, after something went wrong.
    pub(super) async fn reset(&mut self) {
        self.place = Place::new(&self.ty.spec.version).await;
        self.now = None;
    }
}

/// What a plan may call a way.
pub(super) fn actions(way: Way) -> &'static [Action] {
    match way {
        Way::Replace => {
            &[Action::Replace(ReplaceOrder::DeleteFirst), Action::Replace(ReplaceOrder::CreateFirst)]
        }
        Way::Rotate => &[Action::Replace(ReplaceOrder::Rotate)],
        Way::Update => &[Action::Update],
        Way::Refused => &[],
    }
}
