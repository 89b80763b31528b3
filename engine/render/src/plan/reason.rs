//! Reasons in words.

use aurak_model::{Action, Change, Reason};

use crate::text::clean;

/// Why, for the reader of a plan. Reasons that the rest of the change says already are `obvious`
/// and only shown with every detail.
pub(super) fn why(change: &Change, all: bool) -> String {
    let mut out: Vec<String> = Vec::new();
    for reason in &change.reasons {
        if all || !is_obvious(reason, change) {
            out.push(words(reason, change.place.as_deref()));
        }
    }
    out.join("; ")
}

fn is_obvious(reason: &Reason, change: &Change) -> bool {
    match reason {
        Reason::NotYetThere | Reason::ConfigurationChanged | Reason::Bookkeeping | Reason::Destroy => true,
        // The section on drift says it.
        Reason::ChangedOutside => change.action == Action::Update,
        Reason::ObjectGone => change.action == Action::Create,
        Reason::ImmutableAttribute { .. }
        | Reason::ImmutableNeeds { .. }
        | Reason::TypeChanged { .. }
        | Reason::WithinReplaced { .. }
        | Reason::ReplaceWhen
        | Reason::Requested
        | Reason::Incomplete { .. }
        | Reason::NotInConfiguration
        | Reason::WhenFalse
        | Reason::KeyGone
        | Reason::LeftOver { .. }
        | Reason::LeftOfRotation
        | Reason::DeletedWith { .. }
        | Reason::Retained
        | Reason::Adopted { .. }
        | Reason::Overridden { .. }
        | Reason::PlannedOffline { .. } => false,
    }
}

/// A reason in words; `place` is where the block stands or last stood.
pub(crate) fn words(reason: &Reason, place: Option<&str>) -> String {
    let was = |words: &str| match place {
        Some(place) => format!("{words}; it was at {}", clean(place)),
        None => words.to_string(),
    };
    match reason {
        Reason::NotYetThere => "it is new in the stack".to_string(),
        Reason::ObjectGone => "it is in the state, but no longer there".to_string(),
        Reason::ConfigurationChanged => "its configuration changed".to_string(),
        Reason::ChangedOutside => "it was changed outside aurak and is set back".to_string(),
        Reason::ImmutableAttribute { path } => format!("{} cannot be changed", clean(&path.to_string())),
        Reason::ImmutableNeeds { path, needs } => format!(
            "{} cannot be changed, and {} will give it another value",
            clean(&path.to_string()),
            clean(needs.as_str())
        ),
        Reason::TypeChanged { before } => format!("it was a {before} until now"),
        Reason::WithinReplaced { within } => {
            format!("it lives in {}, which is made anew", clean(within.as_str()))
        }
        Reason::ReplaceWhen => "a value of its replace_when changed".to_string(),
        Reason::Requested => "asked for with --replace".to_string(),
        Reason::Incomplete { why } => format!("an earlier run did not finish making it: {}", clean(why)),
        Reason::NotInConfiguration => was("no longer in the stack"),
        Reason::WhenFalse => "its `when` is false now".to_string(),
        Reason::KeyGone => "its key is no longer in for_each".to_string(),
        Reason::Destroy => "everything is to go".to_string(),
        Reason::LeftOver { id } => format!("a replacement left {} behind", clean(id)),
        Reason::LeftOfRotation => "the temporary object of a rotation that was cut off".to_string(),
        Reason::DeletedWith { parent } => format!("it goes with {}", clean(parent.as_str())),
        Reason::Retained => "lifecycle.retain keeps it when it leaves the stack".to_string(),
        Reason::Adopted { id } => format!("it is there already as {}", clean(id)),
        Reason::Overridden { path, who } => {
            format!("{} is overridden by {}", clean(&path.to_string()), clean(who))
        }
        Reason::Bookkeeping => "only its row in the state is brought up to date".to_string(),
        Reason::PlannedOffline { why } => format!("planned without asking the service: {}", clean(why)),
    }
}
