//! The walk over the program in the order of its static edges: what is read is there before it is
//! read. Instances expand inside a block; modules are no nodes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use aurak_model::program::BlockId;
use aurak_model::{Address, BlockKind, Diagnostic, Name, Origin, Value};
use petgraph::graph::{DiGraph, NodeIndex};

use crate::context::{Context, GaveUp, Group, GroupId, InstId, Instance, Members, ModuleInst};
use crate::modules::Instances;
use crate::resource::Decision;
use crate::scope::ModuleScope;

impl Context {
    /// Plans every block, each after those that it may read.
    pub(crate) fn walk(self: &Rc<Self>) {
        for id in self.order() {
            let block = self.block(id);
            let uses = self.instances_of(block.module);
            for module in uses.known {
                match block.kind {
                    BlockKind::Provider => self.plan_provider(id, module),
                    BlockKind::Resource | BlockKind::Existing => self.plan_block(id, module),
                }
            }
            for (module, needs) in uses.later.iter().filter(|_| block.kind == BlockKind::Resource) {
                let address = Address::new(module, &block.name, None);
                self.defer_block(
                    id,
                    &address,
                    needs,
                    "which instances of its module there are is not known yet",
                );
            }
        }
    }

    /// Notes that it is not known yet which instances a block has: what there is of it stays.
    fn defer_block(&self, id: BlockId, address: &Address, needs: &[Origin], why: &str) {
        let block = self.block(id);
        if block.kind == BlockKind::Resource {
            self.undecided.borrow_mut().push(address.clone());
        }
        if self.may_select(id, address) {
            self.defer(address, &block.type_name, needs, why);
        }
    }

    /// All blocks, each after its edges; otherwise in the order of the program.
    fn order(&self) -> Vec<BlockId> {
        let blocks = &self.input.program.blocks;
        let mut graph: DiGraph<BlockId, ()> =
            DiGraph::with_capacity(blocks.len(), blocks.iter().map(|b| b.edges.len()).sum());
        for i in 0..blocks.len() {
            graph.add_node(BlockId(i as u32));
        }
        for (i, block) in blocks.iter().enumerate() {
            for edge in &block.edges {
                graph.add_edge(NodeIndex::new(edge.0 as usize), NodeIndex::new(i), ());
            }
        }
        match petgraph::algo::toposort(&graph, None) {
            Ok(order) => order.into_iter().map(|node| graph[node]).collect(),
            Err(cycle) => {
                // `lang` draws cycles; a program that has one never gets here.
                let name = self.block(graph[cycle.node_id()]).name.clone();
                self.find(Diagnostic::error("cycle", format!("`{name}` depends on itself")));
                Vec::new()
            }
        }
    }

    /// Plans the instances of a resource block in one module instance.
    fn plan_block(self: &Rc<Self>, id: BlockId, module: ModuleInst) {
        let block = self.block(id);
        let address = Address::of_block(&self.module_address(module), &block.name, None);
        let scope = ModuleScope::new(self, module);
        let what = format!("`{address}`");
        let (expanded, mut around) =
            self.with_reads(|| self.expand(block.for_each.as_deref(), block.when.as_deref(), &scope, &what));
        around.extend(self.modules.borrow()[module.0 as usize].reads.iter().cloned());
        around.extend(self.waits(module).iter().cloned());
        let members = match expanded {
            Err(GaveUp) => Members::Single(self.add_instance(self.bare(id, &address, Decision::Failed))),
            Ok(Instances::Absent) => Members::Absent,
            Ok(Instances::Unknown(needs)) => {
                let why = match block.for_each.is_some() {
                    true => "which instances there are is not known yet",
                    false => "whether it is there is not known yet",
                };
                self.defer_block(id, &address, &needs, why);
                Members::Deferred
            }
            Ok(Instances::Single) => Members::Single(self.plan_resource(id, module, None, None, &around)),
            Ok(Instances::Keyed(keys)) => {
                let members: BTreeMap<Name, InstId> = keys
                    .into_iter()
                    .map(|(key, each)| {
                        let inst = self.plan_resource(id, module, Some(&key), Some(each), &around);
                        (key, inst)
                    })
                    .collect();
                Members::Keyed(Rc::new(members))
            }
        };
        let mut groups = self.groups.borrow_mut();
        let group = GroupId(groups.len() as u32);
        groups.push(Group { address, members, reads: around.into() });
        self.group_of.borrow_mut().insert((id, module), group);
    }

    fn bare(&self, id: BlockId, address: &Address, decision: Decision) -> Instance {
        let block = self.block(id);
        Instance {
            address: address.clone(),
            type_name: block.type_name.clone(),
            schema: self.input.schemas.types.get(&block.type_name).cloned(),
            planned: Value::Null,
            decision,
            reads: Rc::from([]),
            provider: None,
            kind: block.kind,
            change: RefCell::default(),
            row: RefCell::default(),
            used: Vec::new(),
        }
    }

    /// Whether `--only` leaves an instance in: it is named, or something that is named may read it.
    pub(crate) fn is_selected(&self, id: BlockId, address: &Address) -> bool {
        self.selection
            .as_ref()
            .is_none_or(|selection| selection.needed.contains(&id) || selection.names(address))
    }

