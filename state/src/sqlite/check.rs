//! What can be wrong with the database, before what can be wrong with the state.

use aurak_model::{Diagnostic, Record};

use crate::check::{check, damage, way_back};
use crate::error::StoreError;
use crate::sqlite::FILE;
use crate::sqlite::database::{Database, sql};
use crate::sqlite::parts::sealed_part;
use crate::sqlite::read::{each, each_record, sealed, snapshot, text_at};

impl Database {
    pub(super) fn check(&mut self) -> Result<Vec<Diagnostic>, StoreError> {
        let identity = self.identity();
        let key = self.key.clone();
        let loss = self.loss();
        let file = self.dir().join(FILE);
        let transaction = snapshot(&mut self.connection)?;
        let mut findings = Vec::new();
        if let Some(loss) = loss {
            findings.push(
                Diagnostic::error("log_missing", loss.to_string()).help(loss.help().unwrap_or_default()),
            );
        }
        let doing = "check the database";
        each(&transaction, "PRAGMA integrity_check(20)", (), doing, |columns| {
            let line = text_at(columns, 0)?;
            if line != "ok" {
                findings.push(damage(format!("the database file is damaged: {line}")));
            }
            Ok(())
        })?;
        // The heads are for queries; they must say what the bodies say.
        let text = "SELECT address FROM rows
                    WHERE address IS NOT body ->> '$.address' OR version IS NOT body ->> '$.version'
                       OR type IS NOT body ->> '$.type' OR provider IS NOT body ->> '$.provider'
                       OR id IS NOT body ->> '$.current.id'";
        each(&transaction, text, (), doing, |columns| {
            let address = text_at(columns, 0)?;
            findings
                .push(damage(format!("the columns of the row of `{address}` are not what its body says")));
            Ok(())
        })?;
        // What cannot be read at all ends here, as a finding: the command is there to say so.
        let mut told = Vec::new();
        let mut report = |what| {
            told.push(damage(what));
            Ok(())
        };
        let checked = sealed(&transaction, &identity, &mut report).and_then(|doc| {
            let journal =
                |record: &mut dyn FnMut(u64, Record)| each_record(&transaction, &mut report, record);
            check(&identity, key.as_deref(), &doc, journal, |digest| sealed_part(&transaction, digest))
        });
        findings.append(&mut told);
        match checked {
            Ok(more) => findings.extend(more),
            Err(error @ StoreError::Database { doing: _, source: _ }) => findings.push(
                damage(error.to_string())
                    .detail(std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default()),
            ),
            Err(StoreError::Damaged { what }) => findings.push(damage(what)),
            Err(other) => return Err(other),
        }
        transaction.finish().map_err(sql(doing))?;
        way_back(&mut findings, &file);
        Ok(findings)
    }
}
