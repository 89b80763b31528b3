//! What the service does with a request: all rules, no time and no locks.
//!
//! It refuses what a real service refuses: a reference to what is not there, a delete of what is in
//! use, a change of what cannot change, a second operation on what takes one at a time. A planner
//! that orders its steps wrongly meets an error here.

use std::collections::{BTreeMap, BTreeSet};

use aurak_model::record::IdempotencyKey;
use aurak_model::snapshot::Refreshed;
use aurak_model::{Map, Name, Path, TypeSchema, Value};

use crate::behaviour::{self, Behaviour, OnDelete};
use crate::body;
use crate::faults::FaultKind;
use crate::objects::{Objects, SimObject, targets};
use crate::types;
use crate::wire::{Body, Op, Refusal, RefusalClass, Reply, Request};

/// The state of a service.
#[derive(Debug, Default)]
pub(crate) struct Service {
    pub(crate) objects: Objects,
    /// Long operations, by id.
    pub(crate) operations: BTreeMap<Name, Operation>,
    /// The operations that are not over, in the order in which they end.
    due: BTreeSet<(u64, Name)>,
    /// The operation that is under way on an object.
    active: BTreeMap<Name, Name>,
    /// What is being changed, and by what: a second change of it is refused.
    pub(crate) busy: BTreeMap<String, String>,
    /// The tokens that accounts ask for.
    pub(crate) tokens: BTreeMap<Name, String>,
    /// How many long operations there ever were.
    counter: u64,
    /// The object that the last request made.
    pub(crate) made: Option<Name>,
}

/// An operation that goes on after its answer.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// What it changes.
    pub(crate) object: Name,
    /// Its type, for messages.
    pub(crate) type_name: Name,
    /// What it does.
    pub(crate) op: Op,
    /// When it is done, in milliseconds since the world began.
    pub(crate) done_ms: u64,
    /// It fails in the end.
    pub(crate) fails: bool,
    /// It is over.
    pub(crate) over: bool,
    /// What it holds in `busy`.
    pub(crate) holds: Option<String>,
    /// How an update changes the object in the end.
    pub(crate) body: Option<Map>,
}

type Answer = Result<Reply, Refusal>;

/// What a request needs to know of its surroundings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// Milliseconds since the world began.
    pub(crate) ms: u64,
    /// How many milliseconds a second of a long operation takes.
    pub(crate) second_ms: u64,
}

impl Service {
    /// Ends the long operations whose time has come.
    pub(crate) fn settle(&mut self, now: Now) {
        while let Some((done_ms, id)) = self.due.first().cloned() {
            if done_ms > now.ms {
                return;
            }
            self.due.remove(&(done_ms, id.clone()));
            let Some(operation) = self.operations.get_mut(&id) else { continue };
            operation.over = true;
            self.active.remove(&operation.object);
            let Operation { object, op, fails, holds, body, .. } = operation.clone();
            if let Some(key) = holds {
                self.busy.remove(&key);
            }
            match (op, fails) {
                (Op::Delete, false) => self.erase(&object),
                (Op::Create, true) => self.set_state(&object, "failed"),
                (Op::Create, false) => self.recompute(&object, None),
                (Op::Update, false) => self.recompute(&object, body),
                (_, true) => self.recompute(&object, None),
                _ => {}
            }
        }
    }

    /// What a request must have for itself while it is under way.
    pub(crate) fn exclusive(&self, request: &Request) -> Option<String> {
        let behaviour = behaviour::of(&request.type_name)?;
        match &request.body {
            Body::Create { desired } => match behaviour.serialise? {
                "id" => None,
                attribute => desired.as_map()?.get(attribute)?.as_str().map(str::to_string),
            },
            Body::Update { id, .. } | Body::Delete { id } => {
                behaviour.serialised_on(id, &self.objects.get(id)?.body)
            }
            _ => None,
        }
    }

