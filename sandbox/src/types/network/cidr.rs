//! Address ranges, of both families.

use std::net::IpAddr;

use super::refuse;
use crate::refusal::Outcome;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::types) struct Cidr {
    first: u128,
    last: u128,
    pub(super) length: u8,
    pub(super) six: bool,
}

impl Cidr {
    pub(in crate::types) fn parse(text: &str) -> Outcome<Cidr> {
        let malformed = || {
            refuse(
                "InvalidAddressPrefixFormat",
                format!(
                    "Address prefix {text} of resource is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24."
                ),
            )
        };
        let (address, length) = text.split_once('/').ok_or_else(malformed)?;
        let address: IpAddr = address.parse().map_err(|_| malformed())?;
        let (bits, width, six) = match address {
            IpAddr::V4(four) => (u128::from(u32::from(four)), 32_u8, false),
            IpAddr::V6(sixth) => (u128::from(sixth), 128, true),
        };
        let length: u8 = length.parse().ok().filter(|length| *length <= width).ok_or_else(malformed)?;
        let host = match u32::from(width - length) {
            128 => u128::MAX,
            bits => (1_u128 << bits) - 1,
        };
        if bits & host != 0 {
            return Err(refuse(
                "InvalidCIDRNotation",
                format!(
                    "The address prefix {text} has an invalid CIDR notation. For the given prefix length, the address prefix should be {}/{length}.",
                    show(bits & !host, six)
                ),
            ));
        }
        Ok(Cidr { first: bits, last: bits | host, length, six })
    }

    pub(super) fn within(&self, other: &Cidr) -> bool {
        self.six == other.six && self.first >= other.first && self.last <= other.last
    }

    pub(in crate::types) fn overlaps(&self, other: &Cidr) -> bool {
        self.six == other.six && self.first <= other.last && other.first <= self.last
    }
}

fn show(bits: u128, six: bool) -> IpAddr {
    match six {
        true => IpAddr::V6(bits.into()),
        false => IpAddr::V4((bits as u32).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_contain_and_overlap() {
        let range = |text: &str| Cidr::parse(text).expect(text);
        assert!(range("10.0.1.0/24").within(&range("10.0.0.0/16")));
        assert!(!range("10.0.0.0/16").within(&range("10.0.1.0/24")));
        assert!(range("10.0.0.0/16").overlaps(&range("10.0.1.0/24")));
        assert!(!range("10.0.0.0/24").overlaps(&range("10.0.1.0/24")));
        assert!(!range("::/0").overlaps(&range("0.0.0.0/0")), "the families are apart");
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for (text, code) in [
            ("10.0.0.0", "InvalidAddressPrefixFormat"),
            ("10.0.0.0/33", "InvalidAddressPrefixFormat"),
            ("10.0.0/24", "InvalidAddressPrefixFormat"),
            ("fd00::/129", "InvalidAddressPrefixFormat"),
            ("10.0.0.1/24", "InvalidCIDRNotation"),
            ("fd00::1/64", "InvalidCIDRNotation"),
        ] {
            assert_eq!(Cidr::parse(text).expect_err(text).code, code, "{text}");
        }
        assert!(Cidr::parse("10.0.0.1/24").expect_err("bits").message.contains("10.0.0.0/24"));
    }
}
