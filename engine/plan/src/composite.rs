//! Composites: one block that is many resources. The provider says which; each of them is planned
//! like any other and has a row of its own.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use aurak_expr::coerce;
use aurak_model::snapshot::Child;
use aurak_model::{Answer, Ask, Attribute, BlockKind, Diagnostic, Kind, Name, Path, Value};

use crate::context::{Context, InstId, Instance, Read, Target};
use crate::resource::{Decision, Evaluated, Wanted};

/// How often the parts of a composite are asked for.
const MOST_EXPANSIONS: u8 = 3;

impl Context {
    pub(crate) fn plan_composite(self: &Rc<Self>, wanted: Wanted<'_>) -> InstId {
        let address = wanted.address.clone();
        let bare = |decision: Decision, planned: Value, wanted: &Wanted<'_>| Instance {
            address: address.clone(),
            type_name: wanted.type_name.clone(),
            schema: Some(wanted.schema.clone()),
            planned,
            decision,
            reads: wanted.reads.clone().into(),
            provider: Some(wanted.provider.clone()),
            kind: BlockKind::Resource,
            change: RefCell::default(),
            row: RefCell::default(),
            used: Vec::new(),
        };
        if wanted.desired.has_unknown() || wanted.provider.unknown {
            // What it expands to cannot be asked yet: neither its input nor its provider is there.
            let mut needs = self.needs(&wanted.desired);
            needs.extend(self.needs(&wanted.provider.node.config));
            self.defer(&address, &wanted.type_name, &needs, "what it consists of is not known yet");
            let planned = crate::diff::planned_create(&wanted.schema, &address, &wanted.desired);
            return self.add_instance(bare(Decision::Deferred, planned, &wanted));
        }
        let ask = Ask::Expand {
            address: address.clone(),
            type_name: wanted.type_name.clone(),
            provider: wanted.provider.node.clone(),
            desired: wanted.desired.clone(),
        };
        let failed = |message: String| {
            self.find(
                Diagnostic::error("expand", message)
                    .help("nothing was changed; mend the cause and plan again")
                    .about(&address),
            );
        };
        let children = match self.expansion(&ask, &wanted.desired) {
            Ok(children) => children,
            Err(why) => {
                failed(format!("could not work out what `{address}` consists of: {why}"));
                return self.add_instance(bare(Decision::Failed, Value::Null, &wanted));
            }
        };
        let members = self.plan_children(&wanted, children);
        let planned = wanted.desired.clone();
        self.add_instance(bare(Decision::Composite(members), planned, &wanted))
    }

    /// The parts as the provider tells them. What is wanted may change from round to round, so an
    /// answer may come too late.
    fn expansion(&self, ask: &Ask, wanted: &Value) -> Result<Vec<Child>, String> {
        for count in 0..MOST_EXPANSIONS {
            match self.ask(ask.clone(), count) {
                None => return Ok(Vec::new()),
                Some(Answer::Children { desired, children }) if desired.reveal() == wanted.reveal() => {
                    return Ok(children);
                }
                Some(Answer::Children { .. }) => {}
                Some(Answer::Failed(why)) => return Err(why),
                Some(_) => return Err("the answer is of another kind".to_string()),
            }
        }
        Err("what it is made from kept changing".to_string())
    }

    fn plan_children(self: &Rc<Self>, wanted: &Wanted<'_>, children: Vec<Child>) -> Vec<InstId> {
        let mut planned: HashMap<Name, InstId> = HashMap::new();
        let mut members = Vec::new();
        for child in children {
            let address = wanted.address.child(&child.name);
            let Some(schema) = self.input.schemas.types.get(&child.type_name).cloned() else {
                self.find(
                    Diagnostic::error(
                        "expand",
                        format!("`{address}` is a `{}`, a type that nobody knows", child.type_name),
                    )
                    .about(&wanted.address),
                );
                continue;
            };
            let attribute =
                Attribute { attributes: schema.attributes.clone(), ..Attribute::of(Kind::Object) };
            let desired = match coerce(&child.attributes, None, &attribute) {
                Ok(desired) => desired,
                Err(error) => {
                    self.find(
                        Diagnostic::error(
                            "expand",
                            format!("`{}` of `{address}` {}", error.path, error.message),
                        )
                        .about(&wanted.address),
                    );
                    continue;
                }
            };
            let Ok((schema, desired)) = self.prepared(&schema, &desired, None, &address) else { continue };
            let mut reads = wanted.reads.clone();
            for before in &child.after {
                if let Some(id) = planned.get(before) {
                    reads.push(Read { target: Target::Instance(*id), path: Path::root() });
                }
            }
            let instance = self.decide(Wanted {
                address,
                type_name: child.type_name.clone(),
                schema,
                provider: wanted.provider.clone(),
                desired,
                node: None,
                place: wanted.place.clone(),
                reads,
                within: wanted.within.clone(),
                lifecycle: Evaluated {
                    prevent_destroy: wanted.lifecycle.prevent_destroy,
                    retain: wanted.lifecycle.retain,
                    adopt: wanted.lifecycle.adopt,
                    ignore: wanted.lifecycle.ignore.clone(),
                    create_before_destroy: wanted.lifecycle.create_before_destroy,
                    deleted_with: wanted.lifecycle.deleted_with.clone(),
                    replace_when: wanted.lifecycle.replace_when.clone(),
                },
            });
            let id = self.add_instance(instance);
            planned.insert(child.name, id);
            members.push(id);
        }
        members
    }
}