    /// The same for a block of which it is not known yet which instances there are.
    fn may_select(&self, id: BlockId, address: &Address) -> bool {
        self.selection
            .as_ref()
            .is_none_or(|selection| selection.needed.contains(&id) || selection.may_name(address))
    }
}

/// What `--only` names, and the blocks that those may read.
pub(crate) struct Selection {
    named: Vec<String>,
    needed: std::collections::BTreeSet<BlockId>,
}

impl Selection {
    /// Works the closure out; says which names are nothing.
    pub(crate) fn new(input: &crate::PlanInput, findings: &mut Vec<Diagnostic>) -> Option<Selection> {
        let only = &input.options.only;
        if only.is_empty() {
            return None;
        }
        let named: Vec<String> = only
            .iter()
            .map(|name| Address::parse(name).map_or_else(|_| name.clone(), |a| a.to_string()))
            .collect();
        let program = &input.program;
        let mut selection = Selection { named, needed: std::collections::BTreeSet::new() };
        let mut matched = vec![false; selection.named.len()];
        let mut queue = Vec::new();
        for block in &program.blocks {
            if block.kind != BlockKind::Resource {
                continue;
            }
            let path = program.module(block.module).path.iter().chain([&block.name]);
            let text = path.map(|n| n.to_string()).collect::<Vec<_>>().join(".");
            for (i, named) in selection.named.iter().enumerate() {
                let plain = without_keys(named);
                if plain == text || text.starts_with(&format!("{plain}.")) {
                    matched[i] = true;
                    queue.extend(block.edges.iter().copied());
                }
            }
        }
        for address in input.previous.rows.keys() {
            for (i, named) in selection.named.iter().enumerate() {
                matched[i] |= covers(named, address.as_str());
            }
        }
        while let Some(id) = queue.pop() {
            if selection.needed.insert(id) {
                queue.extend(program.block(id).edges.iter().copied());
            }
        }
        for (named, _) in selection.named.iter().zip(&matched).filter(|(_, matched)| !**matched) {
            let known: Vec<String> = program.blocks.iter().map(|block| block.name.to_string()).collect();
            let mut finding =
                Diagnostic::error("only", format!("`--only {named}` names nothing in this stack"));
            if let Some(close) = aurak_expr::suggest(named, &known) {
                finding = finding.help(format!("did you mean `{close}`?"));
            }
            findings.push(finding);
        }
        Some(selection)
    }

    /// Whether an address is one of those named, or inside one.
    pub(crate) fn names(&self, address: &Address) -> bool {
        self.named.iter().any(|named| {
            // Without keys it is all instances of the modules around it.
            covers(named, address.as_str())
                || (!named.contains('[') && address.as_str().contains('[') && covers(named, &address.plain()))
        })
    }

    /// Whether an instance of a block, or of the modules around it, may be one of those named.
    fn may_name(&self, address: &Address) -> bool {
        let block = without_keys(address.as_str());
        self.named.iter().map(|named| without_keys(named)).any(|named| covers(&named, &block))
    }
}

impl Context {
    /// An instance that `--only` names must be there, leave, or be one that may come.
    pub(crate) fn judge_only(&self) {
        let Some(selection) = &self.selection else { return };
        // The next round looks again; and what an error left out may be what is named.
        if !self.asks.borrow().is_empty() || self.findings.borrow().iter().any(Diagnostic::is_error) {
            return;
        }
        let undecided: Vec<String> =
            self.undecided.borrow().iter().map(|block| without_keys(block.as_str())).collect();
        for named in &selection.named {
            let composite = Address::parse(named).ok().and_then(|address| address.composite());
            if let Some(composite) = composite.filter(|it| self.by_address.borrow().contains_key(it)) {
                let message = format!("`--only {named}` names a part of `{composite}`");
                let help = format!("its parts are planned together: `--only '{composite}'`");
                self.find(Diagnostic::error("only", message).help(help));
            }
        }
        for named in selection.named.iter().filter(|named| named.contains('[')) {
            let is_there = self.by_address.borrow().keys().any(|address| covers(named, address.as_str()))
                || self.input.previous.rows.keys().any(|address| covers(named, address.as_str()));
            let plain = without_keys(named);
            let may_come = undecided.iter().any(|block| covers(&plain, block) || covers(block, &plain));
            if !is_there && !may_come {
                let message = format!("`--only {named}` names nothing in this stack");
                let help = "`aurak plan` without `--only` shows what there is";
                self.find(Diagnostic::error("only", message).help(help));
            }
        }
    }
}

pub(crate) fn covers(named: &str, address: &str) -> bool {
    address.strip_prefix(named).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '/']))
}

fn without_keys(named: &str) -> String {
    let Ok(address) = Address::parse(named) else { return named.to_string() };
    let (module, last, _) = address.split();
    let mut names: Vec<String> = module.segments().into_iter().map(|s| s.name).collect();
    names.push(last.name);
    names.join(".")
}
