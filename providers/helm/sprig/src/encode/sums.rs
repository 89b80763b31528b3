//! Checksums.

use aurak_gotemplate::{Functions, Value};
use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512, digest};

use crate::table::{S, add};

pub(crate) fn add_all(table: &mut Functions) {
    let sums: [(&str, &'static Algorithm); 3] =
        [("sha1sum", &SHA1_FOR_LEGACY_USE_ONLY), ("sha256sum", &SHA256), ("sha512sum", &SHA512)];
    for (name, algorithm) in sums {
        add(table, &[name], &[S], S, move |_, a| Ok(Value::from(hex(digest(algorithm, &a.str(0)).as_ref()))));
    }
    add(table, &["adler32sum"], &[S], S, |_, a| Ok(adler32(&a.str(0)).to_string().into()));
}

/// Bytes as digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn adler32(bytes: &[u8]) -> u32 {
    const PRIME: u32 = 65_521;
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % PRIME;
        (low, (high + low) % PRIME)
    });
    high << 16 | low
}
