//! Random numbers that are the same for the same seed, everywhere.
//!
//! xoshiro256\*\* by David Blackman and Sebastiano Vigna, its state filled by Vigna's SplitMix64
//! as its authors advise (<https://prng.di.unimi.it/>, public domain). Each use of chance draws
//! from a generator of its own, so that one more draw here moves nothing there.

/// What a generator is for. Generators of one seed and different uses are unrelated.
#[derive(Clone, Copy, Debug)]
pub enum Use {
    /// The bytes that tasks ask for.
    Entropy = 1,
    /// How long packets take.
    Latency = 2,
    /// Which faults happen.
    Faults = 3,
    /// How long jobs take.
    Jobs = 4,
    /// How long the disk takes.
    Disk = 5,
}

/// A stream of random numbers. Not for secrets.
#[derive(Clone, Debug)]
pub struct Generator([u64; 4]);

impl Generator {
    /// The stream of `seed` for this use.
    pub fn new(seed: u64, purpose: Use) -> Generator {
        // The use goes through the mixer first: neighbouring seeds must not share a stream.
        let mut state = seed ^ split_mix(&mut (purpose as u64));
        Generator(std::array::from_fn(|_| split_mix(&mut state)))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.0;
        let bits = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        bits
    }

    /// A number below `bound`, which is not 0. Its bias, below `bound / 2^64`, is nobody's concern.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// Fills `bytes`.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.bits().to_le_bytes()[..chunk.len()]);
        }
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mixer_gives_the_published_numbers() {
        let mut state = 1_234_567;
        let numbers: [u64; 3] = std::array::from_fn(|_| split_mix(&mut state));
        assert_eq!(numbers, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn the_generator_gives_the_published_numbers() {
        let mut generator = Generator([1, 2, 3, 4]);
        let numbers: [u64; 4] = std::array::from_fn(|_| generator.bits());
        assert_eq!(numbers, [11_520, 0, 1_509_978_240, 1_215_971_899_390_074_240]);
    }

    #[test]
    fn uses_of_one_seed_are_unrelated() {
        assert_ne!(Generator::new(7, Use::Entropy).bits(), Generator::new(7, Use::Latency).bits());
        assert_ne!(Generator::new(7, Use::Faults).bits(), Generator::new(8, Use::Faults).bits());
    }
}
