//! URLs taken apart and put together.

use aurak_gotemplate::strconv::quote;
use aurak_gotemplate::{Error, Functions, Map, Type, Value};

use crate::table::{S, add};
use crate::text::find;
use crate::value::{is_text, kind};

pub(crate) fn add_all(table: &mut Functions) {
    add(table, &["urlParse"], &[S], Type::any_map(), |_, a| {
        let text = a.str(0);
        let url = Url::parse(&text).map_err(|wrong| Error::new(format!("unable to parse url: {wrong}")))?;
        let parts = [
            ("scheme", Value::str(url.scheme)),
            ("hostname", Value::str(hostname(&url.host))),
            ("host", Value::str(url.host)),
            ("path", Value::str(url.path)),
            ("query", Value::str(url.query)),
            ("opaque", Value::str(url.opaque)),
            ("fragment", Value::str(url.fragment)),
            ("userinfo", Value::str(url.user.unwrap_or_default())),
        ];
        Ok(Value::Map(parts.into_iter().collect()))
    });
    add(table, &["urlJoin"], &[Type::any_map()], S, |_, a| {
        let map = a.map(0);
        let url = Url {
            scheme: part(&map, "scheme")?,
            host: part(&map, "host")?,
            path: part(&map, "path")?,
            query: part(&map, "query")?,
            opaque: part(&map, "opaque")?,
            fragment: part(&map, "fragment")?,
            user: user(&part(&map, "userinfo")?)?,
        };
        Ok(Value::str(url.text()))
    });
}

fn part(map: &Map, key: &str) -> Result<Vec<u8>, Error> {
    match map.get(key) {
        None => Ok(Vec::new()),
        Some(Value::Nil) => Err(crate::table::nil_pointer()),
        Some(value) if is_text(&value) => {
            Ok(value.below().as_str().map(|text| text.to_vec()).unwrap_or_default())
        }
        Some(value) => {
            let kind = kind(&value);
            Err(Error::new(format!("unable to parse {key} key, must be of type string, but {kind} found")))
        }
    }
}

fn user(info: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    if info.is_empty() {
        return Ok(None);
    }
    let whole = [b"proto://", info, b"@host"].concat();
    let url = Url::parse(&whole)
        .map_err(|wrong| Error::new(format!("unable to parse userinfo in dict: {wrong}")))?;
    Ok(url.user)
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(&quote(text)).into_owned()
}

fn hostname(host: &[u8]) -> &[u8] {
    if let Some(inner) = host.strip_prefix(b"[")
        && let Some(end) = find(inner, b"]")
    {
        return &inner[..end];
    }
    &host[..find(host, b":").unwrap_or(host.len())]
}

#[derive(Default)]
struct Url {
    scheme: Vec<u8>,
    host: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    opaque: Vec<u8>,
    fragment: Vec<u8>,
    /// Escaped as it is written.
    user: Option<Vec<u8>>,
}

impl Url {
    /// Messages show the text up to its fragment, unless the fragment is what is wrong.
    fn parse(text: &[u8]) -> Result<Self, String> {
        let (rest, fragment) = cut(text, b'#');
        let mut url = Self::before_fragment(rest).map_err(|why| format!("parse {}: {why}", shown(rest)))?;
        url.fragment =
            unescaped(fragment.unwrap_or_default()).map_err(|why| format!("parse {}: {why}", shown(text)))?;
        Ok(url)
    }

