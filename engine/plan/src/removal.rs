//! What leaves: rows that the configuration no longer asks for, and objects that a replacement left
//! behind.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use aurak_model::plan::Mode;
use aurak_model::record::Row;
use aurak_model::schema::{ReplaceOrder, provider_of};
use aurak_model::{
    Action, Address, Answer, Ask, Change, Diagnostic, Name, Object, Origin, ProviderAddress, ProviderNode,
    Reason, Refreshed, Slot, Value,
};

use crate::context::{Context, InstId, Members};
use crate::decide::in_use_still;
use crate::elsewhere::Left;
use crate::provider::{ProviderGroup, ProviderInstance};
use crate::resource::Decision;
use crate::said::{is_same_id, read_in_place};

/// An object that leaves the state.
pub(crate) struct Removal {
    pub address: Address,
    pub row: Arc<Row>,
    pub slot: Slot,
    /// Deleted, or only forgotten.
    pub delete: Option<Deletion>,
    /// What it dies with.
    pub parent: Option<Address>,
    pub change: Option<Change>,
}

/// See [`Removal::delete`].
pub(crate) struct Deletion {
    pub id: Name,
    pub live: Value,
    pub provider: ProviderNode,
}

/// An object is in the older one of this, and goes with that.
struct Within(Address);

/// What the walk found, by address, for the question whether a row leaves.
pub(crate) struct Known {
    blocks: HashMap<Address, Members>,
    /// Blocks of which it is not known yet which instances there are, by their name without keys.
    pub(crate) undecided: HashMap<String, Vec<Address>>,
    /// Addresses that rows had before a rename.
    moved: BTreeSet<Address>,
}

impl Known {
    pub(crate) fn new(context: &Context) -> Known {
        let groups = context.groups.borrow();
        let mut undecided: HashMap<String, Vec<Address>> = HashMap::new();
        for block in context.undecided.borrow().iter() {
            undecided.entry(block.plain()).or_default().push(block.clone());
        }
        Known {
            // Nobody asks where there are no rows.
            blocks: match context.input.previous.rows.is_empty() {
                true => HashMap::new(),
                false => groups.iter().map(|group| (group.address.clone(), group.members.clone())).collect(),
            },
            undecided,
            moved: context.renamed().into_keys().collect(),
        }
    }

    /// Whether an address may turn out to be an instance of a block that is not decided yet.
    pub(crate) fn is_undecided(&self, address: &Address) -> bool {
        if self.undecided.is_empty() {
            return false;
        }
        let blocks = self.undecided.get(&address.plain()).map_or(&[][..], Vec::as_slice);
        blocks.iter().any(|block| {
            let (theirs, _, _) = block.split();
            let (own, _, _) = address.split();
            let pairs = theirs.segments().into_iter().zip(own.segments());
            pairs.into_iter().all(|(theirs, own)| theirs.key.is_none() || theirs.key == own.key)
        })
    }
}

impl Context {
    /// Whether an address may turn out to be there: it is of what is planned later.
    pub(crate) fn may_come(&self, address: &Address) -> bool {
        Known::new(self).is_undecided(address) || self.is_deferred_instance(address)
    }

    /// Everything that leaves, in order of the addresses.
    pub(crate) fn removals(self: &Rc<Self>) -> Vec<Removal> {
        let providers = self.provider_nodes();
        let known = Known::new(self);
        let renamed = self.renamed();
        let mut leaving: Vec<(Address, Arc<Row>, Vec<Reason>)> = self
            .input
            .previous
            .rows
            .iter()
            .filter_map(|(address, row)| {
                let reasons = match self.leaves(address, &known) {
                    Some(reason) => vec![reason],
                    // `remove` says what it dies with.
                    None if self.is_lost(address, row, &known) => {
                        let now = renamed.get(address).unwrap_or(address);
                        return Some((now.clone(), row.clone(), Vec::new()));
                    }
                    None => match self.left_elsewhere(address, row, &known, &providers)? {
                        Left::Goes => vec![Reason::Requested],
                        Left::Refused => return None,
                    },
                };
                Some((address.clone(), row.clone(), reasons))
            })
            .collect();
        let used = self.used_later(&leaving, &known);
        self.hold_back(&mut leaving, &used, &providers);
        let deleted_first = self.set_aside(&used);
        leaving.extend(self.lost_outside());
        let gone: BTreeSet<Address> = leaving.iter().map(|(address, _, _)| address.clone()).collect();
        let mut removals = Vec::new();
        for (address, row, reasons) in leaving {
            removals.extend(self.remove(address, row, reasons, &gone, &providers));
        }
        let inside = self.lost_inside(&mut removals, &known);
        for (address, user) in deleted_first.iter().filter(|(_, user)| !inside.contains(user)) {
            self.warn_of_use(address, user);
        }
        self.judge_left_out(&removals);
        for (address, row) in &self.input.previous.rows {
            let Some(old) = &row.old else { continue };
            let address = renamed.get(address).unwrap_or(address);
            // There is room for one object beside the current one.
            let in_the_way = !in_use_still(row) && self.replaced(address) == Some(ReplaceOrder::CreateFirst);
            let left_out = self.selection.as_ref().is_some_and(|s| !s.names(address));
            if (left_out && !in_the_way) || (in_use_still(row) && self.set_aside.borrow().contains(address)) {
                continue;
            }
            let left = Reason::LeftOver { id: old.id.clone() };
            removals.push(self.remove_beside(address, row, (Slot::Old, old), left, &gone, &providers));
        }
        removals.extend(self.temporaries(&gone, &providers, &known));
        removals
    }

