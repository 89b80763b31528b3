//! Conditions that only apply can judge: before or after the steps of the resource that they belong
//! to; those of the stack, and of resources that have no step, at the end.

use std::collections::{HashMap, HashSet};

use aurak_expr::truthy;
use aurak_model::plan::{DeferredCondition, Plan, Work};
use aurak_model::{Address, Slot, Value};

use crate::error::Failure;
use crate::resolve::{Resolver, Unresolved};

/// The conditions of a plan by when they are judged.
pub(crate) struct Conditions<'a> {
    pub(crate) before: HashMap<&'a Address, Vec<&'a DeferredCondition>>,
    pub(crate) after: HashMap<&'a Address, Vec<&'a DeferredCondition>>,
    pub(crate) last: Vec<&'a DeferredCondition>,
}

impl<'a> Conditions<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Conditions<'a> {
        let mut conditions = Conditions { before: HashMap::new(), after: HashMap::new(), last: Vec::new() };
        if plan.conditions.is_empty() {
            return conditions;
        }
        let made: HashSet<&Address> =
            plan.steps.iter().filter(|step| makes(&step.work, step.slot)).map(|step| &step.address).collect();
        for condition in &plan.conditions {
            match &condition.address {
                Some(address) if made.contains(address) => {
                    let when = if condition.after { &mut conditions.after } else { &mut conditions.before };
                    when.entry(address).or_default().push(condition);
                }
                _ => conditions.last.push(condition),
            }
        }
        conditions
    }
}

/// Whether a step brings a resource to what the configuration says.
pub(crate) fn makes(work: &Work, slot: Slot) -> bool {
    slot == Slot::Current
        && match work {
            Work::Create { .. } | Work::Update { .. } | Work::Record { .. } | Work::Read { .. } => true,
            Work::Delete { .. } | Work::Forget | Work::Invoke { .. } | Work::Wait { .. } | Work::Join => {
                false
            }
        }
}

/// Judges a condition. One that hangs on what the next plan makes is left to that plan.
pub(crate) fn judge(resolver: &mut Resolver<'_>, condition: &DeferredCondition) -> Result<(), Unresolved> {
    let at = named(resolver, condition);
    let failed = |failure: Failure| Err(Unresolved::Failed(failure));
    let that = match resolver.resolve(&condition.that) {
        Ok(that) => that,
        Err(Unresolved::Deferred(_)) => return Ok(()),
        Err(read @ Unresolved::Read(_)) => return Err(read),
        Err(Unresolved::Failed(failure)) => {
            let message = format!("{at} could not be judged: {}", failure.message);
            return failed(Failure { message, ..failure });
        }
    };
    match truthy(&that) {
        Some(true) => Ok(()),
        Some(false) => {
            // A message that cannot be made must not hide what it is about.
            let message = match resolver.resolve(&condition.message) {
                Ok(Value::String(text)) => text.to_string(),
                Ok(Value::Sensitive(_)) => "its message is sensitive, so it is not shown".to_string(),
                Ok(_) => "its message is no text".to_string(),
                Err(Unresolved::Failed(failure)) => {
                    format!("its message could not be worked out: {}", failure.message)
                }
                Err(_) => "its message is not known".to_string(),
            };
            failed(Failure::new("condition", message).detail(format!("{at} does not hold")))
        }
        None => {
            failed(Failure::new("condition", format!("{at} could not be judged: its value is not known")))
        }
    }
}

/// A condition for a person: its source, as far as a line of text goes, and its place.
fn named(resolver: &Resolver<'_>, condition: &DeferredCondition) -> String {
    /// Longer ones are looked up at their place.
    const SHOWN: usize = 80;
    let source = resolver
        .expression(&condition.that)
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let source = match source {
        Some(text) if text.chars().count() <= SHOWN => format!(" `{text}`"),
        _ => String::new(),
    };
    match &condition.place {
        Some(place) => format!("the condition{source} at {place}"),
        None => format!("the condition{source}"),
    }
}
