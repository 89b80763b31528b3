//! What is deleted, as what lives in it knows it: by an attribute that its type says it lives in, or by
//! what it requires of what is provided there.

use std::collections::HashMap;

use aurak_expr::Template;
use aurak_model::{Address, Name, ProviderAddress, TypeSchema, Value};

use crate::scope::RuleScope;

/// Objects that go.
#[derive(Default)]
pub struct Going {
    /// By ids, as services compare them.
    ids: HashMap<String, Address>,
    /// By what they provide, and to whom.
    marks: HashMap<(ProviderAddress, Name), Address>,
}

/// What goes that an object lives in, and what says so.
pub struct Around {
    /// It.
    pub address: Address,
    /// A clause.
    pub why: String,
}

impl Going {
    /// One more: its id and attributes, its type where that is known, and by whom it was made.
    pub fn add(
        &mut self,
        (address, by): (&Address, &ProviderAddress),
        schema: Option<&TypeSchema>,
        id: &str,
        live: &Value,
    ) {
        self.ids.insert(id.to_lowercase(), address.clone());
        for mark in marks(schema.map_or(&[], |schema| &schema.provides), live) {
            self.marks.insert((by.clone(), mark), address.clone());
        }
    }

    /// Whether nothing goes.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// What goes that has an id.
    pub fn named(&self, id: &str) -> Option<&Address> {
        self.ids.get(&id.to_lowercase())
    }

    /// What an object with these attributes lives in, leaving out what remains: by its address, and by
    /// what it provides where that is what tells.
    pub fn around(
        &self,
        schema: &TypeSchema,
        (own, by): (&Address, &ProviderAddress),
        attributes: &Value,
        remains: impl Fn(&Address, Option<&Name>) -> bool,
    ) -> Option<Around> {
        let by_id = schema.within.iter().find_map(|path| {
            let id = attributes.at(path)?.reveal();
            let address = self.ids.get(&id.as_str()?.to_lowercase())?.clone();
            (!remains(&address, None))
                .then(|| Around { address, why: format!("its `{path}` is the id of what goes") })
        });
        by_id.or_else(|| {
            marks(&schema.requires, attributes).into_iter().find_map(|mark| {
                let address = self.marks.get(&(by.clone(), mark.clone()))?.clone();
                let goes = address != *own && !remains(&address, Some(&mark));
                goes.then(|| Around { address, why: format!("it requires `{mark}`, which goes with that") })
            })
        })
    }
}

/// What rules of a type say of an object, where it is known.
pub(crate) fn marks(rules: &[String], this: &Value) -> Vec<Name> {
    let mark = |rule: &String| {
        let template = Template::expression(rule).ok()?;
        match template.evaluate(&RuleScope { this }).ok()?.value {
            Value::String(mark) => Some(mark),
            _ => None,
        }
    };
    rules.iter().filter_map(mark).collect()
}
