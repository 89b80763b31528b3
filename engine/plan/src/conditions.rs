//! Conditions of resources and checks of the stack: judged now, or left to apply where they rest on
//! what only apply can tell.

use std::rc::Rc;

use aurak_expr::truthy;
use aurak_model::program::Lifecycle;
use aurak_model::{Address, Diagnostic, Value};

use crate::context::{Context, InstId};
use crate::resource::Decision;
use crate::scope::{ModuleScope, is_hidden};

impl Context {
    pub(crate) fn judge_conditions(
        self: &Rc<Self>,
        lifecycle: &Lifecycle,
        inst: InstId,
        mut scope: ModuleScope,
    ) {
        let instance = self.instance(inst);
        if matches!(instance.decision, Decision::Failed | Decision::Outside) {
            return;
        }
        for condition in &lifecycle.preconditions {
            self.judge(condition, &scope, Some(&instance.address), false);
        }
        // What they say is about the object that is to come, and that is not made yet.
        let replaced_later = self.replaced_later.borrow().contains(&instance.address);
        if !lifecycle.postconditions.is_empty() && !replaced_later {
            scope.this = Some(instance.planned.clone());
            for condition in &lifecycle.postconditions {
                self.judge(condition, &scope, Some(&instance.address), true);
            }
        }
    }

    /// Judges a condition now, or leaves it to apply.
    pub(crate) fn judge(
        &self,
        condition: &aurak_model::program::Condition,
        scope: &ModuleScope,
        address: Option<&Address>,
        after: bool,
    ) {
        let Ok(that) = self.evaluate(&condition.that, scope, None, address) else { return };
        match truthy(&that) {
            Some(true) => {}
            Some(false) => {
                // Where it has none, that was said, and is not all that is wrong.
                let message = self.evaluate(&condition.message, scope, None, address).unwrap_or(Value::Null);
                let bare = || {
                    let what = if address.is_some() { "a condition" } else { "a check" };
                    format!("{what} does not hold")
                };
                let (text, why) = match &message {
                    Value::String(text) => (text.to_string(), None),
                    value if is_hidden(value) => {
                        (bare(), Some("Its message is sensitive, so it is not shown."))
                    }
                    Value::Unknown(_) => (bare(), Some("Its message is only known after apply.")),
                    Value::Null => (bare(), None),
                    _ => (bare(), Some("Its message is no text.")),
                };
                let mut finding =
                    Diagnostic::error("condition", text).at(condition.that.span, "this is false");
                finding.detail = why.map(str::to_string);
                if let Some(address) = address {
                    finding = finding.about(address);
                }
                self.find(finding);
            }
            None => {
                let Ok(message) = self.evaluate(&condition.message, scope, None, address) else { return };
                if self.is_deferred(&that) {
                    let what = if address.is_some() { "this condition" } else { "this check" };
                    self.put_off.borrow_mut().push((condition.that.span, what.to_string()));
                }
                self.conditions.borrow_mut().push(aurak_model::plan::DeferredCondition {
                    address: address.cloned(),
                    after,
                    that,
                    message,
                    place: Some(self.place(condition.that.span)),
                });
            }
        }
    }
}
