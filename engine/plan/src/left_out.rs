//! What `--only` leaves out: it cannot lose what it was made from, what it lives in, or the way to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;

use aurak_model::record::Row;
use aurak_model::{Address, Diagnostic, Name, Path, ProviderAddress, Reason, Refreshed, Slot, Value};

use crate::context::{Context, Instance};
use crate::decide::in_use_still;
use crate::provider::ProviderInstance;
use crate::removal::Removal;
use crate::resource::Decision;

impl Context {
    /// What `--only` leaves out, and what was lost with something that is made anew: nobody could be
    /// asked about it any more.
    pub(crate) fn lost_outside(&self) -> Vec<(Address, Arc<Row>, Vec<Reason>)> {
        if self.selection.is_none() {
            return Vec::new();
        }
        let rows = self.input.previous.rows.iter();
        let lost = rows.filter(|(address, row)| {
            self.is_left_out(address)
                && self.containers(row).iter().any(|container| self.is_lost_and_made_anew(container))
        });
        // `remove` says what it dies with.
        lost.map(|(address, row)| (address.clone(), row.clone(), Vec::new())).collect()
    }

    /// Whether `--only` leaves a row out.
    pub(crate) fn is_left_out(&self, address: &Address) -> bool {
        let address = &self.called_now(address);
        let inst = self.by_address.borrow().get(address).copied();
        let planned = inst.is_some_and(|id| !matches!(self.instance(id).decision, Decision::Outside));
        !planned && self.selection.as_ref().is_some_and(|selection| !selection.names(address))
    }

    /// Whether an object was not there any more, and another takes its place.
    fn is_lost_and_made_anew(&self, address: &Address) -> bool {
        let inst = self.by_address.borrow().get(address).copied();
        inst.is_some_and(|id| {
            matches!(self.instance(id).decision, Decision::Create(_))
                && self.is_made_anew(id)
                && !self.is_replaced(address)
        })
    }

    /// What goes with an older object of something cannot go without that.
    fn judge_older_left_out(&self, removals: &[Removal]) {
        let stays = |parent: &Address| {
            let left_out = self.selection.as_ref().is_some_and(|selection| !selection.names(parent));
            left_out && !self.is_replaced(parent) && self.row(parent).as_deref().is_some_and(in_use_still)
        };
        let instances = self.instances.borrow();
        let anew = instances.iter().filter_map(|instance| match &instance.decision {
            Decision::Create(making) => Some((&instance.address, making.gone_with.as_ref()?)),
            _ => None,
        });
        let leaves = removals.iter().filter_map(|removal| Some((&removal.address, removal.parent.as_ref()?)));
        for (address, parent) in anew.chain(leaves).filter(|(_, parent)| stays(parent)) {
            let summary =
                format!("`{address}` is in an older object of `{parent}`, which `--only` leaves out");
            self.find(
                Diagnostic::error("only", summary)
                    .detail("it goes with that, and not before")
                    .help(format!("name it too: `--only '{parent}'`"))
                    .about(address),
            );
        }
    }

