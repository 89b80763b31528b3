//! Temporary objects of rotations that were cut off: when they go, and where what runs on them moves.

use aurak_model::schema::ReplaceOrder;
use aurak_model::{Slot, Work};

use super::Builder;
use crate::context::Instance;
use crate::removal::Removal;
use crate::resource::Decision;

impl Builder<'_> {
    /// What is let go of is forgotten after its temporary object: a run that is cut off would not know
    /// any more that there is something to move back to.
    pub(super) fn forget_after_temporaries(&mut self, removals: &[Removal]) {
        for removal in removals.iter().filter(|removal| removal.slot == Slot::Current) {
            let let_go = removal.delete.is_none() && removal.parent.is_none();
            let temporaries = self.temporaries.get(&removal.address).filter(|_| let_go).cloned();
            if let (Some(temporaries), Some(own)) = (temporaries, self.deletes.get(&removal.address)) {
                let own = own.step;
                self.after[own as usize].extend(temporaries);
            }
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

    /// What runs on a temporary object that `left` deletes moves elsewhere; on one that was made only in part
    /// nothing runs.
    pub(super) fn drain_temporary(&mut self, left: u32, instance: &Instance) -> Option<u32> {
        let row = self.context.row(&instance.address)?;
        let whole = row.temporary.as_ref().filter(|temporary| temporary.incomplete.is_none())?;
        let provider = self.steps[left as usize].provider?;
        let it = (&instance.address, instance.schema.as_deref()?);
        self.push_drain(it, Slot::Temporary, &whole.attributes, Some(provider))
    }
}
