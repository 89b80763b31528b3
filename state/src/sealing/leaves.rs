//! Seals and opens the sensitive leaves of what is stored.
//!
//! The associated data of a leaf is `STORE SCOPE FIELD PATH`, parted by zero bytes; the scope is the
//! kind of thing and its name. A row has the same scope in the journal and among the rows, because
//! it is the same row. All fields are taken apart by name, so that a new one does not compile until
//! somebody has decided about it.

use std::sync::Arc;

use aurak_model::plan::RowPlan;
use aurak_model::record::{Intent, Object, Outcome, Pending, ProviderRow, Row, RowChange};
use aurak_model::snapshot::Override;
use aurak_model::{Path, Record, Secret, StateDoc, Value};

use crate::error::StoreError;
use crate::sealing::Key;

/// Which way: on the way in, or on the way out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Seal,
    Open,
}

/// Seals or opens everything of one store.
pub(crate) struct Sealer<'a> {
    pub(crate) store: &'a str,
    pub(crate) key: Option<&'a Key>,
    pub(crate) way: Way,
}

impl Sealer<'_> {
    /// Treats the leaves of a record.
    pub(crate) fn record(&self, record: &mut Record) -> Result<(), StoreError> {
        match record {
            Record::Begin(_)
            | Record::ProviderGone { .. }
            | Record::OverrideGone { .. }
            | Record::End { .. } => {}
            Record::Intent(intent) => self.intent(intent)?,
            Record::Waiting { key, handle } => self.handle(&key.0, handle)?,
            Record::Outcome(outcome) => {
                let Outcome { operation: _, step: _, key: _, rows, error: _, took: _, at_ms: _ } = outcome;
                for change in rows {
                    match change {
                        RowChange::Put(row) => self.shared_row(row)?,
                        RowChange::Remove(_) => {}
                    }
                }
            }
            Record::Provider(provider) => self.provider(provider)?,
            Record::Output { name, value } => {
                if let Some(value) = value {
                    self.output(name, value)?;
                }
            }
            Record::Override(over) => self.over(over)?,
        }
        Ok(())
    }

    /// Treats the leaves of a whole document.
    pub(crate) fn document(&self, doc: &mut StateDoc) -> Result<(), StoreError> {
        let StateDoc {
            id: _,
            stack: _,
            environment: _,
            serial: _,
            rows,
            providers,
            outputs,
            pending,
            overrides,
            durations: _,
        } = doc;
        for row in rows.values_mut() {
            self.shared_row(row)?;
        }
        for provider in providers.values_mut() {
            self.provider(provider)?;
        }
        for (name, value) in outputs {
            self.output(name, value)?;
        }
        for pending in pending {
            self.pending(pending)?;
        }
        for over in overrides {
            self.over(over)?;
        }
        Ok(())
    }

    /// Treats a row; one without sensitive leaves stays shared.
    pub(crate) fn shared_row(&self, row: &mut Arc<Row>) -> Result<(), StoreError> {
        match row_has_marks(row) {
            true => self.row(Arc::make_mut(row)),
            false => Ok(()),
        }
    }

    fn row(&self, row: &mut Row) -> Result<(), StoreError> {
        let Row {
            address,
            type_name: _,
            version: _,
            schema_version: _,
            provider: _,
            world: _,
            current,
            old,
            temporary,
            needs: _,
            lifecycle: _,
            place: _,
            replace_when,
        } = row;
        let scope = format!("row {address}");
        for (slot, object) in [("current", current), ("old", old), ("temporary", temporary)] {
            let Some(Object { id: _, desired, attributes, incomplete: _, since: _ }) = object else {
                continue;
            };
            self.value(&scope, &format!("{slot}.desired"), desired)?;
            self.value(&scope, &format!("{slot}.attributes"), attributes)?;
        }
        self.value(&scope, "replace_when", replace_when)
    }

    pub(crate) fn pending(&self, pending: &mut Pending) -> Result<(), StoreError> {
        let Pending { intent, handle } = pending;
        if let Some(handle) = handle {
            self.handle(&intent.key.0, handle)?;
        }
        self.intent(intent)
    }

    fn intent(&self, intent: &mut Intent) -> Result<(), StoreError> {
        let Intent {
            operation: _,
            step: _,
            key,
            address,
            type_name: _,
            slot: _,
            provider: _,
            call: _,
            id: _,
            natural_key: _,
            desired,
            row,
            takes: _,
            at_ms: _,
        } = intent;
        let scope = format!("intent {address} {}", key.0);
        self.value(&scope, "desired", desired)?;
        if let Some(RowPlan { needs: _, lifecycle: _, schema_version: _, place: _, replace_when }) = row {
            self.value(&scope, "replace_when", replace_when)?;
        }
        Ok(())
    }

    fn handle(&self, key: &str, handle: &mut Value) -> Result<(), StoreError> {
        self.value(&format!("waiting {key}"), "handle", handle)
    }

    pub(crate) fn provider(&self, provider: &mut ProviderRow) -> Result<(), StoreError> {
        let ProviderRow { address, type_name: _, config, needs: _ } = provider;
        self.value(&format!("provider {address}"), "config", config)
    }

    pub(crate) fn output(&self, name: &str, value: &mut Value) -> Result<(), StoreError> {
        self.value(&format!("output {name}"), "value", value)
    }

    pub(crate) fn over(&self, over: &mut Override) -> Result<(), StoreError> {
        let Override { address, path, value, who: _, why: _ } = over;
        self.value(&format!("override {address} {path}"), "value", value)
    }

    fn value(&self, scope: &str, field: &str, value: &mut Value) -> Result<(), StoreError> {
        if !value.has_marks() {
            return Ok(());
        }
        let Some(key) = self.key else {
            return match self.way {
                Way::Open => Ok(()),
                Way::Seal => self.without_key(scope, field, value),
            };
        };
        *value = value.map_leaves(&mut |path, leaf| {
            let Value::Sensitive(secret) = leaf else { return Ok(None) };
            let aad = format!("{}\0{scope}\0{field}\0{path}", self.store);
            let done = match (self.way, secret) {
                (Way::Seal, Secret::Plain(plain)) => key.seal(plain, &aad).map(|s| Some(Value::Sensitive(s))),
                // It stays as it is where it is in its place; elsewhere nobody could ever open it.
                (Way::Seal, Secret::Sealed(_)) => key.open(secret, &aad).map(|_| None),
                (Way::Open, _) => key.open(secret, &aad).map(Some),
            };
            done.map_err(|error| match error {
                StoreError::Unsealable { what: _, why } => {
                    StoreError::Unsealable { what: leaf_name(scope, field, path), why }
                }
                other => other,
            })
        })?;
        Ok(())
    }

    fn without_key(&self, scope: &str, field: &str, value: &Value) -> Result<(), StoreError> {
        let mut at: Option<Path> = None;
        value.map_leaves::<StoreError>(&mut |path, leaf| {
            if matches!(leaf, Value::Sensitive(_)) && at.is_none() {
                at = Some(path.clone());
            }
            Ok(None)
        })?;
        match at {
            // A value that is yet unknown is only a promise.
            None => Ok(()),
            Some(path) => Err(StoreError::KeyNeeded { what: leaf_name(scope, field, &path) }),
        }
    }
}

/// A leaf in messages: `password of row a (current.desired)`.
fn leaf_name(scope: &str, field: &str, path: &Path) -> String {
    match path.is_root() {
        true => format!("{field} of {scope}"),
        false => format!("`{path}` of {scope} ({field})"),
    }
}

/// Whether any leaf of a row is sensitive.
pub(crate) fn row_has_marks(row: &Row) -> bool {
    let marked = |object: &Option<Object>| {
        object.as_ref().is_some_and(|object| object.desired.has_marks() || object.attributes.has_marks())
    };
    marked(&row.current) || marked(&row.old) || marked(&row.temporary) || row.replace_when.has_marks()
}
