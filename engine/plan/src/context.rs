//! The planner's working memory: instances found so far, values worked out so far, what was read,
//! what must be asked, what is wrong.
//!
//! Everything is reached through one shared [`Context`], because expressions are lazy: a `let` is
//! worked out when somebody reads it, once, and what it read counts for each of its readers.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use aurak_expr::{ErrorKind, ExprError};
use aurak_model::plan::Deferred;
use aurak_model::program::{Block, BlockId, Module, ModuleId};
use aurak_model::{
    Address, Answer, Ask, AskKey, Diagnostic, ModuleAddress, Name, Node, NodeId, Origin, Path, Span,
    TypeSchema, Value,
};

use crate::input::PlanInput;
use crate::owners::Owners;
use crate::provider::ProviderInstance;
use crate::resource::Decision;
use crate::same::Claim;
use crate::walk::Selection;

/// A module instance: an index into [`Context::modules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ModuleInst(pub u32);

/// An instance of a resource: an index into [`Context::instances`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct InstId(pub u32);

/// All instances of a block in one module instance: an index into [`Context::groups`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GroupId(pub u32);

/// A use of a module, with the key where the call has `for_each`.
pub(crate) struct ModuleInstance {
    pub module: ModuleId,
    pub address: ModuleAddress,
    pub parent: Option<ModuleInst>,
    pub each: Option<Value>,
    /// What decides whether it is there, from the stack down.
    pub reads: Rc<[Read]>,
}

/// A call in one instance of its caller.
pub(crate) type CallInst = (ModuleInst, ModuleId);

/// The uses of a module within one instance of its caller.
#[derive(Clone)]
pub(crate) enum Calls {
    /// One, without a key.
    Single(ModuleInst),
    /// One for each key.
    Keyed(Rc<BTreeMap<Name, ModuleInst>>),
    /// None: `when` is false.
    Absent,
    /// Not known yet: which, is only known after this.
    Deferred(Vec<Origin>),
}

/// The instances of a block in a module instance.
pub(crate) struct Group {
    pub address: Address,
    pub members: Members,
    /// What decided which there are.
    pub reads: Rc<[Read]>,
}

/// See [`Calls`].
#[derive(Clone)]
pub(crate) enum Members {
    Single(InstId),
    Keyed(Rc<BTreeMap<Name, InstId>>),
    Absent,
    Deferred,
}

/// A resource, an existing resource, a composite or a part of one, as this plan leaves it.
pub(crate) struct Instance {
    pub address: Address,
    pub type_name: Name,
    pub schema: Option<Arc<TypeSchema>>,
    /// The attributes as they will be.
    pub planned: Value,
    pub decision: Decision,
    /// What was read to work it out, its provider's reads among them.
    pub reads: Rc<[Read]>,
    pub provider: Option<Rc<ProviderInstance>>,
    pub kind: aurak_model::BlockKind,
    /// What people see of it; `None` where there is nothing to see.
    pub change: RefCell<Option<Box<aurak_model::Change>>>,
    /// What its row will say; `None` where that is not written.
    pub row: RefCell<Option<Box<aurak_model::plan::RowPlan>>>,
    /// The refreshed leaves that the decision rests on.
    pub used: Vec<Path>,
}

/// What an evaluation read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Read {
    pub target: Target,
    pub path: Path,
}

/// See [`Read`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Target {
    Instance(InstId),
    /// The list of instances itself: which there are.
    Group(GroupId),
    /// Every instance of a group.
    Members(GroupId),
}

/// Groups of so many instances are summed up where all of them are read: what was made from many is
/// often made many times.
const SUMMED_FROM: usize = 16;

/// A value that is worked out once.
#[derive(Clone)]
pub(crate) enum Memo {
    Running,
    Done(Rc<Worked>),
}

/// A value and what was read for it. `None`: it could not be worked out; the reason is among the
/// findings or the asks already.
pub(crate) struct Worked {
    pub value: Option<Value>,
    pub reads: Vec<Read>,
}

/// What a memo is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Item {
    Input,
    Let,
    Output,
}

/// What a node of the arena rests on. Other nodes stand in it as themselves: of many that are made
/// from one that is made from many, none has all of those.
pub(crate) struct NodeNeeds {
    direct: Rc<[Origin]>,
    /// Whether something that is deferred as a whole is among it, directly or not.
    deferred: bool,
}

/// Evaluation gave up; what is to be said about it has been said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GaveUp;

/// What could not be read for one reason: the place of its finding, and the addresses.
pub(crate) type Unread = (usize, Vec<Address>);