    /// Answers a request.
    pub(crate) fn answer(&mut self, request: &Request, fault: Option<FaultKind>, now: Now) -> Answer {
        let Request { world, type_name, key, body, .. } = request;
        match body {
            Body::Open { config } => self.open(type_name, config),
            Body::Invoke { id, action, args: _ } => self.invoke(world, type_name, id, action),
            Body::Resume { operation } => self.resume(operation, now),
            Body::Expand { desired } => expand(type_name, desired),
            _ => {
                let schema = types::schema(type_name).ok_or_else(|| no_type(type_name))?;
                let behaviour = behaviour::of(type_name).ok_or_else(|| no_type(type_name))?;
                self.awake(world)?;
                match body {
                    Body::List { collection } => Ok(self.list(schema, behaviour, world, collection)),
                    Body::Read { id } => Ok(self.read(schema, world, id)),
                    Body::Find { key } => Ok(self.find(schema, world, key)),
                    Body::Preview { desired, live } => preview(schema, desired, live),
                    Body::Create { desired } => {
                        self.create(schema, behaviour, world, desired, key.as_ref(), fault, now)
                    }
                    Body::Update { id, desired, unset } => {
                        self.update(schema, behaviour, world, id, desired, unset, fault, now)
                    }
                    Body::Delete { id } => self.delete(behaviour, world, id, fault, now),
                    Body::Recover => Ok(self.recover(schema, behaviour, key.as_ref())),
                    Body::Open { .. } | Body::Invoke { .. } | Body::Resume { .. } | Body::Expand { .. } => {
                        Err(Refusal::permanent("BadRequest", "answered elsewhere"))
                    }
                }
            }
        }
    }

    fn open(&self, provider: &str, config: &Value) -> Answer {
        let text = |name: &str| config.as_map().and_then(|map| map.get(name)).and_then(Value::as_str);
        if provider == "sim" {
            let account: Name = text("account").unwrap_or(crate::MAIN).into();
            return match self.tokens.get(&account) {
                Some(token) if text("token") != Some(token) => Err(Refusal::permanent(
                    "Unauthorized",
                    format!("the account `{account}` does not accept this token"),
                )),
                _ => Ok(Reply::Opened(account)),
            };
        }
        let kubeconfig: Value = match text("kubeconfig") {
            Some(text) => serde_json::from_str(text)
                .map_err(|_| Refusal::permanent("BadKubeconfig", "the kubeconfig is not JSON"))?,
            None => config.clone(),
        };
        let of = |name: &str| kubeconfig.as_map().and_then(|map| map.get(name)).and_then(Value::as_str);
        let endpoint = of("endpoint").unwrap_or_default();
        let id = endpoint.strip_prefix("https://").and_then(|host| host.strip_suffix(".sim")).unwrap_or("");
        let Some(cluster) = self.objects.get(id).filter(|object| &*object.type_name == "sim.cluster") else {
            return Err(Refusal::permanent("NoSuchHost", format!("nothing answers at `{endpoint}`")));
        };
        if self.being(id, Op::Create) {
            let class = RefusalClass::Transient { after_ms: None };
            return Err(Refusal::new(class, "NotUpYet", format!("nothing answers at `{endpoint}` yet")));
        }
        if of("token") != cluster.body.get("token").and_then(Value::as_str) {
            return Err(Refusal::permanent("Unauthorized", format!("{id} does not accept this token")));
        }
        Ok(Reply::Opened(cluster.id.clone()))
    }

    /// Whether a world answers at all: an account does, a cluster where it is there and not stopped.
    fn awake(&self, world: &str) -> Result<(), Refusal> {
        let Some(cluster) = self.objects.get(world) else {
            // Accounts have names that are no ids; a cluster that is gone had one.
            return match world.strip_prefix("cluster-").is_some_and(|n| n.parse::<u64>().is_ok()) {
                true => Err(Refusal::permanent("NoSuchHost", format!("{world} does not answer: it is gone"))),
                false => Ok(()),
            };
        };
        match cluster.body.get("stopped").and_then(Value::as_bool) {
            Some(true) => Err(Refusal::permanent("Asleep", format!("{world} is stopped"))),
            _ => Ok(()),
        }
    }

    fn list(&self, schema: &TypeSchema, behaviour: &Behaviour, world: &Name, collection: &str) -> Reply {
        let objects = self.objects.collection(world, &schema.name, collection);
        Reply::Listed(
            objects
                .into_iter()
                .map(|object| {
                    let key = behaviour.key_of(&object.body).map(Name::from);
                    (object.id.clone(), key, self.shown(schema, object))
                })
                .collect(),
        )
    }

    fn found(&self, schema: &TypeSchema, object: &SimObject) -> Refreshed {
        Refreshed::Found { id: object.id.clone(), attributes: self.shown(schema, object) }
    }

