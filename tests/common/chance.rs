//! Chance from a seed, and which seeds.

/// What is done in the scope of a value of this is named if it panics.
pub struct Doing(pub String);

impl Drop for Doing {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("it was: {}", self.0);
        }
    }
}

/// Random numbers from a seed: SplitMix64.
#[derive(Debug)]
pub struct Chance(pub u64);

impl Chance {
    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// These seeds, or those that `YIELDIX_SEED` says: one, or a range as in `100..200`.
pub fn seeds(default: std::ops::Range<u64>) -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("YIELDIX_SEED") else { return default };
    let number = |text: &str| text.parse().expect("YIELDIX_SEED is a number, or two with .. between");
    match text.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => number(&text)..number(&text) + 1,
    }
}