/// The working memory.
pub(crate) struct Context {
    pub input: PlanInput,
    pub modules: RefCell<Vec<ModuleInstance>>,
    pub calls: RefCell<HashMap<CallInst, Calls>>,
    /// What the blocks of a call wait for, in one instance of its caller.
    pub waits: RefCell<HashMap<CallInst, Rc<[Read]>>>,
    pub instances: RefCell<Vec<Rc<Instance>>>,
    pub by_address: RefCell<HashMap<Address, InstId>>,
    pub groups: RefCell<Vec<Group>>,
    pub group_of: RefCell<HashMap<(BlockId, ModuleInst), GroupId>>,
    pub providers: RefCell<HashMap<(BlockId, ModuleInst), crate::provider::ProviderGroup>>,
    pub implicit_providers: RefCell<HashMap<Name, Rc<ProviderInstance>>>,
    pub memos: RefCell<HashMap<(ModuleInst, Item, Name), Memo>>,
    pub nodes: RefCell<Vec<Deferred>>,
    /// What each node of the arena needs.
    pub node_needs: RefCell<Vec<NodeNeeds>>,
    pub asks: RefCell<BTreeMap<AskKey, Ask>>,
    pub findings: RefCell<Vec<Diagnostic>>,
    /// What could not be read, by what that is called and why.
    pub unread: RefCell<HashMap<(&'static str, String), Unread>>,
    pub deferred: RefCell<Vec<aurak_model::plan::DeferredBlock>>,
    /// Blocks of which it is not known yet which instances there are, also those that `--only` leaves
    /// out; without the keys of modules that are not known either.
    pub undecided: RefCell<Vec<Address>>,
    /// What is to be made under the name of an object that has another address.
    pub claims: RefCell<Vec<Claim>>,
    /// Whose older objects stay, because something that was made from them is planned later.
    pub set_aside: RefCell<BTreeSet<Address>>,
    /// What is made in something that is made anew and may have its id again, and in what.
    pub made_inside: RefCell<Vec<(Address, Address)>>,
    /// What stays as it is although it is to be replaced: that has to wait.
    pub replaced_later: RefCell<BTreeSet<Address>>,
    /// What goes before its new object is made, although its type would have it the other way round: an
    /// attempt before this one found no order otherwise.
    pub early: BTreeSet<Address>,
    /// What stands in a circle that a next attempt could break by that.
    pub circled: RefCell<BTreeSet<Address>>,
    pub conditions: RefCell<Vec<aurak_model::plan::DeferredCondition>>,
    /// Outputs and conditions that only a next plan can work out.
    pub put_off: RefCell<Vec<(Span, String)>>,
    /// Seconds for operations, where the configuration gives some.
    pub timeouts: RefCell<HashMap<Address, aurak_model::schema::Timeouts>>,
    /// What `--only` leaves in; everything, where there is none.
    pub selection: Option<Selection>,
    /// Which rows have an object with an id; made when somebody asks.
    pub owners: OnceCell<Owners>,
    /// Where the line of `imports` for an address stands; made when somebody asks.
    pub imports: OnceCell<HashMap<Address, usize>>,
    /// The words of all expressions; gathered when somebody asks.
    pub words: OnceCell<BTreeSet<String>>,
    reads: RefCell<Vec<Vec<Read>>>,
}

impl Context {
    pub(crate) fn new(input: PlanInput, early: BTreeSet<Address>) -> Rc<Context> {
        let root = ModuleInstance {
            module: ModuleId(0),
            address: ModuleAddress::root(),
            parent: None,
            each: None,
            reads: Rc::from([]),
        };
        let mut findings = Vec::new();
        let selection = Selection::new(&input, &mut findings);
        // Most blocks have one instance.
        let blocks = input.program.blocks.len();
        Rc::new(Context {
            input,
            modules: RefCell::new(vec![root]),
            calls: RefCell::default(),
            waits: RefCell::default(),
            instances: RefCell::new(Vec::with_capacity(blocks)),
            by_address: RefCell::new(HashMap::with_capacity(blocks)),
            groups: RefCell::new(Vec::with_capacity(blocks)),
            group_of: RefCell::new(HashMap::with_capacity(blocks)),
            providers: RefCell::default(),
            implicit_providers: RefCell::default(),
            memos: RefCell::default(),
            nodes: RefCell::default(),
            node_needs: RefCell::default(),
            asks: RefCell::default(),
            findings: RefCell::new(findings),
            unread: RefCell::default(),
            deferred: RefCell::default(),
            undecided: RefCell::default(),
            claims: RefCell::default(),
            set_aside: RefCell::default(),
            made_inside: RefCell::default(),
            replaced_later: RefCell::default(),
            early,
            circled: RefCell::default(),
            conditions: RefCell::default(),
            put_off: RefCell::default(),
            timeouts: RefCell::default(),
            selection,
            owners: OnceCell::new(),
            imports: OnceCell::new(),
            words: OnceCell::new(),
            reads: RefCell::new(vec![Vec::new()]),
        })
    }

