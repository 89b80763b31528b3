//! One resource: what it is to be, what it is, and therefore what happens to it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use aurak_model::plan::{DeferredBlock, RowPlan};
use aurak_model::program::{Block, BlockId, Lifecycle};
use aurak_model::record::Row;
use aurak_model::schema::{ReplaceOrder, Timeouts};
use aurak_model::{
    Address, BlockKind, Diagnostic, Name, Node, Origin, Path, ProviderNode, Refreshed, Seg, Type, TypeSchema,
    Value,
};

use crate::context::{Context, GaveUp, InstId, Instance, ModuleInst, Read, Target};
use crate::diff;
use crate::provider::{NoProvider, ProviderInstance};
use crate::rotate::Temporary;
use crate::scope::{ModuleScope, RuleScope};

/// What happens to an instance. Steps are made from it once everything is decided.
#[derive(Clone, Debug)]
pub(crate) enum Decision {
    /// Something is wrong with it, and was said.
    Failed,
    /// It has to wait for a later plan.
    Deferred,
    /// `--only` leaves it alone.
    Outside,
    /// Nothing.
    Keep(Kept),
    /// A new object.
    Create(Making),
    /// A change in place.
    Update(Updating),
    /// A new object in place of this one.
    Replace {
        order: ReplaceOrder,
        old: Name,
        live: Value,
        making: Making,
        other: Option<Other>,
        /// Made before and deleted after it, in a rotation.
        temporary: Option<Box<Temporary>>,
    },
    /// The parts of a composite are instances of their own.
    Composite(Vec<InstId>),
    /// An `existing` resource.
    /// Its id was read from these.
    Existing { id: Value, whole: bool, known: bool, from: Rc<[InstId]> },
}

/// See [`Decision::Keep`].
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// The row is written: it says something else than before, or is new.
    pub record: Option<Recording>,
}

/// A row to be written without a call.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    pub id: Name,
    pub desired: Value,
    pub attributes: Value,
    pub from: Option<Address>,
}

/// A new object.
#[derive(Clone, Debug)]
pub(crate) struct Making {
    pub desired: Value,
    pub adopt: bool,
    pub key: Option<Value>,
    /// The row holds an object that went with what it lived in: forget it first, after that has gone.
    pub gone_with: Option<Address>,
}

/// The type and provider of an old object, where these are not those of the new one.
#[derive(Clone, Debug)]
pub(crate) struct Other {
    pub type_name: Name,
    pub provider: ProviderNode,
}

/// A change in place.
#[derive(Clone, Debug)]
pub(crate) struct Updating {
    pub id: Name,
    pub desired: Value,
    pub live: Value,
    pub unset: Vec<Path>,
}

/// The lifecycle of an instance, evaluated.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evaluated {
    pub prevent_destroy: bool,
    pub retain: bool,
    pub adopt: bool,
    pub create_before_destroy: Option<bool>,
    pub ignore: Vec<Path>,
    pub replace_when: Value,
    pub deleted_with: Option<Address>,
}

/// A resource as the configuration wants it.
pub(crate) struct Wanted<'a> {
    pub address: Address,
    pub type_name: Name,
    pub schema: Arc<TypeSchema>,
    pub provider: Rc<ProviderInstance>,
    pub desired: Value,
    /// The configuration that it comes from, for places in messages.
    pub node: Option<&'a Node>,
    pub place: Option<String>,
    pub reads: Vec<Read>,
    /// What the attributes named in `within` were read from.
    pub within: Vec<InstId>,
    pub lifecycle: Evaluated,
}

