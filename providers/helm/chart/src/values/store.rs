//! What `--set` writes into: maps and lists on the way to a value.

use aurak_gotemplate::{List, Map, Value};

use super::put;
use crate::error::quoted;
use crate::{Error, Limits, Profile};

/// Helm's limit on an index.
const MAX_INDEX: i64 = 65_536;
/// Helm's limit on names with dots.
const MAX_LEVEL: usize = 30;

/// What one line has cost so far.
pub(super) struct Budget<'a> {
    pub(super) limits: &'a Limits,
    elements: usize,
    lists: usize,
}

impl<'a> Budget<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self { limits, elements: 0, lists: 0 }
    }

    /// Lists within lists have no limit in Helm, but are walked by recursion.
    pub(super) fn deeper(&mut self) -> Result<(), Error> {
        self.lists += 1;
        if self.lists > self.limits.value_depth {
            return Err(Error::limit(format!("more than {} lists in lists", self.limits.value_depth)));
        }
        Ok(())
    }

    pub(super) fn shallower(&mut self) {
        self.lists = self.lists.saturating_sub(1);
    }

    /// The list with a value at an index, as long as it has to be.
    pub(super) fn set_index(&mut self, list: &List, index: i64, value: Value) -> Result<List, Error> {
        check_index(index)?;
        if index > MAX_INDEX {
            return Err(Error::refused(format!(
                "index of {index} is greater than maximum supported index of {MAX_INDEX}"
            )));
        }
        let index = usize::try_from(index).unwrap_or_default();
        let mut items = list.items();
        if items.len() <= index {
            items.resize(index + 1, Value::Nil);
        }
        self.elements += items.len();
        if self.elements > self.limits.set_elements {
            return Err(Error::limit(format!("more than {} elements of lists", self.limits.set_elements)));
        }
        items[index] = value;
        Ok(List::new(items))
    }

    /// Puts back what was read below an index. A line that ended there leaves what the list already
    /// had at that place changed, and does not make it longer.
    pub(super) fn set_inner(
        &mut self,
        list: List,
        index: i64,
        inner: Value,
        next: Next,
    ) -> Result<(List, Next), Error> {
        let has = usize::try_from(index).is_ok_and(|index| index < list.len());
        if next == Next::End && !has {
            return Ok((list, next));
        }
        Ok((self.set_index(&list, index, inner)?, next))
    }
}

/// Puts a value, unless the key is empty: Helm leaves that out without a word.
pub(super) fn put_named(data: &Map, key: &str, value: Value) -> Result<(), Error> {
    if key.is_empty() { Ok(()) } else { put(data, key, value) }
}

/// The map under a key, or a new one.
pub(super) fn map_under(data: &Map, key: &str) -> Result<Map, Error> {
    match data.get(key) {
        None => Ok(Map::new()),
        Some(Value::Map(map)) => Ok(map),
        Some(other) => Err(conversion(&other, "map[string]interface {}")),
    }
}

/// The list under a key, or a new one.
pub(super) fn list_under(data: &Map, key: &str) -> Result<List, Error> {
    match data.get(key) {
        None => Ok(List::new(Vec::new())),
        Some(Value::List(list)) => Ok(list),
        Some(other) => Err(conversion(&other, "[]interface {}")),
    }
}

/// The list at an index of a list, or a new one.
pub(super) fn list_at(list: &List, index: i64) -> Result<List, Error> {
    match usize::try_from(index).ok().and_then(|index| list.get(index)) {
        None | Some(Value::Nil) => Ok(List::new(Vec::new())),
        Some(Value::List(list)) => Ok(list),
        Some(other) => Err(conversion(&other, "[]interface {}")),
    }
}

/// The map at an index of a list; what is no map there is replaced.
pub(super) fn map_at(list: &List, index: i64) -> Map {
    match usize::try_from(index).ok().and_then(|index| list.get(index)) {
        Some(Value::Map(map)) => map,
        _ => Map::new(),
    }
}

/// What Go says when a value is of another type.
fn conversion(value: &Value, wanted: &str) -> Error {
    let found = if value.is_nil() { "nil".to_owned() } else { value.type_name() };
    Error::refused(format!(
        "unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}"
    ))
}

/// Puts back the map that was read below a name.
pub(super) fn put_inner(data: &Map, key: &str, inner: Map, next: &Next) -> Result<(), Error> {
    if inner.is_empty() {
        return match next {
            Next::More => Err(Error::refused(format!("key map {} has no value", quoted(key)))),
            Next::End => Ok(()),
        };
    }
    put_named(data, key, Value::Map(inner))
}

pub(super) fn check_index(index: i64) -> Result<(), Error> {
    if index < 0 {
        return Err(Error::refused(format!("negative {index} index not allowed")));
    }
    Ok(())
}

pub(super) fn check_level(level: usize) -> Result<(), Error> {
    if level > MAX_LEVEL {
        return Err(Error::refused(format!(
            "value name nested level is greater than maximum supported nested level of {MAX_LEVEL}"
        )));
    }
    Ok(())
}

/// Whether a line goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    More,
    End,
}

/// `strconv.Atoi` of an index. A line that ends in one is an end like any other for Helm 4.
pub(super) fn index(text: &str, closed: bool, profile: Profile) -> Result<Option<i64>, Error> {
    use aurak_gotemplate::strconv::{NumberError, parse_int};

    if !closed {
        return match profile {
            Profile::Helm3 => Err(Error::refused("error parsing index: EOF")),
            Profile::Helm4 => Ok(None),
        };
    }
    parse_int(text, 10).map(Some).map_err(|error| {
        let why = match error {
            NumberError::Syntax => "invalid syntax",
            NumberError::Range => "value out of range",
        };
        Error::refused(format!("error parsing index: strconv.Atoi: parsing {}: {why}", quoted(text)))
    })
}

/// Something between an index and what must follow it, which Helm shows character by character.
pub(super) fn after_index(text: &str) -> Error {
    let shown: Vec<String> = text
        .chars()
        .map(|c| String::from_utf8_lossy(&aurak_gotemplate::strconv::quote_rune(c.into())).into_owned())
        .collect();
    Error::refused(format!("unexpected data at end of array index: [{}]", shown.join(" ")))
}
