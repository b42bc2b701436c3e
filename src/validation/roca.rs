//! Recognises RSA moduli made by the flawed generator of CVE-2017-15361 ("ROCA").
//! Other weaknesses of a key are [`super::key`]'s business.

/// The odd primes whose product the flawed generator's primes are built on.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether a modulus (big-endian) is congruent to a power of 65537 modulo each of the primes. A modulus made otherwise
/// passes all of them with a probability below 2⁻²⁷.
pub(super) fn is_fingerprinted(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|&prime| {
        let residue = modulus.iter().fold(0, |rest, &byte| (rest * 256 + u32::from(byte)) % prime);
        is_power_of_65537(residue, prime)
    })
}

fn is_power_of_65537(residue: u32, prime: u32) -> bool {
    let mut power = 1;
    loop {
        if power == residue {
            return true;
        }
        power = power * (65537 % prime) % prime;
        if power == 1 {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_65537_carries_the_fingerprint_and_its_neighbour_does_not() {
        assert!(is_fingerprinted(&65537u32.pow(1).to_be_bytes()));
        assert!(is_fingerprinted(&65537u64.pow(3).to_be_bytes()));
        assert!(!is_fingerprinted(&(65537u64.pow(3) + 2).to_be_bytes()));
    }
}
