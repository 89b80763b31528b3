//! Which of the charts below a chart are there, and under which names.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use aurak_gotemplate::{Map, Value};

use crate::coalesce::Nulls;
use crate::values::{NoValue, path_value, table};
use crate::{Chart, Dependency, Error, Helm, Profile};

type Wanted = [Rc<RefCell<Dependency>>];

impl Helm<'_> {
    /// Takes out the charts that conditions and tags switch off, gives those with an alias their name,
    /// and imports values from charts into those above them, as `helm install` and `helm template` do
    /// before they render.
    ///
    /// # Errors
    ///
    /// If the values cannot be laid over each other.
    pub fn process_dependencies(&self, chart: &mut Chart, values: &Map) -> Result<(), Error> {
        self.enable(chart, values, "", &mut 0)?;
        self.import_values(chart, Nulls::Keep)
    }

    /// As [`process_dependencies`](Self::process_dependencies), but with nulls taken out of what is
    /// imported, as `helm lint` does.
    ///
    /// # Errors
    ///
    /// As [`process_dependencies`](Self::process_dependencies).
    pub fn process_dependencies_without_nulls(&self, chart: &mut Chart, values: &Map) -> Result<(), Error> {
        self.enable(chart, values, "", &mut 0)?;
        self.import_values(chart, Nulls::Remove)
    }

    fn enable(&self, chart: &mut Chart, values: &Map, path: &str, charts: &mut usize) -> Result<(), Error> {
        let Some(wanted) = chart.metadata.dependencies.clone() else { return Ok(()) };
        self.name_charts(chart, &wanted, charts)?;
        for one in &wanted {
            one.borrow_mut().enabled = true;
        }
        let values = self.coalesce(chart, values)?;
        self.apply_tags(&wanted, &values);
        self.apply_conditions(&wanted, &values, path);
        let off: BTreeSet<String> = wanted
            .iter()
            .map(|one| one.borrow())
            .filter(|one| !one.enabled)
            .map(|one| one.name.clone())
            .collect();
        chart.charts.retain(|below| !off.contains(below.name()));
        for below in &mut chart.charts {
            let path = format!("{path}{}.", below.name());
            self.enable(below, &values, &path, charts)?;
        }
        let left: Vec<_> = wanted.into_iter().filter(|one| !off.contains(&one.borrow().name)).collect();
        // An empty list is appended to nothing in Helm, and nothing it stays.
        chart.metadata.dependencies = (!left.is_empty()).then_some(left);
        Ok(())
    }

    /// Charts nobody asked for come first, then those of `Chart.yaml` in its order and by its names.
    fn name_charts(&self, chart: &mut Chart, wanted: &Wanted, charts_made: &mut usize) -> Result<(), Error> {
        let matches = |below: &Chart, one: &Dependency| {
            below.name() == one.name && self.versions.in_range(&one.version, &below.metadata.version)
        };
        let found = std::mem::take(&mut chart.charts);
        let mut charts: Vec<Chart> = Vec::new();
        for below in &found {
            if !wanted.iter().any(|one| matches(below, &one.borrow())) {
                charts.push(below.clone());
            }
        }
        let unasked = charts.len();
        for one in wanted {
            let mut one = one.borrow_mut();
            if let Some(below) = found.iter().find(|below| matches(below, &one)) {
                *charts_made += below.size();
                self.check_size(*charts_made)?;
                charts.push(self.named(below, &one.alias, &chart.path));
            }
            if !one.alias.is_empty() {
                one.name = one.alias.clone();
            }
        }
        for below in charts.iter_mut().take(unasked) {
            below.move_below(&chart.path);
        }
        chart.charts = charts;
        Ok(())
    }

    /// A chart under many names, of charts under many names, would be more than there is memory.
    fn check_size(&self, charts: usize) -> Result<(), Error> {
        if charts > self.limits.charts.saturating_mul(self.limits.chart_depth) {
            return Err(Error::limit("too many charts under too many names"));
        }
        Ok(())
    }

    /// A copy of a chart under another name. What is below it stays where it was in Helm 3; in Helm 4
    /// the charts directly below come along, and those below them do not.
    fn named(&self, chart: &Chart, alias: &str, parent: &str) -> Chart {
        let mut copy = chart.clone();
        if !alias.is_empty() {
            alias.clone_into(&mut copy.metadata.name);
        }
        copy.path = format!("{parent}/charts/{}", copy.name());
        if self.profile == Profile::Helm4 {
            copy.metadata.dependencies = copy
                .metadata
                .dependencies
                .map(|all| all.iter().map(|one| Rc::new(RefCell::new(one.borrow().clone()))).collect());
            for below in &mut copy.charts {
                below.path = format!("{}/charts/{}", copy.path, below.name());
            }
        }
        copy
    }

    /// Any tag that is true switches on; only tags that are false switch off.
    fn apply_tags(&self, wanted: &Wanted, values: &Map) {
        let Ok(tags) = table(values, "tags") else { return };
        for one in wanted {
            let mut one = one.borrow_mut();
            let (mut on, mut off) = (false, false);
            for tag in &one.tags {
                match tags.get(tag) {
                    None => {}
                    Some(Value::Bool(flag)) => {
                        on |= flag;
                        off |= !flag;
                    }
                    Some(_) => self
                        .warn(format!("Warning: Tag '{tag}' for chart {} returned non-bool value", one.name)),
                }
            }
            one.enabled = on || !off;
        }
    }

    /// The first condition that is a bool decides, whatever the tags said.
    fn apply_conditions(&self, wanted: &Wanted, values: &Map, path: &str) {
        for one in wanted {
            let mut one = one.borrow_mut();
            let conditions = one.condition.clone();
            for condition in conditions.trim().split(',').filter(|condition| !condition.is_empty()) {
                match path_value(values, &format!("{path}{condition}")) {
                    Ok(Value::Bool(flag)) => {
                        one.enabled = flag;
                        break;
                    }
                    Ok(_) => self.warn(format!(
                        "Warning: Condition path '{condition}' for chart {} returned non-bool value",
                        one.name
                    )),
                    Err(NoValue) => {}
                }
            }
        }
    }
}
