//! What names mean inside a module: inputs and `let` first, then resources, existing resources and
//! modules; `inputs.x`, `resources.x`, `modules.x` always.
//!
//! Resources, groups and modules are handed to the evaluation as objects that are read lazily, so
//! that what counts as read is what was read.

use std::rc::Rc;

use aurak_expr::{Binding, ErrorKind, ExprError, Object, Scope, SourceAsk};
use aurak_model::program::{BlockId, ModuleId};
use aurak_model::value::Secret;
use aurak_model::{Address, Answer, Ask, Name, Path, Seg, Value};

use crate::context::{Calls, Context, GaveUp, GroupId, InstId, Members, ModuleInst, Target, quietly};
use crate::resource::Decision;

/// The names of a module instance, and `each` and `self` where these have a meaning.
pub(crate) struct ModuleScope {
    pub context: Rc<Context>,
    pub module: ModuleInst,
    pub each: Option<Value>,
    pub this: Option<Value>,
}

impl ModuleScope {
    pub(crate) fn new(context: &Rc<Context>, module: ModuleInst) -> ModuleScope {
        ModuleScope { context: context.clone(), module, each: None, this: None }
    }

    pub(crate) fn with_each(mut self, each: Option<Value>) -> ModuleScope {
        self.each = each;
        self
    }

    fn block(&self, id: BlockId) -> Result<Binding, ExprError> {
        let group = self.context.group_of.borrow().get(&(id, self.module)).copied();
        // Not walked: `lang` found no edge to it, which can only be after an error there.
        let Some(group) = group else { return Err(quietly()) };
        let (address, members) = {
            let groups = self.context.groups.borrow();
            let group = &groups[group.0 as usize];
            (group.address.clone(), group.members.clone())
        };
        Ok(match members {
            Members::Single(inst) => instance_binding(&self.context, inst)?,
            Members::Absent => Binding::Object(Rc::new(NoneObject { address })),
            Members::Keyed(keys) => {
                Binding::Object(Rc::new(GroupObject { context: self.context.clone(), group, keys }))
            }
            Members::Deferred => Binding::Value(crate::resource::deferred_value(&address)),
        })
    }

    fn call(&self, id: ModuleId, name: &Name) -> Result<Binding, ExprError> {
        let calls = self.context.expand_call(self.module, id).map_err(|GaveUp| quietly())?;
        Ok(match calls {
            // As with a resource: what reads an instance that is not known yet is planned after it.
            Calls::Deferred(_) => {
                let parent = self.context.module_address(self.module);
                Binding::Value(crate::resource::deferred_value(&Address::of_block(&parent, name, None)))
            }
            Calls::Absent => Binding::Value(Value::Null),
            Calls::Single(inst) => Binding::Object(Rc::new(ModuleObject {
                context: self.context.clone(),
                inst,
                name: name.clone(),
            })),
            Calls::Keyed(keys) => {
                let context = self.context.clone();
                Binding::Object(Rc::new(ModuleGroup { context, keys, name: name.clone() }))
            }
        })
    }

    fn named(&self, kind: Namespace, name: &str) -> Result<Option<Binding>, ExprError> {
        let module = self.context.module_of(self.module);
        match kind {
            Namespace::Inputs => match module.inputs.get_key_value(name) {
                Some((name, _)) => {
                    self.context.input_value(self.module, name).map(|v| Some(Binding::Value(v)))
                }
                None => return Ok(None),
            }
            .map_err(|GaveUp| quietly()),
            Namespace::Resources => match module.resources.get(name).or_else(|| module.existing.get(name)) {
                Some(block) => self.block(*block).map(Some),
                None => Ok(None),
            },
            Namespace::Modules => match module.modules.get_key_value(name) {
                Some((name, id)) => self.call(*id, name).map(Some),
                None => Ok(None),
            },
        }
    }
}

impl Scope for ModuleScope {
    fn lookup(&self, name: &str) -> Result<Option<Binding>, ExprError> {
        match name {
            "each" => return Ok(self.each.clone().map(Binding::Value)),
            "self" => return Ok(self.this.clone().map(Binding::Value)),
            _ => {}
        }
        if let Some(found) = self.named(Namespace::Inputs, name)? {
            return Ok(Some(found));
        }
        let module = self.context.module_of(self.module);
        if let Some((name, _)) = module.lets.get_key_value(name) {
            return self
                .context
                .let_value(self.module, name)
                .map(|v| Some(Binding::Value(v)))
                .map_err(|GaveUp| quietly());
        }
        if let Some(found) = self.named(Namespace::Resources, name)? {
            return Ok(Some(found));
        }
        if let Some(found) = self.named(Namespace::Modules, name)? {
            return Ok(Some(found));
        }
        let kind = match name {
            "inputs" => Namespace::Inputs,
            "resources" => Namespace::Resources,
            "modules" => Namespace::Modules,
            _ => return Ok(None),
        };
        let scope = ModuleScope::new(&self.context, self.module);
        Ok(Some(Binding::Object(Rc::new(NamespaceObject { scope, kind }))))
    }