    /// An object as the service shows it. That it is on its way out is to be seen whatever its type.
    fn shown(&self, schema: &TypeSchema, object: &SimObject) -> Value {
        let shown = body::shown(schema, &object.body);
        match shown.as_map() {
            Some(map) if self.being(&object.id, Op::Delete) => {
                let mut map = map.clone();
                map.insert("state", "deleting".into());
                map.into()
            }
            _ => shown,
        }
    }

    fn read(&self, schema: &TypeSchema, world: &str, id: &str) -> Reply {
        Reply::Object(match self.objects.of(world, &schema.name, id) {
            Some(object) => self.found(schema, object),
            None => Refreshed::Absent,
        })
    }

    fn find(&self, schema: &TypeSchema, world: &Name, key: &str) -> Reply {
        Reply::Object(match self.objects.by_key(world, &schema.name, key) {
            Some(object) => self.found(schema, object),
            None => Refreshed::Absent,
        })
    }

    fn recover(&self, schema: &TypeSchema, behaviour: &Behaviour, key: Option<&IdempotencyKey>) -> Reply {
        if !behaviour.idempotent {
            return Reply::Lost(format!("the service names each {} by itself", schema.name));
        }
        Reply::Object(match key.and_then(|key| self.objects.made_by(key)) {
            Some(object) => self.found(schema, object),
            None => Refreshed::Absent,
        })
    }

    #[expect(clippy::too_many_arguments, reason = "each is a part of the one request")]
    fn create(
        &mut self,
        schema: &TypeSchema,
        behaviour: &Behaviour,
        world: &Name,
        desired: &Value,
        key: Option<&IdempotencyKey>,
        fault: Option<FaultKind>,
        now: Now,
    ) -> Answer {
        let sent =
            desired.as_map().ok_or_else(|| Refusal::permanent("BadRequest", "attributes are a map"))?;
        body::check(schema, sent, true).map_err(|why| Refusal::permanent("BadRequest", why))?;
        if let Some(first) = key.filter(|_| behaviour.idempotent).and_then(|key| self.objects.made_by(key)) {
            let first = first.clone();
            return Ok(match self.operation_on(&first.id, Op::Create) {
                Some((id, operation)) => waiting(id, operation, now),
                None => done(schema, &first),
            });
        }
        let mut body = body::normalise(schema, sent);
        self.check_refs(behaviour, world, &body)?;
        self.check_namespace(&schema.name, world, &body)?;
        if let Some(key) = behaviour.key_of(&body)
            && let Some(other) = self.objects.by_key(world, &schema.name, &key)
        {
            let class = RefusalClass::Exists { id: other.id.clone() };
            return Err(Refusal::new(
                class,
                "AlreadyExists",
                format!("{} `{key}` is there already", schema.name),
            ));
        }
        let partial = fault == Some(FaultKind::Partial);
        if partial {
            let required =
                |name: &str| schema.attributes.get(name).is_some_and(|attribute| attribute.required);
            body = body.into_iter().filter(|(name, _)| required(name) || behaviour.names(name)).collect();
        }
        let (id, number) = self.objects.next_id(behaviour);
        behaviour::compute(&schema.name, &id, &mut body, None);
        let by_others = fault == Some(FaultKind::Exists);
        let object = SimObject {
            id: id.clone(),
            world: world.clone(),
            type_name: schema.name.clone(),
            number,
            made_by: key.filter(|_| !by_others).cloned(),
            body: body::normalise(schema, &body),
        };
        self.objects.put(object.clone());
        self.made = Some(id.clone()).filter(|_| !by_others);
        if by_others {
            let class = RefusalClass::Exists { id };
            return Err(Refusal::new(
                class,
                "AlreadyExists",
                format!("{} was made by somebody else", schema.name),
            ));
        }
        if partial {
            let shown = body::shown(schema, &object.body);
            let mut refusal = Refusal::permanent(
                "CreationFailed",
                format!("{id} was made, but not all of it could be set"),
            );
            refusal.partial = Some((id, shown));
            return Err(refusal);
        }
        if behaviour.long[0] == 0 {
            return Ok(done(schema, &object));
        }
        let holds = Some(behaviour.serialised_on(&id, &object.body).unwrap_or_else(|| id.to_string()));
        self.set_state(&id, "creating");
        let fails = fault == Some(FaultKind::FailsLater);
        Ok(self.start(Op::Create, &object, behaviour.long[0], holds, None, fails, now))
    }

