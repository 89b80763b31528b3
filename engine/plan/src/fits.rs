//! What a type says must hold for the attributes of a resource.
//!
//! Looked at as far as it can be told now. What hangs on something that only apply can tell is for
//! the provider to refuse.

use aurak_expr::{Template, truthy};
use aurak_model::{Address, Diagnostic, Node, TypeSchema, Value};

use crate::context::{Context, GaveUp};
use crate::evaluate::descend;
use crate::scope::RuleScope;

impl Context {
    /// Says which checks of the type do not hold, each at the attribute that is wrong.
    pub(crate) fn check_attributes(
        &self,
        schema: &TypeSchema,
        desired: &Value,
        node: Option<&Node>,
        address: &Address,
    ) -> Result<(), GaveUp> {
        let mut failed = false;
        for check in &schema.checks {
            let evaluated = Template::expression(&check.that)
                .and_then(|text| text.evaluate(&RuleScope { this: desired }));
            let path = &check.at;
            let finding = match evaluated {
                Ok(evaluated) if truthy(&evaluated.value) == Some(false) => {
                    let summary = format!("`{path}` of `{address}` does not fit");
                    let finding = Diagnostic::error("attribute", summary);
                    match node {
                        Some(node) => finding.at(descend(node, path).span, check.message.clone()),
                        None => finding.detail(check.message.clone()),
                    }
                }
                Ok(_) => continue,
                Err(error) => {
                    let finding = Diagnostic::error(
                        "type_rule",
                        format!("could not check `{path}` of `{address}`: {error}"),
                    )
                    .detail(format!("`{}` in the type {} does not work", check.that, schema.name));
                    match node {
                        Some(node) => finding.at(descend(node, path).span, "this was to be checked"),
                        None => finding,
                    }
                }
            };
            self.find(finding.about(address));
            failed = true;
        }
        if failed { Err(GaveUp) } else { Ok(()) }
    }
}