    /// The root module's instance.
    pub(crate) const ROOT: ModuleInst = ModuleInst(0);

    pub(crate) fn block(&self, id: BlockId) -> &Block {
        self.input.program.block(id)
    }

    pub(crate) fn module_of(&self, inst: ModuleInst) -> &Module {
        let id = self.modules.borrow()[inst.0 as usize].module;
        self.input.program.module(id)
    }

    pub(crate) fn module_address(&self, inst: ModuleInst) -> ModuleAddress {
        self.modules.borrow()[inst.0 as usize].address.clone()
    }

    pub(crate) fn instance(&self, id: InstId) -> Rc<Instance> {
        self.instances.borrow()[id.0 as usize].clone()
    }

    /// Adds an instance; its address must be new.
    pub(crate) fn add_instance(&self, instance: Instance) -> InstId {
        let mut instances = self.instances.borrow_mut();
        let id = InstId(instances.len() as u32);
        self.by_address.borrow_mut().insert(instance.address.clone(), id);
        instances.push(Rc::new(instance));
        id
    }

    /// Remembers that something was read in the evaluation that is running.
    pub(crate) fn log_read(&self, target: Target, path: Path) {
        if let Some(log) = self.reads.borrow_mut().last_mut() {
            log.push(Read { target, path });
        }
    }

    /// Runs an evaluation and gives what it read, which also counts as read by the surrounding one.
    pub(crate) fn with_reads<T>(&self, f: impl FnOnce() -> T) -> (T, Vec<Read>) {
        self.reads.borrow_mut().push(Vec::new());
        let result = f();
        let mut logs = self.reads.borrow_mut();
        let mut reads = logs.pop().unwrap_or_default();
        reads.sort_unstable();
        reads.dedup();
        self.sum_up(&mut reads);
        if let Some(outer) = logs.last_mut() {
            outer.extend_from_slice(&reads);
        }
        (result, reads)
    }

    /// One read instead of one for each instance, where something was read of all that a group has.
    fn sum_up(&self, reads: &mut Vec<Read>) {
        if reads.len() <= SUMMED_FROM {
            return;
        }
        let listed = reads.iter().filter_map(|read| match read.target {
            Target::Group(group) => Some(group),
            Target::Instance(_) | Target::Members(_) => None,
        });
        for group in listed.collect::<Vec<_>>() {
            let members = self.members(group);
            if members.len() < SUMMED_FROM {
                continue;
            }
            let is_member = |read: &Read| match read.target {
                Target::Instance(id) => members.contains(&id),
                Target::Group(_) | Target::Members(_) => false,
            };
            let mut readers: HashMap<Path, usize> = HashMap::new();
            for read in reads.iter().filter(|read| is_member(read)) {
                *readers.entry(read.path.clone()).or_default() += 1;
            }
            readers.retain(|_, count| *count == members.len());
            if readers.is_empty() {
                continue;
            }
            reads.retain(|read| !is_member(read) || !readers.contains_key(&read.path));
            reads.extend(readers.into_keys().map(|path| Read { target: Target::Members(group), path }));
            reads.sort_unstable();
        }
    }

    /// The instances of a group.
    pub(crate) fn members(&self, group: GroupId) -> BTreeSet<InstId> {
        match &self.groups.borrow()[group.0 as usize].members {
            Members::Single(id) => BTreeSet::from([*id]),
            Members::Keyed(keys) => keys.values().copied().collect(),
            Members::Absent | Members::Deferred => BTreeSet::new(),
        }
    }

