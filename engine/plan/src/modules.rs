//! Lazy parts of modules: which instances there are, and the values of inputs, `let` and outputs.

use std::collections::BTreeMap;
use std::rc::Rc;

use aurak_expr::{beyond, coerce, truthy};
use aurak_model::program::{Input, ModuleId};
use aurak_model::{Attribute, Diagnostic, Kind, ModuleAddress, Name, Node, Origin, Secret, Type, Value};

use crate::context::{Calls, Context, GaveUp, Item, ModuleInst, ModuleInstance, Read};
use crate::scope::{ModuleScope, is_hidden};

/// What `for_each` and `when` of a block or a call come to.
pub(crate) enum Instances {
    /// One, without a key.
    Single,
    /// One for each key, with `each`.
    Keyed(Vec<(Name, Value)>),
    /// None: `when` is false.
    Absent,
    /// Not known yet.
    Unknown(Vec<Origin>),
}

/// The uses of a module.
#[derive(Default)]
pub(crate) struct Uses {
    pub known: Vec<ModuleInst>,
    /// Where it is not known yet which there are, and what that takes; without the keys that are not
    /// known.
    pub later: Vec<(ModuleAddress, Vec<Origin>)>,
}

impl Context {
    /// All instances of a module, callers expanded, as far as they are known.
    pub(crate) fn instances_of(self: &Rc<Self>, module: ModuleId) -> Uses {
        let mut uses = Uses::default();
        let Some(call) = &self.input.program.module(module).call else {
            uses.known.push(Context::ROOT);
            return uses;
        };
        let around = self.instances_of(call.parent);
        for parent in around.known {
            match self.expand_call(parent, module) {
                Ok(Calls::Single(inst)) => uses.known.push(inst),
                Ok(Calls::Keyed(keys)) => uses.known.extend(keys.values().copied()),
                Ok(Calls::Absent) | Err(GaveUp) => {}
                Ok(Calls::Deferred(needs)) => {
                    uses.later.push((self.module_address(parent).join(&call.name, None), needs));
                }
            }
        }
        uses.later
            .extend(around.later.into_iter().map(|(around, needs)| (around.join(&call.name, None), needs)));
        uses
    }

    /// The instances of a call within one instance of the caller.
    pub(crate) fn expand_call(
        self: &Rc<Self>,
        parent: ModuleInst,
        module: ModuleId,
    ) -> Result<Calls, GaveUp> {
        if let Some(calls) = self.calls.borrow().get(&(parent, module)) {
            return Ok(calls.clone());
        }
        let Some(call) = &self.input.program.module(module).call else {
            return Ok(Calls::Single(Context::ROOT));
        };
        let scope = ModuleScope::new(self, parent);
        let what = format!("the module `{}`", call.name);
        let (instances, mut reads) =
            self.with_reads(|| self.expand(call.for_each.as_ref(), call.when.as_ref(), &scope, &what));
        let instances = instances?;
        reads.extend(self.modules.borrow()[parent.0 as usize].reads.iter().cloned());
        let reads: Rc<[Read]> = reads.into();
        let add = |key: Option<&str>, each: Option<Value>| {
            let address = self.module_address(parent).join(&call.name, key);
            let mut modules = self.modules.borrow_mut();
            modules.push(ModuleInstance {
                module,
                address,
                parent: Some(parent),
                each,
                reads: reads.clone(),
            });
            ModuleInst(modules.len() as u32 - 1)
        };
        let calls = match instances {
            Instances::Single => Calls::Single(add(None, None)),
            Instances::Absent => Calls::Absent,
            Instances::Unknown(needs) => Calls::Deferred(needs),
            Instances::Keyed(keys) => {
                let keys: BTreeMap<Name, ModuleInst> =
                    keys.into_iter().map(|(key, each)| (key.clone(), add(Some(&key), Some(each)))).collect();
                Calls::Keyed(Rc::new(keys))
            }
        };
        self.calls.borrow_mut().insert((parent, module), calls.clone());
        Ok(calls)
    }

    /// What everything in a module instance waits for: the `depends_on` of its call, and those of the
    /// calls around it. Only to be asked for what stands in the module, which is planned after all of
    /// that; a call itself may be looked at earlier, by who reads an output that needs nothing.
    pub(crate) fn waits(self: &Rc<Self>, inst: ModuleInst) -> Rc<[Read]> {
        let (parent, module) = {
            let modules = self.modules.borrow();
            let instance = &modules[inst.0 as usize];
            (instance.parent, instance.module)
        };
        let (Some(parent), Some(call)) = (parent, &self.input.program.module(module).call) else {
            return Rc::from([]);
        };
        if let Some(waits) = self.waits.borrow().get(&(parent, module)) {
            return waits.clone();
        }
        let mut reads = self.waits(parent).to_vec();
        self.add_dependencies(&call.depends_on, parent, &mut reads);
        let waits: Rc<[Read]> = reads.into();
        self.waits.borrow_mut().insert((parent, module), waits.clone());
        waits
    }