    /// Temporary objects of rotations that were cut off. Those of rotations that go on now are part of
    /// these.
    fn temporaries(
        &self,
        gone: &BTreeSet<Address>,
        providers: &HashMap<ProviderAddress, Rc<ProviderInstance>>,
        known: &Known,
    ) -> Vec<Removal> {
        let renamed = self.renamed();
        let mut removals = Vec::new();
        for (before, row) in &self.input.previous.rows {
            let Some(temporary) = &row.temporary else { continue };
            let address = renamed.get(before).unwrap_or(before);
            let left_out = self.selection.as_ref().is_some_and(|s| !s.names(address));
            // What is not planned now may be rotated by a later plan.
            if left_out || self.is_planned_later(before, known) || self.is_not_planned(address) {
                continue;
            }
            let (beside, left) = ((Slot::Temporary, temporary), Reason::LeftOfRotation);
            let removal = self.remove_beside(address, row, beside, left, gone, providers);
            let removal = self.kept_temporary(removal, gone);
            let goes_on = self.replaced(address) == Some(ReplaceOrder::Rotate);
            removals.push(Removal { change: removal.change.filter(|_| !goes_on), ..removal });
        }
        removals
    }

    /// All that is left of what is let go of stays, although a rotation made it for a while only.
    fn kept_temporary(&self, removal: Removal, gone: &BTreeSet<Address>) -> Removal {
        let Removal { address, row, .. } = &removal;
        let leaves = gone.contains(address) || gone.contains(&row.address);
        let last = row.current.is_none() && row.old.is_none();
        if !leaves || !last || removal.delete.is_none() || !self.is_let_go(&row.address, row) {
            return removal;
        }
        let reasons = vec![Reason::LeftOfRotation, Reason::Retained];
        let change = Some(self.removal_change(address, row, Action::Forget, reasons));
        Removal { delete: None, change, ..removal }
    }

    /// An object beside the current one goes: it is deleted where it is, or is gone with what it was in.
    fn remove_beside(
        &self,
        address: &Address,
        row: &Arc<Row>,
        (slot, object): (Slot, &Object),
        left: Reason,
        gone: &BTreeSet<Address>,
        providers: &HashMap<ProviderAddress, Rc<ProviderInstance>>,
    ) -> Removal {
        // What the row says it dies with is what its current object dies with.
        let dies_with = || match slot {
            Slot::Old => self.worlds(row).find(|world| self.goes(world, gone)),
            Slot::Current | Slot::Temporary => self.dies_with(row, gone),
        };
        let parent = self.went_with(row).or_else(dies_with);
        let (action, reasons) = match &parent {
            Some(parent) => (Action::Forget, vec![left, Reason::DeletedWith { parent: parent.clone() }]),
            None => (Action::Delete, vec![left]),
        };
        let delete = parent.is_none().then(|| Deletion {
            id: object.id.clone(),
            live: object.attributes.clone(),
            provider: self.who_deletes(address, row, slot, object, providers),
        });
        let change = Some(self.removal_change(address, row, action, reasons));
        Removal { address: address.clone(), row: row.clone(), slot, delete, parent, change }
    }

    fn is_not_planned(&self, address: &Address) -> bool {
        let id = self.by_address.borrow().get(address).copied();
        id.is_some_and(|id| {
            matches!(self.instance(id).decision, Decision::Deferred | Decision::Failed | Decision::Outside)
        })
    }

