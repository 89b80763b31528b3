//! Resources that are read and never changed.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use aurak_model::path::Seg;
use aurak_model::program::Block;
use aurak_model::schema::Refresh;
use aurak_model::{
    Action, Address, Answer, Ask, BlockKind, Change, Diagnostic, Path, Refreshed, Slot, Type, TypeSchema,
    Value,
};

use crate::context::{Context, InstId, Instance, Read, Target};
use crate::diff;
use crate::provider::ProviderInstance;
use crate::resource::Decision;
use crate::written::written_asks;

impl Context {
    #[expect(clippy::too_many_arguments, reason = "the parts of one instance, all from the same caller")]
    pub(crate) fn plan_existing(
        self: &Rc<Self>,
        address: &Address,
        block: &Block,
        schema: Arc<TypeSchema>,
        provider: Rc<ProviderInstance>,
        desired: Value,
        reads: Vec<Read>,
        from: Rc<[InstId]>,
        place: Option<String>,
    ) -> Instance {
        let found = |id: &Value, whole: bool, known: bool| Decision::Existing {
            id: id.clone(),
            whole,
            known,
            from: from.clone(),
        };
        if schema.refresh == Refresh::None {
            let summary =
                format!("`{address}` cannot be read: nothing of {} is outside the state", schema.name);
            let finding = Diagnostic::error("existing", summary).at(block.span, "");
            self.find(finding.help("take it out of `existing`").about(address));
        }
        let id = desired.as_map().and_then(|map| map.get("id")).cloned().unwrap_or_default();
        let whole = self.is_spoken_of(&schema);
        let read = || Change {
            address: address.clone(),
            type_name: block.type_name.clone(),
            action: Action::Read,
            reasons: Vec::new(),
            differences: Vec::new(),
            drift: Vec::new(),
            place: place.clone(),
            steps: Vec::new(),
            usual_ms: None,
            from: None,
            data_loss: None,
        };
        let changing = self.is_changing(&reads);
        let mut change = None;
        let (planned, decision) = match &id {
            Value::String(text) if !provider.unknown => {
                let ask = Ask::Read {
                    address: address.clone(),
                    slot: Slot::Current,
                    type_name: block.type_name.clone(),
                    provider: provider.node.clone(),
                    id: text.clone(),
                    world: None,
                    last: desired.clone(),
                    whole,
                };
                let failed = |message: String| {
                    self.find(
                        Diagnostic::error("existing", message)
                            .at(block.span, "")
                            .help("it is read, never made: check its id and the provider")
                            .about(address),
                    );
                    (Value::Null, Decision::Failed)
                };
                match self.ask(ask, 0) {
                    None => (later(address), found(&id, whole, true)),
                    Some(Answer::Object(Refreshed::Absent)) if changing => {
                        change = Some(read());
                        (later(address), found(&id, whole, false))
                    }
                    Some(Answer::Object(Refreshed::Found { attributes, .. })) => {
                        let marked = crate::mark::mark_all(
                            attributes.as_map().unwrap_or(&aurak_model::Map::new()),
                            &schema,
                        );
                        if changing {
                            change = Some(read());
                            let planned = diff::read_again(&schema, address, &marked);
                            (planned, found(&id, whole, false))
                        } else {
                            let planned = diff::read_on_use(&schema, address, marked);
                            (planned, found(&id, whole, true))
                        }
                    }
                    Some(Answer::Object(Refreshed::Absent)) => failed(format!("`{address}` is not there")),
                    Some(
                        Answer::Object(Refreshed::Unreadable(why) | Refreshed::Asleep(why))
                        | Answer::Failed(why),
                    ) => failed(format!("could not read `{address}`: {why}")),
                    Some(_) => failed(format!("could not read `{address}`")),
                }
            }
            Value::Sensitive(_) => {
                self.find(
                    Diagnostic::error("existing", format!("the `id` of `{address}` is sensitive"))
                        .at(block.span, "")
                        .help("ids are shown and recorded in clear: take it from something that is no secret")
                        .about(address),
                );
                (Value::Null, Decision::Failed)
            }
            Value::String(_) | Value::Unknown(_) => {
                change = Some(read());
                (later(address), found(&id, whole, false))
            }
            _ => {
                self.find(
                    Diagnostic::error("existing", format!("`{address}` has no `id`"))
                        .at(block.span, "")
                        .help("an existing resource is found by its `id`")
                        .about(address),
                );
                (Value::Null, Decision::Failed)
            }
        };
        Instance {
            address: address.clone(),
            type_name: block.type_name.clone(),
            schema: Some(schema),
            planned,
            decision,
            reads: reads.into(),
            provider: Some(provider),
            kind: BlockKind::Existing,
            change: RefCell::new(change.map(Box::new)),
            row: RefCell::default(),
            used: Vec::new(),
        }
    }

    /// Whether the configuration speaks of an attribute that is only read on use.
    fn is_spoken_of(&self, schema: &TypeSchema) -> bool {
        let mut volatile = schema.attributes.iter().filter(|(_, attribute)| attribute.volatile).peekable();
        if volatile.peek().is_none() {
            return false;
        }
        let words = self.words.get_or_init(|| written_asks(&self.input.program).words);
        volatile.any(|(name, _)| words.contains(&**name))
    }

    /// Whether something that was read is made or changed by this plan: what comes after that is not known
    /// before.
    fn is_changing(&self, reads: &[Read]) -> bool {
        reads.iter().flat_map(|read| self.in_what_is_read(read)).any(|id| {
            let decision = &self.instance(id).decision;
            matches!(
                decision,
                Decision::Create(_)
                    | Decision::Update(_)
                    | Decision::Replace { .. }
                    | Decision::Existing { known: false, .. }
            )
        })
    }

    /// The instances that were read, one by one or as a block.
    fn in_what_is_read(&self, read: &Read) -> Vec<InstId> {
        match read.target {
            Target::Group(group) => self.members(group).into_iter().collect(),
            Target::Instance(_) | Target::Members(_) => self.instances_read(read),
        }
    }

    /// The resources whose ids were read, also through others that are only read: whose id comes from theirs
    /// is what they are, or is in them.
    pub(crate) fn made_from(&self, reads: &[Read]) -> Rc<[InstId]> {
        let through = |id: InstId| match &self.instance(id).decision {
            Decision::Existing { from, .. } => from.to_vec(),
            _ => vec![id],
        };
        let ids =
            reads.iter().filter(|read| matches!(read.path.0.first(), Some(Seg::Key(key)) if **key == *"id"));
        ids.flat_map(|read| self.in_what_is_read(read)).flat_map(through).collect()
    }

    /// Something that was read and is planned later.
    pub(crate) fn read_later(&self, reads: &[Read]) -> Option<Address> {
        let mut read = reads.iter().flat_map(|read| self.in_what_is_read(read));
        let later = |id: &InstId| matches!(self.instance(*id).decision, Decision::Deferred);
        read.find(later).map(|id| self.instance(id).address.clone())
    }

    /// What is read through something that is only read is read too.
    pub(crate) fn read_through(&self, reads: &mut Vec<Read>) {
        let through = reads.iter().flat_map(|read| self.in_what_is_read(read)).filter_map(|id| {
            let instance = self.instance(id);
            (instance.kind == BlockKind::Existing).then(|| instance.reads.to_vec())
        });
        let through: Vec<Read> = through.flatten().collect();
        reads.extend(through);
    }
}

fn later(address: &Address) -> Value {
    Value::of_row(address, Path::root(), Type::Map)
}
