//! Lists and maps: shared by reference, with the type they have in Go.
//!
//! Nothing is lent out: a reader gets a snapshot of shared values, so that a function may change a
//! map while somebody walks over it. A template can nest lists as deep as it likes, so they are
//! taken apart without recursion.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::{Error, Str, Type, Value};

/// A list of Go. Clones share their elements.
#[derive(Clone)]
pub struct List {
    ty: Type,
    nil: bool,
    shared: Rc<Items>,
}

#[derive(Default)]
struct Items(RefCell<Vec<Value>>);

impl List {
    /// A `[]interface {}`.
    #[must_use]
    pub fn new(items: Vec<Value>) -> Self {
        Self::of(Type::Any, items)
    }

    /// A list of one type of elements. That the elements are of it is the caller's care.
    #[must_use]
    pub fn of(element: Type, items: Vec<Value>) -> Self {
        Self { ty: Type::slice(element), nil: false, shared: Rc::new(Items(RefCell::new(items))) }
    }

    /// A nil list of this list type: empty, equal to nil, `null` in JSON.
    #[must_use]
    pub fn nil(ty: Type) -> Self {
        Self { ty, nil: true, shared: Rc::default() }
    }

    /// The same elements seen as another type of list.
    #[must_use]
    pub fn with_type(&self, ty: Type) -> Self {
        Self { ty, ..self.clone() }
    }

    /// The type.
    #[must_use]
    pub fn get_type(&self) -> &Type {
        &self.ty
    }

    /// Is it the nil list?
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.nil
    }

    /// How many elements it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.0.borrow().len()
    }

    /// Has it no elements?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One element.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Value> {
        self.shared.0.borrow().get(index).cloned()
    }

    /// The elements as they are now.
    #[must_use]
    pub fn items(&self) -> Vec<Value> {
        self.shared.0.borrow().clone()
    }

    /// Gives the list other elements, for all who share it: what sorting in place does. What is
    /// longer than before is cut, as a slice of Go cannot grow for others.
    pub fn replace(&self, mut items: Vec<Value>) {
        items.truncate(self.len());
        self.shared.0.replace(items);
    }

    /// Are these the same elements in memory?
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.shared, &other.shared)
    }

    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.shared).addr()
    }
}

impl Drop for Items {
    fn drop(&mut self) {
        take_apart(std::mem::take(self.0.get_mut()));
    }
}

/// A map of Go from strings. Clones share their entries; entries are walked in the order of keys.
#[derive(Clone)]
pub struct Map {
    ty: Type,
    nil: bool,
    shared: Rc<Entries>,
}

#[derive(Default)]
struct Entries(RefCell<BTreeMap<Str, Value>>);

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}

impl Map {
    /// An empty `map[string]interface {}`.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Type::Any)
    }

    /// An empty map from strings to one type.
    #[must_use]
    pub fn of(element: Type) -> Self {
        Self { ty: Type::map(element), nil: false, shared: Rc::default() }
    }

    /// A nil map of this map type: empty, equal to nil, and nothing can be put into it.
    #[must_use]
    pub fn nil(ty: Type) -> Self {
        Self { ty, nil: true, shared: Rc::default() }
    }

    /// The same entries seen as another type of map.
    #[must_use]
    pub fn with_type(&self, ty: Type) -> Self {
        Self { ty, ..self.clone() }
    }

    /// The type.
    #[must_use]
    pub fn get_type(&self) -> &Type {
        &self.ty
    }

    /// Is it the nil map?
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.nil
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.0.borrow().len()
    }

    /// Has it no entries?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.shared.0.borrow().get(key.as_ref()).cloned()
    }

    /// Is there such a key, whatever its value?
    #[must_use]
    pub fn contains(&self, key: impl AsRef<[u8]>) -> bool {
        self.shared.0.borrow().contains_key(key.as_ref())
    }

    /// Puts a value under a key, for all who share the map.
    ///
    /// # Errors
    ///
    /// Into the nil map nothing can be put.
    pub fn set(&self, key: impl Into<Str>, value: Value) -> Result<(), Error> {
        if self.nil {
            return Err(Error::new("assignment to entry in nil map"));
        }
        let before = self.shared.0.borrow_mut().insert(key.into(), value);
        drop(before);
        Ok(())
    }

    /// Removes a key, for all who share the map, and gives what it had.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.shared.0.borrow_mut().remove(key.as_ref())
    }

    /// The keys as they are now, in order.
    #[must_use]
    pub fn keys(&self) -> Vec<Str> {
        self.shared.0.borrow().keys().cloned().collect()
    }

    /// The entries as they are now, in the order of keys.
    #[must_use]
    pub fn entries(&self) -> Vec<(Str, Value)> {
        self.shared.0.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Are these the same entries in memory?
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.shared, &other.shared)
    }

    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.shared).addr()
    }
}

impl<K: Into<Str>> FromIterator<(K, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (key.into(), value)).collect();
        Self { ty: Type::any_map(), nil: false, shared: Rc::new(Entries(RefCell::new(entries))) }
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        take_apart(std::mem::take(self.0.get_mut()).into_values().collect());
    }
}

/// Drops values without recursion, however deep they nest.
fn take_apart(mut waiting: Vec<Value>) {
    while let Some(value) = waiting.pop() {
        match value {
            Value::List(list) => {
                if let Some(mut last) = Rc::into_inner(list.shared) {
                    waiting.append(last.0.get_mut());
                }
            }
            Value::Map(map) => {
                if let Some(mut last) = Rc::into_inner(map.shared) {
                    waiting.extend(std::mem::take(last.0.get_mut()).into_values());
                }
            }
            _ => {}
        }
    }
}
