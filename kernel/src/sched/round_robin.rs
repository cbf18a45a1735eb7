//! Round robin: first ready, first run.

use super::Policy;
use crate::limits::READY_PLACES_KEPT;
use yieldix_syscalls::Tid;

/// Runs tasks in the order in which they became ready.
///
/// Two vectors that are swapped at each round: one is read while the other is filled.
#[derive(Debug, Default)]
pub struct RoundRobin {
    round: Vec<Tid>,
    chosen: usize,
    chosen_before: u64,
    next_round: Vec<Tid>,
}

impl RoundRobin {
    #[inline(always)]
    fn forget_round(&mut self) {
        self.chosen_before += self.chosen as u64;
        self.chosen = 0;
        self.round.clear();
    }

    /// Places are not kept for ever that only a spike of ready tasks has used.
    #[cold]
    fn trim(&mut self) {
        let len = self.round.len();
        if self.next_round.capacity() / 8 > len {
            self.next_round.shrink_to(len);
        }
    }
}

impl Policy for RoundRobin {
    fn name(&self) -> &'static str {
        "round-robin"
    }

    #[inline(always)]
    fn ready(&mut self, task: Tid) {
        self.next_round.push(task);
    }

    #[inline(always)]
    fn begin_round(&mut self) {
        self.forget_round();
        std::mem::swap(&mut self.round, &mut self.next_round);
        if self.next_round.capacity() > READY_PLACES_KEPT {
            self.trim();
        }
    }

    #[inline(always)]
    fn choose(&mut self) -> Option<Tid> {
        let task = self.round.get(self.chosen).copied()?;
        self.chosen += 1;
        Some(task)
    }

    #[inline(always)]
    fn chosen(&self) -> u64 {
        self.chosen_before + self.chosen as u64
    }

    fn left(&self) -> usize {
        self.round.len() - self.chosen
    }

    fn waiting(&self) -> usize {
        self.next_round.len()
    }

    fn rest(&mut self) {
        if self.left() == 0 {
            self.forget_round();
        }
        self.round.shrink_to(READY_PLACES_KEPT);
        self.next_round.shrink_to(READY_PLACES_KEPT);
    }

    fn queued(&self) -> impl Iterator<Item = Tid> {
        self.round[self.chosen..].iter().chain(&self.next_round).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_for_a_spike_is_given_back_at_rest() {
        let mut policy = RoundRobin::default();
        (0..4 * READY_PLACES_KEPT as u64).for_each(|serial| policy.ready(Tid::new(0, serial)));
        policy.begin_round();
        policy.ready(Tid::new(0, 1));
        while policy.choose().is_some() {}
        policy.rest();
        assert_eq!(policy.waiting(), 1);
        policy.begin_round();
        policy.rest();
        assert!(policy.round.capacity().max(policy.next_round.capacity()) <= 2 * READY_PLACES_KEPT);
        assert_eq!(policy.choose(), Some(Tid::new(0, 1)));
    }

    #[test]
    fn a_task_made_ready_in_a_round_runs_in_the_next() {
        let [a, b] = [Tid::new(0, 1), Tid::new(1, 2)];
        let mut policy = RoundRobin::default();
        policy.ready(a);
        policy.begin_round();
        assert_eq!(policy.left(), 1);
        policy.ready(b);
        assert_eq!(policy.choose(), Some(a));
        policy.ready(a);
        assert_eq!((policy.choose(), policy.waiting()), (None, 2));
        policy.begin_round();
        assert_eq!(policy.left(), 2);
        assert_eq!((policy.choose(), policy.choose(), policy.choose()), (Some(b), Some(a), None));
    }
}