impl Context {
    /// Plans one instance of a resource block.
    pub(crate) fn plan_resource(
        self: &Rc<Self>,
        id: BlockId,
        module: ModuleInst,
        key: Option<&str>,
        each: Option<Value>,
        around: &[Read],
    ) -> InstId {
        let block = self.block(id);
        let address = Address::of_block(&self.module_address(module), &block.name, key);
        let place = Some(self.place(block.span));
        let schema = self.input.schemas.types.get(&block.type_name).cloned();
        let bare = |decision: Decision, planned: Value, reads: Vec<Read>| Instance {
            address: address.clone(),
            type_name: block.type_name.clone(),
            schema: schema.clone(),
            planned,
            decision,
            reads: reads.into(),
            provider: None,
            kind: block.kind,
            change: RefCell::default(),
            row: RefCell::default(),
            used: Vec::new(),
        };
        if !self.is_selected(id, &address) {
            let planned = self.as_recorded(&address);
            return self.add_instance(bare(Decision::Outside, planned, Vec::new()));
        }
        let Some(schema_known) = schema.clone() else {
            return self.add_instance(bare(Decision::Failed, Value::Null, Vec::new()));
        };
        let provider = self.provider_for(block.provider.as_ref(), module, &block.type_name, each.as_ref());
        let scope = ModuleScope::new(self, module).with_each(each);
        let (evaluated, mut reads) =
            self.with_reads(|| self.evaluate_attributes(block, &schema_known, &scope, &address));
        let from = match block.kind {
            BlockKind::Existing => self.made_from(&reads),
            _ => Rc::default(),
        };
        reads.extend_from_slice(around);
        self.add_dependencies(&block.depends_on, module, &mut reads);
        let provider = match provider {
            Ok(provider) => provider,
            Err(NoProvider::GaveUp) => {
                return self.add_instance(bare(Decision::Failed, Value::Null, reads));
            }
            Err(NoProvider::Deferred(needs)) => {
                self.defer(&address, &block.type_name, &needs, "its provider is not known yet");
                return self.add_instance(bare(Decision::Deferred, deferred_value(&address), reads));
            }
        };
        let Ok((desired, within)) = evaluated else {
            return self.add_instance(bare(Decision::Failed, Value::Null, reads));
        };
        let (lifecycle, lifecycle_reads) =
            self.with_reads(|| self.evaluate_lifecycle(&block.lifecycle, &scope, &address));
        let Ok(mut lifecycle) = lifecycle else {
            return self.add_instance(bare(Decision::Failed, Value::Null, reads));
        };
        lifecycle.adopt |= schema_known.always;
        if let Some(with) = &block.lifecycle.deleted_with {
            lifecycle.deleted_with = self.dependency_address(with, module);
        }
        reads.extend(lifecycle_reads);
        reads.extend(provider.reads.iter().cloned());
        self.read_through(&mut reads);
        reads.sort_unstable();
        reads.dedup();

        if self.is_deferred(&desired) {
            let needs = self.needs(&desired);
            self.defer(&address, &block.type_name, &needs, "what it is made from is not known yet");
            return self.add_instance(bare(Decision::Deferred, deferred_value(&address), reads));
        }
        if block.kind == BlockKind::Existing {
            if let Some(block_later) = self.read_later(&reads) {
                let needs = [Origin::Deferred { block: block_later }];
                self.defer(&address, &block.type_name, &needs, "what it comes after is not known yet");
                return self.add_instance(bare(Decision::Deferred, deferred_value(&address), reads));
            }
            let instance = self.plan_existing(
                &address,
                block,
                schema_known,
                provider,
                desired,
                reads,
                from,
                place.clone(),
            );
            let inst = self.add_instance(instance);
            self.judge_conditions(&block.lifecycle, inst, scope);
            return inst;
        }
        let composite = schema_known.composite;
        let Ok((schema, desired)) = self.prepared(&schema_known, &desired, Some(&block.attributes), &address)
        else {
            return self.add_instance(bare(Decision::Failed, Value::Null, reads));
        };
        self.note_timeouts(block, &scope, &address);
        let wanted = Wanted {
            address: address.clone(),
            type_name: block.type_name.clone(),
            schema,
            provider,
            desired,
            node: Some(&block.attributes),
            place: place.clone(),
            reads,
            within,
            lifecycle,
        };
        if composite {
            return self.plan_composite(wanted);
        }
        let instance = self.decide(wanted);
        let inst = self.add_instance(instance);
        self.judge_conditions(&block.lifecycle, inst, scope);
        inst
    }

