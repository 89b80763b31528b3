//! Objects that are not where their address leads now: their world was made anew, or their provider
//! leads to another, or their address stands for another type.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use aurak_model::plan::RowPlan;
use aurak_model::record::Row;
use aurak_model::schema::ReplaceOrder;
use aurak_model::{Action, Address, Answer, ProviderAddress, Reason, Refreshed, Slot, Value};

use crate::context::{Context, Instance};
use crate::decide::{in_use_still, kept, reason_words};
use crate::diff;
use crate::provider::ProviderInstance;
use crate::removal::Known;
use crate::resource::{Decision, Making, Other, Wanted};

/// An object in another world than its provider leads to, of something that is planned later.
pub(crate) enum Left {
    /// The command line asks for it: it is deleted there, and made anew when it is planned.
    Goes,
    /// The provider's new configuration is recorded with its first use: nobody would know the way.
    Refused,
}

impl Context {
    /// Whether the object of something that is planned later would be left where its provider leads no
    /// more; that is said.
    pub(crate) fn left_elsewhere(
        &self,
        address: &Address,
        row: &Row,
        known: &Known,
        providers: &HashMap<ProviderAddress, Rc<ProviderInstance>>,
    ) -> Option<Left> {
        let now = self.named_next(address).unwrap_or_else(|| address.clone());
        let provider = providers.get(&row.provider)?;
        if !self.is_planned_later(address, known)
            || self.is_left_out(&now)
            || !self.is_out_of_reach(address, row, provider)
        {
            return None;
        }
        let block = now.composite().unwrap_or_else(|| now.clone());
        let id = self.by_address.borrow().get(&block).copied();
        let by_another = id.is_some_and(|id| {
            let by = self.instance(id).provider.as_ref().map(|by| by.node.address.clone());
            by.is_some_and(|by| by != row.provider)
        });
        if by_another {
            return None;
        }
        let replace = &self.input.options.replace;
        if [&now, &block, &now.block()].into_iter().any(|name| replace.contains(name)) {
            return Some(Left::Goes);
        }
        self.find_elsewhere(&block, provider.node.needs.first());
        Some(Left::Refused)
    }

    /// Whether the object of a row is where its provider does not lead any more. Where the configuration
    /// alone tells the world, and may have got another credential only, the object is looked for.
    pub(crate) fn is_out_of_reach(&self, address: &Address, row: &Row, provider: &ProviderInstance) -> bool {
        if !self.leads_elsewhere(&self.recorded_provider(row), &provider.node) {
            return false;
        }
        match &row.current {
            Some(current) if !provider.unknown && row.world.is_some() => {
                let seen = self.look(address, row, Slot::Current, current, &provider.node);
                matches!(seen, Some(Answer::Elsewhere(_)))
            }
            _ => true,
        }
    }

    /// Says that an object is not where its provider leads now.
    pub(crate) fn find_elsewhere(&self, address: &Address, to: Option<&Address>) {
        let where_to = match to {
            Some(to) => format!("its provider leads to `{to}` now"),
            None => "its provider leads elsewhere now".to_string(),
        };
        self.find_unread("elsewhere", address, &where_to);
    }

    /// Whether the world that a row's object is in comes from something, by the name that it has now.
    pub(crate) fn came_from(&self, row: &Row, parent: &Address) -> bool {
        let recorded = self.input.previous.providers.get(&row.provider);
        recorded.is_none_or(|recorded| {
            let before = self.recorded_at(parent);
            recorded.needs.iter().any(|need| *need == before || self.called_now(need) == *parent)
        })
    }

    /// What a row's world came from, if a replacement of that left its older object behind: what is not
    /// in the new one is in that.
    pub(crate) fn older_world(&self, row: &Row) -> Option<Address> {
        let older = |world: &Address| self.row(world).as_deref().is_some_and(in_use_still);
        self.worlds(row).find(older)
    }

