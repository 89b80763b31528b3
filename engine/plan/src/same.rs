//! Two addresses of one object: each would undo what the other does. And names that go from one object
//! to another in one plan: the old one has to let go first.
//!
//! Objects are told apart by the natural key of their type, within the world that a provider's
//! configuration names. Those of a type without a key are told apart by their ids, where they are taken
//! over: what is made there is always another one.

use std::collections::BTreeMap;
use std::rc::Rc;

use aurak_model::{
    Address, BlockKind, Diagnostic, Name, ProviderAddress, ProviderNode, Refreshed, Slot, Span, TypeSchema,
    Value, in_yaml,
};

use crate::context::{Context, InstId, Instance, Members};
use crate::diff;
use crate::provider::ProviderInstance;
use crate::removal::Removal;
use crate::resource::{Decision, Kept, Recording, Updating};
use crate::scope::RuleScope;

/// How many of the addresses of one object are named.
const NAMED: usize = 4;

/// An object that is recorded under another address, and is in the way of what is to be made, or is to
/// be imported.
pub(crate) struct Claim {
    pub by: Address,
    pub of: Address,
    pub id: Name,
    pub why: Claims,
}

/// What an address is to have that another one's object is claimed for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claims {
    Create,
    Import,
    /// It has an object already: what leaves cannot have been renamed to it.
    Replace,
}

/// The place of an instance and which of its objects, and whose object of that name has to go first.
pub(crate) type Handed = (usize, Slot, Address, Slot);

impl Context {
    /// A name that another address has can be taken over where a replacement lets go of it in this
    /// plan. What leaves may have been renamed, and nobody said so: that is never guessed.
    pub(crate) fn judge_claims(&self, removals: &[Removal]) {
        // The next round looks again.
        if !self.asks.borrow().is_empty() {
            return;
        }
        let renamed = self.renamed();
        for Claim { by, of, id, why } in self.claims.borrow().iter() {
            let of_now = renamed.get(of).unwrap_or(of);
            let inst = self.by_address.borrow().get(of_now).copied();
            let decision = inst.map(|id| self.instance(id));
            let stays = self.set_aside.borrow().contains(of_now);
            let left_over = removals.iter().any(|removal| {
                let any = *why == Claims::Replace || removal.slot != Slot::Current;
                let deleted = removal.delete.as_ref().filter(|_| any);
                removal.address == *of_now && deleted.is_some_and(|delete| delete.id == *id)
            });
            let decision = decision.as_ref().map(|instance| &instance.decision);
            let replaced = matches!(decision, Some(Decision::Replace { old, .. }) if old == id) && !stays;
            let help = match decision {
                // What is to be taken over must not go, and another one be made in its place.
                _ if (left_over || replaced) && *why == Claims::Import => {
                    format!("that object goes in this plan: take the line of `{by}` out of `imports`")
                }
                _ if left_over || replaced => continue,
                // Why is said already.
                Some(Decision::Failed) => continue,
                Some(Decision::Replace { .. }) | None if stays => format!(
                    "that object stays until what was made from it is planned: apply first without `{by}`, or \
                     choose another name"
                ),
                Some(Decision::Outside) => format!(
                    "where that lets go of the name, name it too: `--only '{of_now}'`; otherwise choose another \
                     name"
                ),
                Some(Decision::Existing { .. }) => format!(
                    "`{of_now}` is only read now, and lets go of it: apply that first without `{by}`, or choose \
                     another name"
                ),
                Some(_) if self.will_be_same(by, of_now) => continue,
                Some(_) if !self.is_renamed_in_place(of_now) => {
                    "keep one of them, or tell them apart by their names".to_string()
                }
                Some(_) => format!(
                    "what has that name gets another one in this plan: apply that first with `--only {of_now}`, \
                     or choose another name"
                ),
                None if *why == Claims::Replace => "that object stays: choose another name".to_string(),
                None => format!(
                    "where `{of}` was renamed, say so: `moved: [{{ from: {}, to: {} }}]`; otherwise choose \
                     another name",
                    in_yaml(of.as_str()),
                    in_yaml(by.as_str())
                ),
            };
            let of_type = self.row(of_now).map(|row| row.type_name.clone()).unwrap_or_default();
            self.find(
                Diagnostic::error("exists", format!("`{by}` would be the same {of_type} as `{of}`"))
                    .detail(format!("its id is {id}, and it is recorded as `{of}`"))
                    .help(help)
                    .about(by),
            );
        }
    }

