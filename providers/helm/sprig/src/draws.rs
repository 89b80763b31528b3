//! What is drawn in a render: random texts, keys, certificates, and the time.
//!
//! A plan that was reviewed has to render again to the same bytes. So nothing in this crate asks the
//! operating system by itself: it asks for a draw, which has a kind and a number among
//! those of its kind in the render. [`Fresh`] draws anew; [`Recording`] gives what was recorded under that kind and
//! number, and records what it had to draw anew.

use std::collections::BTreeMap;

use aurak_gotemplate::Error;

/// What kind of thing is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DrawKind {
    /// Characters of an alphabet.
    Text,
    /// Bytes.
    Bytes,
    /// A number, as decimal digits.
    Number,
    /// A UUID, as text.
    Uuid,
    /// The salt of a password, 16 bytes.
    Salt,
    /// A private key, as PEM.
    Key,
    /// A certificate, as PEM.
    Certificate,
    /// The time and the zone it is shown in: `1700000000.000000000 Europe/Berlin`.
    Time,
    /// The address of a host, as text.
    Host,
}

impl DrawKind {
    /// A name to store it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Number => "number",
            Self::Uuid => "uuid",
            Self::Salt => "salt",
            Self::Key => "key",
            Self::Certificate => "certificate",
            Self::Time => "time",
            Self::Host => "host",
        }
    }
}

/// Makes what is drawn, of the operating system's randomness, clock or network.
pub type Make<'a> = dyn FnMut() -> Result<Vec<u8>, Error> + 'a;

/// Where what is drawn comes from.
pub trait Draws {
    /// The next draw of a kind: made now, or known from before.
    ///
    /// # Errors
    ///
    /// It could not be made, or nothing more may be drawn.
    fn draw(&mut self, kind: DrawKind, make: &mut Make<'_>) -> Result<Vec<u8>, Error>;
}

/// Draws everything anew.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fresh;

impl Draws for Fresh {
    fn draw(&mut self, _kind: DrawKind, make: &mut Make<'_>) -> Result<Vec<u8>, Error> {
        make()
    }
}

/// What was drawn: the kind, the number among those of its kind from zero on, and the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The kind.
    pub kind: DrawKind,
    /// The number among those of its kind.
    pub ordinal: usize,
    /// Text or bytes.
    pub value: Vec<u8>,
}

/// Gives what is known and records what is not.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    known: BTreeMap<(DrawKind, usize), Vec<u8>>,
    used: BTreeMap<DrawKind, usize>,
    sealed: bool,
}

impl Recording {
    /// Nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives these; what is not among them is drawn anew and recorded.
    #[must_use]
    pub fn of(drawn: impl IntoIterator<Item = Drawn>) -> Self {
        let known = drawn.into_iter().map(|drawn| ((drawn.kind, drawn.ordinal), drawn.value)).collect();
        Self { known, ..Self::default() }
    }

    /// Gives only what is known; another draw is an error.
    #[must_use]
    pub fn sealed(self) -> Self {
        Self { sealed: true, ..self }
    }

    /// Begins a render: the next draw of each kind is the first one again.
    pub fn rewind(&mut self) {
        self.used.clear();
    }

    /// Everything that is known, and how it is found again.
    pub fn drawn(&self) -> impl Iterator<Item = Drawn> + '_ {
        self.known.iter().map(|((kind, ordinal), value)| Drawn {
            kind: *kind,
            ordinal: *ordinal,
            value: value.clone(),
        })
    }
}

impl Draws for Recording {
    fn draw(&mut self, kind: DrawKind, make: &mut Make<'_>) -> Result<Vec<u8>, Error> {
        let used = self.used.entry(kind).or_default();
        let ordinal = *used;
        *used += 1;
        if let Some(value) = self.known.get(&(kind, ordinal)) {
            return Ok(value.clone());
        }
        if self.sealed {
            let name = kind.name();
            return Err(Error::new(format!(
                "the {name} number {ordinal} was not drawn before and may not be now"
            )));
        }
        let value = make()?;
        self.known.insert((kind, ordinal), value.clone());
        Ok(value)
    }
}
