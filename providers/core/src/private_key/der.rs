//! As much DER as it takes to find the numbers in an RSA key.

/// The numbers of an RSA key that OpenSSH writes, big-endian.
pub(super) struct RsaNumbers<'a> {
    pub(super) modulus: &'a [u8],
    pub(super) public_exponent: &'a [u8],
    pub(super) private_exponent: &'a [u8],
    pub(super) prime_1: &'a [u8],
    pub(super) prime_2: &'a [u8],
    pub(super) coefficient: &'a [u8],
}

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// The numbers in PKCS#8 (RFC 5208) around an `RSAPrivateKey` (RFC 8017).
pub(super) fn rsa_numbers(pkcs8: &[u8]) -> Option<RsaNumbers<'_>> {
    let (info, _) = element(pkcs8, SEQUENCE)?;
    let (_version, info) = element(info, INTEGER)?;
    let (_algorithm, info) = element(info, SEQUENCE)?;
    let (key, _) = element(info, OCTETS)?;
    let (key, _) = element(key, SEQUENCE)?;
    let (_version, key) = element(key, INTEGER)?;
    let (modulus, key) = element(key, INTEGER)?;
    let (public_exponent, key) = element(key, INTEGER)?;
    let (private_exponent, key) = element(key, INTEGER)?;
    let (prime_1, key) = element(key, INTEGER)?;
    let (prime_2, key) = element(key, INTEGER)?;
    let (_exponent_1, key) = element(key, INTEGER)?;
    let (_exponent_2, key) = element(key, INTEGER)?;
    let (coefficient, _) = element(key, INTEGER)?;
    Some(RsaNumbers { modulus, public_exponent, private_exponent, prime_1, prime_2, coefficient })
}

/// What an element holds, and what follows it; `None` where it is something else or is cut off.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        // Longer than 64 KiB no key is.
        0x81 | 0x82 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_that_is_cut_off_or_of_another_kind_is_none() {
        assert_eq!(element(&[INTEGER, 1, 7, 9], INTEGER), Some((&[7][..], &[9][..])));
        assert_eq!(element(&[OCTETS, 0x81, 2, 7, 8], OCTETS), Some((&[7, 8][..], &[][..])));
        for bytes in
            [&[][..], &[INTEGER], &[INTEGER, 2, 7], &[INTEGER, 0x82, 1], &[INTEGER, 0x84, 0, 0, 0, 1, 7]]
        {
            assert_eq!(element(bytes, INTEGER), None, "{bytes:?}");
        }
        assert_eq!(element(&[OCTETS, 0], INTEGER), None);
    }
}