    fn names(&self) -> Vec<Name> {
        let module = self.context.module_of(self.module);
        let mut names: Vec<Name> = module.inputs.keys().cloned().collect();
        names.extend(module.lets.keys().cloned());
        names.extend(module.resources.keys().cloned());
        names.extend(module.existing.keys().cloned());
        names.extend(module.modules.keys().cloned());
        if self.each.is_some() {
            names.push("each".into());
        }
        names
    }

    fn source(&self, ask: SourceAsk<'_>) -> Result<Value, ExprError> {
        let folder = &self.context.module_of(self.module).folder;
        let failed =
            |message: String| ExprError { kind: ErrorKind::Other, message, start: 0, end: 0, help: None };
        let (question, what) = match ask {
            SourceAsk::File(path) => (Ask::File(join(folder, path).into()), format!("read `{path}`")),
            SourceAsk::Glob(pattern) => {
                (Ask::Glob(join(folder, pattern).into()), format!("list `{pattern}`"))
            }
            SourceAsk::Env { name, .. } => (Ask::Env(name.into()), format!("read the variable `{name}`")),
        };
        match (self.context.ask(question, 0), ask) {
            (None, _) => Err(quietly()),
            (Some(Answer::File(text)), _) => Ok(Value::String(text)),
            (Some(Answer::Glob(paths)), _) => Ok(Value::list(paths.into_iter().map(Value::String))),
            (Some(Answer::Env(Some(value))), _) => Ok(Value::String(value)),
            (Some(Answer::Env(None)), SourceAsk::Env { default: Some(default), .. }) => Ok(default.clone()),
            (Some(Answer::Env(None)), SourceAsk::Env { name, .. }) => Err(ExprError {
                help: Some(format!("set it, or give a default: `env('{name}', '...')`")),
                ..failed(format!("the environment variable `{name}` is not set"))
            }),
            (Some(Answer::Failed(why)), SourceAsk::File(_)) => Err(ExprError {
                help: Some(match folder.is_empty() {
                    true => "paths start at the folder of the stack".to_string(),
                    false => format!("paths in a module start at its folder, {folder}"),
                }),
                ..failed(format!("could not {what}: {why}"))
            }),
            (Some(Answer::Failed(why)), _) => Err(failed(format!("could not {what}: {why}"))),
            (Some(_), _) => Err(failed(format!("could not {what}: the answer is of another kind"))),
        }
    }
}