    fn before_fragment(rest: &[u8]) -> Result<Self, String> {
        if rest.iter().any(|byte| *byte < 0x20 || *byte == 0x7F) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let mut url = Self::default();
        if rest == b"*" {
            url.path = b"*".to_vec();
            return Ok(url);
        }
        let (scheme, rest) = scheme(rest)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (mut rest, query) = cut(rest, b'?');
        url.query = query.unwrap_or_default().to_vec();
        if !rest.starts_with(b"/") {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Ok(url);
            }
            if cut(rest, b'/').0.contains(&b':') {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        if let Some(after) = rest.strip_prefix(b"//")
            && (!url.scheme.is_empty() || !after.starts_with(b"/"))
        {
            let end = find(after, b"/").unwrap_or(after.len());
            let authority = &after[..end];
            rest = &after[end..];
            let host = match authority.iter().rposition(|byte| *byte == b'@') {
                Some(at) => {
                    url.user = Some(user_info(&authority[..at])?);
                    &authority[at + 1..]
                }
                None => authority,
            };
            url.host = parsed_host(host)?;
        }
        url.path = unescaped(rest)?;
        Ok(url)
    }

    fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            let named = !self.scheme.is_empty() || !self.host.is_empty() || self.user.is_some();
            if named {
                if !self.host.is_empty() || !self.path.is_empty() || self.user.is_some() {
                    out.extend_from_slice(b"//");
                }
                if let Some(user) = &self.user {
                    out.extend_from_slice(user);
                    out.push(b'@');
                }
                out.extend(escaped(&self.host, b"!$&'()*+,;=:[]<>\""));
            }
            let path = if self.path == b"*" { self.path.clone() } else { escaped(&self.path, b"$&+,/:;=@") };
            if !path.is_empty() && path[0] != b'/' && !self.host.is_empty() {
                out.push(b'/');
            }
            if out.is_empty() && cut(&path, b'/').0.contains(&b':') {
                out.extend_from_slice(b"./");
            }
            out.extend(path);
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend(escaped(&self.fragment, b"$&+,/:;=?@!()*"));
        }
        out
    }
}

fn cut(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == at) {
        Some(place) => (&text[..place], Some(&text[place + 1..])),
        None => (text, None),
    }
}

fn scheme(text: &[u8]) -> Result<(&[u8], &[u8]), String> {
    for (place, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if place > 0 => {}
            b':' if place == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..place], &text[place + 1..])),
            _ => break,
        }
    }
    Ok((b"", text))
}

fn user_info(text: &[u8]) -> Result<Vec<u8>, String> {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
    if !text.iter().all(fits) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let (name, password) = cut(text, b':');
    let mut out = escaped(&unescaped(name)?, b"$&+,;=");
    if let Some(password) = password {
        out.push(b':');
        out.extend(escaped(&unescaped(password)?, b"$&+,;="));
    }
    Ok(out)
}

fn parsed_host(text: &[u8]) -> Result<Vec<u8>, String> {
    let port = if text.starts_with(b"[") {
        let Some(end) = text.iter().rposition(|byte| *byte == b']') else {
            return Err("missing ']' in host".to_owned());
        };
        &text[end + 1..]
    } else {
        text.iter().rposition(|byte| *byte == b':').map_or(&b""[..], |at| &text[at..])
    };
    let is_port = port.is_empty() || port[0] == b':' && port[1..].iter().all(u8::is_ascii_digit);
    if !is_port {
        return Err(format!("invalid port {} after host", shown(port)));
    }
    let host = unescaped(text)?;
    let bad = |byte: &&u8| {
        byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"-_.~!$&'()*+,;=:[]<>\"%".contains(byte)
    };
    match text.iter().find(bad) {
        Some(byte) => Err(format!("invalid character {} in host name", shown(&[*byte]))),
        None => Ok(host),
    }
}

fn unescaped(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digit = |index: usize| after.get(index).and_then(|byte| char::from(*byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(0), digit(1)) else {
            let part = [b"%", &after[..after.len().min(2)]].concat();
            return Err(format!("invalid URL escape {}", shown(&part)));
        };
        out.push(u8::try_from(high * 16 + low).unwrap_or(0));
        rest = &after[2..];
    }
    Ok(out)
}

fn escaped(text: &[u8], kept: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in text {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) || kept.contains(byte) {
            out.push(*byte);
        } else {
            out.extend(format!("%{byte:02X}").into_bytes());
        }
    }
    out
}
