//! The plan as a whole: changes in order of risk, steps, outputs, and what it all rests on.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::convert::Infallible;
use std::rc::Rc;

use aurak_model::plan::{Base, Mode, OutputChange, ReadBase, RowBase};
use aurak_model::schema::ReplaceOrder;
use aurak_model::{
    Action, Address, BlockKind, Change, Diagnostic, Estimate, Name, NodeId, Origin, Path, Plan, PlanReport,
    ProviderNode, Reason, Refreshed, Severity, Slot, Value,
};

use crate::context::{Context, GroupId, InstId, Instance, Read, Target};
use crate::input::Planned;
use crate::removal::Removal;
use crate::resource::{Decision, Kept};
use crate::scope::ModuleScope;
use crate::steps::Builder;

impl Context {
    /// Inputs that nobody read, checks, and everything else of the program that is no resource.
    pub(crate) fn judge_program(self: &Rc<Self>) {
        for (i, module) in self.input.program.modules.iter().enumerate() {
            for inst in self.instances_of(aurak_model::ModuleId(i as u32)).known {
                for name in module.inputs.keys() {
                    // What is wrong with it becomes a finding.
                    let _ = self.input_value(inst, name);
                }
                let scope = ModuleScope::new(self, inst);
                for condition in &module.checks {
                    self.judge(condition, &scope, None, true);
                }
            }
        }
    }

    /// `--replace` must name something that is there.
    pub(crate) fn judge_replace(&self) {
        let instances = self.by_address.borrow();
        for wanted in &self.input.options.replace {
            let left_in = |address: &Address| self.selection.as_ref().is_none_or(|s| s.names(address));
            let mut named = instances
                .keys()
                .filter(|address| *address == wanted || address.block() == *wanted)
                .peekable();
            let later = named.peek().is_none() && self.may_come(wanted);
            if later || named.peek().is_some() {
                if !(named.any(left_in) || later && left_in(wanted)) {
                    let summary = format!("`--replace {wanted}` names what `--only` leaves out");
                    let help = format!("name it in both: `--only '{wanted}'`");
                    self.find(Diagnostic::error("replace", summary).help(help));
                }
                continue;
            }
            let mut finding =
                Diagnostic::error("replace", format!("`--replace {wanted}` names nothing in this stack"));
            if let Some(close) =
                aurak_expr::suggest(wanted.as_str(), instances.keys().map(|a| a.as_str().to_string()))
            {
                finding = finding.help(format!("did you mean `{close}`?"));
            }
            self.find(finding);
        }
    }

    /// What is imported goes to something that is there, or is yet to be planned. A block without such
    /// an instance may have it in another environment.
    pub(crate) fn judge_imports(&self) {
        let options = &self.input.options;
        let failed = self.findings.borrow().iter().any(|finding| finding.severity == Severity::Error);
        if options.mode != Mode::Apply || !options.only.is_empty() {
            return;
        }
        let instances = self.by_address.borrow();
        for import in &self.input.program.imports {
            let (to, block) = (&import.to, import.to.block());
            let deferred = self.deferred.borrow().iter().any(|deferred| to.is_at_or_below(&deferred.address));
            if deferred || instances.contains_key(to) {
                continue;
            }
            let mut there: Vec<&Address> =
                instances.keys().filter(|address| address.block() == block).collect();
            if there.is_empty() && failed {
                continue;
            }
            there.sort();
            let mut finding =
                Diagnostic::warning("import", format!("nothing is imported as `{to}`, which is not there"))
                    .at(import.span, "");
            if let Some(one) = there.first() {
                finding =
                    finding.help(format!("there are {} of `{block}`: name one, as `{one}`", there.len()));
            }
            self.find(finding);
        }
    }

    /// Outputs of the stack, as they change.
    fn output_changes(self: &Rc<Self>) -> Vec<OutputChange> {
        let mut changes = Vec::new();
        let mut now: BTreeMap<_, Value> = BTreeMap::new();
        // What is read on use is not stored.
        let mut references: BTreeMap<&Name, Value> = BTreeMap::new();
        if self.input.options.mode == Mode::Apply && self.input.options.only.is_empty() {
            let root = self.module_of(Context::ROOT);
            for (name, output) in &root.outputs {
                let (value, reads) = self.with_reads(|| self.output_value(Context::ROOT, name));
                let Ok(value) = value else { continue };
                references.insert(name, self.referring(&value, &reads));
                if value.has_marks() && !output.sensitive {
                    self.find(
                        Diagnostic::error("sensitive_output", format!("the output `{name}` is sensitive"))
                            .at(output.value.span, "this holds a sensitive value")
                            .help("add `sensitive: true` to the output"),
                    );
                }
                if value.has_unknown() && self.is_deferred(&value) {
                    self.put_off.borrow_mut().push((output.value.span, format!("the output `{name}`")));
                }
                now.insert(name.clone(), value);
            }
        } else if self.input.options.mode == Mode::Apply {
            return changes;
        }
        let previous = &self.input.previous.outputs;
        for (name, after) in &now {
            let before = previous.get(name);
            let same = before.is_some_and(|before| {
                !after.has_unknown() && self.as_read(before).reveal() == after.reveal()
            });
            if !same {
                changes.push(OutputChange {
                    name: name.clone(),
                    before: before.cloned(),
                    after: references.remove(name),
                });
            }
        }
        if self.input.options.only.is_empty() {
            for (name, before) in previous.iter().filter(|(name, _)| !now.contains_key(*name)) {
                changes.push(OutputChange { name: name.clone(), before: Some(before.clone()), after: None });
            }
        }
        changes
    }

