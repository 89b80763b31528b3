//! What is there: the object of a row as it looks now, and what to say where nobody can tell.

use std::collections::BTreeSet;
use std::rc::Rc;

use aurak_model::schema::Refresh;
use aurak_model::{Address, Answer, Ask, Diagnostic, Refreshed, Slot, Value};

use crate::context::{Context, GaveUp};
use crate::resource::Wanted;

/// As many addresses are put into a command that a help gives.
const MOST_NAMED: usize = 20;

/// What was found where the object of a row should be.
pub(crate) enum Looked {
    There(Value),
    Gone,
    /// It is in a world that its provider does not reach.
    Elsewhere,
    /// It is in the older object of this, which is to be deleted, and goes with that.
    Within(Address),
}

impl Context {
    /// What the object of a row looks like now.
    pub(crate) fn refreshed(
        self: &Rc<Self>,
        wanted: &Wanted<'_>,
        current: &aurak_model::Object,
    ) -> Result<Looked, GaveUp> {
        if wanted.schema.refresh == Refresh::None {
            return Ok(Looked::There(current.attributes.clone()));
        }
        let at = self.moved_from(&wanted.address).unwrap_or_else(|| wanted.address.clone());
        let node = &wanted.provider.node;
        let previous = &self.input.previous;
        let row = previous.rows.get(&at);
        // It was read with the provider that the row names: that tells only where it is the same one.
        // Where only apply can tell, what its world comes from has to do.
        let recorded = row.and_then(|row| previous.providers.get(&row.provider));
        let same = match recorded {
            None => wanted.provider.unknown,
            Some(recorded) => {
                let told = recorded.address != node.address || !recorded.config.has_unknown();
                let came_from: BTreeSet<Address> =
                    recorded.needs.iter().map(|need| self.called_now(need)).collect();
                recorded.type_name == node.type_name
                    && match told && !wanted.provider.unknown {
                        true => recorded.config.reveal() == node.config.reveal(),
                        false => came_from == node.needs.iter().map(|need| self.recorded_at(need)).collect(),
                    }
            }
        };
        let older = row.and_then(|row| self.older_world(row));
        let refreshed = match self.input.snapshot.rows.get(&at) {
            // Why it could not be read, an answer tells.
            Some(refreshed)
                if same
                    && !(matches!(refreshed, Refreshed::Unreadable(_))
                        && (older.is_some() || self.input.snapshot.astray.contains(&at))) =>
            {
                refreshed.clone()
            }
            _ => {
                let ask = Ask::Read {
                    address: wanted.address.clone(),
                    slot: Slot::Current,
                    type_name: wanted.type_name.clone(),
                    provider: wanted.provider.node.clone(),
                    id: current.id.clone(),
                    world: row.and_then(|row| row.world.clone()),
                    last: current.attributes.clone(),
                    whole: false,
                };
                match self.ask(ask, 0) {
                    // What rests on it asks nobody before it is known to be reached.
                    None if self.input.snapshot.astray.contains(&at) => return Err(GaveUp),
                    None => {
                        Refreshed::Found { id: current.id.clone(), attributes: current.attributes.clone() }
                    }
                    Some(Answer::Object(refreshed)) => refreshed,
                    Some(Answer::Elsewhere(why)) => {
                        if let Some(older) = older {
                            return Ok(Looked::Within(older));
                        }
                        if !self.is_to_be_replaced(wanted) {
                            self.find_unread("elsewhere", &wanted.address, &why);
                            return Err(GaveUp);
                        }
                        return Ok(match self.input.snapshot.rows.get(&at) {
                            Some(Refreshed::Absent) => Looked::Gone,
                            _ => Looked::Elsewhere,
                        });
                    }
                    Some(Answer::Failed(why)) => Refreshed::Unreadable(why),
                    Some(_) => Refreshed::Unreadable("the answer is of another kind".to_string()),
                }
            }
        };
        match refreshed {
            Refreshed::Found { attributes, .. } => {
                let attributes = attributes.as_map().cloned().unwrap_or_default();
                Ok(Looked::There(crate::mark::mark_all(&attributes, &wanted.schema)))
            }
            Refreshed::Absent => Ok(Looked::Gone),
            Refreshed::Asleep(why) => {
                self.find(
                    Diagnostic::warning("asleep", format!("`{}` could not be read: {why}", wanted.address))
                        .detail("it is planned as it was last seen")
                        .about(&wanted.address),
                );
                Ok(Looked::There(current.attributes.clone()))
            }
            Refreshed::Unreadable(why) => {
                self.find_unread("unreadable", &wanted.address, &why);
                Err(GaveUp)
            }
            Refreshed::Ambiguous(ids) => {
                self.find(
                    Diagnostic::error("ambiguous", format!("several objects may be `{}`", wanted.address))
                        .detail(format!("their ids: {}", crate::words::list(&ids)))
                        .about(&wanted.address),
                );
                Err(GaveUp)
            }
        }
    }

    /// An object could not be read. Many that cannot for one reason are one finding.
    pub(crate) fn find_unread(&self, code: &'static str, address: &Address, why: &str) {
        let mut unread = self.unread.borrow_mut();
        let (place, all) = unread.entry((code, why.to_string())).or_insert_with(|| {
            self.find(Diagnostic::error(code, String::new()));
            (self.findings.borrow().len() - 1, Vec::new())
        });
        // Parts of a composite come one after another.
        if all.last() != Some(address) {
            all.push(address.clone());
        }
        self.findings.borrow_mut()[*place] = unread_finding(code, all, why);
    }
}

fn unread_finding(code: &'static str, all: &[Address], why: &str) -> Diagnostic {
    let which = match all {
        [first, second, _, ..] => format!("`{first}`, `{second}` and {} more", all.len() - 2),
        _ => crate::words::list(all.iter().map(Address::as_str)),
    };
    let finding = Diagnostic::error(code, format!("could not read {which}: {why}"));
    let finding = finding.help(match (code, all) {
        ("elsewhere", [one]) => format!(
            "nothing was changed; give it a provider that reaches it again, or have it deleted there and \
             made here with `--replace '{one}'`"
        ),
        ("elsewhere", _) => {
            let one = |address| format!("--replace '{address}'");
            let each = match all.len() <= MOST_NAMED {
                true => all.iter().map(one).collect::<Vec<_>>().join(" "),
                false => "--replace ADDRESS".to_string(),
            };
            format!(
                "nothing was changed; give them a provider that reaches them again, or have them deleted \
                 there and made here with `{each}`"
            )
        }
        _ => "nothing was changed; mend the cause and plan again".to_string(),
    });
    match all {
        [one] => finding.about(one),
        _ => finding,
    }
}