    /// Whether anything is planned later.
    pub(crate) fn is_anything_later(&self, known: &Known) -> bool {
        !known.undecided.is_empty() || !self.deferred.borrow().is_empty()
    }

    /// Whether a row belongs to what is planned later, by its own name or the one that a rename gives it.
    pub(crate) fn is_planned_later(&self, address: &Address, known: &Known) -> bool {
        let is_later = |name: &Address| known.is_undecided(name) || self.is_deferred_instance(name);
        let own = !known.moved.contains(address) && is_later(address);
        own || self.named_next(address).as_ref().is_some_and(is_later)
    }

    pub(crate) fn is_deferred_instance(&self, address: &Address) -> bool {
        let address = address.composite().unwrap_or_else(|| address.clone());
        let id = self.by_address.borrow().get(&address).copied();
        id.is_some_and(|id| matches!(self.instance(id).decision, Decision::Deferred))
    }

    /// Whether a row belongs to what is planned later, and its object dies with something that is
    /// replaced before that: it is planned without it then.
    fn is_lost(&self, address: &Address, row: &Row, known: &Known) -> bool {
        let name = self.named_next(address).filter(|_| known.moved.contains(address));
        let name = name.as_ref().unwrap_or(address);
        let planned = self.by_address.borrow().contains_key(name) && !self.is_deferred_instance(name);
        self.selection.as_ref().is_none_or(|selection| selection.names(name))
            && !planned
            && self.is_planned_later(address, known)
            && self.dies_with(row, &BTreeSet::new()).is_some()
    }

    /// Why a row leaves, if it does.
    fn leaves(&self, address: &Address, known: &Known) -> Option<Reason> {
        if self.selection.as_ref().is_some_and(|selection| !selection.names(address)) {
            return None;
        }
        if self.input.options.mode == Mode::Destroy {
            return Some(Reason::Destroy);
        }
        if let Some(id) = self.by_address.borrow().get(address) {
            // These have no row of their own: this one is of what the name stood for before.
            let other =
                matches!(self.instance(*id).decision, Decision::Composite(_) | Decision::Existing { .. });
            return other.then_some(Reason::NotInConfiguration);
        }
        if known.moved.contains(address) {
            return None;
        }
        let names = [Some(address.clone()), self.named_next(address)];
        for name in names.iter().flatten() {
            let composite = name.composite().and_then(|it| self.by_address.borrow().get(&it).copied());
            if let Some(id) = composite {
                let keeps = matches!(
                    self.instance(id).decision,
                    Decision::Deferred | Decision::Failed | Decision::Outside
                );
                return (!keeps).then_some(Reason::NotInConfiguration);
            }
            if known.is_undecided(name) {
                return None;
            }
        }
        Some(match known.blocks.get(&address.block()) {
            Some(Members::Absent) => Reason::WhenFalse,
            Some(Members::Keyed(_)) => Reason::KeyGone,
            Some(Members::Single(_) | Members::Deferred) | None => Reason::NotInConfiguration,
        })
    }

