//! What a provider's errors are to a person: what it answered, whether anything was changed, what
//! to do.

use aurak_api::{Class, Effect, ProviderError};
use aurak_model::{Address, in_yaml};

use crate::error::Failure;

/// An error that ends a step.
pub(crate) fn refusal(error: &ProviderError) -> Failure {
    let code = match error.class {
        Class::Transient { .. } => "unavailable",
        Class::Conflict => "conflict",
        Class::Exists { .. } => "exists",
        Class::Gone => "gone",
        Class::Permanent => "refused",
    };
    let mut answer = Vec::new();
    let untold = error.status.as_ref().filter(|status| !error.message.contains(&***status));
    answer.extend(untold.map(|status| format!("the answer was {status}")));
    answer.extend(error.code.as_ref().map(|code| format!("code {code}")));
    let answer = answer.join(", ");
    let effect = match &error.effect {
        Effect::None => "nothing was changed".to_string(),
        Effect::Untold => "what it did before it failed is not known".to_string(),
        Effect::Unknown => "it may have taken effect".to_string(),
        Effect::Partial(applied) => format!("an incomplete object `{}` is there now", applied.id),
    };
    let detail = if answer.is_empty() { effect } else { format!("{answer}; {effect}") };
    let (message, detail) = match error.message.split_once('\n') {
        Some((first, more)) => (first, format!("{more}\n{detail}")),
        None => (error.message.as_str(), detail),
    };
    let failure = Failure::new(code, message).detail(detail);
    match (&error.help, &error.class) {
        (Some(help), _) => failure.help(help.clone()),
        (None, Class::Gone) => failure.help("make the plan again: it will create the object anew"),
        (None, Class::Transient { .. } | Class::Conflict) => failure.help("run the command again"),
        (None, Class::Exists { .. } | Class::Permanent) => failure,
    }
}

/// A create found its object already there, in no state of ours.
pub(crate) fn exists(address: &Address, id: &str, error: &ProviderError) -> Failure {
    let id_text = serde_json::to_string(id).unwrap_or_else(|_| id.to_string());
    Failure { help: None, ..refusal(error) }.help(format!(
        "to take it over, add this to the stack, or set `lifecycle: {{ adopt: true }}`:\n\
         imports: [{{ to: {}, id: {id_text} }}]",
        in_yaml(address.as_str())
    ))
}

/// What is to be made has another address already.
pub(crate) fn same(address: &Address, type_name: &str, of: &Address) -> Failure {
    Failure::new("exists", format!("`{address}` would be the same {type_name} as `{of}`"))
        .detail("their names turned out to be the same; nothing was changed")
        .help(format!(
            "keep one of them, or tell them apart by their names; if `{of}` lets go of that name, run the command \
             again"
        ))
}

/// What is to be made is there, and belongs to the address that it is made for.
pub(crate) fn its_own(address: &Address) -> Failure {
    Failure::new("exists", format!("the new `{address}` would have the name of the one that is there"))
        .detail("their names turned out to be the same; nothing was changed")
        .help("run the command again: the name is known by now")
}

/// Nobody but a person can tell whether a create took effect.
pub(crate) fn question(address: &Address, why: &str) -> Failure {
    Failure::new("unanswered", format!("it is not known whether the object was made: {why}"))
        .detail("it will not be made a second time before this is settled")
        .help(question_help(address))
}

/// How a person settles it. Nothing is imported to where an older object still is.
pub(crate) fn question_help(address: &Address) -> String {
    format!(
        "look for it at the service; if it is there, add `imports: [{{ to: {}, id: ... }}]` to the stack, or \
         delete it if it was to replace another. Then drop the attempt with `aurak state rm --attempt \
         '{address}'` and run the command again",
        in_yaml(address.as_str())
    )
}

/// It could not be found out for now.
pub(crate) fn cannot_tell(why: &str) -> Failure {
    Failure::new("unanswered", format!("it could not be found out whether the object was made: {why}"))
        .detail("the attempt is in the journal; it will not be made a second time blindly")
        .help("run the command again: it looks for the object first")
}
