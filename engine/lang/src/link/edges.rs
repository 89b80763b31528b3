//! The graph of everything that reads something: blocks, `let`, inputs, outputs, and the calls of
//! modules. It finds cycles, and what each block needs through all that stands between.
//!
//! Nothing recurses: a chain of 100,000 resources is an ordinary stack.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::rc::Rc;

use aurak_model::{BlockId, Diagnostic, Files, ModuleId, Name, Program, Span};

use crate::fields::Bag;

/// Something that reads or is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Vertex {
    Block(BlockId),
    Let(ModuleId, Name),
    Input(ModuleId, Name),
    Output(ModuleId, Name),
    /// `for_each` and `when` of a call, and those of the calls around it.
    Call(ModuleId),
    /// `depends_on` of a call, and those of the calls around it.
    Wait(ModuleId),
    /// All blocks of a module.
    All(ModuleId),
}

/// The index of a vertex.
pub(super) type Id = u32;

pub(super) struct Graph {
    vertices: Vec<Vertex>,
    /// All but blocks, whose index is their number.
    ids: HashMap<Vertex, Id>,
    blocks: usize,
    /// Who reads what, and where it says so; places without a line are not worth showing.
    edges: Vec<(Id, Id, Span)>,
    /// Once all are there: where those of each vertex begin among `edges`.
    starts: Vec<u32>,
}

impl Graph {
    pub(super) fn new(program: &Program) -> Graph {
        let blocks = program.blocks.len();
        let mut vertices: Vec<Vertex> = (0..blocks).map(|i| Vertex::Block(BlockId(i as u32))).collect();
        for (i, module) in program.modules.iter().enumerate() {
            let id = ModuleId(i as u32);
            vertices.extend(module.lets.keys().map(|name| Vertex::Let(id, name.clone())));
            vertices.extend(module.inputs.keys().map(|name| Vertex::Input(id, name.clone())));
            vertices.extend(module.outputs.keys().map(|name| Vertex::Output(id, name.clone())));
            vertices.extend([Vertex::Call(id), Vertex::Wait(id), Vertex::All(id)]);
        }
        let ids = vertices.iter().enumerate().skip(blocks).map(|(i, v)| (v.clone(), i as Id)).collect();
        Graph { vertices, ids, blocks, edges: Vec::new(), starts: Vec::new() }
    }

    pub(super) fn id(&self, vertex: &Vertex) -> Option<Id> {
        match vertex {
            Vertex::Block(block) => Some(block.0),
            other => self.ids.get(other).copied(),
        }
    }

    pub(super) fn read(&mut self, reader: Id, read: &Vertex, span: Span) {
        if let Some(read) = self.id(read) {
            self.edges.push((reader, read, span));
        }
    }

    /// Sets the edges of all blocks, and says which cycles there are.
    pub(super) fn finish(&mut self, program: &mut Program, files: &Files, bag: &mut Bag) {
        // Mostly in order already; the edges of one vertex stay in the order they were found.
        self.edges.sort_by_key(|(reader, _, _)| *reader);
        self.starts = Vec::with_capacity(self.vertices.len() + 1);
        for (i, (reader, _, _)) in self.edges.iter().enumerate() {
            self.starts.resize((*reader as usize + 1).max(self.starts.len()), i as u32);
        }
        self.starts.resize(self.vertices.len() + 1, self.edges.len() as u32);
        let (members, ends) = self.components();
        // What is read through each vertex that is no block: a list that many may share.
        let mut through: Vec<Rc<[BlockId]>> = vec![Rc::default(); self.vertices.len() - self.blocks];
        let mut start = 0;
        for end in ends {
            let component = &members[start..end];
            start = end;
            if component.len() > 1 || self.reads_itself(component[0]) {
                let mut sorted = component.to_vec();
                sorted.sort_unstable();
                bag.push(self.cycle(&sorted, program, files));
            }
            for vertex in component {
                match (*vertex as usize).checked_sub(self.blocks) {
                    Some(other) => through[other] = self.shared_needs(*vertex, &through),
                    None => program.blocks[*vertex as usize].edges = self.needs_of(*vertex, &through),
                }
            }
        }
    }

    /// What a vertex reads.
    fn of(&self, vertex: Id) -> &[(Id, Id, Span)] {
        let vertex = vertex as usize;
        &self.edges[self.starts[vertex] as usize..self.starts[vertex + 1] as usize]
    }

    fn reads_itself(&self, vertex: Id) -> bool {
        self.of(vertex).iter().any(|(_, read, _)| *read == vertex)
    }

    /// The needs of a vertex that is no block; a vertex that only passes another on shares its list.
    fn shared_needs(&self, vertex: Id, through: &[Rc<[BlockId]>]) -> Rc<[BlockId]> {
        if let [(_, only, _)] = self.of(vertex)
            && let Some(other) = (*only as usize).checked_sub(self.blocks)
        {
            return through[other].clone();
        }
        self.needs_of(vertex, through).into()
    }