    fn remove(
        self: &Rc<Self>,
        address: Address,
        row: Arc<Row>,
        mut reasons: Vec<Reason>,
        gone: &BTreeSet<Address>,
        providers: &HashMap<ProviderAddress, Rc<ProviderInstance>>,
    ) -> Option<Removal> {
        let Some(current) = &row.current else {
            // Only an older object is left; that one is a removal of its own.
            return (row.old.is_none() && row.temporary.is_none()).then_some(Removal {
                change: None,
                delete: None,
                parent: None,
                slot: Slot::Current,
                address,
                row,
            });
        };
        let forget = |reasons: Vec<Reason>, parent: Option<Address>| {
            let change = Some(self.removal_change(&address, &row, Action::Forget, reasons));
            Removal {
                address: address.clone(),
                row: row.clone(),
                slot: Slot::Current,
                delete: None,
                parent,
                change,
            }
        };
        match self.is_read_in_destroy(&address, &current.id) {
            Some(true) => return Some(forget(reasons, None)),
            Some(false) => {
                self.find(read_in_place(&address, &current.id));
                return None;
            }
            None => {}
        }
        let said = self.said_of(&address, &row);
        if let Some(same) = self.is_only_read(&address, &row) {
            if !same {
                self.find(existing_beside(&address, &current.id));
                return None;
            }
            return Some(forget(reasons, None));
        }
        let dies_with = self.dies_with(&row, gone);
        // What it is in stays until what uses that is planned, and so does this.
        if let Some(parent) = dies_with.clone().filter(|parent| self.set_aside.borrow().contains(parent)) {
            // What is planned later anyway says so itself.
            if !reasons.is_empty() {
                let needs = [Origin::Deferred { block: parent.clone() }];
                let why = format!("it is in the object of `{parent}` that stays for now");
                self.defer(&address, &row.type_name, &needs, &why);
            }
            return None;
        }
        if self.is_removed_only(&address) || said.retain {
            if let Some(parent) = dies_with {
                if !self.is_not_there(&parent) {
                    self.find(goes_all_the_same(&address, &parent));
                }
                return Some(forget(vec![Reason::DeletedWith { parent: parent.clone() }], Some(parent)));
            }
            if !self.is_removed_only(&address) {
                reasons.push(Reason::Retained);
            }
            return Some(forget(reasons, None));
        }
        if said.prevent_destroy {
            self.find(
                Diagnostic::error(
                    "prevent_destroy",
                    format!("`{address}` would be deleted, but `prevent_destroy` keeps it"),
                )
                .detail(row.place.as_ref().map_or_else(String::new, |place| format!("it was at {place}")))
                .help(match self.input.options.mode {
                    Mode::Apply => "bring it back; or take `prevent_destroy` away, apply, and delete it then",
                    Mode::Destroy if self.is_configured(&address) => {
                        "take `prevent_destroy` away, apply, and destroy then"
                    }
                    Mode::Destroy => {
                        "bring it back without `prevent_destroy`, apply, and destroy then; or let go of it with \
                         `aurak state rm`"
                    }
                })
                .about(&address),
            );
            return None;
        }
        if let Some(parent) = dies_with {
            return Some(forget(vec![Reason::DeletedWith { parent: parent.clone() }], Some(parent)));
        }
        let provider = self.who_deletes(&address, &row, Slot::Current, current, providers);
        let seen = match self.seen(&address, &row, current, &provider) {
            Ok(seen) => seen,
            Err(Within(older)) => {
                return Some(forget(vec![Reason::DeletedWith { parent: older.clone() }], Some(older)));
            }
        };
        let live = match seen {
            Some(Refreshed::Found { attributes, .. }) => attributes,
            Some(Refreshed::Absent) => {
                reasons.insert(0, Reason::ObjectGone);
                return Some(forget(reasons, None));
            }
            Some(Refreshed::Unreadable(why)) => {
                self.find(
                    Diagnostic::error(
                        "unreadable",
                        format!("could not read `{address}`, which is to be deleted: {why}"),
                    )
                    .help("nothing was changed; mend the cause, or forget it with `aurak state rm`")
                    .about(&address),
                );
                return None;
            }
            Some(Refreshed::Asleep(_) | Refreshed::Ambiguous(_)) | None => current.attributes.clone(),
        };
        Some(Removal {
            slot: Slot::Current,
            delete: Some(Deletion { id: current.id.clone(), live, provider }),
            parent: None,
            change: Some(self.removal_change(&address, &row, Action::Delete, reasons)),
            address,
            row,
        })
    }

    /// What was read of an object that leaves. Where the provider as it was recorded could not read it,
    /// the one that is to delete it is asked: credentials change.
    fn seen(
        self: &Rc<Self>,
        address: &Address,
        row: &Row,
        current: &Object,
        provider: &ProviderNode,
    ) -> Result<Option<Refreshed>, Within> {
        let seen = self.input.snapshot.rows.get(address).cloned();
        let recorded = self.recorded_provider(row);
        let same =
            recorded.type_name == provider.type_name && recorded.config.reveal() == provider.config.reveal();
        let older = self.older_world(row);
        if (same && older.is_none()) || !matches!(seen, Some(Refreshed::Unreadable(_))) {
            return Ok(seen);
        }
        Ok(match self.look(address, row, Slot::Current, current, provider) {
            None => None,
            Some(Answer::Object(refreshed)) => Some(refreshed),
            Some(Answer::Elsewhere(_)) if let Some(older) = older => return Err(Within(older)),
            Some(Answer::Elsewhere(why) | Answer::Failed(why)) => Some(Refreshed::Unreadable(why)),
            Some(_) => seen,
        })
    }

    /// What a row's object dies with in this plan: what it said itself, or what its provider's world
    /// comes from.
    fn dies_with(&self, row: &Row, gone: &BTreeSet<Address>) -> Option<Address> {
        self.containers(row).into_iter().find(|container| self.goes(container, gone))
    }