    /// The attributes, in shape and marked, and what those named in `within` were read from.
    fn evaluate_attributes(
        self: &Rc<Self>,
        block: &Block,
        schema: &TypeSchema,
        scope: &ModuleScope,
        address: &Address,
    ) -> Result<(Value, Vec<InstId>), GaveUp> {
        let mut values = Vec::with_capacity(block.attributes.entries().len());
        let mut within = Vec::new();
        let mut failed = false;
        for (name, _, node) in block.attributes.entries() {
            let attribute = schema.attributes.get(name);
            let holds =
                schema.within.iter().any(|path| matches!(path.0.first(), Some(Seg::Key(k)) if k == name));
            let value = if holds {
                let (value, reads) = self.with_reads(|| self.evaluate(node, scope, attribute, Some(address)));
                within.extend(reads.into_iter().flat_map(|read| match read.target {
                    Target::Instance(id) => BTreeSet::from([id]),
                    Target::Members(group) => self.members(group),
                    Target::Group(_) => BTreeSet::new(),
                }));
                value
            } else {
                self.evaluate(node, scope, attribute, Some(address))
            };
            let Ok(value) = value else {
                failed = true;
                continue;
            };
            match attribute {
                // Null means not written.
                Some(_) if value.is_null() && attribute.is_some_and(|a| a.kind != aurak_model::Kind::Any) => {
                }
                Some(attribute) => match self.shape(&value, node, attribute, name, Some(address)) {
                    Ok(value) => values.push((name.clone(), value)),
                    Err(GaveUp) => failed = true,
                },
                // `lang` has said that there is no such attribute.
                None => failed = true,
            }
        }
        for (name, attribute) in &schema.attributes {
            if values.iter().any(|(given, _)| given == name) {
                continue;
            }
            let needed =
                attribute.required && attribute.default.is_none() && block.kind == BlockKind::Resource;
            if needed && !failed {
                self.find(
                    Diagnostic::error("missing_attribute", format!("`{name}` of `{address}` is missing"))
                        .at(block.span, format!("a {} needs it", block.type_name))
                        .about(address),
                );
                failed = true;
            }
        }
        if failed {
            return Err(GaveUp);
        }
        within.sort_unstable();
        within.dedup();
        let mut desired = Value::map(values);
        for over in self.input.previous.overrides.iter().filter(|over| over.address == *address) {
            desired = set(&desired, &over.path.0, &over.value);
        }
        Ok((desired, within))
    }

    /// The attributes with defaults filled in and secrets marked, and the schema with its conditions
    /// decided for them.
    pub(crate) fn prepared(
        &self,
        schema: &Arc<TypeSchema>,
        desired: &Value,
        node: Option<&Node>,
        address: &Address,
    ) -> Result<(Arc<TypeSchema>, Value), GaveUp> {
        let schema = self.decided_schema(schema, desired);
        let desired = diff::prepare(&schema, desired);
        let mut secrets = Vec::new();
        for (name, value) in desired.as_map().into_iter().flat_map(|map| map.iter()) {
            if value.has_marks()
                && let Some(attribute) = schema.attributes.get(name)
            {
                crate::mark::misplaced(value, attribute, &Path::key(name.clone()), &mut secrets);
            }
        }
        for path in &secrets {
            let mut finding = Diagnostic::error(
                "secret",
                format!("`{path}` of `{address}` would show a secret"),
            )
            .detail(format!("what stands in `{path}` ends up where others can see it"))
            .help("hand secrets over by other attributes, such as `environment` or `stdin` of a command")
            .about(address);
            if let Some(node) = node {
                finding = finding.at(crate::evaluate::descend(node, path).span, "this is sensitive");
            }
            self.find(finding);
        }
        if !secrets.is_empty() {
            return Err(GaveUp);
        }
        self.check_attributes(&schema, &desired, node, address)?;
        Ok((schema, desired))
    }

