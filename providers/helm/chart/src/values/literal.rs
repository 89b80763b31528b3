//! `--set-literal`: one name, and all that follows `=` is its value as it stands.

use aurak_gotemplate::{List, Map, Value};

use super::store::{
    Budget, Next, after_index, check_index, check_level, index, list_at, list_under, map_at, map_under,
    put_inner, put_named,
};
use crate::error::quoted;
use crate::{Error, Helm, Profile};

impl Helm<'_> {
    /// Sets what a line of `--set-literal` says.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn set_literal(&self, line: &str, values: &Map) -> Result<(), Error> {
        let mut parser = Parser { rest: line, profile: self.profile, budget: Budget::new(&self.limits) };
        while parser.key(values, 0)? == Next::More {}
        Ok(())
    }
}

struct Parser<'a> {
    rest: &'a str,
    profile: Profile,
    budget: Budget<'a>,
}

impl<'a> Parser<'a> {
    fn until(&mut self, stops: &[char]) -> (&'a str, Option<char>) {
        match self.rest.find(stops) {
            None => (std::mem::take(&mut self.rest), None),
            Some(end) => {
                let (text, rest) = self.rest.split_at(end);
                let stop = rest.chars().next();
                self.rest = rest.get(1..).unwrap_or_default();
                (text, stop)
            }
        }
    }

    fn key(&mut self, data: &Map, level: usize) -> Result<Next, Error> {
        let (key, stop) = self.until(&['=', '[', '.']);
        match stop {
            None if key.is_empty() => Ok(Next::End),
            None => Err(Error::refused(format!("key {} has no value", quoted(key)))),
            Some('=') => {
                put_named(data, key, Value::str(std::mem::take(&mut self.rest)))?;
                Ok(Next::More)
            }
            Some('.') => {
                check_level(level + 1)?;
                let inner = map_under(data, key)?;
                let next = self.key(&inner, level + 1)?;
                put_inner(data, key, inner, &next)?;
                Ok(next)
            }
            Some(_) => {
                let Some(at) = self.index()? else { return Ok(Next::End) };
                let list = list_under(data, key)?;
                let (list, next) = self.item(list, at, level)?;
                put_named(data, key, Value::List(list))?;
                Ok(next)
            }
        }
    }

    /// The index before a bracket, or nothing if the line ends and Helm takes that for its end.
    fn index(&mut self) -> Result<Option<i64>, Error> {
        let (text, stop) = self.until(&[']']);
        index(text, stop.is_some(), self.profile)
    }

    /// The list with what follows an index set in it.
    fn item(&mut self, list: List, at: i64, level: usize) -> Result<(List, Next), Error> {
        check_index(at)?;
        let (text, stop) = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            return Err(after_index(text));
        }
        match stop {
            None => Ok((list, Next::End)),
            Some('=') => {
                let value = Value::str(std::mem::take(&mut self.rest));
                Ok((self.budget.set_index(&list, at, value)?, Next::More))
            }
            Some('.') => {
                let inner = map_at(&list, at);
                self.budget.deeper()?;
                let next = self.key(&inner, level)?;
                self.budget.shallower();
                self.budget.set_inner(list, at, Value::Map(inner), next)
            }
            Some(_) => {
                let Some(further) = self.index()? else { return Ok((list, Next::End)) };
                let inner = list_at(&list, at)?;
                self.budget.deeper()?;
                let (inner, next) = self.item(inner, further, level)?;
                self.budget.shallower();
                self.budget.set_inner(list, at, Value::List(inner), next)
            }
        }
    }
}