    /// The world that the object lived in is made anew: it went with it.
    pub(crate) fn decide_moved_world(
        self: &Rc<Self>,
        wanted: Wanted<'_>,
        row: RowPlan,
        parent: Address,
        before: &Value,
    ) -> Instance {
        let reasons = vec![Reason::WithinReplaced { within: parent.clone() }];
        let replaced = self.is_replaced(&parent) || self.row(&parent).as_deref().is_some_and(in_use_still);
        if wanted.lifecycle.prevent_destroy && replaced {
            self.find(
                kept(&wanted.address)
                    .detail(reason_words(&reasons[0]))
                    .help("take the change back, or `prevent_destroy` away"),
            );
            return self.fail(wanted, row);
        }
        let key = self.natural_key(&wanted);
        let planned = diff::planned_create(&wanted.schema, &wanted.address, &wanted.desired);
        let mut change = self.creation(&wanted, Action::Replace(ReplaceOrder::DeleteFirst), reasons);
        change.differences = diff::leaf_differences(Some(before), Some(&wanted.desired));
        let making = Making { desired: wanted.desired.clone(), adopt: false, key, gone_with: Some(parent) };
        self.settle(wanted, Decision::Create(making), planned, Some(change), row, Vec::new())
    }

    /// What the object of a row dies with because somebody says so, where that is replaced, or an earlier
    /// replacement has yet to delete it.
    pub(crate) fn goes_with(&self, row: &Row, wanted: &Wanted<'_>) -> Option<Address> {
        let with = row.lifecycle.deleted_with.as_ref().map(|with| self.name_in_plan(with));
        let still = wanted.lifecycle.deleted_with.is_some();
        with.filter(|with| self.is_replaced(with) || (still && self.is_with_older(row, with)))
    }

    /// Whether the object of a row was there before a replacement of something, and that has an older
    /// object still: it is of that.
    pub(crate) fn is_with_older(&self, row: &Row, with: &Address) -> bool {
        let with = self.row(with);
        let since = |row: &Row| row.current.as_ref().map(|current| current.since);
        let Some(with) = with.as_deref().filter(|with| in_use_still(with)) else { return false };
        since(row).zip(since(with)).is_some_and(|(own, theirs)| own < theirs)
    }

    /// Whether an object is replaced in this plan, by itself or with what it lives in.
    pub(crate) fn is_replaced(&self, address: &Address) -> bool {
        let id = self.by_address.borrow().get(address).copied();
        id.is_some_and(|id| match &self.instance(id).decision {
            Decision::Replace { .. } => true,
            Decision::Create(making) => {
                making.gone_with.as_ref().is_some_and(|parent| !self.is_not_there(parent))
            }
            _ => false,
        })
    }

    /// What the object of a row went with: its world came from something that is not there any more. An
    /// object that was found, or looked for in vain, tells by itself.
    pub(crate) fn went_with(&self, row: &Row) -> Option<Address> {
        let seen = self.input.snapshot.rows.get(&row.address);
        if matches!(seen, Some(Refreshed::Found { .. } | Refreshed::Absent))
            || self.older_world(row).is_some()
        {
            return None;
        }
        self.worlds(row).find(|world| self.is_not_there(world))
    }

    /// What the world of a row's object comes from, by the names of this plan.
    pub(crate) fn worlds(&self, row: &Row) -> impl Iterator<Item = Address> {
        let provider = self.input.previous.providers.get(&row.provider);
        let needs = provider.map_or(&[][..], |provider| &provider.needs);
        needs.iter().map(|need| self.name_in_plan(need))
    }