    /// What a row's object cannot be without, by the names of this plan.
    pub(crate) fn containers(&self, row: &Row) -> Vec<Address> {
        let with = row.lifecycle.deleted_with.iter().map(|need| self.name_in_plan(need));
        with.chain(self.worlds(row)).collect()
    }

    /// Whether an object really goes. One that is only forgotten stays where it is, and so does what
    /// is in it, unless it goes with something around it.
    fn goes(&self, address: &Address, gone: &BTreeSet<Address>) -> bool {
        let rows = &self.input.previous.rows;
        let mut seen = BTreeSet::new();
        let mut open = vec![address.clone()];
        while let Some(address) = open.pop() {
            let recorded = self.recorded_at(&address);
            // It is gone already, whatever is to become of its row.
            if matches!(self.input.snapshot.rows.get(&recorded), Some(Refreshed::Absent)) {
                return true;
            }
            let Some(row) = rows.get(&recorded).filter(|_| gone.contains(&recorded)) else {
                let inst = self.by_address.borrow().get(&address).copied();
                if inst.is_some_and(|id| self.is_made_anew(id)) {
                    return true;
                }
                continue;
            };
            if !self.is_let_go(&recorded, row) {
                return true;
            }
            if seen.insert(address) {
                open.extend(self.containers(row));
            }
        }
        false
    }

    /// Whether an instance had an object that is not there any more after this plan.
    pub(crate) fn is_made_anew(&self, id: InstId) -> bool {
        let instance = self.instance(id);
        match instance.decision {
            Decision::Replace { .. } => true,
            Decision::Create(_) => self.row(&instance.address).is_some_and(|row| row.current.is_some()),
            _ => false,
        }
    }

    /// Whether what leaves the stack stays where it is.
    fn is_let_go(&self, address: &Address, row: &Row) -> bool {
        let read = |object: &Object| self.is_read_in_destroy(address, &object.id) == Some(true);
        self.said_of(address, row).retain
            || self.is_removed_only(address)
            || self.is_only_read(address, row).is_some()
            || row.current.as_ref().is_some_and(read)
    }

    /// Whether an address stands for an object now that is read and never changed, and if so, whether
    /// that is surely the one that its row has.
    fn is_only_read(&self, address: &Address, row: &Row) -> Option<bool> {
        let names = [Some(address.clone()), self.named_next(address)];
        let id = names.iter().flatten().find_map(|name| self.by_address.borrow().get(name).copied())?;
        let instance = self.instance(id);
        let Decision::Existing { id, .. } = &instance.decision else { return None };
        let recorded = self.recorded_provider(row);
        let same_world = instance.provider.as_ref().is_some_and(|now| {
            recorded.type_name == now.node.type_name && !self.leads_elsewhere(&recorded, &now.node)
        });
        let same = row.current.as_ref().zip(id.as_str()).is_some_and(|(own, id)| is_same_id(id, &own.id));
        Some(same && same_world && row.type_name == instance.type_name)
    }

    /// Whether the configuration has a block of this name.
    fn is_configured(&self, address: &Address) -> bool {
        let (_, last, _) = address.split();
        self.input.program.blocks.iter().any(|block| *block.name == *last.name)
    }

    fn is_removed_only(&self, address: &Address) -> bool {
        let next = self.named_next(address);
        let names = [Some(address), next.as_ref()];
        self.input.program.removed.iter().filter(|removed| !removed.destroy).any(|removed| {
            let covers = |name: &&Address| crate::walk::covers(removed.address.as_str(), name.as_str());
            names.iter().flatten().any(covers)
        })
    }

    pub(crate) fn removal_change(
        &self,
        address: &Address,
        row: &Row,
        action: Action,
        reasons: Vec<Reason>,
    ) -> Change {
        Change {
            address: address.clone(),
            type_name: row.type_name.clone(),
            action,
            reasons,
            differences: Vec::new(),
            drift: Vec::new(),
            place: row.place.clone(),
            steps: Vec::new(),
            usual_ms: None,
            from: None,
            data_loss: None,
        }
    }

    /// All provider nodes of the program by address.
    pub(crate) fn provider_nodes(&self) -> HashMap<ProviderAddress, Rc<ProviderInstance>> {
        let mut nodes = HashMap::new();
        let mut add = |instance: &Rc<ProviderInstance>| {
            nodes.insert(instance.node.address.clone(), instance.clone());
        };
        for group in self.providers.borrow().values() {
            match group {
                ProviderGroup::Single(instance) => add(instance),
                ProviderGroup::Keyed(instances) => instances.values().for_each(&mut add),
                ProviderGroup::Absent | ProviderGroup::Deferred(_) | ProviderGroup::Failed => {}
            }
        }
        nodes
    }

