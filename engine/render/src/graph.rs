//! What waits for what, as a tree of lines or as DOT.
//!
//! The tree is that of `cargo tree`: each thing with what it needs below it, and a mark where a part
//! was shown before. It is drawn without recursion, because chains can be as long as the stack.

use std::collections::{BTreeMap, BTreeSet};

use aurak_model::event::Verb;
use aurak_model::plan::{Step, Work};
use aurak_model::{Plan, Slot, StateDoc};

use crate::paint::{Line, Role};
use crate::plan::Mark;
use crate::style::Style;
use crate::text::clean;

/// A graph to draw: nodes in an order that is theirs, with what each one needs.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
struct Node {
    name: String,
    /// What stands behind the name.
    note: String,
    role: Role,
    needs: Vec<usize>,
}

impl Graph {
    /// The steps of a plan.
    pub fn of_plan(plan: &Plan) -> Graph {
        let actions: BTreeMap<_, _> = plan
            .changes
            .iter()
            .flat_map(|change| change.steps.iter().map(|step| (*step, change.action)))
            .collect();
        let nodes = plan
            .steps
            .iter()
            .map(|step| {
                let verb = step.work.verb();
                let role = actions.get(&step.id).map_or(Role::Dim, |action| Mark::Action(*action).role());
                Node {
                    name: clean(step.address.as_str()).into_owned(),
                    note: match verb {
                        Verb::Join => "all of it".to_string(),
                        _ => step_words(step),
                    },
                    role: if verb == Verb::Delete { Role::Delete } else { role },
                    needs: step
                        .after
                        .iter()
                        .map(|id| id.0 as usize)
                        .filter(|id| *id < plan.steps.len())
                        .collect(),
                }
            })
            .collect();
        Graph { nodes }
    }

    /// The rows of a state. What a row needs may be a block: then it is all of the block's rows.
    pub fn of_state(state: &StateDoc) -> Graph {
        let mut index: BTreeMap<String, usize> = BTreeMap::new();
        let mut nodes: Vec<Node> = Vec::new();
        for (address, row) in &state.rows {
            index.insert(address.to_string(), nodes.len());
            nodes.push(Node {
                name: clean(address.as_str()).into_owned(),
                note: clean(&row.type_name).into_owned(),
                role: Role::Plain,
                needs: Vec::new(),
            });
        }
        // Blocks that are named as a need: a node each, in place of many edges.
        let wanted: BTreeSet<_> = state
            .rows
            .values()
            .flat_map(|row| row.needs.iter())
            .filter(|need| !index.contains_key(need.as_str()))
            .cloned()
            .collect();
        for (i, address) in state.rows.keys().enumerate() {
            let block = address.block();
            if !wanted.contains(&block) {
                continue;
            }
            let at = *index.entry(block.to_string()).or_insert_with(|| {
                nodes.push(Node {
                    name: clean(block.as_str()).into_owned(),
                    note: "all of it".to_string(),
                    role: Role::Dim,
                    needs: Vec::new(),
                });
                nodes.len() - 1
            });
            nodes[at].needs.push(i);
        }
        for (i, row) in state.rows.values().enumerate() {
            nodes[i].needs = row.needs.iter().filter_map(|need| index.get(need.as_str()).copied()).collect();
        }
        Graph { nodes }
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// As a tree: what nothing waits for first, with what it needs below.
    pub fn tree(&self, style: &Style) -> String {
        let (tee, corner, bar) =
            if style.unicode { ("├── ", "╰── ", "│   ") } else { ("|-- ", "`-- ", "|   ") };
        let mut out = String::new();
        let mut line = Line::new();
        let mut seen = vec![false; self.nodes.len()];
        let mut needed = vec![false; self.nodes.len()];
        for need in self.nodes.iter().flat_map(|node| &node.needs) {
            needed[*need] = true;
        }
        // What is needed and was never reached can only be in a cycle; it is drawn all the same.
        let roots = (0..self.nodes.len()).filter(|i| !needed[*i]);
        let roots: Vec<usize> = roots.chain((0..self.nodes.len()).filter(|i| needed[*i])).collect();
        for root in roots {
            if needed[root] && seen[root] {
                continue;
            }
            let mut stack: Vec<(usize, String, Option<bool>)> = vec![(root, String::new(), None)];
            while let Some((at, prefix, last)) = stack.pop() {
                let node = &self.nodes[at];
                line.push(Role::Dim, &prefix);
                match last {
                    None => {}
                    Some(true) => {
                        line.push(Role::Dim, corner);
                    }
                    Some(false) => {
                        line.push(Role::Dim, tee);
                    }
                }
                line.push(node.role, &node.name).push(Role::Dim, &format!(" ({})", node.note));
                let again = std::mem::replace(&mut seen[at], true);
                if again && !node.needs.is_empty() {
                    line.push(Role::Dim, " (*)");
                }
                line.end(&mut out, style);
                if again {
                    continue;
                }
                let below = match last {
                    None => String::new(),
                    Some(true) => format!("{prefix}    "),
                    Some(false) => format!("{prefix}{bar}"),
                };
                for (i, need) in node.needs.iter().enumerate().rev() {
                    stack.push((*need, below.clone(), Some(i + 1 == node.needs.len())));
                }
            }
        }
        out
    }

    /// As DOT, for Graphviz: an edge points at what is needed.
    pub fn dot(&self) -> String {
        let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let mut out = String::from("digraph aurak {\n  rankdir=LR;\n  node [shape=box];\n");
        for (i, node) in self.nodes.iter().enumerate() {
            out.push_str(&format!(
                "  n{i} [label={}{}];\n",
                quote(&format!("{} ({})", node.name, node.note)),
                colour(node.role)
            ));
        }
        for (i, node) in self.nodes.iter().enumerate() {
            for need in &node.needs {
                out.push_str(&format!("  n{i} -> n{need};\n"));
            }
        }
        out.push_str("}\n");
        out
    }
}

fn colour(role: Role) -> &'static str {
    match role {
        Role::Create => ", color=\"#2e7d32\"",
        Role::Change | Role::Warning => ", color=\"#b26a00\"",
        Role::Replace => ", color=\"#8e24aa\"",
        Role::Delete | Role::Error => ", color=\"#c62828\"",
        Role::Dim => ", style=dashed",
        Role::Plain | Role::Strong | Role::Drift | Role::Note | Role::Help => "",
    }
}

