//! `--set`, `--set-string`, `--set-json` and `--set-file`: lines of `name.of[2].value=x,other=y`.

use aurak_gotemplate::{List, Map, Value};

use super::json;
use super::store::{
    Budget, Next, after_index, check_index, check_level, index, list_at, list_under, map_at, map_under,
    put_inner, put_named,
};
use crate::error::quoted;
use crate::{Error, Helm, Profile};

/// Reads the value that a text of `--set-file` names.
type FileReader<'r> = dyn FnMut(&str) -> Result<Value, Error> + 'r;

impl Helm<'_> {
    /// Sets what a line of `--set` says: numbers, bools and null are what they look like.
    ///
    /// # Errors
    ///
    /// If the line is not well-formed, or wants a list or a map where something else is. What came
    /// before in it may be set already.
    pub fn set(&self, line: &str, values: &Map) -> Result<(), Error> {
        self.parse(line, values, Reading::Typed)
    }

    /// Sets what a line of `--set-string` says: all values are texts.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn set_string(&self, line: &str, values: &Map) -> Result<(), Error> {
        self.parse(line, values, Reading::Text)
    }

    /// Sets what a line of `--set-json` says: values are JSON, and nothing is null.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set), and if a value is no JSON.
    pub fn set_json(&self, line: &str, values: &Map) -> Result<(), Error> {
        self.parse(line, values, Reading::Json)
    }

    /// Sets what a line of `--set-file` says: values are paths, and what `read` makes of them is set.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set), and what `read` returns.
    pub fn set_file(&self, line: &str, values: &Map, read: &mut FileReader<'_>) -> Result<(), Error> {
        self.parse(line, values, Reading::File(read))
    }

    fn parse(&self, line: &str, values: &Map, reading: Reading<'_>) -> Result<(), Error> {
        let budget = Budget::new(&self.limits);
        let mut parser = Parser { text: line, at: 0, profile: self.profile, reading, budget };
        while parser.key(values, 0)? == Next::More {}
        Ok(())
    }
}

/// What becomes of the text of a value.
enum Reading<'r> {
    Typed,
    Text,
    Json,
    File(&'r mut FileReader<'r>),
}

struct Parser<'a, 'r> {
    text: &'a str,
    at: usize,
    profile: Profile,
    reading: Reading<'r>,
    budget: Budget<'a>,
}

