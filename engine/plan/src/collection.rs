//! Which listing holds a resource.

use aurak_expr::Template;
use aurak_model::{Name, TypeSchema, Value};

use crate::scope::RuleScope;

/// The collection that lists an object, by its type's rule; `None` where the type has none or the
/// attributes do not tell.
pub fn collection_of(schema: &TypeSchema, attributes: &Value) -> Option<Name> {
    let rule = schema.collection.as_deref()?;
    let template = Template::expression(rule).ok()?;
    let scope = RuleScope { this: attributes };
    match template.evaluate(&scope).ok()?.value {
        Value::String(text) => Some(text),
        _ => None,
    }
}
