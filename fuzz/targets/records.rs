//! See `aurak_tests::targets`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    aurak_tests::targets::run("records", bytes);
});
