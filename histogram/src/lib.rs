//! A histogram of whole numbers, such as spans in nanoseconds: log-linear, with 32 buckets an octave.
//!
//! Below 64 each number has a bucket of its own. Above, a bucket is as wide as a 32nd of the power of two below it, so
//! that its middle, which stands for all in it, is at most 1.6 % off. The kernel counts in it while it runs and the
//! reader of a log counts in it afterwards: of the same numbers both say the same.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;

/// Buckets an octave, and the numbers below the first octave that is shared.
const PER_OCTAVE: u64 = 1 << OCTAVE_BITS;
const OCTAVE_BITS: u32 = 5;

/// Buckets that there can be; none is kept above the largest number that has come.
pub const BUCKETS: usize = bucket(u64::MAX) + 1;

/// The percentiles that are shown, in ten-thousandths, and their names.
pub const SHOWN: [(&str, u32); 4] = [("p50", 5_000), ("p90", 9_000), ("p99", 9_900), ("p99.9", 9_990)];

/// How often which numbers have come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: Vec<u64>,
    count: u64,
    sum: u128,
    max: u64,
}

/// The bucket of a number, from 0 to [`BUCKETS`] - 1. Larger numbers are in the same one or a later one.
pub const fn bucket(number: u64) -> usize {
    if number < PER_OCTAVE {
        return number as usize;
    }
    let octave = number.ilog2() - OCTAVE_BITS;
    ((octave as usize) << OCTAVE_BITS) + (number >> octave) as usize
}

/// The number in the middle of a bucket.
const fn middle(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * PER_OCTAVE {
        return bucket;
    }
    let octave = (bucket >> OCTAVE_BITS) - 1;
    let first = (bucket - (octave << OCTAVE_BITS)) << octave;
    first + ((1 << octave) - 1) / 2
}

impl Histogram {
    /// An empty one, which takes no memory yet.
    pub const fn new() -> Histogram {
        Histogram { counts: Vec::new(), count: 0, sum: 0, max: 0 }
    }

    /// Counts a number.
    #[inline]
    pub fn record(&mut self, number: u64) {
        let bucket = bucket(number);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.count += 1;
        self.sum += u128::from(number);
        self.max = self.max.max(number);
    }

    /// How many numbers have come.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Exactly the largest of them; 0 of none.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Exactly all of them together.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// Exactly their mean, rounded down; 0 of none.
    pub fn mean(&self) -> u64 {
        self.sum.checked_div(u128::from(self.count)).unwrap_or(0) as u64
    }

    /// A number that so many ten-thousandths of them do not exceed, by its bucket's middle, and never more than
    /// the largest; 0 of none. Of 10,000 ten-thousandths it is the largest.
    pub fn percentile(&self, ten_thousandths: u32) -> u64 {
        let wanted = (u128::from(self.count) * u128::from(ten_thousandths)).div_ceil(10_000).max(1);
        let mut seen = 0;
        for (bucket, &count) in self.counts.iter().enumerate() {
            seen += u128::from(count);
            if seen >= wanted {
                let is_last = seen == u128::from(self.count);
                return if is_last && wanted == seen { self.max } else { middle(bucket).min(self.max) };
            }
        }
        self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_in_order_without_gaps() {
        let mut last = 0;
        for number in 0..1_000_000 {
            let bucket = bucket(number);
            assert!(bucket == last || bucket == last + 1, "{number}");
            last = bucket;
        }
        assert_eq!(BUCKETS, 1920);
    }

    #[test]
    fn the_middle_of_a_bucket_is_in_it_and_near_all_of_it() {
        for bucket_number in 0..BUCKETS {
            assert_eq!(bucket(middle(bucket_number)), bucket_number);
        }
        for octave in 0..64 {
            for number in [1 << octave, (1 << octave) + (1 << octave) / 3, ((1 << octave) - 1) * 2 + 1] {
                let middle = middle(bucket(number));
                assert!(middle.abs_diff(number) <= number / 60, "{number} is told as {middle}");
            }
        }
    }

    #[test]
    fn percentiles_are_within_the_error_of_those_of_a_sorted_list() {
        let mut histogram = Histogram::new();
        let mut numbers: Vec<u64> = Vec::new();
        let mut seed: u64 = 1;
        for _ in 0..10_007 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let number = (seed >> 40) << (seed >> 33 & 15);
            numbers.push(number);
            histogram.record(number);
        }
        numbers.sort_unstable();
        for ten_thousandths in [1, 100, 5_000, 9_000, 9_900, 9_990, 9_999] {
            let rank = (numbers.len() as u64 * u64::from(ten_thousandths)).div_ceil(10_000) as usize;
            let (exact, told) = (numbers[rank - 1], histogram.percentile(ten_thousandths));
            assert_eq!(bucket(told), bucket(exact), "{ten_thousandths}: {exact} is told as {told}");
        }
        assert_eq!(histogram.percentile(10_000), numbers[numbers.len() - 1]);
        assert_eq!(histogram.mean(), (numbers.iter().sum::<u64>()) / numbers.len() as u64);
    }

    #[test]
    fn the_ends_of_the_scale_fit() {
        let mut histogram = Histogram::new();
        assert_eq!((histogram.percentile(5_000), histogram.mean(), histogram.max()), (0, 0, 0));
        histogram.record(0);
        histogram.record(u64::MAX);
        assert_eq!((histogram.percentile(5_000), histogram.max()), (0, u64::MAX));
        assert_eq!(histogram.sum(), u128::from(u64::MAX));
    }
}