impl Parser<'_, '_> {
    fn next(&mut self) -> Option<char> {
        let c = self.text.get(self.at..)?.chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    /// The text up to one of some characters, which is eaten; a backslash takes the meaning from any.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        loop {
            match self.next() {
                None => return (text, None),
                Some(c) if stops.contains(&c) => return (text, Some(c)),
                Some('\\') => match self.next() {
                    None => return (text, None),
                    Some(c) => text.push(c),
                },
                Some(c) => text.push(c),
            }
        }
    }

    fn key(&mut self, data: &Map, level: usize) -> Result<Next, Error> {
        let (key, stop) = self.until(&['=', '[', ',', '.']);
        match stop {
            None if key.is_empty() => Ok(Next::End),
            None => Err(Error::refused(format!("key {} has no value", quoted(&key)))),
            Some('[') => {
                let Some(at) = self.index()? else { return Ok(Next::End) };
                let list = list_under(data, &key)?;
                let (list, next) = self.item(list, at, level)?;
                put_named(data, &key, Value::List(list))?;
                Ok(next)
            }
            Some('=') => self.value_of(data, &key),
            Some(',') => {
                Err(Error::refused(format!("key {} has no value (cannot end with ,)", quoted(&key))))
            }
            Some(_) => {
                check_level(level + 1)?;
                let inner = map_under(data, &key)?;
                let next = self.key(&inner, level + 1)?;
                put_inner(data, &key, inner, &next)?;
                Ok(next)
            }
        }
    }

    fn value_of(&mut self, data: &Map, key: &str) -> Result<Next, Error> {
        if matches!(self.reading, Reading::Json) {
            let value = self.json_value()?;
            put_named(data, key, value)?;
            return Ok(Next::More);
        }
        match self.list()? {
            Listed::List(list) => {
                put_named(data, key, Value::List(list))?;
                Ok(Next::More)
            }
            Listed::End => {
                put_named(data, key, Value::str(""))?;
                Ok(Next::End)
            }
            Listed::NoList => {
                let (text, _) = self.until(&[',']);
                let value = self.read(&text)?;
                put_named(data, key, value)?;
                Ok(Next::More)
            }
        }
    }

    fn json_value(&mut self) -> Result<Value, Error> {
        if self.is_empty_value() {
            return Ok(Value::Nil);
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let (value, length) = json::decode(rest, self.budget.limits)?;
        self.at += length;
        self.is_empty_value();
        Ok(value)
    }

    /// Eats spaces and a comma. Is that all there is?
    fn is_empty_value(&mut self) -> bool {
        loop {
            match self.peek() {
                None => return true,
                Some(',') => {
                    self.next();
                    return true;
                }
                Some(c) if c.is_whitespace() => {
                    self.next();
                }
                Some(_) => return false,
            }
        }
    }

    fn read(&mut self, text: &str) -> Result<Value, Error> {
        match &mut self.reading {
            Reading::Typed => Ok(typed(text)),
            Reading::Text | Reading::Json => Ok(Value::str(text)),
            Reading::File(read) => read(text),
        }
    }

    /// The index before a bracket, or nothing if the line ends and Helm takes that for its end.
    fn index(&mut self) -> Result<Option<i64>, Error> {
        let (text, stop) = self.until(&[']']);
        index(&text, stop.is_some(), self.profile)
    }

    /// The list with what follows an index set in it.
    fn item(&mut self, list: List, at: i64, level: usize) -> Result<(List, Next), Error> {
        check_index(at)?;
        let (text, stop) = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            return Err(after_index(&text));
        }
        let value = match stop {
            None => return Ok((list, Next::End)),
            Some('=') if matches!(self.reading, Reading::Json) => self.json_value()?,
            Some('=') => match self.list()? {
                Listed::List(list) => Value::List(list),
                Listed::End => Value::str(""),
                Listed::NoList => {
                    let (text, _) = self.until(&[',']);
                    self.read(&text)?
                }
            },
            Some('[') => {
                let Some(further) = self.index()? else { return Ok((list, Next::End)) };
                let inner = list_at(&list, at)?;
                self.budget.deeper()?;
                let (inner, next) = self.item(inner, further, level)?;
                self.budget.shallower();
                return self.budget.set_inner(list, at, Value::List(inner), next);
            }
            Some(_) => {
                let inner = map_at(&list, at);
                self.budget.deeper()?;
                let next = self.key(&inner, level)?;
                self.budget.shallower();
                return self.budget.set_inner(list, at, Value::Map(inner), next);
            }
        };
        Ok((self.budget.set_index(&list, at, value)?, Next::More))
    }

    /// A list in braces, if there is one.
    fn list(&mut self) -> Result<Listed, Error> {
        match self.peek() {
            None => return Ok(Listed::End),
            Some('{') => self.next(),
            Some(_) => return Ok(Listed::NoList),
        };
        let mut items = Vec::new();
        loop {
            let (text, stop) = self.until(&[',', '}']);
            match stop {
                None => return Err(Error::refused("list must terminate with '}'")),
                Some('}') => {
                    if self.peek() == Some(',') {
                        self.next();
                    }
                    items.push(self.read(&text)?);
                    return Ok(Listed::List(List::new(items)));
                }
                Some(_) => items.push(self.read(&text)?),
            }
        }
    }
}

/// What is after `=`.
enum Listed {
    List(List),
    NoList,
    End,
}

/// A text of `--set` as what it looks like.
fn typed(text: &str) -> Value {
    let folded = text.to_ascii_lowercase().replace('ſ', "s");
    match folded.as_str() {
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        "null" => return Value::Nil,
        "0" => return Value::int64(0),
        _ => {}
    }
    if !text.starts_with('0')
        && let Ok(n) = aurak_gotemplate::strconv::parse_int(text, 10)
    {
        return Value::int64(n);
    }
    Value::str(text)
}