    /// Remembers how long the operations may take, where the block says so. `lang` has made seconds
    /// of what is written out.
    fn note_timeouts(self: &Rc<Self>, block: &Block, scope: &ModuleScope, address: &Address) {
        if block.timeouts.is_empty() {
            return;
        }
        let mut timeouts = Timeouts::default();
        for (operation, node) in &block.timeouts {
            let Ok(value) = self.evaluate(node, scope, None, Some(address)) else { continue };
            let Some(seconds) = value.as_int().and_then(|s| u64::try_from(s).ok()).filter(|s| *s > 0) else {
                self.find(
                    Diagnostic::error("timeouts", format!("the timeout `{operation}` of `{address}` is no number of seconds"))
                        .at(node.span, "")
                        .help("an expression must give whole seconds that are known before apply; written out, `90s` and `10m` work too")
                        .about(address),
                );
                continue;
            };
            let place = match &**operation {
                "create" => &mut timeouts.create,
                "read" => &mut timeouts.read,
                "update" => &mut timeouts.update,
                _ => &mut timeouts.delete,
            };
            *place = Some(seconds);
        }
        self.timeouts.borrow_mut().insert(address.clone(), timeouts);
    }

    fn evaluate_lifecycle(
        self: &Rc<Self>,
        lifecycle: &Lifecycle,
        scope: &ModuleScope,
        address: &Address,
    ) -> Result<Evaluated, GaveUp> {
        let flag = |node: &Option<Node>, name: &str| -> Result<Option<bool>, GaveUp> {
            let Some(node) = node else { return Ok(None) };
            match self.evaluate(node, scope, None, Some(address))? {
                Value::Bool(b) => Ok(Some(b)),
                Value::Null => Ok(None),
                Value::Unknown(_) => {
                    self.find(
                        Diagnostic::error(
                            "lifecycle",
                            format!("`{name}` of `{address}` is not known before apply"),
                        )
                        .at(node.span, "")
                        .help("decide it by values that are known when the plan is made")
                        .about(address),
                    );
                    Err(GaveUp)
                }
                other => {
                    self.find(
                        Diagnostic::error(
                            "lifecycle",
                            format!("`{name}` must be true or false, not {}", other.article()),
                        )
                        .at(node.span, "")
                        .about(address),
                    );
                    Err(GaveUp)
                }
            }
        };
        Ok(Evaluated {
            prevent_destroy: flag(&lifecycle.prevent_destroy, "prevent_destroy")?.unwrap_or(false),
            retain: flag(&lifecycle.retain, "retain")?.unwrap_or(false),
            adopt: flag(&lifecycle.adopt, "adopt")?.unwrap_or(false),
            create_before_destroy: flag(&lifecycle.create_before_destroy, "create_before_destroy")?,
            ignore: lifecycle.ignore_changes.iter().map(|(path, _)| path.clone()).collect(),
            replace_when: match &lifecycle.replace_when {
                None => Value::Null,
                Some(node) => self.evaluate(node, scope, None, Some(address))?,
            },
            deleted_with: None,
        })
    }

    fn dependency_address(
        &self,
        dependency: &aurak_model::program::Dependency,
        module: ModuleInst,
    ) -> Option<Address> {
        match &dependency.target {
            aurak_model::program::DependencyTarget::Block(block, key) => Some(Address::of_block(
                &self.module_address(module),
                &self.block(*block).name,
                key.as_deref(),
            )),
            aurak_model::program::DependencyTarget::Module(_) => None,
        }
    }

    pub(crate) fn row_plan(&self, wanted: &Wanted<'_>) -> RowPlan {
        let mut needs = self.addresses_of(&wanted.reads);
        needs.retain(|need| *need != wanted.address);
        RowPlan {
            needs,
            lifecycle: aurak_model::record::Lifecycle {
                prevent_destroy: wanted.lifecycle.prevent_destroy,
                retain: wanted.lifecycle.retain,
                create_before_destroy: wanted.lifecycle.create_before_destroy == Some(true),
                deleted_with: wanted.lifecycle.deleted_with.clone(),
            },
            schema_version: wanted.schema.version,
            place: wanted.place.clone(),
            replace_when: wanted.lifecycle.replace_when.clone(),
        }
    }

    /// The rows and blocks that were read, in order.
    pub(crate) fn addresses_of(&self, reads: &[Read]) -> Vec<Address> {
        let mut addresses: Vec<Address> = reads
            .iter()
            .filter_map(|read| match read.target {
                Target::Instance(id) => {
                    let instance = self.instance(id);
                    (instance.kind == BlockKind::Resource).then(|| instance.address.clone())
                }
                Target::Group(id) | Target::Members(id) => {
                    Some(self.groups.borrow()[id.0 as usize].address.clone())
                }
            })
            .collect();
        addresses.sort();
        addresses.dedup();
        addresses
    }

