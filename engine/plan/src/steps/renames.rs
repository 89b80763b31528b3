//! What rows say of others whose names change: it is written down before anything else is done with
//! them, so that a run which is cut off leaves no row that needs something under a name of before.

use std::collections::BTreeSet;
use std::rc::Rc;

use aurak_model::plan::RowPlan;
use aurak_model::{Address, Row, Slot, Work};

use super::Builder;
use crate::context::Instance;
use crate::resource::{Decision, Kept};

impl Builder<'_> {
    /// Records the rows that are not written anyway before their objects change.
    pub(super) fn rename_needs(&mut self, instances: &[Rc<Instance>]) {
        if self.context.input.program.moved.is_empty() {
            return;
        }
        let written: BTreeSet<&Address> = instances
            .iter()
            .filter(|instance| matches!(instance.decision, Decision::Keep(Kept { record: Some(_) })))
            .map(|instance| &instance.address)
            .collect();
        let context = self.context;
        for (address, row) in &context.input.previous.rows {
            let plan = self.with_new_names(row);
            let same = plan.needs == row.needs && plan.lifecycle == row.lifecycle;
            // What is renamed itself is recorded with its new name.
            if same || self.renamed.contains_key(address) || written.contains(address) {
                continue;
            }
            let Some(object) = row.current.clone() else { continue };
            let work = Work::Record {
                id: object.id,
                desired: object.desired,
                attributes: object.attributes,
                from: None,
                row: plan,
            };
            let own = self.of.get(address).cloned().unwrap_or_default();
            let step = self.push(address, &row.type_name, Slot::Current, work, None, None, None);
            for own in &own {
                self.after[*own as usize].push(step);
            }
            // What waits for its last step waits for what is done with its object.
            self.of.insert(address.clone(), [&[step][..], &own].concat());
        }
    }

    /// A row as it is, with what it needs under the names of this plan.
    pub(super) fn with_new_names(&self, row: &Row) -> RowPlan {
        let mut plan = RowPlan::of(row);
        let others = plan.needs.iter_mut().chain(&mut plan.lifecycle.deleted_with);
        others.for_each(|other| *other = self.new_name(other));
        plan
    }

    /// What is called by a name of before, in this plan.
    pub(super) fn new_name(&self, need: &Address) -> Address {
        match self.renamed.get(need) {
            Some(now) => now.clone(),
            None => self.context.called_now(need),
        }
    }
}
