//! What lives in something that goes, though the configuration does not say so: an attribute that its
//! type says it lives in has the id of that, or it requires what that provides. It would die unsaid.

use std::collections::HashMap;

use aurak_model::record::Row;
use aurak_model::{Address, Diagnostic, Name, ProviderAddress, Refreshed, TypeSchema, Value};

use crate::context::Context;
use crate::removal::Removal;
use crate::resource::Decision;
use crate::scope::RuleScope;

/// What this plan deletes.
#[derive(Default)]
struct Going {
    /// By ids, as services compare them.
    ids: HashMap<String, Address>,
    /// By what it provides, and to whom.
    marks: HashMap<(ProviderAddress, Name), Address>,
}

/// What goes that an object lives in, and what says so.
struct Around {
    address: Address,
    why: String,
}

impl Context {
    /// Refuses what stays and would die, and says so of what is only let go of.
    pub(crate) fn judge_inside(&self, removals: &[Removal]) {
        let going = self.going(removals);
        if going.ids.is_empty() {
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
            let Some(current) = &row.current else { continue };
            let Some(Around { address: around, why }) = self.around(row, &current.attributes, &going) else {
                continue;
            };
            let finding = match leaving.get(address) {
                Some(removal) if removal.delete.is_none() && removal.parent.is_none() => {
                    let summary = format!("`{address}` is let go of, and goes with `{around}` all the same");
                    Diagnostic::warning("inside", summary).help(format!("to keep it, keep `{around}` too"))
                }
                None if self.stays_inside(address, row, &going) => {
                    let summary =
                        format!("`{around}` would be deleted, but `{address}`, which stays, is in it");
                    Diagnostic::error("inside", summary).help(match self.selection.is_some() {
                        true => format!("name it too: `--only '{address}'`"),
                        false => format!(
                            "let it refer to what stays, or to `{around}` where that is made anew, and do not \
                             ignore its changes; or take it out of the stack too"
                        ),
                    })
                }
                _ => continue,
            };
            self.find(finding.detail(why).about(address));
        }
    }

    fn going(&self, removals: &[Removal]) -> Going {
        let mut going = Going::default();
        let types = &self.input.schemas.types;
        let mut add =
            |id: &Name, live: &Value, schema: Option<&TypeSchema>, by: &ProviderAddress, of: &Address| {
                going.ids.insert(id.to_lowercase(), of.clone());
                for mark in self.marks(schema.map_or(&[][..], |schema| schema.provides.as_slice()), live) {
                    going.marks.insert((by.clone(), mark), of.clone());
                }
            };
        for removal in removals {
            let Removal { row, address, .. } = removal;
            if let Some(delete) = &removal.delete {
                let schema = types.get(&row.type_name).map(|schema| &**schema);
                add(&delete.id, &delete.live, schema, &row.provider, address);
            }
        }
        let set_aside = self.set_aside.borrow();
        for instance in self.instances.borrow().iter() {
            let Decision::Replace { old, live, .. } = &instance.decision else { continue };
            let Some(row) = self.row(&instance.address) else { continue };
            if !set_aside.contains(&instance.address) {
                let schema = types.get(&row.type_name).map(|schema| &**schema);
                add(old, live, schema, &row.provider, &instance.address);
            }
        }
        going
    }

    fn marks(&self, rules: &[String], this: &Value) -> Vec<Name> {
        let mark = |rule: &String| match self.evaluate_rule(rule, &RuleScope { this }) {
            Ok(Value::String(mark)) => Some(mark),
            _ => None,
        };
        rules.iter().filter_map(mark).collect()
    }

    /// What goes that an object with these attributes lives in.
    fn around(&self, row: &Row, attributes: &Value, going: &Going) -> Option<Around> {
        let schema = self.input.schemas.types.get(&row.type_name)?;
        let by_id = schema.within.iter().find_map(|path| {
            let id = attributes.at(path)?.reveal();
            let address = going.ids.get(&id.as_str()?.to_lowercase())?.clone();
            Some(Around { address, why: format!("its `{path}` is the id of what goes") })
        });
        by_id.or_else(|| {
            let mut required = self.marks(&schema.requires, attributes).into_iter();
            required.find_map(|mark| {
                let why = format!("it requires `{mark}`, which goes with that");
                let address = going.marks.get(&(row.provider.clone(), mark))?.clone();
                (address != row.address).then_some(Around { address, why })
            })
        })
    }

    /// Whether an object is kept, and is still in what goes after this plan.
    fn stays_inside(&self, address: &Address, row: &Row, going: &Going) -> bool {
        let Some(id) = self.by_address.borrow().get(address).copied() else {
            return self.is_left_out(address);
        };
        let instance = self.instance(id);
        match instance.decision {
            Decision::Keep(_) | Decision::Update(_) => self.around(row, &instance.planned, going).is_some(),
            Decision::Outside => true,
            _ => false,
        }
    }
}
