//! A copy in memory.

use std::sync::Arc;

use crate::error::StoreError;
use crate::memory::{Content, MemoryStore};
use crate::sqlite::database::{Database, sql};
use crate::sqlite::read::{each, journal_texts, refuse, sealed, snapshot, text_at};
use crate::store::Store;

impl Database {
    pub(super) fn fork(&mut self) -> Result<Arc<dyn Store>, StoreError> {
        self.whole()?;
        let doing = "copy the state";
        let identity = self.identity();
        let transaction = snapshot(&mut self.connection)?;
        let doc = sealed(&transaction, &identity, &mut refuse)?;
        let journal = journal_texts(&transaction, 0, usize::MAX, &mut refuse)?;
        let journal = journal.into_iter().map(|(_, text)| text).collect();
        let mut parts = std::collections::BTreeMap::new();
        each(&transaction, "SELECT digest, bytes FROM parts", (), doing, |columns| {
            parts.insert(text_at(columns, 0)?, columns.get(1).map_err(sql(doing))?);
            Ok(())
        })?;
        let content = Content { identity, doc, journal, parts };
        Ok(Arc::new(MemoryStore::with_content(content, self.key.clone(), self.clock.clone())))
    }
}
