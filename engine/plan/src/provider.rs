//! Provider nodes: which one a resource uses, and what it is configured with.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::rc::Rc;

use aurak_expr::coerce;
use aurak_model::path::Seg;
use aurak_model::program::{BlockId, ModuleId, ProviderUse};
use aurak_model::schema::provider_of;
use aurak_model::{Address, Attribute, Diagnostic, Kind, Name, Origin, Path, ProviderNode, Value};

use aurak_model::ProviderAddress;

use crate::context::{Context, GaveUp, InstId, ModuleInst, Read, Target};
use crate::modules::Instances;
use crate::resource::Decision;
use crate::scope::ModuleScope;

/// A configured provider node.
pub(crate) struct ProviderInstance {
    pub node: ProviderNode,
    /// What its configuration was read from.
    pub reads: Rc<[Read]>,
    /// Whether parts of the configuration are not known yet.
    pub unknown: bool,
}

/// The instances of a provider block in a module instance.
#[derive(Clone)]
pub(crate) enum ProviderGroup {
    Single(Rc<ProviderInstance>),
    Keyed(Rc<BTreeMap<Name, Rc<ProviderInstance>>>),
    Absent,
    Deferred(Vec<Origin>),
    Failed,
}

/// Why a resource has no provider.
pub(crate) enum NoProvider {
    GaveUp,
    Deferred(Vec<Origin>),
}

impl Context {
    /// Evaluates a provider block in a module instance.
    pub(crate) fn plan_provider(self: &Rc<Self>, id: BlockId, module: ModuleInst) {
        let block = self.block(id);
        let scope = ModuleScope::new(self, module);
        let what = format!("the provider `{}`", block.name);
        let (expanded, mut around) =
            self.with_reads(|| self.expand(block.for_each.as_deref(), block.when.as_deref(), &scope, &what));
        around.extend(self.modules.borrow()[module.0 as usize].reads.iter().cloned());
        let group = match expanded {
            Err(GaveUp) => ProviderGroup::Failed,
            Ok(Instances::Absent) => ProviderGroup::Absent,
            Ok(Instances::Unknown(needs)) => ProviderGroup::Deferred(needs),
            Ok(Instances::Single) => match self.configure(id, module, None, None, &around) {
                Ok(instance) => ProviderGroup::Single(instance),
                Err(GaveUp) => ProviderGroup::Failed,
            },
            Ok(Instances::Keyed(keys)) => {
                let mut instances = BTreeMap::new();
                let mut failed = false;
                for (key, each) in keys {
                    match self.configure(id, module, Some(&key), Some(each), &around) {
                        Ok(instance) => {
                            instances.insert(key, instance);
                        }
                        Err(GaveUp) => failed = true,
                    }
                }
                if failed { ProviderGroup::Failed } else { ProviderGroup::Keyed(Rc::new(instances)) }
            }
        };
        self.providers.borrow_mut().insert((id, module), group);
    }

    fn configure(
        self: &Rc<Self>,
        id: BlockId,
        module: ModuleInst,
        key: Option<&str>,
        each: Option<Value>,
        around: &[Read],
    ) -> Result<Rc<ProviderInstance>, GaveUp> {
        let block = self.block(id);
        let address = ProviderAddress::new(&self.module_address(module), &block.name, key);
        let schema = self.input.schemas.providers.get(&block.type_name).cloned().ok_or(GaveUp)?;
        let attribute = Attribute { attributes: schema.attributes.clone(), ..Attribute::of(Kind::Object) };
        let scope = ModuleScope::new(self, module).with_each(each);
        let mut world = Vec::new();
        let (config, mut reads) = self.with_reads(|| {
            let mut config = Vec::new();
            for (name, _, node) in block.attributes.entries() {
                let below = schema.attributes.get(name);
                let (value, reads) = self.with_reads(|| self.evaluate(node, &scope, below, None));
                let value = value?;
                if below.is_some_and(|attribute| !attribute.immutable.is_empty()) {
                    if reads.is_empty() {
                        world.extend(self.handed_on_from(&value, around));
                    }
                    world.extend(reads);
                }
                config.push((name.clone(), value));
            }
            self.shape(&Value::map(config), &block.attributes, &attribute, "the provider", None)
        });
        let config = crate::mark::mark(&config?, &attribute);
        // What lives in a world dies with an instance, not with a block.
        let world: BTreeSet<Read> = world
            .into_iter()
            .flat_map(|read: Read| match read.target {
                Target::Members(group) => self.members(group).into_iter().map(Target::Instance).collect(),
                target => vec![target],
            })
            // A world that is only read is that of what its id comes from.
            .flat_map(|target| match target {
                Target::Instance(id) if let Decision::Existing { from, .. } = &self.instance(id).decision => {
                    from.iter().copied().map(Target::Instance).collect()
                }
                target => vec![target],
            })
            .map(|target| Read { target, path: Path::root() })
            .collect();
        let needs = self.addresses_of(&Vec::from_iter(world));
        reads.extend_from_slice(around);
        self.add_dependencies(&block.depends_on, module, &mut reads);
        let unknown = config.has_unknown();
        Ok(Rc::new(ProviderInstance {
            node: ProviderNode { address, type_name: block.type_name.clone(), config, needs },
            reads: reads.into(),
            unknown,
        }))
    }

