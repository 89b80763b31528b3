//! What lives in something that goes, though the configuration does not say so. It would die unsaid.

use std::collections::{HashMap, HashSet};

use aurak_model::record::Row;
use aurak_model::schema::ReplaceOrder;
use aurak_model::{Action, Address, Diagnostic, Name, ProviderAddress, Reason, Refreshed, Slot, Value};

use crate::context::Context;
use crate::decide::{kept, reason_words};
use crate::going::{Around, Going, marks};
use crate::removal::{Known, Removal, goes_all_the_same};
use crate::resource::Decision;

impl Context {
    /// What is planned later and lives in something that is replaced dies with that, and is planned
    /// without it then. Given back is what does.
    pub(crate) fn lost_inside(&self, removals: &mut Vec<Removal>, known: &Known) -> HashSet<Address> {
        let mut inside = HashSet::new();
        if !self.is_anything_later(known) {
            return inside;
        }
        let going = self.going(removals);
        let leaving: HashSet<&Address> = removals.iter().map(|removal| &removal.address).collect();
        let renamed = self.renamed();
        let mut lost = Vec::new();
        for (before, row) in &self.input.previous.rows {
            let address = renamed.get(before).unwrap_or(before);
            if leaving.contains(address) || self.is_left_out(address) || !self.is_planned_later(before, known)
            {
                continue;
            }
            let Some(Around { address: parent, .. }) = self.around(before, row, &going) else { continue };
            if self.replaced(&parent).is_none() {
                continue;
            }
            inside.insert(before.clone());
            if row.lifecycle.prevent_destroy {
                let why = reason_words(&Reason::WithinReplaced { within: parent });
                self.find(kept(address).detail(why).help("take the change back, or `prevent_destroy` away"));
                continue;
            }
            if row.lifecycle.retain {
                self.find(goes_all_the_same(address, &parent));
            }
            let reasons = vec![Reason::DeletedWith { parent: parent.clone() }];
            lost.push(Removal {
                address: address.clone(),
                row: row.clone(),
                slot: Slot::Current,
                delete: None,
                parent: Some(parent),
                change: Some(self.removal_change(address, row, Action::Forget, reasons)),
            });
        }
        removals.extend(lost);
        inside
    }

    /// Refuses what stays and would die, and says so of what is only let go of.
    pub(crate) fn judge_inside(&self, removals: &[Removal]) {
        let going = self.going(removals);
        if going.is_empty() {
            return;
        }
        let known = Known::new(self);
        let renamed = self.renamed();
        let leaving: HashMap<&Address, &Removal> =
            removals.iter().map(|removal| (&removal.address, removal)).collect();
        for (before, row) in &self.input.previous.rows {
            let address = renamed.get(before).unwrap_or(before);
            let Some(Around { address: around, why }) = self.around(before, row, &going) else { continue };
            let dies = || {
                Diagnostic::error(
                    "inside",
                    format!("`{around}` would be deleted, but `{address}`, which stays, is in it"),
                )
            };
            let finding = match leaving.get(address) {
                Some(removal) if removal.delete.is_none() && removal.parent.is_none() => {
                    goes_all_the_same(address, &around)
                }
                None if self.is_left_out(address) => {
                    dies().help(format!("name it too: `--only '{address}'`"))
                }
                // With what is replaced it is lost, and has been judged.
                None if self.replaced(&around).is_none() && self.is_planned_later(before, &known) => dies()
                    .help("it is planned later: take it out of the stack too, or apply without that first"),
                _ => continue,
            };
            self.find(finding.detail(why).about(address));
        }
        self.judge_what_is_planned_inside(&going);
        self.judge_what_is_read_inside(&going);
    }

