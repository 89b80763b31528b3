//! What lives in something that goes, by the id of that in an attribute that its type says it lives in,
//! though the configuration does not say so. It would die unsaid.

use std::collections::HashMap;

use aurak_model::record::Row;
use aurak_model::{Address, Diagnostic, Refreshed, Value};

use crate::context::Context;
use crate::removal::Removal;
use crate::resource::Decision;

impl Context {
    /// Refuses what stays and would die, and says so of what is only let go of.
    pub(crate) fn judge_inside(&self, removals: &[Removal]) {
        let going = self.going(removals);
        if going.is_empty() {
            return;
        }
        let renamed = self.renamed();
        let leaving: HashMap<&Address, &Removal> =
            removals.iter().map(|removal| (&removal.address, removal)).collect();
        for (before, row) in &self.input.previous.rows {
            let address = renamed.get(before).unwrap_or(before);
            // What is gone already is in nothing.
            if let Some(Refreshed::Absent) = self.input.snapshot.rows.get(before) {
                continue;
            }
            let Some((around, path)) = self.around(row, &going) else { continue };
            match leaving.get(address) {
                Some(removal) if removal.delete.is_none() && removal.parent.is_none() => {
                    let summary = format!("`{address}` is let go of, and goes with `{around}` all the same");
                    self.find(
                        Diagnostic::warning("inside", summary)
                            .detail(format!("its `{path}` says that it lives in that, which is deleted"))
                            .help(format!("to keep it, keep `{around}` too"))
                            .about(address),
                    );
                }
                Some(_) => {}
                None if self.stays_inside(address, row, &going) => {
                    let summary =
                        format!("`{around}` would be deleted, but `{address}`, which stays, is in it");
                    self.find(
                        Diagnostic::error("inside", summary)
                            .detail(format!("its `{path}` is the id of what goes"))
                            .help(format!(
                                "let `{path}` refer to what stays, and do not ignore its changes; or take `{address}` out of the \
                                 stack too"
                            ))
                            .about(address),
                    );
                }
                None => {}
            }
        }
    }

    /// The ids of what this plan deletes, as services compare them, and whose they are.
    fn going(&self, removals: &[Removal]) -> HashMap<String, Address> {
        let deleted = removals.iter().filter_map(|removal| {
            removal.delete.as_ref().map(|delete| (delete.id.to_lowercase(), removal.address.clone()))
        });
        let set_aside = self.set_aside.borrow();
        let instances = self.instances.borrow();
        let replaced = instances.iter().filter_map(|instance| match &instance.decision {
            Decision::Replace { old, .. } if !set_aside.contains(&instance.address) => {
                Some((old.to_lowercase(), instance.address.clone()))
            }
            _ => None,
        });
        deleted.chain(replaced).collect()
    }

    /// What goes that a row's object lives in, and the attribute that says so.
    fn around<'a>(&self, row: &Row, going: &'a HashMap<String, Address>) -> Option<(&'a Address, String)> {
        let current = row.current.as_ref()?;
        let schema = self.input.schemas.types.get(&row.type_name)?;
        schema.within.iter().find_map(|path| {
            let around = of(current.attributes.at(path)?, going)?;
            Some((around, path.to_string()))
        })
    }

    /// Whether an instance keeps its object, and that is still in what goes after this plan.
    fn stays_inside(&self, address: &Address, row: &Row, going: &HashMap<String, Address>) -> bool {
        let Some(id) = self.by_address.borrow().get(address).copied() else { return false };
        let instance = self.instance(id);
        let schema = self.input.schemas.types.get(&row.type_name);
        let mut within = schema.into_iter().flat_map(|schema| &schema.within);
        match instance.decision {
            Decision::Keep(_) | Decision::Update(_) => {
                within.any(|path| instance.planned.at(path).is_some_and(|value| of(value, going).is_some()))
            }
            Decision::Outside => true,
            _ => false,
        }
    }
}

fn of<'a>(value: &Value, going: &'a HashMap<String, Address>) -> Option<&'a Address> {
    going.get(&value.reveal().as_str()?.to_lowercase())
}
