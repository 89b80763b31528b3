//! Paths with slashes. Those of the operating system are the same, as on all where Helm renders alike.

use aurak_gotemplate::{Functions, Value};

use crate::table::{B, S, add};
use crate::text::find_last;

pub(crate) fn add_all(table: &mut Functions) {
    add(table, &["base", "osBase"], &[S], S, |_, a| Ok(Value::str(base(&a.str(0)))));
    add(table, &["dir", "osDir"], &[S], S, |_, a| {
        let path = a.str(0);
        let end = find_last(&path, b"/").map_or(0, |at| at + 1);
        Ok(Value::str(clean(&path[..end])))
    });
    add(table, &["clean", "osClean"], &[S], S, |_, a| Ok(Value::str(clean(&a.str(0)))));
    add(table, &["ext", "osExt"], &[S], S, |_, a| {
        let path = a.str(0);
        let start = find_last(&path, b"/").map_or(0, |at| at + 1);
        let name = &path[start..];
        Ok(Value::str(find_last(name, b".").map_or(&b""[..], |at| &name[at..])))
    });
    add(table, &["isAbs", "osIsAbs"], &[S], B, |_, a| Ok(a.str(0).starts_with(b"/").into()));
}

fn base(path: &[u8]) -> Vec<u8> {
    if path.is_empty() {
        return b".".to_vec();
    }
    let mut path = path;
    while let Some(before) = path.strip_suffix(b"/") {
        path = before;
    }
    let start = find_last(path, b"/").map_or(0, |at| at + 1);
    if path.is_empty() { b"/".to_vec() } else { path[start..].to_vec() }
}

fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => match parts.last() {
                Some(last) if *last != b".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(part),
            },
            _ => parts.push(part),
        }
    }
    let joined = parts.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}