    #[expect(clippy::too_many_arguments, reason = "each is a part of the one request")]
    fn update(
        &mut self,
        schema: &TypeSchema,
        behaviour: &Behaviour,
        world: &Name,
        id: &str,
        desired: &Value,
        unset: &[Path],
        fault: Option<FaultKind>,
        now: Now,
    ) -> Answer {
        let object = self.objects.of(world, &schema.name, id).cloned().ok_or_else(|| gone(id))?;
        let sent =
            desired.as_map().ok_or_else(|| Refusal::permanent("BadRequest", "attributes are a map"))?;
        body::check(schema, sent, false).map_err(|why| Refusal::permanent("BadRequest", why))?;
        let body = changed(schema, &object, sent, unset)?;
        self.check_refs(behaviour, world, &body)?;
        if behaviour.long[1] > 0 {
            let holds = behaviour.serialised_on(id, &object.body);
            let fails = fault == Some(FaultKind::FailsLater);
            self.set_state(id, "updating");
            return Ok(self.start(Op::Update, &object, behaviour.long[1], holds, Some(body), fails, now));
        }
        let object = SimObject { body, ..object };
        self.objects.put(object.clone());
        Ok(done(schema, &object))
    }

    fn delete(
        &mut self,
        behaviour: &Behaviour,
        world: &Name,
        id: &str,
        fault: Option<FaultKind>,
        now: Now,
    ) -> Answer {
        let Some(object) = self.objects.of(world, behaviour.type_name, id).cloned() else {
            return Ok(Reply::Deleted);
        };
        let users = self.objects.users(id);
        if let Some((user, _)) = users.iter().find(|(_, on_delete)| *on_delete == OnDelete::Refuse) {
            return Err(Refusal::permanent("InUse", format!("{id} is in use by {user}")));
        }
        if behaviour.long[2] > 0 {
            self.set_state(id, "deleting");
            let holds = behaviour.serialised_on(id, &object.body);
            let fails = fault == Some(FaultKind::FailsLater);
            return Ok(self.start(Op::Delete, &object, behaviour.long[2], holds, None, fails, now));
        }
        self.erase(id);
        Ok(Reply::Deleted)
    }

    fn invoke(&mut self, world: &Name, type_name: &str, id: &Name, action: &str) -> Answer {
        let Some(object) = self.objects.of(world, type_name, id).cloned() else { return Err(gone(id)) };
        let mut body = object.body.clone();
        match (type_name, action) {
            // What runs on it moves to other pools of the cluster.
            ("sim.pool", "drain") => {
                let cluster = body.get("cluster").cloned();
                let room = |other: &SimObject| {
                    &*other.type_name == type_name
                        && other.id != *id
                        && other.body.get("cluster") == cluster.as_ref()
                };
                if !self.objects.all().any(room) {
                    return Err(Refusal::permanent("NoRoom", format!("there is no other pool beside {id}")));
                }
            }
            ("sim.cluster", "rotate_token") => {
                let old = body.get("token").and_then(Value::as_str).unwrap_or_default();
                let count = old.rsplit('-').next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
                body.insert("token", format!("opens-{id}-{}", count + 1).into());
            }
            ("sim.cluster", "start" | "stop") => {
                body.insert("stopped", (action == "stop").into());
            }
            _ => return Err(Refusal::permanent("NoSuchAction", format!("there is no action `{action}`"))),
        }
        self.recompute(id, Some(body));
        let schema = types::schema(type_name).ok_or_else(|| no_type(type_name))?;
        let object = self.objects.get(id).ok_or_else(|| gone(id))?;
        Ok(done(schema, object))
    }

