//! Random texts and bytes, passwords, keys and certificates.

mod aes;
mod certificate;
mod der;
mod generate;
mod keys;
mod password;
mod pem;
mod random;
mod scrypt;

use aurak_gotemplate::Functions;

pub(crate) use random::below;

use crate::source::Source;

pub(crate) fn add_all(table: &mut Functions, source: &Source) {
    random::add_all(table, source);
    password::add_all(table, source);
    aes::add_all(table, source);
    generate::add_all(table, source);
}