    /// The blocks that a vertex reads, directly or through vertices that are no blocks. All that it
    /// reads was finished before it, but for those in a cycle with it.
    fn needs_of(&self, vertex: Id, through: &[Rc<[BlockId]>]) -> Vec<BlockId> {
        let mut all = Vec::new();
        for (_, read, _) in self.of(vertex) {
            match (*read as usize).checked_sub(self.blocks) {
                Some(other) => all.extend_from_slice(&through[other]),
                None => all.push(BlockId(*read)),
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The strongly connected components, each after all that it reads: all members, and where each
    /// component ends (Tarjan's, with a stack of our own).
    fn components(&self) -> (Vec<Id>, Vec<usize>) {
        const UNSEEN: u32 = u32::MAX;
        let count = self.vertices.len();
        let mut order = vec![UNSEEN; count];
        let mut low = vec![0; count];
        let mut open = vec![false; count];
        let mut stack: Vec<Id> = Vec::new();
        let mut next = 0;
        let mut members = Vec::with_capacity(count);
        let mut ends = Vec::with_capacity(count);
        let mut walk: Vec<(Id, usize)> = Vec::new();
        for root in 0..count as Id {
            if order[root as usize] != UNSEEN {
                continue;
            }
            walk.push((root, 0));
            while let Some((vertex, edge)) = walk.pop() {
                let v = vertex as usize;
                if edge == 0 {
                    order[v] = next;
                    low[v] = next;
                    next += 1;
                    stack.push(vertex);
                    open[v] = true;
                } else {
                    // Back from the edge before.
                    let read = self.of(vertex)[edge - 1].1 as usize;
                    if open[read] {
                        low[v] = low[v].min(low[read]);
                    }
                }
                match self.of(vertex).get(edge) {
                    Some((_, read, _)) => {
                        walk.push((vertex, edge + 1));
                        if order[*read as usize] == UNSEEN {
                            walk.push((*read, 0));
                        }
                    }
                    None if low[v] == order[v] => {
                        while let Some(member) = stack.pop() {
                            open[member as usize] = false;
                            members.push(member);
                            if member == vertex {
                                break;
                            }
                        }
                        ends.push(members.len());
                    }
                    None => {}
                }
            }
        }
        (members, ends)
    }

    /// Draws the shortest cycle through the first member of a component that a person can name.
    fn cycle(&self, component: &[Id], program: &Program, files: &Files) -> Diagnostic {
        let members: BTreeSet<Id> = component.iter().copied().collect();
        let start = component
            .iter()
            .copied()
            .find(|id| {
                !matches!(self.vertices[*id as usize], Vertex::Call(_) | Vertex::Wait(_) | Vertex::All(_))
            })
            .unwrap_or(component[0]);
        // Breadth first back to the start: who was reached from whom, and where that is said.
        let mut from: HashMap<Id, (Id, Span)> = HashMap::new();
        let mut queue = VecDeque::from([start]);
        'search: while let Some(vertex) = queue.pop_front() {
            for (_, read, span) in self.of(vertex) {
                if members.contains(read) && !from.contains_key(read) {
                    from.insert(*read, (vertex, *span));
                    if *read == start {
                        break 'search;
                    }
                    queue.push_back(*read);
                }
            }
        }
        let mut steps: Vec<(Id, Span)> = Vec::new();
        let mut at = start;
        while let Some((reader, span)) = from.get(&at) {
            steps.push((*reader, *span));
            at = *reader;
            if at == start {
                break;
            }
        }
        steps.reverse();
        let name = |id: Id| self.vertices[id as usize].name(program);
        let mut drawn = Vec::new();
        let mut labels = Vec::new();
        for (i, (reader, span)) in steps.iter().enumerate() {
            let read = steps.get(i + 1).map_or(start, |(next, _)| *next);
            drawn.push(name(*reader));
            if span.line > 0 {
                let written = written(files, *span);
                let what = match written.is_empty() {
                    true => name(read),
                    false => written,
                };
                labels.push((*span, format!("`{}` needs `{what}`", name(*reader))));
            }
        }
        drawn.push(name(start));
        let summary = match steps.len() {
            0 | 1 => format!("`{}` refers to itself", name(start)),
            _ => format!("`{}` needs itself", name(start)),
        };
        let mut diagnostic = Diagnostic::error("cycle", summary).detail(drawn.join(" -> "));
        for (span, text) in labels {
            diagnostic = diagnostic.at(span, text);
        }
        diagnostic.help("take one of these references away: what is needed must be there first")
    }
}

impl Vertex {
    fn name(&self, program: &Program) -> String {
        let within = |module: &ModuleId, name: &str| {
            let mut path: Vec<&str> = program.module(*module).path.iter().map(|name| &**name).collect();
            path.push(name);
            path.join(".")
        };
        let module = |module: &ModuleId| program.module(*module).path.join(".");
        match self {
            Vertex::Block(id) => {
                let block = program.block(*id);
                within(&block.module, &block.name)
            }
            Vertex::Let(id, name) | Vertex::Input(id, name) | Vertex::Output(id, name) => within(id, name),
            Vertex::Call(id) | Vertex::Wait(id) | Vertex::All(id) => module(id),
        }
    }
}

/// What stands at a place.
fn written(files: &Files, span: Span) -> String {
    let line = files.text(span.file).lines().nth(span.line.saturating_sub(1) as usize).unwrap_or("");
    line.chars().skip(span.col.saturating_sub(1) as usize).take(span.len as usize).collect()
}
