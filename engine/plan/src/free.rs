//! Whether the name of what is made in place of an object is free. Where something else has it, the old
//! object would go for nothing.

use std::rc::Rc;

use aurak_model::{Answer, Ask, Diagnostic, Name, Refreshed, Slot, Value};

use crate::context::Context;
use crate::resource::Wanted;
use crate::same::{Claim, Claims};

impl Context {
    /// Whether somebody else has the name that a new object is to have, which is said. `old` is the one
    /// that it is made in place of, where that may have the name itself.
    pub(crate) fn is_name_taken(
        self: &Rc<Self>,
        wanted: &Wanted<'_>,
        key: Option<&Value>,
        old: Option<&Name>,
    ) -> bool {
        let (Some(Value::String(key)), false) = (key, wanted.provider.unknown) else { return false };
        // A request for it may still be on its way; who makes it again finds out.
        if self.is_being_made(wanted, Some(&Value::from(key.clone()))) {
            return false;
        }
        let ask = Ask::Find {
            address: wanted.address.clone(),
            slot: Slot::Current,
            type_name: wanted.type_name.clone(),
            provider: wanted.provider.node.clone(),
            key: key.clone(),
            collection: self.collection(wanted),
            planned: wanted.desired.clone(),
        };
        let id = match self.ask(ask, 0) {
            Some(Answer::Object(Refreshed::Found { id, .. })) => id,
            // Making it will tell.
            _ => return false,
        };
        if old == Some(&id) || self.is_older(wanted, &id) {
            return false;
        }
        if let Some(of) = self.recorded_as(wanted, &id) {
            // Whether that lets go of it in this plan is known when everything is decided.
            let claim = Claim { by: wanted.address.clone(), of, id, why: Claims::Replace };
            self.claims.borrow_mut().push(claim);
            return false;
        }
        let (address, type_name) = (&wanted.address, &wanted.type_name);
        if wanted.lifecycle.adopt {
            self.find(
                Diagnostic::warning("adopt", format!("`{address}` takes over {id}, which has its new name"))
                    .detail("what that has is changed to what is asked for; `adopt` says that it may be")
                    .help("choose another name, or take `adopt` away, to leave it alone")
                    .about(address),
            );
            return false;
        }
        let summary = format!("`{address}` is to be replaced, but such a {type_name} is there already");
        self.find(
            Diagnostic::error("exists", summary)
                .detail(format!("its id is {id}, and it is in no state of this stack"))
                .help("choose another name; or, to take it over instead, set `lifecycle: { adopt: true }`")
                .about(address),
        );
        true
    }
}