    /// A recorded value with what it refers to, where that was read: what is read on use is not stored.
    pub(crate) fn as_read(&self, recorded: &Value) -> Value {
        let read = recorded.map_leaves::<Infallible>(&mut |_, leaf| {
            let Value::Unknown(unknown) = leaf else { return Ok(None) };
            let Origin::Row { row, path } = &unknown.origin else { return Ok(None) };
            Ok(match self.input.snapshot.rows.get(row) {
                Some(Refreshed::Found { attributes, .. }) => attributes.at(path).cloned(),
                _ => None,
            })
        });
        read.unwrap_or_else(|never| match never {})
    }

    /// What only a next plan can work out needs one, and there is one only where a block is deferred.
    fn judge_put_off(&self) {
        let options = &self.input.options;
        if options.mode != Mode::Apply || !options.only.is_empty() || !self.deferred.borrow().is_empty() {
            return;
        }
        for (span, what) in self.put_off.take() {
            self.find(
                Diagnostic::error(
                    "late_source",
                    format!("{what} reads something whose name only apply can tell"),
                )
                .at(span, "files and variables are read when a plan is made")
                .help("read it in a resource, which is then planned again during apply, and use that here"),
            );
        }
    }

    /// Puts everything together.
    pub(crate) fn assemble(self: &Rc<Self>, removals: Vec<Removal>) -> Planned {
        let outputs = self.output_changes();
        self.judge_put_off();
        let built = Builder::new(self).build(&removals);
        let instances = self.instances.borrow();
        let mut unchanged = 0;
        let mut ids: Vec<(u128, usize)> = Vec::with_capacity(instances.len());
        for (i, instance) in instances.iter().enumerate() {
            let changes = instance.change.borrow().is_some();
            if changes || is_touched(instance) {
                ids.push((instance.address.leading(), i));
            }
            if !changes
                && instance.kind == BlockKind::Resource
                && matches!(instance.decision, Decision::Keep(_))
            {
                unchanged += 1;
            }
        }
        // Sorted once: sorting what is in order already costs next to nothing. Most are told apart by
        // their first characters, without a look at each text, which are all over the memory.
        ids.sort_unstable_by(|(lead, a), (other, b)| {
            lead.cmp(other).then_with(|| instances[*a].address.cmp(&instances[*b].address))
        });
        let ids: Vec<usize> = ids.into_iter().map(|(_, id)| id).collect();
        let mut changes: Vec<Change> = Vec::with_capacity(ids.len());
        changes.extend(ids.iter().filter_map(|i| instances[*i].change.take()).map(|change| *change));
        changes.extend(removals.iter().filter_map(|removal| removal.change.clone()));
        self.note_data_loss(&mut changes);
        for change in &mut changes {
            let Some(steps) = built.of.get(&change.address) else { continue };
            let temporary = |id: &u32| built.steps[*id as usize].slot == Slot::Temporary;
            let left = change.reasons.contains(&Reason::LeftOfRotation);
            let rotates = change.action == Action::Replace(ReplaceOrder::Rotate);
            let own = |id: &&u32| rotates || temporary(id) == left;
            let steps: Vec<u32> = steps.iter().filter(own).copied().collect();
            let times = steps.iter().filter_map(|id| built.steps[*id as usize].usual_ms);
            change.usual_ms = times.reduce(|all, ms| all + ms);
            change.steps = steps.into_iter().map(aurak_model::StepId).collect();
        }
        // Mostly they are in order as they are: each kind by itself, and of one kind only.
        if !changes.is_sorted_by_key(|change| (risk(change), &change.address)) {
            changes.sort_by(|a, b| (risk(a), &a.address).cmp(&(risk(b), &b.address)));
        }
        let base = self.base(&instances, &ids, &removals);
        drop(instances);
        let mut deferred = self.deferred.take();
        deferred.sort_by(|a, b| a.address.cmp(&b.address));
        let previous = &self.input.previous;
        let mut plan = Plan {
            format: aurak_model::plan::FORMAT,
            stack: previous.stack.clone(),
            environment: previous.environment.clone(),
            mode: self.input.options.mode,
            base,
            changes,
            unchanged,
            nodes: self.nodes.take(),
            providers: built.providers,
            steps: built.steps,
            deferred,
            outputs,
            conditions: self.conditions.take(),
            overrides: previous.overrides.clone(),
            phase: None,
        };
        prune(&mut plan);
        let estimate = self.estimate(&plan);
        let mut findings = self.findings.take();
        findings.sort_by(|a, b| {
            let place = |d: &Diagnostic| d.labels.first().map(|l| (l.span.file, l.span.line, l.span.col));
            (a.severity, place(a), &a.address).cmp(&(b.severity, place(b), &b.address))
        });
        findings.dedup();
        let mut report = PlanReport { findings, ..PlanReport::default() };
        if let Some(Estimate { ms, path_ms, path }) = estimate {
            (report.usual_ms, report.critical_ms, report.critical_path) = (Some(ms), Some(path_ms), path);
        }
        Planned { plan, report, asks: self.asks.take() }
    }