    /// The natural key, where the type has one and enough is known.
    pub(crate) fn natural_key(&self, wanted: &Wanted<'_>) -> Option<Value> {
        let rule = wanted.schema.key.as_deref()?;
        self.rule_value(rule, wanted, "key")
    }

    /// Whether an object has this natural key.
    pub(crate) fn has_key(&self, schema: &TypeSchema, live: &Value, key: Option<&Value>) -> bool {
        let (Some(rule), Some(key)) = (schema.key.as_deref(), key) else { return false };
        self.evaluate_rule(rule, &RuleScope { this: live })
            .is_ok_and(|theirs| theirs.reveal() == key.reveal())
    }

    pub(crate) fn collection(&self, wanted: &Wanted<'_>) -> Option<Name> {
        let rule = wanted.schema.collection.as_deref()?;
        match self.rule_value(rule, wanted, "collection")? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn rule_value(&self, rule: &str, wanted: &Wanted<'_>, what: &str) -> Option<Value> {
        match self.evaluate_rule(rule, &RuleScope { this: &wanted.desired }) {
            Ok(value) if value.is_null() => None,
            Ok(value) => Some(value),
            Err(why) => {
                self.find(
                    Diagnostic::error(
                        "type_rule",
                        format!("could not work out the {what} of `{}`: {why}", wanted.address),
                    )
                    .detail(format!("the rule of {} is `{rule}`", wanted.type_name))
                    .about(&wanted.address),
                );
                None
            }
        }
    }

    /// The row of an address, renames applied.
    pub(crate) fn row(&self, address: &Address) -> Option<Arc<Row>> {
        let rows = &self.input.previous.rows;
        rows.get(address).or_else(|| self.moved_from(address).and_then(|from| rows.get(&from))).cloned()
    }

    /// What state knows of an instance that this plan leaves alone.
    fn as_recorded(&self, address: &Address) -> Value {
        match self.input.snapshot.rows.get(address) {
            Some(Refreshed::Found { attributes, .. }) => attributes.clone(),
            _ => match self.row(address).and_then(|row| row.current.as_ref().map(|o| o.attributes.clone())) {
                Some(attributes) => attributes,
                None => deferred_value(address),
            },
        }
    }

    /// Notes that something has to wait for a later plan.
    pub(crate) fn defer(&self, address: &Address, type_name: &Name, needs: &[Origin], why: &str) {
        let mut waits_for: Vec<Address> = needs
            .iter()
            .filter_map(|need| match need {
                Origin::Row { row, .. } => Some(row.clone()),
                Origin::Deferred { block } => Some(block.clone()),
                Origin::Node { .. } | Origin::Fresh { .. } => None,
            })
            .collect();
        waits_for.sort();
        waits_for.dedup();
        self.deferred.borrow_mut().push(DeferredBlock {
            address: address.clone(),
            type_name: type_name.clone(),
            waits_for,
            why: why.to_string(),
        });
    }
}

/// The value of something that is deferred as a whole.
pub(crate) fn deferred_value(address: &Address) -> Value {
    Value::Unknown(Box::new(aurak_model::Unknown {
        ty: Type::Map,
        origin: Origin::Deferred { block: address.clone() },
        sensitive: false,
    }))
}

/// A copy with the value at a path replaced.
pub(crate) fn set(value: &Value, path: &[Seg], new: &Value) -> Value {
    let Some((first, rest)) = path.split_first() else { return new.clone() };
    match (value, first) {
        (Value::Map(map), Seg::Key(key)) => {
            let mut map = (**map).clone();
            let below = map.get(key).cloned().unwrap_or_default();
            map.insert(key.clone(), set(&below, rest, new));
            map.into()
        }
        (Value::Null, Seg::Key(key)) => Value::map([(key.clone(), set(&Value::Null, rest, new))]),
        (Value::List(list), Seg::Index(index)) if *index < list.len() => {
            let mut list = (**list).clone();
            list[*index] = set(&list[*index], rest, new);
            list.into()
        }
        _ => value.clone(),
    }
}