    /// Whether an object gets another name by a change in place.
    fn is_renamed_in_place(&self, address: &Address) -> bool {
        let id = self.by_address.borrow().get(address).copied();
        let Some(instance) = id.map(|id| self.instance(id)) else { return false };
        let Some(schema) = instance.schema.as_deref() else { return false };
        let Some(Refreshed::Found { attributes, .. }) = self.input.snapshot.rows.get(address) else {
            return false;
        };
        self.key_of(attributes, schema) != self.key_of(&instance.planned, schema)
    }

    /// Whether two would be one object after this plan, of which [`Self::judge_same_objects`] tells.
    fn will_be_same(&self, one: &Address, other: &Address) -> bool {
        let key = |address: &Address| {
            let id = self.by_address.borrow().get(address).copied()?;
            let instance = self.instance(id);
            self.key_of(&instance.planned, instance.schema.as_deref()?)
        };
        key(one).is_some_and(|key_of_one| key(other) == Some(key_of_one))
    }

    /// No object may have two addresses in this plan.
    pub(crate) fn judge_same_objects(&self) {
        // The next round looks again; and where a rename is wrong, that is why.
        if !self.asks.borrow().is_empty() || self.findings.borrow().iter().any(|f| f.code == "moved") {
            return;
        }
        let mut worlds = Worlds::default();
        let mut known: BTreeMap<(Name, usize, Name), Vec<InstId>> = BTreeMap::new();
        for (i, instance) in self.instances.borrow().iter().enumerate() {
            let (Some(schema), Some(provider)) = (&instance.schema, &instance.provider) else { continue };
            let is_there = match instance.decision {
                Decision::Keep(_) | Decision::Update(_) | Decision::Replace { .. } | Decision::Create(_) => {
                    true
                }
                Decision::Existing { .. }
                | Decision::Composite(_)
                | Decision::Deferred
                | Decision::Outside
                | Decision::Failed => false,
            };
            if !is_there || instance.kind != BlockKind::Resource {
                continue;
            }
            let key = self.key_of(&instance.planned, schema).or_else(|| self.taken_over(instance));
            let Some(key) = key else { continue };
            let world = worlds.of(provider);
            let place = (instance.type_name.clone(), world, key);
            known.entry(place).or_default().push(InstId(i as u32));
        }
        for ((type_name, _, _), same) in known.iter().filter(|(_, same)| same.len() > 1) {
            self.find(self.same_object(type_name, same));
        }
    }

    /// The id of the object that an instance takes over. One that a row has already is claimed.
    fn taken_over(&self, instance: &Instance) -> Option<Name> {
        let id = match &instance.decision {
            Decision::Keep(Kept { record: Some(Recording { id, .. }) }) => id,
            Decision::Update(Updating { id, .. }) => id,
            _ => return None,
        };
        let row = self.row(&instance.address);
        let has = row.as_ref().and_then(|row| row.current.as_ref()).is_some_and(|object| object.id == *id);
        (!has).then(|| id.clone())
    }

    /// What is made under a name that something else has until it is deleted in this plan. Made before
    /// that, it would be refused or, with `adopt`, take over what is deleted right afterwards.
    pub(crate) fn names_that_change_hands(
        &self,
        instances: &[Rc<Instance>],
        removals: &[Removal],
    ) -> Vec<Handed> {
        type Given = (Address, Slot, ProviderNode, Option<usize>);
        let mut given: BTreeMap<(Name, Name), Vec<Given>> = BTreeMap::new();
        let mut give = |type_name: &Name, live: &Value, by: Given| {
            let schema = self.input.schemas.types.get(type_name);
            if let Some(key) = schema.and_then(|schema| self.key_of(live, schema)) {
                given.entry((type_name.clone(), key)).or_default().push(by);
            }
        };
        for removal in removals {
            let Some(delete) = &removal.delete else { continue };
            let by = (removal.address.clone(), removal.slot, delete.provider.clone(), None);
            give(&removal.row.type_name, &delete.live, by);
        }
        for (i, instance) in instances.iter().enumerate() {
            let Decision::Replace { live, other, temporary, .. } = &instance.decision else { continue };
            if let (Some(temporary), Some(provider)) = (temporary, &instance.provider) {
                let by = (instance.address.clone(), Slot::Temporary, provider.node.clone(), Some(i));
                give(&instance.type_name, &temporary.desired, by);
            }
            let (type_name, provider) = match (other, &instance.provider) {
                (Some(other), _) => (&other.type_name, &other.provider),
                (None, Some(provider)) => (&instance.type_name, &provider.node),
                (None, None) => continue,
            };
            give(type_name, live, (instance.address.clone(), Slot::Current, provider.clone(), None));
        }
        let mut taken = Vec::new();
        for (i, instance) in instances.iter().enumerate().filter(|_| !given.is_empty()) {
            let (making, temporary) = match &instance.decision {
                Decision::Create(making) => (making, None),
                Decision::Replace { making, temporary, .. } => (making, temporary.as_deref()),
                _ => continue,
            };
            let (Some(schema), Some(provider)) = (&instance.schema, &instance.provider) else { continue };
            let made = std::iter::once((Slot::Current, &making.desired))
                .chain(temporary.map(|temporary| (Slot::Temporary, &temporary.desired)));
            for (made, desired) in made {
                let Some(key) = self.key_of(desired, schema) else { continue };
                let given = given.get(&(instance.type_name.clone(), key)).into_iter().flatten();
                for (address, slot, theirs, place) in given {
                    // Of two temporary objects of one name, the one that is planned first is.
                    let earlier = made == Slot::Current || place.is_none_or(|place| place < i);
                    if *address != instance.address && earlier && self.reach_the_same(theirs, &provider.node)
                    {
                        taken.push((i, made, address.clone(), *slot));
                    }
                }
            }
        }
        taken
    }