    /// A node as a plan and a state have it: what is read on use refers to where it is read, so that
    /// whoever opens it later reads what it is then. A token that was written down would be an old one.
    pub(crate) fn by_reference(&self, instance: &ProviderInstance) -> ProviderNode {
        let mut node = instance.node.clone();
        node.config = self.referring(&node.config, &instance.reads);
        node
    }

    /// Where a value came from that was handed on by `each`: by what is not known of it, or because the
    /// instance that was read has worked it out.
    fn handed_on_from(&self, value: &Value, around: &[Read]) -> Vec<Read> {
        let whole = |id: InstId| Read { target: Target::Instance(id), path: Path::root() };
        if value.has_unknown() {
            let by_address = self.by_address.borrow();
            let rows = self.needs(value).into_iter().filter_map(|need| match need {
                Origin::Row { row, .. } => by_address.get(&row).copied().map(whole),
                _ => None,
            });
            return rows.collect();
        }
        let plain = value.reveal();
        let worked_out = |id: &InstId| {
            let from = self.instance(*id);
            let schema = from.schema.clone();
            let own = schema.iter().flat_map(|schema| &schema.attributes).filter(|(_, a)| a.computed);
            own.map(|(name, _)| Path::key(name.clone()))
                .any(|path| from.planned.at(&path).is_some_and(|there| there.reveal() == plain))
        };
        if plain.is_null() {
            return Vec::new();
        }
        let read: BTreeSet<InstId> =
            around.iter().flat_map(|read| self.instances_read(read)).filter(worked_out).collect();
        read.into_iter().map(whole).collect()
    }

    /// Whether an attribute that is read on use was read.
    pub(crate) fn is_volatile(&self, read: &Read) -> bool {
        let (Target::Instance(id), Some(Seg::Key(key))) = (read.target, read.path.0.first()) else {
            return false;
        };
        let schema = self.instance(id).schema.clone();
        schema.is_some_and(|schema| schema.attributes.get(key).is_some_and(|attribute| attribute.volatile))
    }

    pub(crate) fn instances_read(&self, read: &Read) -> Vec<InstId> {
        match read.target {
            Target::Instance(id) => vec![id],
            Target::Members(group) => self.members(group).into_iter().collect(),
            Target::Group(_) => Vec::new(),
        }
    }

    /// A value whose leaves that are read on use, as they were read of what is there, refer to it.
    pub(crate) fn referring(&self, value: &Value, reads: &[Read]) -> Value {
        let sources: Vec<(Value, Value)> =
            reads.iter().flat_map(|read| self.volatile_sources(read)).collect();
        if sources.is_empty() {
            return value.clone();
        }
        let referring = value.map_leaves::<Infallible>(&mut |_, leaf| {
            let plain = leaf.reveal();
            let source = sources.iter().find(|(now, _)| *now == plain);
            Ok(source.map(|(_, reference)| match leaf.has_marks() {
                true => reference.clone().sensitive(),
                false => reference.clone(),
            }))
        });
        referring.unwrap_or_else(|never| match never {})
    }

    /// What was read of things that are there and is read on use: each leaf as it is now, and a
    /// reference to it.
    fn volatile_sources(&self, read: &Read) -> Vec<(Value, Value)> {
        let mut sources = Vec::new();
        for id in self.instances_read(read) {
            let from = self.instance(id);
            let recorded = self.row(&from.address).is_some_and(|row| row.current.is_some());
            let kept = matches!(from.decision, Decision::Keep(_) | Decision::Update(_) | Decision::Outside);
            let Some(schema) = from.schema.as_ref().filter(|_| recorded && kept) else { continue };
            for (name, _) in schema.attributes.iter().filter(|(_, attribute)| attribute.volatile) {
                let path = match read.path.0.first() {
                    None => Path::key(name.clone()),
                    Some(Seg::Key(first)) if first == name => read.path.clone(),
                    Some(_) => continue,
                };
                let Some(value) = from.planned.at(&path) else { continue };
                let each = value.map_leaves::<Infallible>(&mut |inside, leaf| {
                    let now = leaf.reveal();
                    if !now.has_unknown() && !now.is_null() {
                        let whole = Path(path.0.iter().chain(&inside.0).cloned().collect());
                        let reference = Value::of_row(&from.address, whole, now.ty());
                        sources.push((now, reference));
                    }
                    Ok(None)
                });
                drop(each);
            }
        }
        sources
    }

