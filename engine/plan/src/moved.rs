//! `moved`: the rows that addresses had under other names, and renames that cannot be.

use std::collections::{BTreeMap, HashMap};

use aurak_model::{Address, Diagnostic};

use crate::context::{Context, InstId};
use crate::resource::Decision;

impl Context {
    /// The address that a row had before a rename, where it still has that.
    pub(crate) fn moved_from(&self, address: &Address) -> Option<Address> {
        let rows = &self.input.previous.rows;
        if self.input.program.moved.is_empty() || rows.contains_key(address) {
            return None;
        }
        // The latest rename is the last one; follow them back. Environments may have different pasts, so
        // that one name came from several.
        let mut names = vec![address.clone()];
        for moved in self.input.program.moved.iter().rev() {
            let mut before = names.iter().filter_map(|at| {
                let rest = under(at, &moved.to)?;
                Address::parse(&format!("{}{rest}", moved.from)).ok()
            });
            let Some(before) = before.next() else { continue };
            if rows.contains_key(&before) {
                return Some(before);
            }
            names.insert(0, before);
        }
        None
    }

    /// The address that the row of an instance has in the state.
    pub(crate) fn recorded_at(&self, address: &Address) -> Address {
        self.moved_from(address).unwrap_or_else(|| address.clone())
    }

    /// The addresses that rows have in this plan, by those that they had before. A composite takes over
    /// no row, and neither does what is only read.
    pub(crate) fn renamed(&self) -> HashMap<Address, Address> {
        if self.input.program.moved.is_empty() {
            return HashMap::new();
        }
        let by_address = self.by_address.borrow();
        let has_row = |id: InstId| {
            !matches!(self.instance(id).decision, Decision::Composite(_) | Decision::Existing { .. })
        };
        let with_row = by_address.iter().filter(|(_, id)| has_row(**id));
        with_row.filter_map(|(to, _)| Some((self.moved_from(to)?, to.clone()))).collect()
    }

    /// Where the renames lead to from a name, one after another.
    fn moved_to(&self, from: &Address) -> Address {
        let mut at = from.clone();
        for moved in &self.input.program.moved {
            if let Some(rest) = under(&at, &moved.from)
                && let Ok(to) = Address::parse(&format!("{}{rest}", moved.to))
            {
                at = to;
            }
        }
        at
    }

    /// The name that the renames give a row, planned already or not.
    pub(crate) fn named_next(&self, from: &Address) -> Option<Address> {
        if self.input.program.moved.is_empty() {
            return None;
        }
        let to = self.moved_to(from);
        (self.moved_from(&to).as_ref() == Some(from)).then_some(to)
    }

    /// What a row needs, by the name that it has in this plan.
    pub(crate) fn name_in_plan(&self, need: &Address) -> Address {
        if self.input.program.moved.is_empty() || !self.input.previous.rows.contains_key(need) {
            return self.called_now(need);
        }
        let at = self.moved_to(need);
        let renamed =
            self.by_address.borrow().contains_key(&at) && self.moved_from(&at).as_ref() == Some(need);
        if renamed { at } else { need.clone() }
    }

    /// What is called by a name now that a row needed under the name of then, where an earlier run
    /// renamed the one and did not come to the other.
    pub(crate) fn called_now(&self, need: &Address) -> Address {
        let rows = &self.input.previous.rows;
        if self.input.program.moved.is_empty() || rows.contains_key(need) {
            return need.clone();
        }
        let at = self.moved_to(need);
        // A need may be a whole block.
        let is_there = |address: &Address| {
            let mut with = rows
                .range(address.clone()..)
                .take_while(|(other, _)| other.as_str().starts_with(address.as_str()));
            with.any(|(other, _)| other == address || other.block() == *address)
        };
        if is_there(&at) && !is_there(need) { at } else { need.clone() }
    }

    /// A row has one owner: its old address must have left the configuration, and it goes to one place.
    pub(crate) fn judge_moves(&self) {
        if self.input.program.moved.is_empty() {
            return;
        }
        let by_address = self.by_address.borrow();
        let mut taken: BTreeMap<Address, &Address> = BTreeMap::new();
        let mut addresses: Vec<&Address> = by_address.keys().collect();
        addresses.sort();
        for to in addresses {
            self.judge_one_past(to);
            self.judge_taken(to);
            let Some(from) = self.moved_from(to) else { continue };
            let wrong = |message: String, help: String| {
                let mut finding = Diagnostic::error("moved", message).help(help).about(to);
                let last = self.input.program.moved.iter().rev().find(|m| under(to, &m.to).is_some());
                if let Some(moved) = last {
                    finding = finding.at(moved.span, "by this rename");
                }
                self.find(finding);
            };
            if by_address.contains_key(&from) {
                wrong(
                    format!("`{from}` is moved to `{to}`, and is still in the stack"),
                    format!("take `{from}` out of the configuration, or the rename out of `moved`"),
                );
            } else if let Some(other) = taken.insert(from.clone(), to) {
                wrong(
                    format!("`{from}` is moved to both `{other}` and `{to}`"),
                    "leave one of the renames".to_string(),
                );
            }
        }
    }

    /// A row that is not moved, because its new name has a row of its own: it leaves, or it is to have the
    /// name of that one's. Where the old name is of something new, the rename was of another time.
    fn judge_taken(&self, to: &Address) {
        let rows = &self.input.previous.rows;
        if !rows.contains_key(to) {
            return;
        }
        let moved = &self.input.program.moved;
        let back = |from: &Address| {
            moved.iter().any(|other| {
                let rest = under(to, &other.from);
                rest.is_some_and(|rest| format!("{}{rest}", other.to) == from.as_str())
            })
        };
        for entry in moved {
            let Some(rest) = under(to, &entry.to) else { continue };
            let Ok(from) = Address::parse(&format!("{}{rest}", entry.from)) else { continue };
            let stays = self.by_address.borrow().contains_key(&from);
            if rows.contains_key(&from) && self.named_next(&from).is_none() && (!stays || back(&from)) {
                self.find(
                    Diagnostic::warning(
                        "moved",
                        format!("`{from}` is not moved to `{to}`, which is there already"),
                    )
                    .detail("each of the two has an object of its own, and keeps it")
                    .help(format!(
                        "to give `{to}` the object of `{from}`, let go of its own first with `aurak state rm \
                             '{to}'`; otherwise take the rename out of `moved`"
                    ))
                    .at(entry.span, "by this rename")
                    .about(to),
                );
            }
        }
    }

    /// Of two rows that are moved to one name, one would leave.
    fn judge_one_past(&self, to: &Address) {
        let Some(from) = self.moved_from(to) else { return };
        let rows = &self.input.previous.rows;
        let moves = self.input.program.moved.iter();
        let other = moves.filter_map(|moved| {
            let rest = under(to, &moved.to)?;
            let other = Address::parse(&format!("{}{rest}", moved.from)).ok()?;
            (other != from && rows.contains_key(&other) && self.moved_to(&other) == *to)
                .then_some((other, moved))
        });
        for (other, moved) in other {
            self.find(
                Diagnostic::error("moved", format!("`{from}` and `{other}` are both moved to `{to}`"))
                    .help("leave one of the renames")
                    .at(moved.span, "by this rename")
                    .about(to),
            );
        }
    }
}

/// What stands behind a prefix of an address, where that ends with a segment.
fn under<'a>(address: &'a Address, prefix: &Address) -> Option<&'a str> {
    let rest = address.as_str().strip_prefix(prefix.as_str())?;
    (rest.is_empty() || rest.starts_with(['.', '[', '/'])).then_some(rest)
}