    /// Evaluates `when` and `for_each`.
    pub(crate) fn expand(
        self: &Rc<Self>,
        for_each: Option<&Node>,
        when: Option<&Node>,
        scope: &ModuleScope,
        what: &str,
    ) -> Result<Instances, GaveUp> {
        if let Some(node) = when {
            let value = self.evaluate(node, scope, None, None)?;
            if is_hidden(&value) {
                self.find(
                    Diagnostic::error("sensitive_condition", format!("`when` of {what} is sensitive"))
                        .at(node.span, "whether it is there would show the value")
                        .help("decide it by a value that is not sensitive"),
                );
                return Err(GaveUp);
            }
            match truthy(&value) {
                Some(true) => {}
                Some(false) => return Ok(Instances::Absent),
                None => return Ok(Instances::Unknown(self.needs(&value))),
            }
        }
        let Some(node) = for_each else { return Ok(Instances::Single) };
        let value = self.evaluate(node, scope, None, None)?;
        let wrong = |message: String, help: &str| {
            self.find(Diagnostic::error("for_each", message).at(node.span, "").help(help));
            GaveUp
        };
        let each = |key: &Name, value: Value| {
            (key.clone(), Value::map([("key", Value::String(key.clone())), ("value", value)]))
        };
        match &value {
            // A mark on nothing hides no key.
            Value::Sensitive(Secret::Plain(inner)) if is_empty(inner) => Ok(Instances::Keyed(Vec::new())),
            // Of a map it may be the values alone that are sensitive: the next plan sees.
            Value::Unknown(unknown) if !unknown.sensitive || unknown.ty == Type::Map => {
                Ok(Instances::Unknown(self.needs(&value)))
            }
            Value::Map(map) => Ok(Instances::Keyed(map.iter().map(|(k, v)| each(k, v.clone())).collect())),
            Value::List(items) => {
                let mut keys: Vec<(Name, Value)> = Vec::with_capacity(items.len());
                for item in items.iter() {
                    match item {
                        Value::String(text) => keys.push(each(text, item.clone())),
                        Value::Unknown(u) if !u.sensitive => {
                            return Ok(Instances::Unknown(self.needs(&value)));
                        }
                        item if is_hidden(item) => {
                            return Err(wrong(
                                format!("`for_each` of {what} has a sensitive key"),
                                "keys show in addresses: use a map whose keys are not sensitive",
                            ));
                        }
                        Value::Map(_) => {
                            return Err(wrong(
                                format!("`for_each` of {what} is a list of maps"),
                                "say which key tells them apart: `{{ list | key_by('name') }}`",
                            ));
                        }
                        other => {
                            return Err(wrong(
                                format!("`for_each` of {what} is a list that holds {}", other.article()),
                                "a list may hold strings only; use a map, or `key_by('name')`",
                            ));
                        }
                    }
                }
                keys.sort_by(|a, b| a.0.cmp(&b.0));
                if let Some(pair) = keys.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                    return Err(wrong(
                        format!("`for_each` of {what} has the key \"{}\" twice", pair[0].0),
                        "every instance needs a key of its own: `| unique` drops repetitions",
                    ));
                }
                Ok(Instances::Keyed(keys))
            }
            value if is_hidden(value) => Err(wrong(
                format!("`for_each` of {what} is sensitive as a whole"),
                "keys show in addresses: use a map whose keys are not sensitive",
            )),
            other => Err(wrong(
                format!("`for_each` of {what} is {}", other.article()),
                "it takes a map, or a list of strings",
            )),
        }
    }

    /// The value of a `let`.
    pub(crate) fn let_value(self: &Rc<Self>, module: ModuleInst, name: &Name) -> Result<Value, GaveUp> {
        self.memo(module, Item::Let, name, || {
            let node = self.module_of(module).lets.get(name)?;
            self.evaluate(node, &ModuleScope::new(self, module), None, None).ok()
        })
    }

    /// The value of an output.
    pub(crate) fn output_value(self: &Rc<Self>, module: ModuleInst, name: &Name) -> Result<Value, GaveUp> {
        self.memo(module, Item::Output, name, || {
            let output = self.module_of(module).outputs.get(name)?;
            let value = self.evaluate(&output.value, &ModuleScope::new(self, module), None, None).ok()?;
            Some(if output.sensitive { value.sensitive() } else { value })
        })
    }

    /// The value of an input: its layers merged, in the declared shape, within its rules.
    pub(crate) fn input_value(self: &Rc<Self>, module: ModuleInst, name: &Name) -> Result<Value, GaveUp> {
        self.memo(module, Item::Input, name, || {
            let input = self.module_of(module).inputs.get(name)?;
            self.work_out_input(module, name, input).ok()
        })
    }

    fn work_out_input(
        self: &Rc<Self>,
        module: ModuleInst,
        name: &Name,
        input: &Input,
    ) -> Result<Value, GaveUp> {
        let attribute = attribute_of(input);
        let mut value: Option<Value> = None;
        let mut last = None;
        for layer in &input.layers {
            let scope_inst = self.caller(module, layer.scope);
            let each = (scope_inst != module).then(|| self.each_of(module)).flatten();
            let scope = ModuleScope::new(self, scope_inst).with_each(each);
            let given = self.evaluate(&layer.node, &scope, Some(&attribute), None)?;
            value = Some(match value {
                Some(below) => merge(&below, given),
                None => given,
            });
            last = Some(layer);
        }
        let value = match value {
            Some(value) => value,
            None if input.nullable => Value::Null,
            None => {
                let inside = &self.module_address(module);
                let help = match inside.is_root() {
                    true => format!("give it in a profile, in `environments`, or with `--var {name}=...`"),
                    false => format!("give it in `with:` of the module `{inside}`"),
                };
                self.find(
                    Diagnostic::error("missing_input", format!("the input `{name}` has no value"))
                        .at(input.span, "it has no default")
                        .help(help),
                );
                return Err(GaveUp);
            }
        };
        let wrong = |what: String, help: Option<String>| {
            let place = last.map_or(input.span, |layer| layer.node.span);
            let summary = format!("the input `{name}` cannot have this value");
            let mut finding = Diagnostic::error("input", summary).at(place, what);
            finding = finding.at(input.span, "declared here");
            finding.help = help;
            self.find(finding);
            GaveUp
        };
        if value.reveal().is_null() {
            return match input.nullable {
                true => Ok(value),
                false => Err(wrong(
                    "this is null".to_string(),
                    Some("give a value, or declare the input with `nullable: true`".to_string()),
                )),
            };
        }
        let value = coerce(&value, None, &attribute).map_err(|error| wrong(error.message, error.help))?;
        if !input.allowed.is_empty() && !value.has_unknown() && !input.allowed.contains(&value.reveal()) {
            let choices: Vec<String> = input.allowed.iter().map(|v| format!("`{}`", plain(v))).collect();
            let help = format!("allowed are {}", choices.join(", "));
            return Err(wrong("this is not allowed".to_string(), Some(help)));
        }
        if let Some(bound) = beyond(&value, input.minimum, input.maximum) {
            return Err(wrong("this is out of range".to_string(), Some(format!("it must be {bound}"))));
        }
        Ok(if input.sensitive { value.sensitive() } else { value })
    }

    /// The instance of a module that a layer of one of its own inputs is written in: itself or a caller.
    fn caller(&self, from: ModuleInst, scope: ModuleId) -> ModuleInst {
        let modules = self.modules.borrow();
        let mut at = from;
        while modules[at.0 as usize].module != scope {
            match modules[at.0 as usize].parent {
                Some(parent) => at = parent,
                None => break,
            }
        }
        at
    }

    fn each_of(&self, module: ModuleInst) -> Option<Value> {
        self.modules.borrow()[module.0 as usize].each.clone()
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Map(map) => map.is_empty(),
        Value::List(list) => list.is_empty(),
        _ => false,
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        other => format!("{other:?}"),
    }
}

/// An input's declaration in the words of a schema, so that one function brings both into shape.
pub(crate) fn attribute_of(input: &Input) -> Attribute {
    Attribute {
        kind: match input.ty {
            Type::Any => Kind::Any,
            Type::Boolean => Kind::Boolean,
            Type::Integer => Kind::Integer,
            Type::Number => Kind::Number,
            Type::String => Kind::String,
            Type::List => Kind::List,
            Type::Map => Kind::Map,
        },
        pattern: input.pattern.clone(),
        ..Attribute::default()
    }
}

/// Maps merge by key, anything else replaces.
pub(crate) fn merge(below: &Value, above: Value) -> Value {
    match (below, &above) {
        (Value::Map(low), Value::Map(high)) => {
            let mut entries: Vec<(Name, Value)> = low
                .iter()
                .filter(|(key, _)| !high.contains_key(key))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            entries.extend(high.iter().map(|(key, value)| {
                let value = match low.get(key) {
                    Some(low) => merge(low, value.clone()),
                    None => value.clone(),
                };
                (key.clone(), value)
            }));
            Value::map(entries)
        }
        _ => above,
    }
}