/// A path relative to a folder; both relative to the stack's. An absolute path stays one: that it
/// leads out of the stack is for the sources to say.
pub(crate) fn join(folder: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_string();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[derive(Clone, Copy)]
enum Namespace {
    Inputs,
    Resources,
    Modules,
}

struct NamespaceObject {
    scope: ModuleScope,
    kind: Namespace,
}

impl Object for NamespaceObject {
    fn get(&self, key: &Seg) -> Result<Option<Binding>, ExprError> {
        match key {
            Seg::Key(name) => self.scope.named(self.kind, name),
            _ => Ok(None),
        }
    }
    fn has(&self, key: &Seg) -> Result<bool, ExprError> {
        let Seg::Key(name) = key else { return Ok(false) };
        Ok(self.keys()?.contains(name))
    }
    fn keys(&self) -> Result<Vec<Name>, ExprError> {
        let module = self.scope.context.module_of(self.scope.module);
        Ok(match self.kind {
            Namespace::Inputs => module.inputs.keys().cloned().collect(),
            Namespace::Resources => module.resources.keys().chain(module.existing.keys()).cloned().collect(),
            Namespace::Modules => module.modules.keys().cloned().collect(),
        })
    }
    fn value(&self) -> Result<Value, ExprError> {
        gather(self)
    }
    fn describe(&self) -> String {
        match self.kind {
            Namespace::Inputs => "`inputs`",
            Namespace::Resources => "`resources`",
            Namespace::Modules => "`modules`",
        }
        .to_string()
    }
}

/// Reads everything below an object.
fn gather(object: &dyn Object) -> Result<Value, ExprError> {
    let mut entries = Vec::new();
    for key in object.keys()? {
        let value = match object.get(&Seg::Key(key.clone()))? {
            Some(Binding::Value(value)) => value,
            Some(Binding::Object(object)) => object.value()?,
            None => continue,
        };
        entries.push((key, value));
    }
    Ok(Value::map(entries))
}

/// A resource, or a part of it.
struct ResourceObject {
    context: Rc<Context>,
    inst: InstId,
    path: Path,
    value: Value,
}

/// An instance as expressions see it. Of one that could not be worked out nothing more is to be said.
fn instance_binding(context: &Rc<Context>, inst: InstId) -> Result<Binding, ExprError> {
    let instance = context.instance(inst);
    if matches!(instance.decision, Decision::Failed) {
        return Err(quietly());
    }
    let value = instance.planned.clone();
    if let Value::Unknown(_) = value {
        context.log_read(Target::Instance(inst), Path::root());
        return Ok(Binding::Value(value));
    }
    let object = ResourceObject { context: context.clone(), inst, path: Path::root(), value };
    Ok(Binding::Object(Rc::new(object)))
}

impl Object for ResourceObject {
    fn get(&self, key: &Seg) -> Result<Option<Binding>, ExprError> {
        let path = self.path.with(key.clone());
        let found = match (&self.value, key) {
            (Value::Map(map), Seg::Key(key)) => map.get(key).cloned(),
            _ => None,
        };
        let value = match found {
            Some(value) => value,
            None => {
                let instance = self.context.instance(self.inst);
                let known = instance.schema.as_ref().and_then(|schema| schema.attribute(&path));
                match known {
                    // Not set, but it could be.
                    Some(_) => Value::Null,
                    None => return Ok(None),
                }
            }
        };
        // Lists are read whole: what is done to them mostly needs all of them.
        Ok(Some(match value {
            Value::Map(map) if !map.is_empty() => Binding::Object(Rc::new(ResourceObject {
                context: self.context.clone(),
                inst: self.inst,
                path,
                value: Value::Map(map),
            })),
            leaf => {
                self.context.log_read(Target::Instance(self.inst), path);
                Binding::Value(leaf)
            }
        }))
    }
    fn has(&self, key: &Seg) -> Result<bool, ExprError> {
        Ok(match (&self.value, key) {
            (Value::Map(map), Seg::Key(key)) => map.get(key).is_some_and(|value| !value.is_null()),
            _ => false,
        })
    }
    fn keys(&self) -> Result<Vec<Name>, ExprError> {
        let mut keys: Vec<Name> = match &self.value {
            Value::Map(map) => map.keys().cloned().collect(),
            _ => Vec::new(),
        };
        if self.path.is_root() {
            let instance = self.context.instance(self.inst);
            if let Some(schema) = &instance.schema {
                keys.extend(schema.attributes.keys().cloned());
                keys.sort();
                keys.dedup();
            }
        }
        Ok(keys)
    }
    fn value(&self) -> Result<Value, ExprError> {
        self.context.log_read(Target::Instance(self.inst), self.path.clone());
        Ok(self.value.clone())
    }
    fn describe(&self) -> String {
        let address = self.context.instance(self.inst).address.clone();
        match self.path.is_root() {
            true => format!("the resource `{address}`"),
            false => format!("`{address}.{}`", self.path),
        }
    }
}

/// A resource whose `when` is false.
struct NoneObject {
    address: Address,
}

impl Object for NoneObject {
    fn get(&self, key: &Seg) -> Result<Option<Binding>, ExprError> {
        let (_, last, _) = self.address.split();
        let attribute = Path(vec![key.clone()]);
        Err(ExprError {
            kind: ErrorKind::UndefinedAttribute,
            message: format!("`{}` is not there: its `when` is false", self.address),
            start: 0,
            end: 0,
            help: Some(format!("write `{name}.{attribute} if {name} else ...`", name = last.name)),
        })
    }
    fn has(&self, _: &Seg) -> Result<bool, ExprError> {
        Ok(false)
    }
    fn keys(&self) -> Result<Vec<Name>, ExprError> {
        Ok(Vec::new())
    }
    fn value(&self) -> Result<Value, ExprError> {
        Ok(Value::Null)
    }
    fn describe(&self) -> String {
        format!("the resource `{}`", self.address)
    }
    fn is_none(&self) -> bool {
        true
    }
}

/// A block with `for_each`.
struct GroupObject {
    context: Rc<Context>,
    group: GroupId,
    keys: Rc<std::collections::BTreeMap<Name, InstId>>,
}

impl Object for GroupObject {
    fn get(&self, key: &Seg) -> Result<Option<Binding>, ExprError> {
        let Seg::Key(key) = key else { return Ok(None) };
        self.keys.get(key).map(|inst| instance_binding(&self.context, *inst)).transpose()
    }
    fn has(&self, key: &Seg) -> Result<bool, ExprError> {
        Ok(matches!(key, Seg::Key(key) if self.keys.contains_key(key)))
    }
    fn keys(&self) -> Result<Vec<Name>, ExprError> {
        self.context.log_read(Target::Group(self.group), Path::root());
        Ok(self.keys.keys().cloned().collect())
    }
    fn value(&self) -> Result<Value, ExprError> {
        gather(self)
    }
    fn describe(&self) -> String {
        format!("the resource `{}`", self.context.groups.borrow()[self.group.0 as usize].address)
    }
}

/// A module instance: its outputs.
struct ModuleObject {
    context: Rc<Context>,
    inst: ModuleInst,
    name: Name,
}

impl Object for ModuleObject {
    fn get(&self, key: &Seg) -> Result<Option<Binding>, ExprError> {
        let Seg::Key(key) = key else { return Ok(None) };
        let module = self.context.module_of(self.inst);
        let Some((name, _)) = module.outputs.get_key_value(key) else { return Ok(None) };
        self.context
            .output_value(self.inst, name)
            .map(|v| Some(Binding::Value(v)))
            .map_err(|GaveUp| quietly())
    }
    fn has(&self, key: &Seg) -> Result<bool, ExprError> {
        Ok(matches!(key, Seg::Key(key) if self.context.module_of(self.inst).outputs.contains_key(key)))
    }
    fn keys(&self) -> Result<Vec<Name>, ExprError> {
        Ok(self.context.module_of(self.inst).outputs.keys().cloned().collect())
    }
    fn value(&self) -> Result<Value, ExprError> {
        gather(self)
    }
    fn describe(&self) -> String {
        format!("the module `{}`", self.name)
    }
}

/// A module called with `for_each`.
struct ModuleGroup {
    context: Rc<Context>,
    keys: Rc<std::collections::BTreeMap<Name, ModuleInst>>,
    name: Name,
}

impl Object for ModuleGroup {
    fn get(&self, key: &Seg) -> Result<Option<Binding>, ExprError> {
        let Seg::Key(key) = key else { return Ok(None) };
        Ok(self.keys.get(key).map(|inst| {
            let object = ModuleObject { context: self.context.clone(), inst: *inst, name: self.name.clone() };
            Binding::Object(Rc::new(object))
        }))
    }
    fn has(&self, key: &Seg) -> Result<bool, ExprError> {
        Ok(matches!(key, Seg::Key(key) if self.keys.contains_key(key)))
    }
    fn keys(&self) -> Result<Vec<Name>, ExprError> {
        Ok(self.keys.keys().cloned().collect())
    }
    fn value(&self) -> Result<Value, ExprError> {
        gather(self)
    }
    fn describe(&self) -> String {
        format!("the module `{}`", self.name)
    }
}

/// The names of a type's rules: `self`, and `old` and `new` where these have a meaning.
pub(crate) struct RuleScope<'a> {
    pub this: &'a Value,
}

impl Scope for RuleScope<'_> {
    fn lookup(&self, name: &str) -> Result<Option<Binding>, ExprError> {
        Ok((name == "self").then(|| Binding::Value(self.this.clone())))
    }
    fn names(&self) -> Vec<Name> {
        vec!["self".into()]
    }
    fn source(&self, _: SourceAsk<'_>) -> Result<Value, ExprError> {
        Err(ExprError {
            kind: ErrorKind::Call,
            message: "a rule of a type cannot read files or the environment".to_string(),
            start: 0,
            end: 0,
            help: None,
        })
    }
}

/// The sensitive mark of a whole value, for keys and conditions that must not have one.
pub(crate) fn is_hidden(value: &Value) -> bool {
    match value {
        Value::Sensitive(Secret::Plain(_) | Secret::Sealed(_)) => true,
        Value::Unknown(unknown) => unknown.sensitive,
        _ => false,
    }
}
