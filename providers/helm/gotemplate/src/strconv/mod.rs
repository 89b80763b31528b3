//! Go's `strconv`: quoting, and numbers from and to text.

mod float;
mod number;
mod quote;
mod unquote;

pub use float::format_float;
pub use number::{NumberError, parse_float, parse_int, parse_uint};
pub use quote::{can_backquote, quote, quote_rune, quote_rune_to_ascii, quote_to_ascii};
pub use unquote::{unquote, unquote_char};
