//! `import-values`: values of a chart that its parent takes over, below its own.

use aurak_gotemplate::{Map, Value, fmt};
use aurak_goyaml::Value as Yaml;

use crate::coalesce::Nulls;
use crate::values::{deep_copy, from_yaml, put, table};
use crate::{Chart, Error, Helm};

impl Helm<'_> {
    /// Imports into all charts of a tree, those below first.
    pub(crate) fn import_values(&self, chart: &mut Chart, nulls: Nulls) -> Result<(), Error> {
        for below in &mut chart.charts {
            self.import_values(below, nulls)?;
        }
        self.import_into(chart, nulls)
    }

    fn import_into(&self, chart: &mut Chart, nulls: Nulls) -> Result<(), Error> {
        let Some(wanted) = chart.metadata.dependencies.clone() else { return Ok(()) };
        let values = match nulls {
            Nulls::Keep => self.merge_values(chart, &Map::new())?,
            Nulls::Remove => self.coalesce(chart, &Map::new())?,
        };
        let imported = Map::new();
        for one in &wanted {
            let mut one = one.borrow_mut();
            // Helm keeps what it imported in a form it does not import again.
            for import in std::mem::take(&mut one.import_values) {
                let (child, parent, place) = match &import {
                    Yaml::String(name) => (format!("exports.{name}"), ".".to_owned(), String::new()),
                    Yaml::Map(map) => {
                        let text = |key: &str| shown(map.get(key).cloned().unwrap_or_default());
                        (text("child"), text("parent"), format!(" from chart {}", one.name))
                    }
                    _ => continue,
                };
                one.imported.push((child.clone(), parent.clone()));
                match table(&values, &format!("{}.{child}", one.name)) {
                    Err(error) => self.warn(format!("Warning: ImportValues missing table{place}: {error}")),
                    Ok(table) => {
                        let below = self.under(&parent, &table)?;
                        self.coalesce_tables(&imported, &below, "", nulls)?;
                    }
                }
            }
        }
        // The parent's own values are worth more than what it imports. The copy also finds maps that were
        // imported into themselves, where Helm goes on until its stack ends.
        let values = match nulls {
            Nulls::Keep => deep_copy(&values, &self.limits)?,
            Nulls::Remove => without_nulls(&deep_copy(&values, &self.limits)?),
        };
        let imported_copy = deep_copy(&imported, &self.limits)?;
        self.coalesce_tables(&values, &imported_copy, "", nulls)?;
        chart.values = values;
        Ok(())
    }

    /// A map with the table under a path; the path `.` is the table itself.
    fn under(&self, path: &str, values: &Map) -> Result<Map, Error> {
        if path == "." {
            return Ok(values.clone());
        }
        if path.split('.').count() > self.limits.value_depth {
            return Err(Error::limit(format!("values are more than {} deep", self.limits.value_depth)));
        }
        let mut at = values.clone();
        for part in path.rsplit('.') {
            let above = Map::new();
            put(&above, part, Value::Map(at))?;
            at = above;
        }
        Ok(at)
    }
}

/// What `%v` prints.
fn shown(value: Yaml) -> String {
    const LONGEST: usize = 1 << 16;
    match fmt::sprintf_within(LONGEST, b"%v", &[from_yaml(value)]) {
        Ok(text) => text.lossy().into_owned(),
        Err(_) => String::new(),
    }
}

fn without_nulls(map: &Map) -> Map {
    map.entries()
        .into_iter()
        .filter(|(_, value)| !value.is_nil())
        .map(|(key, value)| match value {
            Value::Map(inner) => (key, Value::Map(without_nulls(&inner))),
            other => (key, other),
        })
        .collect()
}