    /// Whom to ask to delete a row's object: the node as configured now, where it is known and leads to
    /// where the object is; otherwise as it was recorded.
    fn provider_of_row(
        &self,
        row: &Row,
        providers: &HashMap<ProviderAddress, Rc<ProviderInstance>>,
    ) -> ProviderNode {
        let recorded = self.recorded_provider(row);
        match providers.get(&row.provider).filter(|instance| !instance.unknown) {
            Some(now) if !self.leads_elsewhere(&recorded, &now.node) => now.node.clone(),
            _ => recorded,
        }
    }

    /// The same, where that cannot be told by the configuration: the object is looked for.
    fn who_deletes(
        &self,
        address: &Address,
        row: &Row,
        slot: Slot,
        object: &Object,
        providers: &HashMap<ProviderAddress, Rc<ProviderInstance>>,
    ) -> ProviderNode {
        let (now, recorded) = (self.provider_of_row(row, providers), self.recorded_provider(row));
        if row.world.is_none() || now.config.reveal() == recorded.config.reveal() {
            return now;
        }
        match self.look(address, row, slot, object, &now) {
            Some(Answer::Elsewhere(_)) => recorded,
            _ => now,
        }
    }

    /// What a provider has to say of an object of a row.
    pub(crate) fn look(
        &self,
        address: &Address,
        row: &Row,
        slot: Slot,
        object: &Object,
        provider: &ProviderNode,
    ) -> Option<Answer> {
        let ask = Ask::Read {
            address: address.clone(),
            slot,
            type_name: row.type_name.clone(),
            provider: ProviderNode { config: self.as_read(&provider.config), ..provider.clone() },
            id: object.id.clone(),
            world: row.world.clone(),
            last: object.attributes.clone(),
            whole: false,
        };
        self.ask(ask, 0)
    }

    /// Whether a provider reaches another world than it did. Credentials change within one; what they
    /// come from, or in plain configurations what the world is told by, does not.
    pub(crate) fn leads_elsewhere(&self, recorded: &ProviderNode, now: &ProviderNode) -> bool {
        let comes_from = |node: &ProviderNode| -> BTreeSet<Address> {
            node.needs.iter().map(|need| self.recorded_at(&self.called_now(need))).collect()
        };
        let (came, comes) = (comes_from(recorded), comes_from(now));
        if came != comes {
            return true;
        }
        let Some(schema) = self.input.schemas.providers.get(&now.type_name).filter(|_| came.is_empty())
        else {
            return false;
        };
        let value = |node: &ProviderNode, name: &Name| node.config.as_map()?.get(name).map(Value::reveal);
        schema.attributes.iter().filter(|(_, attribute)| !attribute.immutable.is_empty()).any(|(name, _)| {
            let (before, after) = (value(recorded, name), value(now, name));
            before != after && ![&before, &after].into_iter().flatten().any(Value::has_unknown)
        })
    }

    /// The provider of a row as it was recorded.
    pub(crate) fn recorded_provider(&self, row: &Row) -> ProviderNode {
        match self.input.previous.providers.get(&row.provider) {
            Some(recorded) => recorded.node(),
            None => ProviderNode {
                address: row.provider.clone(),
                type_name: provider_of(&row.type_name).into(),
                config: Value::map::<Name>([]),
                needs: Vec::new(),
            },
        }
    }
}

/// What is let go of does not stay where it is.
pub(crate) fn goes_all_the_same(address: &Address, around: &Address) -> Diagnostic {
    Diagnostic::warning("inside", format!("`{address}` is let go of, and goes with `{around}` all the same"))
        .help(format!("to keep it, keep `{around}` too"))
        .about(address)
}

/// A name is of a row, and of another object that is only read: what is of the row would go unseen.
fn existing_beside(address: &Address, id: &Name) -> Diagnostic {
    let summary =
        format!("`{address}` is only read now, and this stack has an object of its own under that name");
    Diagnostic::error("existing", summary)
        .detail(format!("its id is {id}"))
        .help(format!(
            "give what is read another name, and {id} is deleted; or let go of {id} first with `aurak state rm \
             '{address}'`"
        ))
        .about(address)
}
