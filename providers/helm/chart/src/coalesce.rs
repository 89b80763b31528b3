//! The values of a tree of charts: the user's over the parent's over each chart's own.
//!
//! Nulls are the hard part. A user's null takes a default away; when values are only merged, for
//! imports, nulls stay; and Helm 4 takes nulls out of defaults that Helm 3 leaves in.

use aurak_gotemplate::{Map, Value, fmt};

use crate::error::quoted;
use crate::values::{deep_copy, put};
use crate::{Chart, Error, Helm, Profile};

/// What becomes of nulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// They take away what they cover.
    Remove,
    /// They stay.
    Keep,
}

const GLOBAL: &str = "global";

impl Helm<'_> {
    /// The values a chart is rendered with: those of charts below it are under their names, and globals
    /// are in each. What is given stays as it is.
    ///
    /// # Errors
    ///
    /// If there is something else than a map where the values of a chart should be.
    pub fn coalesce(&self, chart: &Chart, values: &Map) -> Result<Map, Error> {
        let values = deep_copy(values, &self.limits)?;
        self.coalesce_chart(chart, &values, "", Nulls::Remove)?;
        Ok(values)
    }

    /// As [`coalesce`](Self::coalesce), but nulls stay what they are.
    ///
    /// # Errors
    ///
    /// As [`coalesce`](Self::coalesce).
    pub fn merge_values(&self, chart: &Chart, values: &Map) -> Result<Map, Error> {
        let values = deep_copy(values, &self.limits)?;
        self.coalesce_chart(chart, &values, "", Nulls::Keep)?;
        Ok(values)
    }

    fn coalesce_chart(&self, chart: &Chart, values: &Map, prefix: &str, nulls: Nulls) -> Result<(), Error> {
        let prefix = join(prefix, chart.name());
        self.coalesce_defaults(chart, values, &prefix, nulls)?;
        for below in &chart.charts {
            let name = below.name();
            let inner = match values.get(name) {
                None => {
                    let inner = Map::new();
                    put(values, name, Value::Map(inner.clone()))?;
                    inner
                }
                Some(Value::Map(inner)) => inner,
                Some(other) => {
                    return Err(Error::refused(print("type mismatch on %s: %t", &[Value::str(name), other])));
                }
            };
            self.coalesce_globals(&inner, values, &prefix)?;
            self.coalesce_chart(below, &inner, &prefix, nulls)?;
        }
        Ok(())
    }

    /// Lays the values over the chart's own.
    fn coalesce_defaults(
        &self,
        chart: &Chart,
        values: &Map,
        prefix: &str,
        nulls: Nulls,
    ) -> Result<(), Error> {
        let clean = self.profile == Profile::Helm4;
        for (key, default) in deep_copy(&chart.values, &self.limits)?.entries() {
            match values.get(&key) {
                Some(Value::Nil) if nulls == Nulls::Remove => {
                    values.remove(&key);
                }
                Some(Value::Map(over)) => match default {
                    Value::Map(default) => {
                        let is_chart = chart.charts.iter().any(|below| key == *below.name());
                        let nulls = if is_chart { Nulls::Keep } else { nulls };
                        if clean && nulls == Nulls::Remove {
                            remove_nulls(&default);
                        }
                        self.coalesce_tables(&over, &default, &join(prefix, &key.lossy()), nulls)?;
                    }
                    Value::Nil => {}
                    _ => self.warn(format!("warning: skipped value for {prefix}.{key}: Not a table.")),
                },
                Some(_) => {}
                None => {
                    if clean && nulls == Nulls::Remove {
                        match &default {
                            Value::Nil => continue,
                            Value::Map(map) => remove_nulls(map),
                            _ => {}
                        }
                    }
                    put(values, key, default)?;
                }
            }
        }
        Ok(())
    }

    /// Gives the globals of a chart to one below it; those of above win.
    fn coalesce_globals(&self, below: &Map, above: &Map, prefix: &str) -> Result<(), Error> {
        let inner = match below.get(GLOBAL) {
            None => Map::new(),
            Some(Value::Map(map)) => map,
            Some(_) => {
                self.warn("warning: skipping globals because destination global is not a table.");
                return Ok(());
            }
        };
        let outer = match above.get(GLOBAL) {
            None => Map::new(),
            Some(Value::Map(map)) => map,
            Some(_) => {
                self.warn("warning: skipping globals because source global is not a table.");
                return Ok(());
            }
        };
        for (key, value) in outer.entries() {
            match (value, inner.get(&key)) {
                (Value::Map(map), None) => put(&inner, key, Value::Map(shallow_copy(&map)))?,
                (Value::Map(map), Some(Value::Map(own))) => {
                    let map = shallow_copy(&map);
                    self.coalesce_tables(&map, &own, &join(prefix, &key.lossy()), Nulls::Keep)?;
                    put(&inner, key, Value::Map(map))?;
                }
                (Value::Map(_), Some(_)) => self.warn(format!(
                    "Conflict: cannot merge map onto non-map for {}. Skipping.",
                    quoted(&key.lossy())
                )),
                (_, Some(Value::Map(_))) => self.warn(format!("key {key} is table. Skipping")),
                (value, _) => put(&inner, key, value)?,
            }
        }
        put(below, GLOBAL, Value::Map(inner))
    }

    /// Lays one map over another, into the upper one. The lower one gets the nulls of the upper one, and
    /// maps that only it has are shared afterwards.
    pub(crate) fn coalesce_tables(
        &self,
        over: &Map,
        below: &Map,
        prefix: &str,
        nulls: Nulls,
    ) -> Result<(), Error> {
        Layering { helm: self, nulls, steps: 0 }.tables(over, below, prefix, 0)
    }
}