    /// Works a value out once; afterwards its reads count for each reader.
    pub(crate) fn memo(
        &self,
        module: ModuleInst,
        item: Item,
        name: &Name,
        work: impl FnOnce() -> Option<Value>,
    ) -> Result<Value, GaveUp> {
        let key = (module, item, name.clone());
        let known = self.memos.borrow().get(&key).cloned();
        let worked = match known {
            Some(Memo::Done(worked)) => {
                if let Some(log) = self.reads.borrow_mut().last_mut() {
                    log.extend_from_slice(&worked.reads);
                }
                worked
            }
            Some(Memo::Running) => {
                // `lang` refuses static cycles; this one only exists through lazy values.
                self.find(Diagnostic::error("cycle", format!("`{name}` is needed to work out `{name}`")));
                return Err(GaveUp);
            }
            None if crate::deep::is_too_deep() => {
                self.find(
                    Diagnostic::error("depth", format!("`{name}` is read through too many other values"))
                        .help("make the chain of inputs and `let` that read each other shorter"),
                );
                return Err(GaveUp);
            }
            None => {
                self.memos.borrow_mut().insert(key.clone(), Memo::Running);
                let (value, reads) = self.with_reads(work);
                let worked = Rc::new(Worked { value, reads });
                self.memos.borrow_mut().insert(key, Memo::Done(worked.clone()));
                worked
            }
        };
        worked.value.clone().ok_or(GaveUp)
    }

    /// Records a finding.
    pub(crate) fn find(&self, finding: Diagnostic) {
        self.findings.borrow_mut().push(finding);
    }

    /// The answer to a question, or `None` after putting it.
    pub(crate) fn ask(&self, ask: Ask, count: u8) -> Option<Answer> {
        let key = ask.key(count);
        if let Some(answer) = self.input.snapshot.answers.get(&key) {
            return Some(answer.clone());
        }
        self.asks.borrow_mut().entry(key).or_insert(ask);
        None
    }

    /// `file:line:column` of a node.
    pub(crate) fn place(&self, span: Span) -> String {
        self.input.program.files.place(span)
    }

    /// Says what is wrong with an expression, once, unless it only waits for an answer.
    pub(crate) fn expression_failed(&self, node: &Node, error: &ExprError, about: Option<&Address>) {
        if error.kind == ErrorKind::Asked {
            return;
        }
        let mut finding =
            Diagnostic::error("expression", error.message.clone()).at(node.place(error.start, error.end), "");
        finding.help = error.help.clone();
        if let Some(about) = about {
            finding = finding.about(about);
        }
        self.find(finding);
    }

    /// The node of the arena for an expression's result.
    pub(crate) fn add_node(&self, node: Deferred, needs: Vec<Origin>) -> NodeId {
        let deferred = needs.iter().any(|need| self.is_deferred_origin(need));
        let mut nodes = self.nodes.borrow_mut();
        let id = NodeId(nodes.len() as u32);
        nodes.push(node);
        self.node_needs.borrow_mut().push(NodeNeeds { direct: needs.into(), deferred });
        id
    }

    /// Adds what an origin rests on, nodes resolved: rows and deferred blocks.
    pub(crate) fn needs_of(&self, origin: &Origin, into: &mut Vec<Origin>) {
        let mut seen = BTreeSet::new();
        let mut open = vec![origin.clone()];
        while let Some(origin) = open.pop() {
            match origin {
                Origin::Row { .. } | Origin::Deferred { .. } => into.push(origin),
                Origin::Node { node, .. } if seen.insert(node) => {
                    if let Some(needs) = self.node_needs.borrow().get(node.0 as usize) {
                        open.extend(needs.direct.iter().cloned());
                    }
                }
                Origin::Node { .. } => {}
                Origin::Fresh { needs } => open.extend(needs.iter().cloned()),
            }
        }
    }

    /// What a value rests on, in order, without repetition.
    pub(crate) fn needs(&self, value: &Value) -> Vec<Origin> {
        let mut needs = Vec::new();
        value.for_each_unknown(&mut |unknown| self.needs_of(&unknown.origin, &mut needs));
        needs.sort();
        needs.dedup();
        needs
    }

    /// Whether a value rests on something that this plan defers as a whole.
    pub(crate) fn is_deferred(&self, value: &Value) -> bool {
        let mut deferred = false;
        value.for_each_unknown(&mut |unknown| deferred |= self.is_deferred_origin(&unknown.origin));
        deferred
    }

    fn is_deferred_origin(&self, origin: &Origin) -> bool {
        match origin {
            Origin::Row { .. } => false,
            Origin::Deferred { .. } => true,
            Origin::Node { node, .. } => {
                self.node_needs.borrow().get(node.0 as usize).is_some_and(|needs| needs.deferred)
            }
            Origin::Fresh { needs } => needs.iter().any(|need| self.is_deferred_origin(need)),
        }
    }
}

/// The error that makes an evaluation give up quietly.
pub(crate) fn quietly() -> ExprError {
    ExprError { kind: ErrorKind::Asked, message: String::new(), start: 0, end: 0, help: None }
}