    /// The provider of a resource: the node that `lang` resolved, else one without configuration.
    pub(crate) fn provider_for(
        self: &Rc<Self>,
        chosen: Option<&ProviderUse>,
        module: ModuleInst,
        type_name: &Name,
        each: Option<&Value>,
    ) -> Result<Rc<ProviderInstance>, NoProvider> {
        match chosen {
            Some(chosen) => self.provider_use(chosen, module, each),
            None => self.implicit_provider(provider_of(type_name)),
        }
    }

    fn provider_use(
        self: &Rc<Self>,
        chosen: &ProviderUse,
        module: ModuleInst,
        each: Option<&Value>,
    ) -> Result<Rc<ProviderInstance>, NoProvider> {
        // The node may stand in a caller of the module that uses it, and so may the choice.
        let home = self.block(chosen.block).module;
        let at = self.ancestor(module, home).ok_or(NoProvider::GaveUp)?.0;
        let key = match &chosen.key {
            None => None,
            Some(node) => {
                let (from, called_with) = self.ancestor(module, chosen.scope).ok_or(NoProvider::GaveUp)?;
                let each = if from == module { each.cloned() } else { called_with };
                let scope = ModuleScope::new(self, from).with_each(each);
                let value = self.evaluate(node, &scope, None, None).map_err(|GaveUp| NoProvider::GaveUp)?;
                match &value {
                    Value::String(key) => Some(key.clone()),
                    Value::Unknown(_) => return Err(NoProvider::Deferred(self.needs(&value))),
                    _ => {
                        let finding = Diagnostic::error("provider", "the key of a provider must be a string");
                        self.find(finding.at(node.span, ""));
                        return Err(NoProvider::GaveUp);
                    }
                }
            }
        };
        let group = self.provider_group(chosen.block, at);
        self.pick(group, key.map(|key| (key, chosen.span)), chosen.block)
    }

    /// The instance of a module that an instance stands in, itself or a caller, with the `each` of the
    /// call below it on the way.
    fn ancestor(&self, from: ModuleInst, module: ModuleId) -> Option<(ModuleInst, Option<Value>)> {
        let modules = self.modules.borrow();
        let mut at = from;
        let mut each = None;
        while modules[at.0 as usize].module != module {
            each = modules[at.0 as usize].each.clone();
            at = modules[at.0 as usize].parent?;
        }
        Some((at, each))
    }

    fn provider_group(&self, block: BlockId, module: ModuleInst) -> Option<ProviderGroup> {
        self.providers.borrow().get(&(block, module)).cloned()
    }

    fn pick(
        &self,
        group: Option<ProviderGroup>,
        key: Option<(Name, aurak_model::Span)>,
        block: BlockId,
    ) -> Result<Rc<ProviderInstance>, NoProvider> {
        let block = self.block(block);
        let span = key.as_ref().map_or(block.span, |(_, span)| *span);
        let fail = |message: String, help: String| {
            self.find(Diagnostic::error("provider", message).at(span, "").help(help));
            Err(NoProvider::GaveUp)
        };
        match (group, key) {
            (Some(ProviderGroup::Single(instance)), None) => Ok(instance),
            (Some(ProviderGroup::Keyed(instances)), Some((key, _))) => match instances.get(&key) {
                Some(instance) => Ok(instance.clone()),
                None => fail(
                    format!("the provider `{}` has no instance \"{key}\"", block.name),
                    format!("its keys are {}", crate::words::list(instances.keys())),
                ),
            },
            (Some(ProviderGroup::Deferred(needs)), _) => Err(NoProvider::Deferred(needs)),
            (Some(ProviderGroup::Keyed(_)), None) => fail(
                format!(
                    "the provider `{}` has `for_each`, so a resource must choose an instance",
                    block.name
                ),
                format!(
                    "write `provider: {}[each.key]`, or name a key: `{}[\"...\"]`",
                    block.name, block.name
                ),
            ),
            (Some(ProviderGroup::Single(_)), Some(_)) => fail(
                format!(
                    "the provider `{}` has no `for_each`, so it has no instances to choose from",
                    block.name
                ),
                format!("write `provider: {}`", block.name),
            ),
            (Some(ProviderGroup::Absent), _) => fail(
                format!("the provider `{}` is not there: its `when` is false", block.name),
                "give the resources that use it the same `when`".to_string(),
            ),
            (Some(ProviderGroup::Failed) | None, _) => Err(NoProvider::GaveUp),
        }
    }

