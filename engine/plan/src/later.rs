//! What is still in use because something that was made from it is planned later: it does not leave
//! now, and an older object of it stays set aside.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use aurak_model::record::Row;
use aurak_model::schema::ReplaceOrder;
use aurak_model::{Address, Diagnostic, Origin, ProviderAddress, Reason};

use crate::context::Context;
use crate::decide::in_use_still;
use crate::provider::ProviderInstance;
use crate::removal::Known;
use crate::resource::Decision;

impl Context {
    /// What leaves or is replaced and was made use of by what is planned later, and by whom.
    pub(crate) fn used_later(
        &self,
        leaving: &[(Address, Arc<Row>, Vec<Reason>)],
        known: &Known,
    ) -> HashMap<Address, Address> {
        let mut used: HashMap<Address, Address> = HashMap::new();
        if !self.is_anything_later(known) {
            return used;
        }
        let renamed = self.renamed();
        let now = |address: &Address| renamed.get(address).unwrap_or(address).clone();
        let rows = &self.input.previous.rows;
        let leaves: BTreeSet<&Address> = leaving.iter().map(|(address, _, _)| address).collect();
        let goes = |address: &Address, row: &Row| {
            leaves.contains(address) || in_use_still(row) || self.replaced(&now(address)).is_some()
        };
        let going: BTreeSet<&Address> =
            rows.iter().filter(|(address, row)| goes(address, row)).map(|(address, _)| address).collect();
        if going.is_empty() {
            return used;
        }
        let mut by_block: HashMap<Address, Vec<&Address>> = HashMap::new();
        for address in &going {
            by_block.entry(address.block()).or_default().push(address);
        }
        let later = |address: &&Address| self.is_planned_later(address, known);
        let mut open: Vec<&Address> =
            rows.keys().filter(|address| !leaves.contains(*address)).filter(later).collect();
        while let Some(user) = open.pop() {
            let Some(row) = rows.get(user) else { continue };
            for need in &row.needs {
                let members = match going.get(need) {
                    Some(one) => vec![*one],
                    None => by_block.remove(need).unwrap_or_default(),
                };
                for member in members {
                    if member != user && !used.contains_key(member) {
                        used.insert(member.clone(), user.clone());
                        open.push(member);
                    }
                }
            }
        }
        used
    }

    pub(crate) fn replaced(&self, address: &Address) -> Option<ReplaceOrder> {
        let id = self.by_address.borrow().get(address).copied()?;
        match self.instance(id).decision {
            Decision::Replace { order, .. } => Some(order),
            _ => None,
        }
    }

    fn is_created(&self, address: &Address) -> bool {
        let id = self.by_address.borrow().get(address).copied();
        id.is_some_and(|id| matches!(self.instance(id).decision, Decision::Create(_)))
    }

    /// What something was made from that is planned later does not leave now.
    pub(crate) fn hold_back(
        self: &Rc<Self>,
        leaving: &mut Vec<(Address, Arc<Row>, Vec<Reason>)>,
        used: &HashMap<Address, Address>,
        providers: &HashMap<ProviderAddress, Rc<ProviderInstance>>,
    ) {
        leaving.retain(|(address, row, _)| {
            let Some(user) = used.get(address) else { return true };
            let provider = providers.get(&row.provider);
            if provider.is_some_and(|now| self.is_out_of_reach(address, row, now)) {
                let summary = format!("`{address}` cannot leave yet, and its provider leads elsewhere now");
                self.find(
                    Diagnostic::error("elsewhere", summary)
                        .detail(format!("`{user}` was made from it and is planned later"))
                        .help(format!(
                            "apply with `{}` as it was first; or take `{user}` away too",
                            row.provider
                        ))
                        .about(address),
                );
            }
            let why = format!("it leaves, and `{user}` was made from it and is planned later");
            let needs = [Origin::Deferred { block: user.clone() }];
            self.defer(address, &row.type_name, &needs, &why);
            false
        });
    }

    /// Older objects that something uses which is planned later stay set aside until then. What is
    /// deleted first cannot stay: whether the service lets go of it is told by the service alone.
    /// Given back are what is deleted first, and who uses it.
    pub(crate) fn set_aside(self: &Rc<Self>, used: &HashMap<Address, Address>) -> Vec<(Address, Address)> {
        let mut deleted_first = Vec::new();
        let renamed = self.renamed();
        for (before, row) in &self.input.previous.rows {
            let Some(user) = used.get(before) else { continue };
            let address = renamed.get(before).unwrap_or(before);
            let replaced = self.replaced(address);
            if replaced.is_some_and(|order| order != ReplaceOrder::CreateFirst) {
                deleted_first.push((address.clone(), user.clone()));
            }
            // A new object may need the name of the older one.
            let left_over = in_use_still(row) && !self.is_created(address);
            if replaced != Some(ReplaceOrder::CreateFirst) && !left_over {
                continue;
            }
            if !self.deferred.borrow().iter().any(|block| block.address == *address) {
                let why = format!("its older object stays: `{user}` was made from it and is planned later");
                let needs = [Origin::Deferred { block: user.clone() }];
                self.defer(address, &row.type_name, &needs, &why);
            }
            self.set_aside.borrow_mut().insert(address.clone());
        }
        deleted_first
    }

    pub(crate) fn warn_of_use(&self, address: &Address, user: &Address) {
        let summary = format!(
            "`{address}` is replaced by deleting it first, and `{user}`, which was made from it, is planned \
             later"
        );
        self.find(
            Diagnostic::warning("used_later", summary)
                .detail("a service that deletes nothing that is in use refuses that")
                .help(format!(
                    "if it does, give `{address}` `lifecycle: {{ create_before_destroy: true }}` and a name \
                     that changes, or take `{user}` away first"
                ))
                .about(address),
        );
    }
}