    /// How long it will take, as far as that does not depend on how much a run is allowed at once.
    fn estimate(&self, plan: &Plan) -> Option<Estimate> {
        let schemas = &self.input.schemas.providers;
        let width = |node: &ProviderNode| schemas.get(&node.type_name).map_or(1, |schema| schema.concurrency);
        let widths: Vec<usize> = plan.providers.iter().map(width).collect();
        Estimate::of(&plan.steps, usize::MAX, &widths)
    }

    /// Says what is lost with the objects that a plan takes away, where their types hold data.
    fn note_data_loss(&self, changes: &mut [Change]) {
        let may_take =
            |change: &Change| matches!(change.action, Action::Delete | Action::Replace(_) | Action::Forget);
        if !changes.iter().any(may_take) {
            return;
        }
        let lost_before: HashSet<Address> = changes
            .iter()
            .filter(|change| change.reasons.contains(&Reason::ObjectGone))
            .map(|change| change.address.clone())
            .collect();
        for change in changes {
            let Some(type_name) = takes_away(change, &lost_before) else { continue };
            change.data_loss = self.input.schemas.types.get(type_name).and_then(|s| s.holds_data.clone());
        }
    }

    /// What the plan rests on: rows that it touches, and what was read to work those out.
    fn base(&self, instances: &[Rc<Instance>], ids: &[usize], removals: &[Removal]) -> Base {
        let previous = &self.input.previous;
        let touched = || ids.iter().map(|i| &instances[*i]).filter(|instance| is_touched(instance));
        let based_on = |address: Address, paths: Vec<Path>| {
            let version = previous.rows.get(&address).map_or(0, |row| row.version);
            (address, RowBase { version, paths, digest: String::new() })
        };
        let mut rows: BTreeMap<Address, RowBase> = touched()
            .filter(|instance| instance.kind == BlockKind::Resource)
            .map(|instance| based_on(self.recorded_at(&instance.address), instance.used.clone()))
            .collect();
        let mut groups: BTreeSet<(GroupId, &Path)> = BTreeSet::new();
        let mut existing: BTreeMap<Address, ReadBase> = BTreeMap::new();
        let mut read = |id: InstId, path: &Path| {
            let target = &instances[id.0 as usize];
            if let Decision::Existing { id: Value::String(id), whole, known: true, .. } = &target.decision
                && let Some(provider) = &target.provider
                && let Some(value) = target.planned.at(path).filter(|value| !value.has_unknown())
            {
                let base = existing.entry(target.address.clone()).or_insert_with(|| ReadBase {
                    type_name: target.type_name.clone(),
                    provider: provider.node.clone(),
                    id: id.clone(),
                    whole: *whole,
                    values: Vec::new(),
                });
                base.values.push((path.clone(), value.clone()));
            }
            if target.kind != BlockKind::Resource {
                return;
            }
            let address = self.recorded_at(&target.address);
            if previous.rows.contains_key(&address) {
                let row = rows.entry(address.clone()).or_insert_with(|| based_on(address, Vec::new()).1);
                row.paths.push(path.clone());
            }
        };
        // What only its provider reads on use is read again by whoever opens that: it may change meanwhile.
        let rests_on = |instance: &Instance, read: &Read| {
            let provider = instance.provider.as_ref().map_or(&[][..], |provider| &provider.reads);
            !(provider.binary_search(read).is_ok() && self.is_volatile(read))
        };
        // What leaves rests on what decided that it does.
        let leaving: HashSet<Address> = removals.iter().map(|removal| removal.address.block()).collect();
        let decided: Vec<Read> = match leaving.is_empty() {
            true => Vec::new(),
            false => {
                let all = self.groups.borrow();
                let left = all.iter().filter(|group| leaving.contains(&group.address));
                left.flat_map(|group| group.reads.iter().cloned()).collect()
            }
        };
        let touching = touched().flat_map(|i| i.reads.iter().filter(|read| rests_on(i, read)));
        for from in touching.chain(&decided) {
            match from.target {
                Target::Instance(id) => read(id, &from.path),
                Target::Members(group) => drop(groups.insert((group, &from.path))),
                Target::Group(_) => {}
            }
        }
        for (group, path) in groups {
            self.members(group).into_iter().for_each(|id| read(id, path));
        }
        for removal in removals {
            let address = self.recorded_at(&removal.address);
            rows.entry(address.clone()).or_insert_with(|| based_on(address, Vec::new()).1);
        }
        for row in rows.values_mut() {
            row.paths.sort_unstable();
            row.paths.dedup();
        }
        for base in existing.values_mut() {
            base.values.sort_by(|(a, _), (b, _)| a.cmp(b));
            base.values.dedup_by(|(a, _), (b, _)| a == b);
        }
        Base {
            state: previous.id.clone(),
            serial: previous.serial,
            program: self.input.program.digest.clone(),
            rows,
            existing,
        }
    }
}

