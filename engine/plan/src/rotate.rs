//! Rotations. Where an object cannot be changed, and its successor has to have its name, a temporary
//! object of another name stands in while the one is deleted and the other is made.
//!
//! A rotation that was cut off goes on from the objects that its row has: with a current and a
//! temporary one the temporary one is there already and is not made again; with a temporary one alone
//! the new object is made; and a temporary one that no rotation needs is deleted, by
//! [`crate::removal`]. So whatever instant it was cut off at, the same objects are there in the end.

use std::rc::Rc;

use aurak_expr::coerce;
use aurak_model::plan::RowPlan;
use aurak_model::record::{Object, Row};
use aurak_model::schema::ReplaceOrder;
use aurak_model::{Answer, Ask, BlockKind, Diagnostic, Path, Refreshed, Slot, Value};

use crate::context::{Context, GaveUp, Target};
use crate::resource::{Decision, Wanted, set};
use crate::same::{Claim, Claims};
use crate::scope::RuleScope;

/// The temporary object of a rotation, where it has yet to be made.
#[derive(Clone, Debug)]
pub(crate) struct Temporary {
    pub desired: Value,
    pub key: Option<Value>,
    /// The row as it is: what it says of the object that is rotated still holds.
    pub row: RowPlan,
}

impl Context {
    /// How a replacement that its type wants rotated is made.
    pub(crate) fn rotated(
        &self,
        wanted: &Wanted<'_>,
        row: Option<&Row>,
        live: &Value,
        key: Option<&Value>,
    ) -> ReplaceOrder {
        let incomplete =
            row.and_then(|row| row.current.as_ref()).is_some_and(|object| object.incomplete.is_some());
        if incomplete || wanted.schema.rotate.is_none() || key.is_none_or(Value::has_unknown) {
            return ReplaceOrder::DeleteFirst;
        }
        // Under another name it can stand beside the old one.
        if !self.has_key(&wanted.schema, live, key) {
            return ReplaceOrder::CreateFirst;
        }
        match self.needs_room(wanted) {
            true => ReplaceOrder::DeleteFirst,
            false => ReplaceOrder::Rotate,
        }
    }

    /// Whether something that it is made from can only be made anew once this one is gone: then no
    /// temporary object can be made before.
    fn needs_room(&self, wanted: &Wanted<'_>) -> bool {
        let is_in_the_way = |id| {
            let instance = self.instance(id);
            instance.kind == BlockKind::Resource
                && matches!(&instance.decision, Decision::Replace { order, .. } if *order != ReplaceOrder::CreateFirst)
        };
        wanted.reads.iter().any(|read| match read.target {
            Target::Instance(id) => is_in_the_way(id),
            Target::Members(group) | Target::Group(group) => {
                self.members(group).into_iter().any(is_in_the_way)
            }
        })
    }

    /// The temporary object of a rotation; `None` where an earlier run has made it.
    pub(crate) fn temporary(
        self: &Rc<Self>,
        wanted: &Wanted<'_>,
        planned: &RowPlan,
    ) -> Result<Option<Box<Temporary>>, GaveUp> {
        let row = self.row(&wanted.address);
        let made = row.as_ref().and_then(|row| row.temporary.as_ref());
        if let Some(made) = made.filter(|made| made.incomplete.is_none())
            && self.is_there(wanted, made, row.as_deref())?
        {
            return Ok(None);
        }
        let mut desired = wanted.desired.clone();
        for (path, rule) in wanted.schema.rotate.iter().flat_map(|rotate| &rotate.temporary) {
            let value = self.evaluate_rule(rule, &RuleScope { this: &wanted.desired });
            let (Ok(path), Ok(value)) = (Path::parse(path), &value) else {
                let why = value.err().unwrap_or_default();
                let summary = format!(
                    "could not work out `{path}` of the temporary object of `{}`: {why}",
                    wanted.address
                );
                let finding = Diagnostic::error("type_rule", summary)
                    .detail(format!("the rule of {} is `{rule}`", wanted.type_name));
                self.find(finding.about(&wanted.address));
                return Err(GaveUp);
            };
            let attribute = wanted.schema.attribute(&path);
            if let Some(Err(error)) = attribute.map(|attribute| coerce(value, None, attribute)) {
                let text = value.as_str().map_or_else(|| "its value".to_string(), |text| format!("`{text}`"));
                let summary = format!(
                    "`{}` cannot be rotated: {text} does not fit as `{path}` of its temporary object",
                    wanted.address
                );
                let finding = Diagnostic::error("rotate", summary).detail(error.message).help(
                    "give it another name, or have it deleted first with `lifecycle: { create_before_destroy: \
                     false }`",
                );
                self.find(finding.about(&wanted.address));
                return Err(GaveUp);
            }
            desired = set(&desired, &path.0, value);
        }
        let key = wanted
            .schema
            .key
            .as_deref()
            .and_then(|rule| self.evaluate_rule(rule, &RuleScope { this: &desired }).ok())
            .filter(|key| !key.is_null());
        self.judge_name(wanted, made, &desired, key.as_ref())?;
        let row = match row.as_deref() {
            Some(row) => {
                let mut needs = [&row.needs[..], &planned.needs].concat();
                needs.sort();
                needs.dedup();
                RowPlan { needs, ..RowPlan::of(row) }
            }
            None => planned.clone(),
        };
        Ok(Some(Box::new(Temporary { desired, key, row })))
    }