    /// What `--only` leaves out cannot lose what it was made from, or what it lives in.
    pub(crate) fn judge_left_out(&self, removals: &[Removal]) {
        if self.selection.is_none() {
            return;
        }
        self.judge_older_left_out(removals);
        let mut going: BTreeMap<Address, &Address> = BTreeMap::new();
        for removal in removals.iter().filter(|removal| removal.delete.is_some()) {
            going.insert(removal.address.block(), &removal.address);
            going.insert(removal.address.clone(), &removal.address);
        }
        let mut anew: BTreeMap<Address, Vec<Replaced>> = BTreeMap::new();
        for instance in self.instances.borrow().iter() {
            if let Some(replaced) = Replaced::of(instance) {
                anew.entry(instance.address.block()).or_default().push(replaced.clone());
                anew.entry(instance.address.clone()).or_default().push(replaced);
            }
        }
        let lost: BTreeSet<&Address> = removals.iter().map(|removal| &removal.address).collect();
        let mut used: HashMap<ProviderAddress, Rc<ProviderInstance>> = HashMap::new();
        for instance in self.instances.borrow().iter() {
            let uses =
                !matches!(instance.decision, Decision::Outside | Decision::Failed | Decision::Deferred);
            if let Some(provider) = instance.provider.as_ref().filter(|_| uses) {
                used.insert(provider.node.address.clone(), provider.clone());
            }
        }
        let let_go = |world: &Address| {
            let of_world = |removal: &&Removal| removal.address == *world && removal.slot == Slot::Current;
            let gone =
                matches!(self.input.snapshot.rows.get(&self.recorded_at(world)), Some(Refreshed::Absent));
            removals
                .iter()
                .find(of_world)
                .is_some_and(|it| it.delete.is_none() && it.parent.is_none() && !gone)
        };
        let older_goes = |address: &Address, row: &Row, around: &Address| {
            self.selection.as_ref().is_some_and(|selection| selection.names(around))
                && self.row(around).as_deref().is_some_and(in_use_still)
                && (self.is_with_older(row, around) || self.input.snapshot.astray.contains(address))
        };
        for (address, row) in &self.input.previous.rows {
            if lost.contains(address) || !self.is_left_out(address) {
                continue;
            }
            let containers = self.containers(row);
            let left_out = format!("`{address}`, which `--only` leaves out,");
            let replaced = containers.iter().find(|container| self.is_replaced(container));
            // A new configuration is recorded with the first use: nobody would know the way any more.
            let elsewhere = || {
                let now = used.get(&row.provider)?;
                self.leads_elsewhere(&self.recorded_provider(row), &now.node).then_some(&row.provider)
            };
            let goes = || row.needs.iter().chain(&containers).find_map(|need| going.get(need));
            let summary = if let Some(container) = replaced {
                format!("`{container}` would be replaced, but {left_out} dies with it")
            } else if let Some(provider) = elsewhere() {
                format!("`{provider}` leads elsewhere now, and {left_out} is reached through it")
            } else if let Some(world) = self.worlds(row).find(let_go) {
                format!("`{world}` would be let go of, but {left_out} is reached through it")
            } else if let Some(goes) = goes() {
                format!("`{goes}` would be deleted, but {left_out} uses it")
            } else if let Some(replaced) = row.needs.iter().find_map(|need| {
                let mut replaced = anew.get(&self.name_in_plan(need))?.iter();
                replaced.find(|replaced| replaced.is_used_by(row))
            }) {
                let replaced = &replaced.address;
                format!("`{replaced}` would be replaced, but {left_out} uses the object that goes")
            } else if let Some(around) = containers.iter().find(|around| older_goes(address, row, around)) {
                format!("an older object of `{around}` would be deleted, but {left_out} dies with it")
            } else {
                continue;
            };
            self.find(
                Diagnostic::error("only", summary)
                    .help(format!("name it too: `--only '{address}'`"))
                    .about(address),
            );
        }
    }
}

/// An object that is replaced, and what tells that something else uses it: its id, and what was worked out
/// for it.
#[derive(Clone)]
struct Replaced {
    address: Address,
    tells: Vec<Name>,
}

impl Replaced {
    fn of(instance: &Instance) -> Option<Replaced> {
        let Decision::Replace { old, live, .. } = &instance.decision else { return None };
        let attributes = instance.schema.iter().flat_map(|schema| &schema.attributes);
        let computed = attributes.filter(|(_, attribute)| attribute.computed).filter_map(|(name, _)| {
            match live.at(&Path::key(name.clone()))?.reveal() {
                Value::String(text) if !text.is_empty() => Some(text),
                _ => None,
            }
        });
        let tells = [old.clone()].into_iter().chain(computed).collect();
        Some(Replaced { address: instance.address.clone(), tells })
    }

    /// Whether one of that went into what was asked for.
    fn is_used_by(&self, row: &Row) -> bool {
        let mut used = false;
        for desired in row.current.iter().map(|current| &current.desired) {
            let looked = desired.map_leaves::<Infallible>(&mut |_, leaf| {
                if let Value::String(text) = leaf.reveal() {
                    used |= self.tells.iter().any(|tell| text.contains(&**tell));
                }
                Ok(None)
            });
            drop(looked);
        }
        used
    }
}