    /// Whether a recorded object is not there any more, or went with what its own world came from.
    pub(crate) fn is_not_there(&self, address: &Address) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![self.recorded_at(address)];
        while let Some(address) = open.pop() {
            match self.input.snapshot.rows.get(&address) {
                Some(Refreshed::Absent) => return true,
                Some(Refreshed::Found { .. }) => {}
                _ => {
                    let row = self.input.previous.rows.get(&address).filter(|_| seen.insert(address));
                    let worlds = row.into_iter().flat_map(|row| self.worlds(row));
                    open.extend(worlds.map(|world| self.recorded_at(&world)));
                }
            }
        }
        false
    }

    /// The world that the object lived in is not there any more, and it went with that: it is made
    /// wherever it is to be now, and nobody is asked to delete it.
    pub(crate) fn decide_lost_world(
        self: &Rc<Self>,
        wanted: Wanted<'_>,
        row_plan: RowPlan,
        row: &Row,
        world: Address,
    ) -> Instance {
        // It may not be planned yet, under the name that it has then.
        let parent = self.named_next(&world).unwrap_or_else(|| world.clone());
        let mut reasons = vec![Reason::ObjectGone, Reason::DeletedWith { parent }];
        if row.type_name != wanted.type_name {
            reasons.push(Reason::TypeChanged { before: row.type_name.clone() });
        }
        let mut instance = self.decide_new(wanted, row_plan, reasons);
        if let Decision::Create(making) = &mut instance.decision {
            making.gone_with = Some(world);
        }
        instance
    }

    /// The address stands for something of another type now: the old object goes by its own type's
    /// rules.
    pub(crate) fn decide_other_type(
        self: &Rc<Self>,
        wanted: Wanted<'_>,
        row_plan: RowPlan,
        row: &Row,
        current: &aurak_model::Object,
    ) -> Instance {
        let before = row.type_name.clone();
        if let Some(Refreshed::Absent) = self.input.snapshot.rows.get(&row.address) {
            return self.decide_new(
                wanted,
                row_plan,
                vec![Reason::ObjectGone, Reason::TypeChanged { before }],
            );
        }
        self.decide_anew(wanted, row_plan, row, current, vec![Reason::TypeChanged { before }])
    }

    /// Its object is in another world than its provider reaches, and the command line asks for a new
    /// one: the old one goes there, and the new one is made here.
    pub(crate) fn decide_elsewhere(
        self: &Rc<Self>,
        wanted: Wanted<'_>,
        row_plan: RowPlan,
        current: &aurak_model::Object,
    ) -> Instance {
        let at = self.moved_from(&wanted.address).unwrap_or_else(|| wanted.address.clone());
        let Some(row) = self.input.previous.rows.get(&at).cloned() else {
            return self.fail(wanted, row_plan);
        };
        self.decide_anew(wanted, row_plan, &row, current, vec![Reason::Requested])
    }

    /// The old object goes by the provider, and the rules, of its row, before the new one is made.
    pub(crate) fn decide_anew(
        self: &Rc<Self>,
        wanted: Wanted<'_>,
        row_plan: RowPlan,
        row: &Row,
        current: &aurak_model::Object,
        reasons: Vec<Reason>,
    ) -> Instance {
        if wanted.lifecycle.prevent_destroy || row.lifecycle.prevent_destroy {
            self.find(match row.type_name != wanted.type_name {
                true => kept(&wanted.address)
                    .detail(format!("it was a {} until now", row.type_name))
                    .help("take the change back, or give the new resource another name"),
                false => {
                    kept(&wanted.address).help("take `prevent_destroy` away, apply, and replace it then")
                }
            });
            return self.fail(wanted, row_plan);
        }
        if self.has_another(&wanted, current) {
            return self.fail(wanted, row_plan);
        }
        let live = match self.input.snapshot.rows.get(&row.address) {
            Some(Refreshed::Found { attributes, .. }) => attributes.clone(),
            _ => current.attributes.clone(),
        };
        let key = self.natural_key(&wanted);
        if self.is_name_taken(&wanted, key.as_ref(), None) {
            return self.fail(wanted, row_plan);
        }
        let planned = diff::planned_create(&wanted.schema, &wanted.address, &wanted.desired);
        let change = self.creation(&wanted, Action::Replace(ReplaceOrder::DeleteFirst), reasons);
        let other = Other { type_name: row.type_name.clone(), provider: self.recorded_provider(row) };
        let making =
            Making { desired: wanted.desired.clone(), adopt: wanted.lifecycle.adopt, key, gone_with: None };
        let decision = Decision::Replace {
            order: ReplaceOrder::DeleteFirst,
            old: current.id.clone(),
            live,
            making,
            other: Some(other),
            temporary: None,
        };
        self.settle(wanted, decision, planned, Some(change), row_plan, Vec::new())
    }
}