    /// Whether the temporary object of an earlier run is still there. Nothing is deleted in its favour
    /// on the word of the state alone.
    fn is_there(
        self: &Rc<Self>,
        wanted: &Wanted<'_>,
        made: &Object,
        row: Option<&Row>,
    ) -> Result<bool, GaveUp> {
        if wanted.provider.unknown {
            return Ok(true);
        }
        let ask = Ask::Read {
            address: wanted.address.clone(),
            slot: Slot::Temporary,
            type_name: wanted.type_name.clone(),
            provider: wanted.provider.node.clone(),
            id: made.id.clone(),
            world: row.and_then(|row| row.world.clone()),
            last: made.attributes.clone(),
            whole: false,
        };
        let why = match self.ask(ask, 0) {
            None | Some(Answer::Object(Refreshed::Found { .. } | Refreshed::Asleep(_))) => return Ok(true),
            Some(Answer::Object(Refreshed::Absent)) => return Ok(false),
            Some(
                Answer::Object(Refreshed::Unreadable(why)) | Answer::Failed(why) | Answer::Elsewhere(why),
            ) => why,
            Some(_) => "its id is not unique".to_string(),
        };
        let summary = format!("could not read the temporary object of `{}`: {why}", wanted.address);
        let help = "nothing was changed; mend the cause and plan again";
        self.find(Diagnostic::error("unreadable", summary).help(help).about(&wanted.address));
        Err(GaveUp)
    }

    /// The name of a temporary object must be free.
    fn judge_name(
        self: &Rc<Self>,
        wanted: &Wanted<'_>,
        made: Option<&Object>,
        desired: &Value,
        key: Option<&Value>,
    ) -> Result<(), GaveUp> {
        let (Some(Value::String(key)), false) = (key, wanted.provider.unknown) else { return Ok(()) };
        // A request for it may still be on its way; who makes it again finds out.
        let is_coming = self.input.previous.pending.iter().any(|pending| {
            pending.intent.address == wanted.address && pending.intent.slot == Slot::Temporary
        });
        if is_coming {
            return Ok(());
        }
        let ask = Ask::Find {
            address: wanted.address.clone(),
            slot: Slot::Temporary,
            type_name: wanted.type_name.clone(),
            provider: wanted.provider.node.clone(),
            key: key.clone(),
            collection: self.collection(wanted),
            planned: desired.clone(),
        };
        let id = match self.ask(ask, 0) {
            Some(Answer::Object(Refreshed::Found { id, .. })) => id,
            // Making it will tell.
            _ => return Ok(()),
        };
        if made.is_some_and(|made| made.id == id) {
            return Ok(());
        }
        if let Some(of) = self.recorded_as(wanted, &id) {
            self.claims.borrow_mut().push(Claim { by: wanted.address.clone(), of, id, why: Claims::Create });
            return Ok(());
        }
        let summary = format!(
            "`{}` cannot be rotated: a {} with the name of its temporary object is there already",
            wanted.address, wanted.type_name
        );
        let finding = Diagnostic::error("exists", summary)
            .detail(format!("its id is {id}, and it is in no state of this stack"))
            .help("delete it if nobody needs it, or have the old one deleted first with `lifecycle: { create_before_destroy: false }`");
        self.find(finding.about(&wanted.address));
        Err(GaveUp)
    }
}
