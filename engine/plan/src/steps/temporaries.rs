//! Temporary objects of rotations that were cut off, and older ones: when they go, and where what runs on
//! them moves.

use std::collections::BTreeMap;

use aurak_model::schema::ReplaceOrder;
use aurak_model::{Address, Slot, TypeSchema, Value, Work};

use super::{Builder, Leftover};
use crate::context::Instance;
use crate::diff;
use crate::removal::Removal;
use crate::resource::Decision;

impl Builder<'_> {
    /// What is let go of is forgotten after its older and its temporary object: a run that is cut off would
    /// not know any more that there is something to move to.
    pub(super) fn forget_after_others(
        &mut self,
        removals: &[Removal],
        leftovers: &BTreeMap<Address, Leftover>,
    ) {
        for removal in removals.iter().filter(|removal| removal.slot == Slot::Current) {
            let let_go = removal.delete.is_none() && removal.parent.is_none();
            let Some(own) = self.deletes.get(&removal.address).filter(|_| let_go).map(|own| own.step) else {
                continue;
            };
            let temporaries = self.temporaries.get(&removal.address).cloned().unwrap_or_default();
            let older = leftovers.get(&removal.address).map(|leftover| leftover.step);
            self.after[own as usize].extend(temporaries.into_iter().chain(older));
        }
    }

    /// Whether the temporary object of a rotation that was cut off has to go before the instance is as
    /// planned: what is made has its name, or the row would say of it that it is of another type or
    /// provider than it is.
    pub(super) fn goes_before(&self, instance: &Instance, left: u32) -> bool {
        let row = self.context.row(&instance.address);
        let Some((row, temporary)) = row.as_ref().and_then(|row| Some((row, row.temporary.as_ref()?))) else {
            return false;
        };
        let (Some(schema), Some(provider)) = (&instance.schema, &instance.provider) else { return false };
        let elsewhere = row.provider != provider.node.address
            || self.context.leads_elsewhere(&self.context.recorded_provider(row), &provider.node);
        let key = match &instance.decision {
            // It goes on from that one.
            Decision::Replace { order: ReplaceOrder::Rotate, .. } => return false,
            Decision::Create(making) | Decision::Replace { making, .. } => making.key.as_ref(),
            _ => None,
        };
        // What is only forgotten is in nobody's way.
        let same_name = !self.forgets_only(left)
            && key.is_some_and(|key| {
                key.has_unknown() || self.context.has_key(schema, &temporary.attributes, Some(key))
            });
        row.type_name != instance.type_name || elsewhere || same_name
    }

    /// The temporary object goes before the row is written anew. What runs on it moves to the current
    /// object where that is there until then; otherwise there may be nothing that it could move to.
    pub(super) fn put_before(&mut self, left: u32, instance: &Instance) {
        let stays = match &instance.decision {
            Decision::Replace { order, other, .. } => *order == ReplaceOrder::CreateFirst && other.is_none(),
            Decision::Keep(_) | Decision::Update(_) => true,
            _ => false,
        };
        let row = self.context.row(&instance.address);
        let both = stays && row.is_some_and(|row| row.current.is_some());
        let drain = both.then(|| self.drain_temporary(left, instance)).flatten();
        self.after[left as usize].extend(drain);
        for own in self.of.get(&instance.address).cloned().unwrap_or_default() {
            let step = &self.steps[own as usize];
            match (&step.work, step.slot) {
                // The row has its new address only then.
                (Work::Record { from: Some(_), .. }, _) => {
                    self.after[left as usize].push(own);
                    if let Some(drain) = drain {
                        self.after[drain as usize].push(own);
                    }
                }
                (Work::Create { .. } | Work::Update { .. } | Work::Record { .. }, Slot::Current) => {
                    self.after[own as usize].push(left);
                }
                _ => {}
            }
        }
    }

    /// What runs on an older object moves to the current one, also where that is only let go of or planned
    /// later: no instance of this plan tells.
    pub(super) fn drain_left_over(&mut self, removal: &Removal, step: u32, removals: &[Removal]) {
        let (row, address) = (&removal.row, &removal.address);
        let goes = |it: &Removal| {
            it.address == *address && it.slot == Slot::Current && (it.delete.is_some() || it.parent.is_some())
        };
        let id = self.context.by_address.borrow().get(address).copied();
        let planned = id.is_some_and(|id| {
            !matches!(self.context.instance(id).decision, Decision::Deferred | Decision::Existing { .. })
        });
        let (Some(old), Some(current)) = (&row.old, &row.current) else { return };
        let schema = self.context.input.schemas.types.get(&row.type_name).cloned();
        let Some(schema) = schema.filter(|_| old.incomplete.is_none() && current.incomplete.is_none()) else {
            return;
        };
        let beside = stands_beside(&schema, &old.attributes, &current.attributes);
        if planned || !beside || removal.delete.is_none() || removals.iter().any(goes) {
            return;
        }
        let provider = self.steps[step as usize].provider;
        let drain = self.push_drain((address, &schema), Slot::Old, &old.attributes, provider);
        self.after[step as usize].extend(drain);
    }

    /// Whether the current object of an address was made only in part: nothing runs on that.
    pub(super) fn is_made_in_part(&self, address: &Address) -> bool {
        let row = self.context.row(address);
        row.is_some_and(|row| row.current.as_ref().is_some_and(|current| current.incomplete.is_some()))
    }

    /// What runs on an older object that a replacement left behind moves to the one that took its place.
    pub(super) fn drain_older(&mut self, leftover: Leftover, instance: &Instance) {
        let Some(row) = self.context.row(&instance.address) else { return };
        let Some(whole) = row.old.as_ref().filter(|old| old.incomplete.is_none()) else { return };
        let stays = matches!(
            instance.decision,
            Decision::Keep(_) | Decision::Update(_) | Decision::Replace { other: None, .. }
        );
        if leftover.first || !stays || row.current.is_none() || self.forgets_only(leftover.step) {
            return;
        }
        let Some(schema) = instance.schema.as_deref() else { return };
        if !stands_beside(schema, &whole.attributes, &instance.planned) {
            return;
        }
        let provider = self.steps[leftover.step as usize].provider;
        let it = (&instance.address, schema);
        if let Some(drain) = self.push_drain(it, Slot::Old, &whole.attributes, provider) {
            self.after[drain as usize] = self.after[leftover.step as usize].clone();
            self.after[leftover.step as usize].push(drain);
        }
    }

    /// What runs on a temporary object that `left` deletes moves elsewhere; on one that was made only in part
    /// nothing runs.
    pub(super) fn drain_temporary(&mut self, left: u32, instance: &Instance) -> Option<u32> {
        let row = self.context.row(&instance.address)?;
        let whole = row.temporary.as_ref().filter(|temporary| temporary.incomplete.is_none())?;
        let provider = self.steps[left as usize].provider?;
        let schema = instance.schema.as_deref()?;
        if !stands_beside(schema, &whole.attributes, &instance.planned) {
            return None;
        }
        let it = (&instance.address, schema);
        self.push_drain(it, Slot::Temporary, &whole.attributes, Some(provider))
    }
}

/// Whether an object is in what another one is in: only there could what runs on it move to that.
pub(super) fn stands_beside(schema: &TypeSchema, one: &Value, other: &Value) -> bool {
    let (one, other) = (diff::normalised(one, schema), diff::normalised(other, schema));
    schema.within.iter().all(|path| {
        let (one, other) = (one.at(path), other.at(path));
        one.is_some_and(|one| !one.has_unknown() && other.is_some_and(|other| one.reveal() == other.reveal()))
    })
}