/// What a step does, with the object where that is not the one of the address.
pub(crate) fn step_words(step: &Step) -> String {
    let verb = word(step.work.verb());
    let action = match &step.work {
        Work::Invoke { action, .. } => format!(" {}", clean(action)),
        _ => String::new(),
    };
    match step.slot {
        Slot::Temporary => format!("{verb}{action}, temporary"),
        Slot::Current | Slot::Old => format!("{verb}{action}"),
    }
}

fn word(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "create",
        Verb::Update => "change",
        Verb::Delete => "delete",
        Verb::Forget => "forget",
        Verb::Record => "record",
        Verb::Read => "read",
        Verb::Invoke => "call",
        Verb::Wait => "wait",
        Verb::Join => "all of it",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aurak_model::record::{Lifecycle, Row};
    use aurak_model::{Action, Address, ProviderAddress, StepId, Value};
    use insta::assert_snapshot;

    use super::*;
    use crate::fixtures::{address, change, plan};

    fn step(id: u32, name: &str, work: Work, after: &[u32]) -> Step {
        Step {
            id: StepId(id),
            address: address(name),
            type_name: "sim.node".into(),
            slot: Slot::Current,
            work,
            provider: None,
            after: after.iter().map(|id| StepId(*id)).collect(),
            serialise: None,
            usual_ms: None,
            timeout_s: None,
        }
    }

    fn delete() -> Work {
        Work::Delete { id: "1".into(), live: Value::Null }
    }

    #[test]
    fn a_plan_as_tree_and_dot() {
        let mut plan = plan(vec![{
            let mut change = change("b", "sim.node", Action::Create);
            change.steps = vec![StepId(1)];
            change
        }]);
        plan.steps = vec![
            step(0, "a", delete(), &[]),
            step(1, "b", Work::Wait { what: "x".into() }, &[0]),
            step(2, "all", Work::Join, &[0, 1]),
            step(3, "c[\"k\"]", Work::Forget, &[2, 1]),
            step(4, "d", Work::Forget, &[]),
        ];
        let graph = Graph::of_plan(&plan);
        assert_snapshot!(graph.tree(&Style::plain()), @r#"
        c["k"] (forget)
        ├── all (all of it)
        │   ├── a (delete)
        │   ╰── b (wait)
        │       ╰── a (delete)
        ╰── b (wait) (*)
        d (forget)
        "#);
        assert_snapshot!(graph.dot(), @r##"
        digraph aurak {
          rankdir=LR;
          node [shape=box];
          n0 [label="a (delete)", color="#c62828"];
          n1 [label="b (wait)", color="#2e7d32"];
          n2 [label="all (all of it)", style=dashed];
          n3 [label="c[\"k\"] (forget)", style=dashed];
          n4 [label="d (forget)", style=dashed];
          n1 -> n0;
          n2 -> n0;
          n2 -> n1;
          n3 -> n2;
          n3 -> n1;
        }
        "##);
    }

    fn row(name: &str, needs: &[&str]) -> (Address, Arc<Row>) {
        let row = Row {
            address: address(name),
            type_name: "sim.node".into(),
            version: 1,
            schema_version: 1,
            provider: ProviderAddress::new(&aurak_model::ModuleAddress::root(), "sim", None),
            world: None,
            current: None,
            old: None,
            temporary: None,
            needs: needs.iter().map(|need| address(need)).collect(),
            lifecycle: Lifecycle::default(),
            place: None,
            replace_when: Value::Null,
        };
        (row.address.clone(), Arc::new(row))
    }

    #[test]
    fn rows_need_blocks_and_rows() {
        let rows = [
            row("pools[\"a\"]", &["cluster"]),
            row("pools[\"b\"]", &["cluster"]),
            row("cluster", &[]),
            row("app", &["pools", "gone"]),
        ];
        let state = StateDoc { rows: rows.into_iter().collect(), ..StateDoc::default() };
        assert_snapshot!(Graph::of_state(&state).tree(&Style { unicode: false, ..Style::plain() }), @r#"
        app (sim.node)
        `-- pools (all of it)
            |-- pools["a"] (sim.node)
            |   `-- cluster (sim.node)
            `-- pools["b"] (sim.node)
                `-- cluster (sim.node)
        "#);
    }

    #[test]
    fn long_chains_and_cycles_are_drawn() {
        let names: Vec<String> = (0..5_000).map(|n| format!("r{n:04}")).collect();
        let rows = names.iter().enumerate().map(|(i, name)| match i {
            0 => row(name, &["r0001"]),
            i => row(name, &[names[i - 1].as_str()]),
        });
        let state = StateDoc { rows: rows.collect(), ..StateDoc::default() };
        let tree = Graph::of_state(&state).tree(&Style::plain());
        // Every row once, and the one that closes the cycle once more.
        assert_eq!(tree.lines().count(), 5_001);
        assert!(tree.trim_end().ends_with("r0001 (sim.node) (*)"));
    }
}
