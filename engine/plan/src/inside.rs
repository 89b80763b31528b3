//! What lives in something that goes, though the configuration does not say so: an attribute that its
//! type says it lives in has the id of that, or it requires what that provides. It would die unsaid.

use std::collections::{HashMap, HashSet};

use aurak_model::record::Row;
use aurak_model::{Address, Diagnostic, Name, ProviderAddress, Refreshed, TypeSchema, Value};

use crate::context::Context;
use crate::removal::{Removal, goes_all_the_same};
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
                    goes_all_the_same(address, &around)
                }
                None if self.is_left_out(address) => {
                    let summary =
                        format!("`{around}` would be deleted, but `{address}`, which stays, is in it");
                    Diagnostic::error("inside", summary).help(format!("name it too: `--only '{address}'`"))
                }
                _ => continue,
            };
            self.find(finding.detail(why).about(address));
        }
        self.judge_what_is_planned_inside(&going);
    }

    /// What is as planned after this is in nothing that goes.
    fn judge_what_is_planned_inside(&self, going: &Going) {
        let instances = self.instances.borrow();
        let provided: HashSet<(ProviderAddress, Name)> = instances
            .iter()
            .filter(|instance| !matches!(instance.decision, Decision::Failed | Decision::Outside))
            .filter_map(|instance| Some((instance.provider.as_ref()?, instance.schema.as_ref()?, instance)))
            .flat_map(|(provider, schema, instance)| {
                let marks = self.marks(&schema.provides, &instance.planned);
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
            // What is made anew may be made in what is made anew, which may have the same id again.
            let remains = |around: &Address, mark: Option<&Name>| match mark {
                Some(mark) => !stays && provided.contains(&(by.clone(), mark.clone())),
                None => !stays && self.is_replaced(around),
            };
            let around = self.around_of(schema, (by, address), &instance.planned, going, remains);
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

    /// What goes that the object of a row lives in.
    fn around(&self, row: &Row, attributes: &Value, going: &Going) -> Option<Around> {
        let schema = self.input.schemas.types.get(&row.type_name)?;
        self.around_of(schema, (&row.provider, &row.address), attributes, going, |_, _| false)
    }

    /// What goes that an object with these attributes lives in, leaving out what remains.
    fn around_of(
        &self,
        schema: &TypeSchema,
        (by, own): (&ProviderAddress, &Address),
        attributes: &Value,
        going: &Going,
        remains: impl Fn(&Address, Option<&Name>) -> bool,
    ) -> Option<Around> {
        let by_id = schema.within.iter().find_map(|path| {
            let id = attributes.at(path)?.reveal();
            let address = going.ids.get(&id.as_str()?.to_lowercase())?.clone();
            (!remains(&address, None))
                .then(|| Around { address, why: format!("its `{path}` is the id of what goes") })
        });
        by_id.or_else(|| {
            let mut required = self.marks(&schema.requires, attributes).into_iter();
            required.find_map(|mark| {
                let address = going.marks.get(&(by.clone(), mark.clone()))?.clone();
                let goes = address != *own && !remains(&address, Some(&mark));
                goes.then(|| Around { address, why: format!("it requires `{mark}`, which goes with that") })
            })
        })
    }
}