    /// What is only read is nothing that goes, and in nothing that does, but where it is read through that.
    fn judge_what_is_read_inside(&self, going: &Going) {
        for instance in self.instances.borrow().iter() {
            let Decision::Existing { id: Value::String(id), from, .. } = &instance.decision else { continue };
            let (Some(provider), Some(schema)) = (&instance.provider, &instance.schema) else { continue };
            let (address, by) = (&instance.address, &provider.node.address);
            let read_through = |around: &Address| from.iter().any(|id| self.instance(*id).address == *around);
            let is_it = |goes: &&Address| {
                let row = self.row(goes).filter(|row| row.type_name == instance.type_name);
                let recorded = row.map(|row| self.recorded_provider(&row));
                recorded.is_some_and(|by| {
                    by.type_name == provider.node.type_name && !self.leads_elsewhere(&by, &provider.node)
                })
            };
            let itself = going.named(id).filter(|goes| !read_through(goes)).filter(is_it).map(|goes| {
                let why = format!("its id is {id}");
                (goes.clone(), format!("`{goes}` would be deleted, but `{address}` reads it"), why)
            });
            let found = itself.or_else(|| {
                let remains = |around: &Address, _: Option<&Name>| read_through(around);
                let Around { address: around, why } =
                    going.around(schema, (address, by), &instance.planned, remains)?;
                let summary =
                    format!("`{around}` would be deleted, but `{address}`, which is read, is in it");
                Some((around, summary, why))
            });
            let Some((goes, summary, why)) = found else { continue };
            self.find(
                Diagnostic::error("inside", summary)
                    .detail(why)
                    .help(format!("take `{address}` out of the stack too, or keep `{goes}`"))
                    .about(address),
            );
        }
    }

    /// What is as planned after this is in nothing that goes.
    fn judge_what_is_planned_inside(&self, going: &Going) {
        let instances = self.instances.borrow();
        let provided: HashSet<(ProviderAddress, Name)> = instances
            .iter()
            .filter(|instance| !matches!(instance.decision, Decision::Failed | Decision::Outside))
            .filter_map(|instance| Some((instance.provider.as_ref()?, instance.schema.as_ref()?, instance)))
            .flat_map(|(provider, schema, instance)| {
                let marks = marks(&schema.provides, &instance.planned);
                marks.into_iter().map(|mark| (provider.node.address.clone(), mark))
            })
            .collect();
        for instance in instances.iter() {
            let stays = match instance.decision {
                Decision::Keep(_) | Decision::Update(_) => true,
                Decision::Create(_) | Decision::Replace { .. } => false,
                _ => continue,
            };
            let (Some(provider), Some(schema)) = (&instance.provider, &instance.schema) else { continue };
            let (address, by) = (&instance.address, &provider.node.address);
            let remains = |around: &Address, mark: Option<&Name>| match mark {
                Some(mark) => !stays && provided.contains(&(by.clone(), mark.clone())),
                None if stays || !self.may_come_again(around) => false,
                None => {
                    self.made_inside.borrow_mut().push((address.clone(), around.clone()));
                    true
                }
            };
            let around = going.around(schema, (address, by), &instance.planned, remains);
            let Some(Around { address: around, why }) = around else { continue };
            let summary = match stays {
                true => format!("`{around}` would be deleted, but `{address}`, which stays, is in it"),
                false => format!("`{around}` would be deleted, but `{address}` would be made in it"),
            };
            self.find(
                Diagnostic::error("inside", summary)
                    .detail(why)
                    .help(format!(
                        "let it refer to what stays, or to `{around}` where that is made anew, and do not ignore \
                         its changes; or take it out of the stack too"
                    ))
                    .about(address),
            );
        }
    }

    /// Whether what is made anew may have the id again that it had. Two that are there at the same time
    /// have two.
    pub(crate) fn may_come_again(&self, address: &Address) -> bool {
        self.is_replaced(address) && self.replaced(address) != Some(ReplaceOrder::CreateFirst)
    }

    pub(crate) fn going(&self, removals: &[Removal]) -> Going {
        let mut going = Going::default();
        let types = &self.input.schemas.types;
        for Removal { row, address, delete, .. } in removals {
            if let Some(delete) = delete {
                let schema = types.get(&row.type_name).map(|schema| &**schema);
                going.add((address, &row.provider), schema, &delete.id, &delete.live);
            }
        }
        let set_aside = self.set_aside.borrow();
        for instance in self.instances.borrow().iter() {
            let Decision::Replace { old, live, .. } = &instance.decision else { continue };
            let Some(row) = self.row(&instance.address) else { continue };
            if !set_aside.contains(&instance.address) {
                let schema = types.get(&row.type_name).map(|schema| &**schema);
                going.add((&instance.address, &row.provider), schema, old, live);
            }
        }
        going
    }

    /// What goes that the object of a row lives in. What is gone already is in nothing.
    fn around(&self, address: &Address, row: &Row, going: &Going) -> Option<Around> {
        if let Some(Refreshed::Absent) = self.input.snapshot.rows.get(address) {
            return None;
        }
        let schema = self.input.schemas.types.get(&row.type_name)?;
        let current = row.current.as_ref()?;
        going.around(schema, (&row.address, &row.provider), &current.attributes, |_, _| false)
    }
}