/// Whether a plan rests on an instance: on its row, and on what was read for it.
fn is_touched(instance: &Instance) -> bool {
    !matches!(
        instance.decision,
        Decision::Keep(Kept { record: None }) | Decision::Outside | Decision::Failed | Decision::Composite(_)
    )
}

/// The type of the object that a change takes away, with all that is in it. What was in something
/// that is gone already went with that.
fn takes_away<'a>(change: &'a Change, lost_before: &HashSet<Address>) -> Option<&'a Name> {
    let went_before = change.reasons.iter().any(|reason| match reason {
        Reason::WithinReplaced { within: around } | Reason::DeletedWith { parent: around } => {
            lost_before.contains(around)
        }
        _ => false,
    });
    let dies = |reason: &Reason| matches!(reason, Reason::DeletedWith { .. });
    match change.action {
        _ if went_before => None,
        Action::Delete => Some(&change.type_name),
        Action::Replace(_) => {
            let before = change.reasons.iter().find_map(|reason| match reason {
                Reason::TypeChanged { before } => Some(before),
                _ => None,
            });
            Some(before.unwrap_or(&change.type_name))
        }
        // No call takes it away, but what it lives in does.
        Action::Forget => change.reasons.iter().any(dies).then_some(&change.type_name),
        Action::Create | Action::Update | Action::Read | Action::Import | Action::Move | Action::NoOp => None,
    }
}

/// The most dangerous first.
fn risk(change: &Change) -> u8 {
    match change.action {
        Action::NoOp => 0,
        Action::Delete => 1,
        Action::Replace(_) => 2,
        Action::Forget => 3,
        Action::Move => 4,
        Action::Update => 5,
        Action::Import => 6,
        Action::Create => 7,
        Action::Read => 8,
    }
}

/// Drops nodes of the arena that nothing refers to, and numbers the rest anew.
fn prune(plan: &mut Plan) {
    if plan.nodes.is_empty() {
        return;
    }
    let mut used = vec![false; plan.nodes.len()];
    let mut queue: Vec<NodeId> = Vec::new();
    let nodes = std::mem::take(&mut plan.nodes);
    plan.for_each_value_mut(&mut |value| note(value, &mut queue));
    while let Some(id) = queue.pop() {
        if !std::mem::replace(&mut used[id.0 as usize], true) {
            nodes[id.0 as usize].refs.values().for_each(|value| note(value, &mut queue));
        }
    }
    let mut place = vec![None; nodes.len()];
    for (i, node) in nodes.into_iter().enumerate() {
        if used[i] {
            place[i] = Some(NodeId(plan.nodes.len() as u32));
            plan.nodes.push(node);
        }
    }
    plan.for_each_value_mut(&mut |value| {
        if !value.has_unknown() {
            return;
        }
        let renumbered = value.map_leaves::<Infallible>(&mut |_, leaf| {
            let Value::Unknown(unknown) = leaf else { return Ok(None) };
            let Origin::Node { node, path } = &unknown.origin else { return Ok(None) };
            let Some(node) = place[node.0 as usize] else { return Ok(None) };
            let mut unknown = unknown.clone();
            unknown.origin = Origin::Node { node, path: path.clone() };
            Ok(Some(Value::Unknown(unknown)))
        });
        match renumbered {
            Ok(renumbered) => *value = renumbered,
            Err(never) => match never {},
        }
    });
}

fn note(value: &Value, queue: &mut Vec<NodeId>) {
    value.for_each_unknown(&mut |unknown| {
        if let Origin::Node { node, .. } = &unknown.origin {
            queue.push(*node);
        }
    });
}