struct Layering<'h> {
    helm: &'h Helm<'h>,
    nulls: Nulls,
    steps: usize,
}

impl Layering<'_> {
    fn tables(&mut self, over: &Map, below: &Map, prefix: &str, depth: usize) -> Result<(), Error> {
        // Imports can put a map into itself; Helm then goes on until its stack ends.
        let limits = &self.helm.limits;
        self.steps += over.len() + below.len() + 1;
        if depth > limits.value_depth || self.steps > limits.value_nodes {
            return Err(Error::limit("values are too deep or too many"));
        }
        let had: Vec<_> =
            below.entries().into_iter().filter(|(_, value)| !value.is_nil()).map(|(key, _)| key).collect();
        for (key, value) in over.entries() {
            if value.is_nil() {
                put(below, key, Value::Nil)?;
            }
        }
        for (key, value) in below.entries() {
            let name = || join(prefix, &key.lossy());
            match (over.get(&key), value) {
                (Some(Value::Nil), _) if self.nulls == Nulls::Remove && had.binary_search(&key).is_ok() => {
                    over.remove(&key);
                }
                (None, value) => put(over, key, value)?,
                (Some(Value::Map(over)), Value::Map(below)) => {
                    self.tables(&over, &below, &name(), depth + 1)?
                }
                (Some(_), value @ Value::Map(_)) => self.helm.warn(print(
                    "warning: cannot overwrite table with non table for %s (%v)",
                    &[Value::str(name()), value],
                )),
                (Some(Value::Map(_)), value) if !value.is_nil() => self.helm.warn(print(
                    "warning: destination for %s is a table. Ignoring non-table value (%v)",
                    &[Value::str(name()), value],
                )),
                (Some(_), _) => {}
            }
        }
        Ok(())
    }
}

/// A name below a path of names.
fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// What Go would print; a value too large to print is left out of a message.
fn print(format: &str, arguments: &[Value]) -> String {
    const LONGEST: usize = 1 << 16;
    match fmt::sprintf_within(LONGEST, format.as_bytes(), arguments) {
        Ok(text) => text.lossy().into_owned(),
        Err(_) => format.to_owned(),
    }
}

fn shallow_copy(map: &Map) -> Map {
    map.entries().into_iter().collect()
}

fn remove_nulls(map: &Map) {
    for (key, value) in map.entries() {
        match value {
            Value::Nil => {
                map.remove(&key);
            }
            Value::Map(inner) => remove_nulls(&inner),
            _ => {}
        }
    }
}