    fn implicit_provider(&self, name: &str) -> Result<Rc<ProviderInstance>, NoProvider> {
        if let Some(known) = self.implicit_providers.borrow().get(name) {
            return Ok(known.clone());
        }
        let Some((name, schema)) = self.input.schemas.providers.get_key_value(name) else {
            return Err(NoProvider::GaveUp);
        };
        let attribute = Attribute { attributes: schema.attributes.clone(), ..Attribute::of(Kind::Object) };
        let config = coerce(&Value::map::<Name>([]), None, &attribute).map_err(|error| {
            let missing = if error.path.is_root() { String::new() } else { format!(" (`{}`)", error.path) };
            self.find(
                Diagnostic::error("provider", format!("the provider `{name}` must be configured{missing}"))
                    .detail(error.message)
                    .help(format!("add it to the stack: `providers: {{ {name}: {{ ... }} }}`")),
            );
            NoProvider::GaveUp
        })?;
        let node = ProviderNode {
            address: ProviderAddress::new(&aurak_model::ModuleAddress::root(), name, None),
            type_name: name.clone(),
            config,
            needs: Vec::new(),
        };
        let instance = Rc::new(ProviderInstance { node, reads: Rc::from([]), unknown: false });
        self.implicit_providers.borrow_mut().insert(name.clone(), instance.clone());
        Ok(instance)
    }

    /// What this plan makes or replaces and what a provider's world depends on: its identifying
    /// attributes, those that its schema calls immutable, come from there.
    pub(crate) fn world_made_by(&self, provider: &ProviderInstance) -> Option<Address> {
        let schema = self.input.schemas.providers.get(&provider.node.type_name)?;
        let config = provider.node.config.as_map()?;
        for (name, attribute) in &schema.attributes {
            if attribute.immutable.is_empty() {
                continue;
            }
            let Some(value) = config.get(name) else { continue };
            for need in self.needs(value) {
                let Origin::Row { row, .. } = need else { continue };
                let Some(id) = self.by_address.borrow().get(&row).copied() else { continue };
                let made = |id: InstId| {
                    let instance = self.instance(id);
                    let made =
                        matches!(instance.decision, Decision::Create { .. } | Decision::Replace { .. });
                    made.then(|| instance.address.clone())
                };
                let made = match &self.instance(id).decision {
                    Decision::Existing { from, .. } => from.iter().copied().find_map(made),
                    _ => made(id),
                };
                if made.is_some() {
                    return made;
                }
            }
        }
        None
    }

    /// Adds what `depends_on` names to what was read.
    pub(crate) fn add_dependencies(
        self: &Rc<Self>,
        dependencies: &[aurak_model::program::Dependency],
        module: ModuleInst,
        reads: &mut Vec<Read>,
    ) {
        use aurak_model::program::DependencyTarget;
        for dependency in dependencies {
            match &dependency.target {
                DependencyTarget::Block(block, key) => {
                    if let Some(target) = self.target(*block, module, key.as_deref()) {
                        reads.push(Read { target, path: Path::root() });
                    }
                }
                DependencyTarget::Module(called) => {
                    let address = match self.input.program.module(*called).call.as_ref() {
                        Some(call) => self.module_address(module).join(&call.name, None),
                        None => continue,
                    };
                    // Everything in any of its instances, however deep.
                    let groups = self.groups.borrow();
                    for (i, group) in groups.iter().enumerate() {
                        let (inside, _, _) = group.address.split();
                        let unkeyed = unkeyed(&inside);
                        let wanted = unkeyed_text(address.as_str());
                        if unkeyed == wanted || unkeyed.starts_with(&format!("{wanted}.")) {
                            let id = crate::context::GroupId(i as u32);
                            reads.push(Read { target: Target::Group(id), path: Path::root() });
                        }
                    }
                }
            }
        }
        reads.sort_unstable();
        reads.dedup();
    }

    /// A block as seen from a module instance: all its instances, or one.
    pub(crate) fn target(&self, block: BlockId, module: ModuleInst, key: Option<&str>) -> Option<Target> {
        let group = self.group_of.borrow().get(&(block, module)).copied()?;
        match (&self.groups.borrow()[group.0 as usize].members, key) {
            (crate::context::Members::Keyed(keys), Some(key)) => {
                keys.get(key).map(|id| Target::Instance(*id))
            }
            _ => Some(Target::Group(group)),
        }
    }
}

fn unkeyed(module: &aurak_model::ModuleAddress) -> String {
    module.segments().into_iter().map(|s| s.name).collect::<Vec<_>>().join(".")
}

fn unkeyed_text(text: &str) -> String {
    match Address::parse(text) {
        Ok(address) => {
            let (module, last, _) = address.split();
            let outer = unkeyed(&module);
            if outer.is_empty() { last.name } else { format!("{outer}.{}", last.name) }
        }
        Err(_) => text.to_string(),
    }
}
