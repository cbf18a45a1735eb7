//! Nanoseconds, as a ratio to the floor's.
//!
//! Nanoseconds differ from machine to machine and from minute to minute; what the kernel takes beside
//! what the floor takes at the same moment does not. A round runs both, one after the other; what
//! counts is the median of the rounds' ratios.

/// What the runs of one case took, in nanoseconds an operation.
#[derive(Default)]
pub struct Times {
    rounds: Vec<Round>,
}

/// A run of the kernel, and one of the floor right after it, where there is one.
struct Round {
    kernel: f64,
    floor: Option<f64>,
}

impl Times {
    /// Adds a round.
    pub fn add(&mut self, kernel: f64, floor: Option<f64>) {
        self.rounds.push(Round { kernel, floor });
    }

    /// How many rounds there were.
    pub fn rounds(&self) -> usize {
        self.rounds.len()
    }

    /// The kernel's, the median of all rounds.
    pub fn kernel(&self) -> f64 {
        median(self.rounds.iter().map(|round| round.kernel).collect())
    }

    /// The floor's, likewise.
    pub fn floor(&self) -> Option<f64> {
        self.rounds.iter().map(|round| round.floor).collect::<Option<Vec<f64>>>().map(median)
    }

    /// How many times the floor's the kernel's is, likewise.
    pub fn ratio(&self) -> Option<f64> {
        self.ratio_of_last(self.rounds.len())
    }

    /// The same, of the last rounds alone.
    pub fn ratio_of_last(&self, rounds: usize) -> Option<f64> {
        let ratio = |round: &Round| round.floor.map(|floor| round.kernel / floor);
        self.rounds.iter().rev().take(rounds).map(ratio).collect::<Option<Vec<f64>>>().map(median)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
}
