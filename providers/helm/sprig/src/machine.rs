//! What asks the machine: its environment and its network.

use std::net::ToSocketAddrs;

use aurak_gotemplate::{Error, Functions, Value};

use crate::draws::DrawKind;
use crate::source::Source;
use crate::table::{S, add};

pub(crate) fn add_all(table: &mut Functions, source: &Source) {
    add(table, &["env"], &[S], S, |_, a| Ok(variable(&a.text(0)).into()));
    add(table, &["expandenv"], &[S], S, |_, a| Ok(expanded(&a.text(0)).into()));
    let from = source.clone();
    add(table, &["getHostByName"], &[S], S, move |_, a| {
        let address = from.draw(DrawKind::Host, || {
            let found = (a.text(0).as_ref(), 0).to_socket_addrs().ok().and_then(|mut all| all.next());
            // Where nothing is found Go draws one of none.
            let found = found.ok_or_else(|| Error::new("invalid argument to Intn"))?;
            Ok(found.ip().to_string().into_bytes())
        })?;
        Ok(Value::str(address))
    });
}

fn variable(name: &str) -> String {
    let fits = !name.is_empty() && !name.contains(['=', '\0']);
    fits.then(|| std::env::var(name).ok()).flatten().unwrap_or_default()
}

/// A text with `$name` and `${name}` in it.
fn expanded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let braced = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let (name, left) = braced.unwrap_or_else(|| {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            after.split_at(end)
        });
        if name.is_empty() && braced.is_none() {
            out.push('$');
        }
        out.push_str(&variable(name));
        rest = left;
    }
    out.push_str(rest);
    out
}
