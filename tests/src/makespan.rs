//! Graphs of resources that only take time, to see how well a run is scheduled: the same graph as a
//! stack and for Terraform, and the time that no schedule can beat.
//!
//! Durations have a heavy tail, as those of real services have: most resources take a moment, a few
//! take ten times as long, and a schedule is bad when one of these begins late.

use std::fmt::Write as _;

use crate::world_gen::Dice;

/// How the resources hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A dozen layers; each resource needs one to three of the layer before.
    Layered,
    /// Half of the resources need one other, the rest nothing: more room than slots.
    Wide,
    /// A few long chains, with a link between two of them now and then: hardly more chains than slots.
    Chains,
    /// Up to three of the sixty before: long paths in a tangle.
    Tangled,
}

impl Shape {
    /// All of them.
    pub const ALL: [Shape; 4] = [Shape::Layered, Shape::Wide, Shape::Chains, Shape::Tangled];

    /// By its word.
    pub fn parse(word: &str) -> Option<Shape> {
        Shape::ALL.into_iter().find(|shape| shape.word() == word)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Shape::Layered => "layered",
            Shape::Wide => "wide",
            Shape::Chains => "chains",
            Shape::Tangled => "tangled",
        }
    }
}

/// A graph. A resource needs only such as stand before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    ms: u64,
    needs: Vec<usize>,
}

/// Layers of a layered graph.
const LAYERS: usize = 12;

/// Chains of a graph of chains.
const CHAINS: usize = 14;

/// How far back a tangled resource reaches.
const REACH: usize = 60;

impl Graph {
    /// The graph of a seed: the same seed, the same graph.
    pub fn draw(shape: Shape, seed: u64, count: usize) -> Graph {
        let mut dice = Dice::new(seed);
        let nodes =
            (0..count).map(|i| Node { ms: duration(&mut dice), needs: needs(shape, i, count, &mut dice) });
        Graph { nodes: nodes.collect() }
    }

    /// No schedule ends earlier: the longest chain must be gone through, and so many slots take the
    /// work of all of them.
    pub fn bound_ms(&self, slots: u64) -> u64 {
        self.longest_ms().max(self.total_ms().div_ceil(slots.max(1)))
    }

    /// What any schedule stays below that leaves no slot idle while something is ready (Graham).
    pub fn graham_ms(&self, slots: u64) -> u64 {
        let slots = slots.max(1);
        (self.total_ms() + (slots - 1) * self.longest_ms()).div_ceil(slots)
    }

    fn total_ms(&self) -> u64 {
        self.nodes.iter().map(|node| node.ms).sum()
    }

    fn longest_ms(&self) -> u64 {
        let mut ends: Vec<u64> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let before = node.needs.iter().map(|i| ends[*i]).max().unwrap_or(0);
            ends.push(before + node.ms);
        }
        ends.into_iter().max().unwrap_or(0)
    }

    /// As an `aurak.yaml`; deleting takes no time unless `destroys`, and then as long as creating.
    pub fn stack(&self, destroys: bool) -> String {
        let mut out = String::from("aurak: 1\nname: demo\nresources:\n");
        for (i, Node { ms, needs }) in self.nodes.iter().enumerate() {
            let _ = write!(out, "  r{i}:\n    type: core.sleep\n    create: {ms}ms\n");
            if destroys {
                let _ = writeln!(out, "    destroy: {ms}ms");
            }
            if !needs.is_empty() {
                let needs: Vec<String> = needs.iter().map(|i| format!("r{i}")).collect();
                let _ = writeln!(out, "    depends_on: [{}]", needs.join(", "));
            }
        }
        out
    }

    /// For Terraform and OpenTofu, which have nothing of their own that waits: a command does.
    pub fn terraform(&self) -> String {
        let mut out = String::new();
        for (i, Node { ms, needs }) in self.nodes.iter().enumerate() {
            let needs: Vec<String> = needs.iter().map(|i| format!("terraform_data.r{i}")).collect();
            let seconds = format!("{}.{:03}", ms / 1000, ms % 1000);
            let _ = write!(
                out,
                "resource \"terraform_data\" \"r{i}\" {{\n  depends_on = [{}]\n  \
                 provisioner \"local-exec\" {{\n    interpreter = [\"sleep\"]\n    \
                 command     = \"{seconds}\"\n  }}\n}}\n",
                needs.join(", ")
            );
        }
        out
    }
}

/// 50 to 400 ms, or 1 to 3 s for one in sixteen.
fn duration(dice: &mut Dice) -> u64 {
    let ms = match dice.below(16) {
        0 => 1000 + dice.below(2001),
        _ => 50 + dice.below(351),
    };
    ms as u64
}

fn needs(shape: Shape, i: usize, count: usize, dice: &mut Dice) -> Vec<usize> {
    let mut needs: Vec<usize> = match shape {
        Shape::Layered => {
            let first = |layer: usize| (layer * count).div_ceil(LAYERS);
            match (i * LAYERS) / count.max(1) {
                0 => Vec::new(),
                layer => {
                    let (from, to) = (first(layer - 1), first(layer));
                    (0..1 + dice.below(3)).map(|_| from + dice.below(to - from)).collect()
                }
            }
        }
        Shape::Wide => (0..usize::from(i > 0 && dice.chance(50))).map(|_| dice.below(i)).collect(),
        Shape::Chains => {
            let link = (i > CHAINS && dice.chance(8)).then(|| dice.below(i));
            i.checked_sub(CHAINS).into_iter().chain(link).collect()
        }
        Shape::Tangled => {
            let reach = i.min(REACH);
            (0..dice.below(4)).filter(|_| reach > 0).map(|_| i - 1 - dice.below(reach)).collect()
        }
    };
    needs.sort_unstable();
    needs.dedup();
    needs
}

/// The test program's word `sleeping-graph SHAPE SEED COUNT aurak|terraform|bound SLOTS`: what it
/// prints.
pub fn told(words: &[&str]) -> Result<String, String> {
    let usage = "sleeping-graph layered|wide|chains|tangled SEED COUNT aurak|terraform|bound SLOTS";
    let [shape, seed, count, what, slots] = words else { return Err(usage.to_string()) };
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("`{text}` is no number: {usage}"));
    let shape = Shape::parse(shape).ok_or_else(|| format!("there is no shape `{shape}`: {usage}"))?;
    let count = usize::try_from(number(count)?).map_err(|_| usage.to_string())?;
    let graph = Graph::draw(shape, number(seed)?, count);
    match *what {
        "aurak" => Ok(graph.stack(false)),
        "terraform" => Ok(graph.terraform()),
        "bound" => Ok(format!("{}\n", graph.bound_ms(number(slots)?))),
        _ => Err(usage.to_string()),
    }
}
