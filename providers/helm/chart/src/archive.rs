//! Charts as `.tgz`, with the paths and sizes that Helm refuses.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

use crate::error::quoted;
use crate::path::clean;
use crate::{Error, File, Helm, Profile};

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A text without its byte order mark.
pub(crate) fn without_bom(mut data: Vec<u8>) -> Vec<u8> {
    if data.starts_with(BOM) {
        data.drain(..BOM.len());
    }
    data
}

/// The files of an archive. The first part of each path, which is the name of the chart, is cut off.
pub(crate) fn files(helm: &Helm<'_>, input: &[u8]) -> Result<Vec<File>, Error> {
    if input.is_empty() {
        return Err(Error::refused("EOF"));
    }
    if !input.starts_with(b"\x1f\x8b") {
        let short = input.len() < 10;
        return Err(Error::refused(if short { "unexpected EOF" } else { "gzip: invalid header" }));
    }
    let limit = helm.limits.chart_bytes;
    // Headers and padding count too, so that what is thrown away is bounded as well.
    let unpacked = MultiGzDecoder::new(input).take(limit.saturating_mul(2).saturating_add(64 << 20));
    let mut archive = Archive::new(unpacked);
    let mut remaining = limit;
    let mut files = Vec::new();
    let mut seen = 0_usize;
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        seen += 1;
        if seen > helm.limits.files {
            return Err(Error::limit(format!("the archive has more than {} entries", helm.limits.files)));
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        if kind == EntryType::Directory || name.ends_with('/') || kind == EntryType::XGlobalHeader {
            continue;
        }
        let path = checked_path(&name)?;
        let size = entry.size();
        let too_large = || {
            let what = if helm.profile == Profile::Helm3 { "file size" } else { "size" };
            Error::refused(format!("decompressed chart is larger than the maximum {what} {limit}"))
        };
        if size > remaining {
            return Err(too_large());
        }
        if helm.profile == Profile::Helm3 && size > helm.limits.file_bytes {
            return Err(Error::refused(format!(
                "decompressed chart file {} is larger than the maximum file size {}",
                quoted(&name),
                helm.limits.file_bytes
            )));
        }
        let mut data = Vec::new();
        // A link has a size of nothing, and is an empty file for Helm.
        let read = (&mut entry).take(remaining).read_to_end(&mut data).map_err(broken)? as u64;
        remaining -= read.min(remaining);
        if read < size {
            return Err(Error::refused("unexpected EOF"));
        }
        if remaining == 0 {
            return Err(too_large());
        }
        files.push(File { name: path, data: without_bom(data).into() });
    }
    if files.is_empty() {
        return Err(Error::refused("no files in chart archive"));
    }
    Ok(files)
}

/// The path inside the chart, if it leads nowhere else.
fn checked_path(name: &str) -> Result<String, Error> {
    let delimiter = if name.contains('\\') { '\\' } else { '/' };
    let (first, rest) = name.split_once(delimiter).unwrap_or((name, ""));
    let path = rest.replace(delimiter, "/");
    if path.starts_with('/') {
        return Err(Error::refused("chart illegally contains absolute paths"));
    }
    let path = clean(&path);
    if path == "." {
        return Err(Error::refused(format!(
            "chart illegally contains content outside the base directory: {}",
            quoted(name)
        )));
    }
    if path.starts_with("..") {
        return Err(Error::refused("chart illegally references parent directory"));
    }
    if matches!(path.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic()) {
        return Err(Error::refused("chart contains illegally named files"));
    }
    if first == "Chart.yaml" {
        return Err(Error::refused("chart yaml not in base directory"));
    }
    Ok(path)
}

fn broken(source: std::io::Error) -> Error {
    if source.kind() == std::io::ErrorKind::UnexpectedEof {
        return Error::refused("unexpected EOF");
    }
    Error::Io { what: "reading the archive".to_owned(), source }
}