    /// The natural key, where it is known. A rule that does not work was told when the resource was
    /// decided.
    pub(crate) fn key_of(&self, value: &Value, schema: &TypeSchema) -> Option<Name> {
        let rule = schema.key.as_deref()?;
        let value = diff::normalised(value, schema);
        match self.evaluate_rule(rule, &RuleScope { this: &value }).ok()?.reveal() {
            Value::String(key) => Some(key.clone()),
            _ => None,
        }
    }

    /// Whether two providers reach one world, as far as can be told. Tokens may differ within one.
    fn reach_the_same(&self, one: &ProviderNode, other: &ProviderNode) -> bool {
        one.address == other.address
            || (one.type_name == other.type_name && !self.leads_elsewhere(one, other))
    }

    fn same_object(&self, type_name: &Name, same: &[InstId]) -> Diagnostic {
        let mut addresses: Vec<_> = same.iter().map(|id| (self.instance(*id).address.clone(), *id)).collect();
        addresses.sort();
        let mut names: Vec<String> = addresses.iter().take(NAMED).map(|(a, _)| format!("`{a}`")).collect();
        let last = match addresses.len().saturating_sub(NAMED) {
            0 => names.pop().unwrap_or_default(),
            more => format!("{more} more"),
        };
        let mut finding = Diagnostic::error(
            "same_object",
            format!("{} and {last} would be the same {type_name}", names.join(", ")),
        )
        .help("keep one of them, or tell them apart by their names")
        .about(&addresses[0].0);
        let mut spans: Vec<Span> = Vec::new();
        for (_, id) in addresses.iter().take(NAMED) {
            if let Some(span) = self.span_of(*id).filter(|span| !spans.contains(span)) {
                spans.push(span);
            }
        }
        spans.sort_unstable();
        let alone = spans.len() == 1;
        for (i, span) in spans.into_iter().enumerate() {
            let words = match i {
                _ if alone => "its instances are one object",
                0 => "this one",
                _ => "and this one",
            };
            finding = finding.at(span, words);
        }
        finding
    }

    /// Where the block of an instance stands; a part of a composite stands in none.
    fn span_of(&self, id: InstId) -> Option<Span> {
        let groups = self.groups.borrow();
        let has = |members: &Members| match members {
            Members::Single(one) => *one == id,
            Members::Keyed(keyed) => keyed.values().any(|one| *one == id),
            Members::Absent | Members::Deferred => false,
        };
        let group_of = self.group_of.borrow();
        let ((block, _), _) = group_of.iter().find(|(_, group)| has(&groups[group.0 as usize].members))?;
        Some(self.block(*block).span)
    }
}

/// Numbers for what provider nodes reach; two have one only where that is surely the same.
#[derive(Default)]
struct Worlds {
    by_node: BTreeMap<ProviderAddress, usize>,
    by_config: BTreeMap<(Name, String), usize>,
    count: usize,
}

impl Worlds {
    fn of(&mut self, provider: &ProviderInstance) -> usize {
        let node = &provider.node;
        if let Some(world) = self.by_node.get(&node.address) {
            return *world;
        }
        let new = self.count;
        // What is not known yet has no text, and is a world of its own.
        let world = match node.config.reveal().to_json() {
            Some(config) => {
                *self.by_config.entry((node.type_name.clone(), config.to_string())).or_insert(new)
            }
            None => new,
        };
        self.count += usize::from(world == new);
        self.by_node.insert(node.address.clone(), world);
        world
    }
}
