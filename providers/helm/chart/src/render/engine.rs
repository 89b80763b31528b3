//! Parsing all templates of a tree of charts into one set, and executing them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use aurak_gotemplate::{Map, MissingKey, Spent, Templates, Value};

use super::failure::Failure;
use super::functions::{functions, without_no_value};
use super::{Request, scope};
use crate::path::base;
use crate::{Chart, Error, Helm};

/// The texts of all templates that are no partials, by their paths.
pub(super) fn render(
    helm: &Helm<'_>,
    chart: &Chart,
    values: &Map,
    request: &Request,
) -> Result<BTreeMap<String, String>, Error> {
    let found = scope::templates(chart, values, request, helm.profile);
    let mut set = Templates::new("gotpl")
        .functions(functions(request, helm.profile))
        .missing_key(MissingKey::Zero)
        .limits(helm.template_limits.clone());
    // Deeper files come first, so that what charts above define takes the place of what those below do.
    let mut order: Vec<&String> = found.keys().collect();
    order.sort_by_key(|path| Reverse((path.matches('/').count(), *path)));
    for path in &order {
        if let Some(one) = found.get(*path) {
            set.parse(path.as_str(), &one.text).map_err(|error| Failure::parse(path, &error))?;
        }
    }
    let mut rendered = BTreeMap::new();
    let mut spent = Spent::default();
    for path in order {
        let Some(one) = found.get(path).filter(|_| !base(path).starts_with('_')) else { continue };
        let template: Map =
            [("Name", Value::str(path.as_str())), ("BasePath", Value::str(one.base_path.as_str()))]
                .into_iter()
                .collect();
        let template = template.with_type(scope::values_type(helm.profile));
        crate::values::put(&one.root, "Template", Value::Map(template))?;
        let text = set
            .execute_spending(path, &Value::Map(one.root.clone()), &mut spent)
            .map_err(|error| Failure::execution(&error, helm.profile))?;
        rendered.insert(path.clone(), without_no_value(text).lossy().into_owned());
    }
    Ok(rendered)
}
