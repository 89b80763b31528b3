//! Values printed by verb.

use super::MOST_LEVELS;
use super::layout::Flags;
use crate::{Error, FloatKind, List, Map, Object, Str, Type, UintKind, Value};

/// The address every pointer has.
const ADDRESS: u64 = 0xc0_0000_0000;

/// Text under construction.
pub(super) struct Printer {
    out: Vec<u8>,
    limit: usize,
    pub(super) flags: Flags,
    /// Within a complaint about a verb: methods are not called.
    complaining: bool,
}

impl Printer {
    pub(super) fn new(limit: usize) -> Self {
        Self { out: Vec::new(), limit, flags: Flags::default(), complaining: false }
    }

    pub(super) fn finish(self) -> Str {
        self.out.into()
    }

    /// Refuses what would go beyond the limit.
    pub(super) fn room(&self, count: usize) -> Result<(), Error> {
        if count > self.limit.saturating_sub(self.out.len()) {
            return Err(Error::limit(format!("printed text exceeds the limit of {} bytes", self.limit)));
        }
        Ok(())
    }

    pub(super) fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        self.room(text.len())?;
        self.out.extend_from_slice(text);
        Ok(())
    }

    pub(super) fn fill(&mut self, byte: u8, count: usize) -> Result<(), Error> {
        self.room(count)?;
        self.out.resize(self.out.len() + count, byte);
        Ok(())
    }

    pub(super) fn print(&mut self, arguments: &[Value]) -> Result<(), Error> {
        self.print_each(arguments, |printer, argument| printer.argument(argument, 'v'))
    }

    /// As [`print`](Self::print), but of pointers what they point to.
    pub(super) fn print_dereferenced(&mut self, arguments: &[Value]) -> Result<(), Error> {
        self.print_each(arguments, Self::dereferenced)
    }

    fn print_each(
        &mut self,
        arguments: &[Value],
        each: impl Fn(&mut Self, &Value) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut after_string = true;
        for argument in arguments {
            let string = matches!(argument.below(), Value::Str(_));
            if !string && !after_string {
                self.write(b" ")?;
            }
            each(self, argument)?;
            after_string = string;
        }
        Ok(())
    }

    pub(super) fn println(&mut self, arguments: &[Value]) -> Result<(), Error> {
        for (index, argument) in arguments.iter().enumerate() {
            if index > 0 {
                self.write(b" ")?;
            }
            self.argument(argument, 'v')?;
        }
        self.write(b"\n")
    }

    /// An argument of a call.
    pub(super) fn argument(&mut self, value: &Value, verb: char) -> Result<(), Error> {
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => self.pad(b"<nil>"),
            (Value::Nil, _) => self.bad_verb(value, verb),
            (_, 'T') => self.string(value.type_name().as_bytes()),
            (_, 'p') => self.pointer(value, 'p'),
            (Value::Bytes(bytes), 'v' | 'd') if self.flags.sharp_v => self.go_bytes(bytes),
            (Value::List(_) | Value::Map(_) | Value::Func(_), 'w') => self.bad_verb(value, verb),
            _ => self.value(value, verb, 0),
        }
    }

    /// As an argument, but of a pointer to a struct the struct.
    pub(super) fn dereferenced(&mut self, value: &Value) -> Result<(), Error> {
        match value {
            Value::Object(object) if object.text().is_none() => self.pointed(value),
            _ => self.argument(value, 'v'),
        }
    }

    /// As an argument, but of a pointer the struct even if there is a method to print it.
    pub(super) fn pointed(&mut self, value: &Value) -> Result<(), Error> {
        match value {
            Value::Object(object) if object.type_name().starts_with('*') && !object.is_nil() => {
                self.fields(object.as_ref(), "", 'v', 0)
            }
            _ => self.argument(value, 'v'),
        }
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) -> Result<(), Error> {
        if depth > MOST_LEVELS {
            return Err(Error::limit(format!("a value nests deeper than {MOST_LEVELS} levels")));
        }
        match value {
            Value::Nil if self.flags.sharp_v => self.write(b"interface {}(nil)"),
            Value::Nil => self.write(b"<nil>"),
            Value::Bool(b) if matches!(verb, 't' | 'v') => self.pad(if *b { b"true" } else { b"false" }),
            Value::Bool(_) => self.bad_verb(value, verb),
            Value::Int(_, n) => self.number(value, n.cast_unsigned(), true, verb),
            Value::Uint(_, n) => self.number(value, *n, false, verb),
            Value::Float(kind, x) => self.float_by_verb(value, *x, *kind, verb),
            Value::Str(text) => self.text(value, text, verb),
            Value::Bytes(bytes) => self.bytes(value, bytes, verb, depth),
            Value::List(list) => self.list(list, verb, depth),
            Value::Map(map) => self.map(map, verb, depth),
            Value::Func(_) => self.pointer(value, verb),
            Value::Object(object) => self.object(value, object.as_ref(), verb, depth),
        }
    }

    /// Says that a verb does not fit, with the value.
    fn bad_verb(&mut self, value: &Value, verb: char) -> Result<(), Error> {
        let before = std::mem::replace(&mut self.complaining, true);
        self.write(format!("%!{verb}(").as_bytes())?;
        if value.is_nil() {
            self.write(b"<nil>")?;
        } else {
            self.write(format!("{}=", value.type_name()).as_bytes())?;
            self.argument(value, 'v')?;
        }
        self.complaining = before;
        self.write(b")")
    }

    fn number(&mut self, value: &Value, bits: u64, signed: bool, verb: char) -> Result<(), Error> {
        let negative = signed && bits.cast_signed() < 0;
        let size = if negative { bits.wrapping_neg() } else { bits };
        match verb {
            'v' if self.flags.sharp_v && !signed => self.with_prefix(bits, true),
            'v' | 'd' => self.integer(size, negative, 10, verb),
            'b' => self.integer(size, negative, 2, verb),
            'o' | 'O' => self.integer(size, negative, 8, verb),
            'x' | 'X' => self.integer(size, negative, 16, verb),
            'c' => self.character(bits),
            'q' => self.quoted_character(bits),
            'U' => self.code_point(bits),
            _ => self.bad_verb(value, verb),
        }
    }

    fn with_prefix(&mut self, bits: u64, prefix: bool) -> Result<(), Error> {
        let sharp = std::mem::replace(&mut self.flags.sharp, prefix);
        let done = self.integer(bits, false, 16, 'v');
        self.flags.sharp = sharp;
        done
    }

    fn float_by_verb(&mut self, value: &Value, x: f64, kind: FloatKind, verb: char) -> Result<(), Error> {
        match verb {
            'v' => self.float(x, kind, b'g', None),
            'b' => self.float(x, kind, b'b', None),
            'g' => self.float(x, kind, b'g', None),
            'G' => self.float(x, kind, b'G', None),
            'x' => self.float(x, kind, b'x', None),
            'X' => self.float(x, kind, b'X', None),
            'e' => self.float(x, kind, b'e', Some(6)),
            'E' => self.float(x, kind, b'E', Some(6)),
            'f' | 'F' => self.float(x, kind, b'f', Some(6)),
            _ => self.bad_verb(value, verb),
        }
    }

    fn text(&mut self, value: &Value, text: &[u8], verb: char) -> Result<(), Error> {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(text),
            'v' | 's' => self.string(text),
            'x' => self.hexadecimal(text, false),
            'X' => self.hexadecimal(text, true),
            'q' => self.quoted(text),
            _ => self.bad_verb(value, verb),
        }
    }

    fn bytes(&mut self, value: &Value, bytes: &Str, verb: char, depth: usize) -> Result<(), Error> {
        match verb {
            's' => self.string(bytes),
            'x' => self.hexadecimal(bytes, false),
            'X' => self.hexadecimal(bytes, true),
            'q' => self.quoted(bytes),
            'p' => self.pointer(value, verb),
            _ => {
                let items = bytes.iter().map(|b| Value::Uint(UintKind::Uint8, u64::from(*b))).collect();
                self.list(&List::of(Type::Uint(UintKind::Uint8), items), verb, depth)
            }
        }
    }

    /// Bytes in Go syntax, where they stand alone.
    fn go_bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.write(b"[]byte{")?;
        for (index, byte) in bytes.iter().enumerate() {
            if index > 0 {
                self.write(b", ")?;
            }
            self.with_prefix(u64::from(*byte), true)?;
        }
        self.write(b"}")
    }

    fn list(&mut self, list: &List, verb: char, depth: usize) -> Result<(), Error> {
        let go = self.flags.sharp_v;
        if go {
            self.write(list.get_type().to_string().as_bytes())?;
            if list.is_nil() {
                return self.write(b"(nil)");
            }
        }
        self.write(if go { b"{" } else { b"[" })?;
        for (index, item) in list.items().iter().enumerate() {
            if index > 0 {
                self.write(if go { b", " } else { b" " })?;
            }
            self.value(item, verb, depth + 1)?;
        }
        self.write(if go { b"}" } else { b"]" })
    }

    fn map(&mut self, map: &Map, verb: char, depth: usize) -> Result<(), Error> {
        let go = self.flags.sharp_v;
        if go {
            self.write(map.get_type().to_string().as_bytes())?;
            if map.is_nil() {
                return self.write(b"(nil)");
            }
        }
        self.write(if go { b"{" } else { b"map[" })?;
        for (index, (key, item)) in map.entries().into_iter().enumerate() {
            if index > 0 {
                self.write(if go { b", " } else { b" " })?;
            }
            self.value(&Value::Str(key), verb, depth + 1)?;
            self.write(b":")?;
            self.value(&item, verb, depth + 1)?;
        }
        self.write(if go { b"}" } else { b"]" })
    }

    fn object(&mut self, value: &Value, object: &dyn Object, verb: char, depth: usize) -> Result<(), Error> {
        if !self.complaining {
            if verb == 'w' {
                return self.bad_verb(value, verb);
            }
            if !self.flags.sharp_v
                && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
                && let Some(text) = object.text()
            {
                return self.text(&Value::Str(text.clone()), &text, verb);
            }
        }
        if let Some(below) = object.underlying() {
            return self.scalar(value, &below, verb, depth);
        }
        let name = object.type_name();
        match name.strip_prefix('*') {
            None => self.fields(object, name, verb, depth),
            Some(pointed) if depth == 0 && !object.is_nil() => {
                self.write(b"&")?;
                self.fields(object, pointed, verb, depth + 1)
            }
            Some(_) => self.pointer(value, verb),
        }
    }

    /// A scalar with a name: as what is below, but a complaint names its own type.
    fn scalar(&mut self, value: &Value, below: &Value, verb: char, depth: usize) -> Result<(), Error> {
        match below {
            Value::Int(_, n) => self.number(value, n.cast_unsigned(), true, verb),
            Value::Uint(_, n) => self.number(value, *n, false, verb),
            Value::Float(kind, x) => self.float_by_verb(value, *x, *kind, verb),
            Value::Str(text) => self.text(value, text, verb),
            Value::Bool(_) if !matches!(verb, 't' | 'v') => self.bad_verb(value, verb),
            _ => self.value(below, verb, depth + 1),
        }
    }

    fn fields(&mut self, object: &dyn Object, name: &str, verb: char, depth: usize) -> Result<(), Error> {
        let go = self.flags.sharp_v;
        if go {
            self.write(name.as_bytes())?;
        }
        self.write(b"{")?;
        for (index, (name, field)) in object.fields().into_iter().enumerate() {
            if index > 0 {
                self.write(if go { b", " } else { b" " })?;
            }
            if go || self.flags.plus_v {
                self.write(name.as_bytes())?;
                self.write(b":")?;
            }
            self.value(&field, verb, depth + 1)?;
        }
        self.write(b"}")
    }

    fn pointer(&mut self, value: &Value, verb: char) -> Result<(), Error> {
        let address = match value {
            Value::Map(map) if map.is_nil() => 0,
            Value::List(list) if list.is_nil() => 0,
            Value::Object(object) if object.kind() == crate::Kind::Ptr && object.is_nil() => 0,
            Value::Object(object) if object.kind() != crate::Kind::Ptr => return self.bad_verb(value, verb),
            Value::Map(_) | Value::List(_) | Value::Bytes(_) | Value::Func(_) | Value::Object(_) => ADDRESS,
            _ => return self.bad_verb(value, verb),
        };
        match verb {
            'v' if self.flags.sharp_v => {
                self.write(format!("({})(", value.type_name()).as_bytes())?;
                if address == 0 {
                    self.write(b"nil")?;
                } else {
                    self.with_prefix(address, true)?;
                }
                self.write(b")")
            }
            'v' if address == 0 => self.pad(b"<nil>"),
            'v' | 'p' => self.with_prefix(address, !self.flags.sharp),
            'b' | 'o' | 'd' | 'x' | 'X' => self.number(value, address, false, verb),
            _ => self.bad_verb(value, verb),
        }
    }
}