    fn resume(&mut self, id: &Name, now: Now) -> Answer {
        let Some(operation) = self.operations.get(id).cloned() else {
            // Whatever it did is done, for all that is known here.
            let mut refusal = Refusal::permanent("NoSuchOperation", format!("there is no operation `{id}`"));
            refusal.unanswered = true;
            return Err(refusal);
        };
        if !operation.over {
            return Ok(waiting(id, &operation, now));
        }
        let schema = types::schema(&operation.type_name).ok_or_else(|| no_type(&operation.type_name))?;
        let object = self.objects.get(&operation.object);
        if operation.fails {
            let message = format!("{} of {} failed", operation.op.word(), operation.object);
            let mut refusal = Refusal::permanent("OperationFailed", message);
            if operation.op == Op::Create {
                refusal.partial = object.map(|object| (object.id.clone(), body::shown(schema, &object.body)));
            }
            return Err(refusal);
        }
        match (operation.op, object) {
            (Op::Delete, _) => Ok(Reply::Deleted),
            (_, Some(object)) => Ok(done(schema, object)),
            (_, None) => Err(gone(&operation.object)),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "each is a field of the operation")]
    fn start(
        &mut self,
        op: Op,
        object: &SimObject,
        seconds: u64,
        holds: Option<String>,
        body: Option<Map>,
        fails: bool,
        now: Now,
    ) -> Reply {
        self.counter += 1;
        let id: Name = format!("operation-{}", self.counter).into();
        let operation = Operation {
            object: object.id.clone(),
            type_name: object.type_name.clone(),
            op,
            done_ms: now.ms + seconds * now.second_ms,
            fails,
            over: false,
            holds: holds.clone(),
            body,
        };
        if let Some(key) = holds {
            self.busy.insert(key, format!("{} of {}", op.word(), object.id));
        }
        let reply = waiting(&id, &operation, now);
        self.due.insert((operation.done_ms, id.clone()));
        self.active.insert(object.id.clone(), id.clone());
        self.operations.insert(id, operation);
        reply
    }

    fn operation_on(&self, object: &str, op: Op) -> Option<(&Name, &Operation)> {
        let (id, operation) = self.operations.get_key_value(self.active.get(object)?)?;
        (operation.op == op).then_some((id, operation))
    }

    /// Whether something goes on with an object.
    pub(crate) fn is_busy(&self, object: &str) -> bool {
        self.active.contains_key(object)
    }

    fn being(&self, object: &str, op: Op) -> bool {
        self.operation_on(object, op).is_some()
    }

    fn check_refs(&self, behaviour: &Behaviour, world: &Name, body: &Map) -> Result<(), Refusal> {
        for (target, attribute) in targets(behaviour, body) {
            let object = self.objects.get(&target).filter(|object| object.world == *world);
            let rule = behaviour.refs.iter().find(|rule| rule.attribute == attribute);
            let wanted = rule.and_then(|rule| rule.target);
            let Some(object) = object.filter(|o| wanted.is_none_or(|wanted| &*o.type_name == wanted)) else {
                let message = format!("`{attribute}` names `{target}`, which is not there");
                return Err(Refusal::permanent("ReferenceNotFound", message));
            };
            if let Some(op) = [Op::Create, Op::Delete].into_iter().find(|op| self.being(&target, *op)) {
                let message = format!("{} of {} is under way", op.word(), object.id);
                return Err(Refusal::new(RefusalClass::Conflict, "OperationInProgress", message));
            }
        }
        Ok(())
    }

    fn check_namespace(&self, type_name: &str, world: &Name, body: &Map) -> Result<(), Refusal> {
        if type_name != "inner.object" {
            return Ok(());
        }
        let namespace = body.get("namespace").and_then(Value::as_str).unwrap_or("default");
        match namespace == "default"
            || self.objects.by_key(world, &"inner.namespace".into(), namespace).is_some()
        {
            true => Ok(()),
            false => {
                Err(Refusal::permanent("NotFound", format!("there is no namespace `{namespace}` in {world}")))
            }
        }
    }

    /// Takes an object away, and what lives and dies with it.
    pub(crate) fn erase(&mut self, id: &str) {
        let Some(object) = self.objects.remove(id) else { return };
        let mut with_it: Vec<Name> = self
            .objects
            .users(id)
            .into_iter()
            .filter(|(_, on_delete)| *on_delete == OnDelete::Cascade)
            .map(|(user, _)| user)
            .collect();
        match &*object.type_name {
            "sim.cluster" => with_it.extend(self.objects.in_world(&object.id)),
            "inner.namespace" => {
                let name = object.body.get("name");
                let inside = self.objects.in_world(&object.world).into_iter().filter(|other| {
                    self.objects.get(other).is_some_and(|other| other.body.get("namespace") == name)
                });
                with_it.extend(inside);
            }
            _ => {}
        }
        for id in with_it {
            self.erase(&id);
        }
    }

    fn set_state(&mut self, id: &str, state: &str) {
        if let Some(mut object) = self.objects.get(id).cloned()
            && object.body.contains_key("state")
        {
            object.body.insert("state", state.into());
            self.objects.put(object);
        }
    }

