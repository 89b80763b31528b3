//! `imports`: objects that are there already, and are taken over by their ids.
//!
//! A line may stay in the configuration when what it asks for is done. So where an address has an
//! object, only one that is there besides is in the way.

use std::rc::Rc;

use aurak_model::program::Import;
use aurak_model::schema::Refresh;
use aurak_model::{Address, Answer, Ask, Diagnostic, Name, Object, Refreshed, Slot, Value};

use crate::context::{Context, GaveUp};
use crate::resource::Wanted;
use crate::scope::ModuleScope;

impl Context {
    pub(crate) fn import_id(self: &Rc<Self>, address: &Address) -> Option<Result<Name, GaveUp>> {
        let import = self.import_of(address)?;
        Some(match self.evaluate_import(import) {
            Ok(Some(id)) => Ok(id),
            Ok(None) => {
                let finding = Diagnostic::error(
                    "import",
                    format!("the id of the import of `{address}` is not a known string"),
                );
                self.find(finding.at(import.id.span, "").about(address));
                Err(GaveUp)
            }
            Err(GaveUp) => Err(GaveUp),
        })
    }

    /// The line for an address.
    fn import_of(&self, address: &Address) -> Option<&Import> {
        let imports = &self.input.program.imports;
        let by_address = self.imports.get_or_init(|| {
            // Of several the first counts.
            imports.iter().enumerate().rev().map(|(place, import)| (import.to.clone(), place)).collect()
        });
        by_address.get(address).and_then(|place| imports.get(*place))
    }

    /// The id that a line gives; `Ok(None)` where it is no known string.
    fn evaluate_import(self: &Rc<Self>, import: &Import) -> Result<Option<Name>, GaveUp> {
        let scope = ModuleScope::new(self, Context::ROOT);
        self.evaluate(&import.id, &scope, None, Some(&import.to)).map(|id| match id {
            Value::String(id) => Some(id),
            Value::Int(id) => Some(id.to_string().into()),
            _ => None,
        })
    }

    /// Whether something is to be imported of a type whose objects are in the state alone, which is said.
    pub(crate) fn imports_nothing(&self, wanted: &Wanted<'_>) -> bool {
        let Wanted { address, type_name, schema, .. } = wanted;
        let Some(import) = self.import_of(address).filter(|_| schema.refresh == Refresh::None) else {
            return false;
        };
        self.find(
            Diagnostic::error("import", format!("`{address}` cannot take over anything"))
                .detail(format!("nothing of {type_name} is outside the state"))
                .help("take the line out of `imports`")
                .at(import.span, "")
                .about(address),
        );
        true
    }

    /// Whether an object is there that is to be imported. The question has a name of its own: that of
    /// the current object may be put as well.
    pub(crate) fn read_import(self: &Rc<Self>, wanted: &Wanted<'_>, id: &Name) -> Option<Answer> {
        let ask = Ask::Read {
            address: wanted.address.clone(),
            slot: Slot::Old,
            type_name: wanted.type_name.clone(),
            provider: wanted.provider.node.clone(),
            id: id.clone(),
            world: None,
            last: wanted.desired.clone(),
            whole: false,
        };
        self.ask(ask, 0)
    }

    /// Whether an address has an object and another one is to be imported as it, which would stay where
    /// it is, or be in the way of what is made.
    pub(crate) fn has_another(self: &Rc<Self>, wanted: &Wanted<'_>, current: &Object) -> bool {
        let address = &wanted.address;
        let Some(import) = self.import_of(address) else { return false };
        let Ok(Some(id)) = self.evaluate_import(import) else { return false };
        let row = self.row(address);
        let same_type = row.is_some_and(|row| row.type_name == wanted.type_name);
        let is_own = |id: &Name| same_type && *id == current.id;
        if is_own(&id) || wanted.provider.unknown {
            return false;
        }
        // The provider may spell an id in another way than the configuration.
        let id = match self.read_import(wanted, &id) {
            Some(Answer::Object(Refreshed::Found { id, .. })) if !is_own(&id) => id,
            Some(Answer::Object(Refreshed::Unreadable(why)) | Answer::Failed(why)) => {
                let summary = format!("could not read {id}, which is to be imported as `{address}`: {why}");
                self.find(
                    Diagnostic::error("unreadable", summary)
                        .help(
                            "nothing was changed; mend the cause, or, where it was imported once, take the line \
                             out of `imports`",
                        )
                        .about(address),
                );
                return true;
            }
            _ => return false,
        };
        // It was taken over, maybe, and is replaced.
        if self.is_older(wanted, &id) {
            let summary = format!("`{address}` does not take over {id} again");
            self.find(
                Diagnostic::warning("import", summary)
                    .detail(format!("a replacement by {} left it behind, and it goes", current.id))
                    .help("take the line out of `imports`")
                    .about(address),
            );
            return false;
        }
        self.find(
            Diagnostic::error("import", format!("`{address}` cannot take over {id}"))
                .detail(format!("it has {} already", current.id))
                .help(format!(
                    "take the line out of `imports`; or, to have {id} in its place, let go of {} first \
                     with `aurak state rm '{}'`",
                    current.id,
                    self.recorded_at(address)
                ))
                .about(address),
        );
        true
    }
}

/// What goes in this plan cannot be taken over by it.
pub(crate) fn import_of_older(address: &Address, id: &Name) -> Diagnostic {
    Diagnostic::error("import", format!("`{address}` cannot take over {id}"))
        .detail("a replacement of its own left that behind, and it goes in this plan")
        .help(format!(
            "take the line out of `imports`, and a new one is made; or, to keep {id}, let go of `{address}` \
             first with `aurak state rm '{address}'`"
        ))
        .about(address)
}