    /// Works out again what the service decides, after `body` took the place of the old one.
    pub(crate) fn recompute(&mut self, id: &str, body: Option<Map>) {
        let Some(mut object) = self.objects.get(id).cloned() else { return };
        let old = object.body.clone();
        let mut body = body.unwrap_or_else(|| old.clone());
        behaviour::compute(&object.type_name, id, &mut body, Some(&old));
        object.body = body;
        self.objects.put(object);
    }
}

/// The body that an update leads to, or why it is refused.
fn changed(schema: &TypeSchema, object: &SimObject, sent: &Map, unset: &[Path]) -> Result<Map, Refusal> {
    let overlaid = body::overlay(schema, &object.body, sent, unset);
    let mut body = body::normalise(schema, &overlaid);
    if let Some(path) = body::changed_immutable(schema, &object.body, &body) {
        let message = format!("`{path}` of {} cannot be changed", object.id);
        return Err(Refusal::permanent("PropertyChangeNotAllowed", message));
    }
    if let Some(why) = behaviour::refuse_update(&schema.name, &object.body, &body) {
        return Err(Refusal::permanent("PropertyChangeNotAllowed", why));
    }
    behaviour::compute(&schema.name, &object.id, &mut body, Some(&object.body));
    Ok(body::normalise(schema, &body))
}

fn preview(schema: &TypeSchema, desired: &Value, live: &Value) -> Answer {
    let (Some(desired), Some(live)) = (desired.as_map(), live.as_map()) else {
        return Err(Refusal::permanent("BadRequest", "attributes are a map"));
    };
    let object = SimObject {
        id: live.get("id").and_then(Value::as_str).unwrap_or("?").into(),
        world: "".into(),
        type_name: schema.name.clone(),
        number: 0,
        body: live.clone(),
        made_by: None,
    };
    changed(schema, &object, desired, &[]).map(|body| Reply::Previewed(body::shown(schema, &body)))
}

fn expand(type_name: &str, desired: &Value) -> Answer {
    let bad = || Refusal::permanent("BadRequest", format!("{type_name} does not expand this"));
    let desired = desired.as_map().ok_or_else(bad)?;
    let text =
        |name: &str, default: &str| Value::from(desired.get(name).and_then(Value::as_str).unwrap_or(default));
    let parts = |name: &str| desired.get(name).and_then(Value::as_map).ok_or_else(bad);
    let children = match type_name {
        "sim.bundle" => {
            let prefix = desired.get("prefix").and_then(Value::as_str).unwrap_or_default();
            let mut children = Vec::new();
            for (name, thing) in parts("things")?.iter() {
                let thing = thing.as_map().ok_or_else(bad)?;
                let mut attributes: Map = ["value", "fixed"]
                    .into_iter()
                    .filter_map(|key| Some((key, thing.get(key).filter(|value| !value.is_null())?.clone())))
                    .collect();
                attributes.insert("name", format!("{prefix}{name}").into());
                let after = thing.get("after").and_then(Value::as_list).unwrap_or_default();
                let after = after.iter().filter_map(|name| name.as_str().map(Name::from)).collect();
                children.push((name.clone(), "sim.thing".into(), attributes.into(), after));
            }
            children
        }
        "inner.bundle" => parts("objects")?
            .iter()
            .map(|(name, data)| {
                let attributes = Value::map([
                    ("namespace", text("namespace", "default")),
                    ("kind", text("kind", "config")),
                    ("name", name.clone().into()),
                    ("data", data.clone()),
                ]);
                (name.clone(), "inner.object".into(), attributes, Vec::new())
            })
            .collect(),
        _ => return Err(bad()),
    };
    Ok(Reply::Children(children))
}

fn done(schema: &TypeSchema, object: &SimObject) -> Reply {
    Reply::Done { id: object.id.clone(), attributes: body::shown(schema, &object.body) }
}

fn waiting(id: &Name, operation: &Operation, now: Now) -> Reply {
    let why = format!("{} of {}", operation.op.word(), operation.object);
    // A service says when it makes sense to ask again, and nobody should ask more than needed.
    let poll_ms = operation.done_ms.saturating_sub(now.ms).clamp(1, 10 * now.second_ms.max(1));
    Reply::Waiting { operation: id.clone(), why, poll_ms }
}

fn gone(id: &str) -> Refusal {
    Refusal::new(RefusalClass::Gone, "NotFound", format!("there is no `{id}`"))
}

fn no_type(type_name: &str) -> Refusal {
    Refusal::permanent("NoSuchType", format!("there is no type `{type_name}`"))
}
