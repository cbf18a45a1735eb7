//! Who runs next: a policy, apart from the mechanism that runs it.
//!
//! The kernel works in *rounds*. A round takes a snapshot of who is ready; tasks that become ready
//! meanwhile wait for the next, so newborn and re-queued tasks cannot keep the kernel from looking
//! at timers and devices between rounds. In which order a round runs is the policy's matter.

mod round_robin;

pub use round_robin::RoundRobin;
use yieldix_syscalls::Tid;

/// A scheduling policy: an order of ready tasks.
///
/// It may be told of a task once between two choices of it, and may name one that has ended since:
/// the kernel passes over it.
pub trait Policy {
    /// What decisions are explained by in the log.
    fn name(&self) -> &'static str;

    /// `task` has become ready; it is for the next round.
    fn ready(&mut self, task: Tid);

    /// Begins a round of all that are ready now.
    fn begin_round(&mut self);

    /// The next task of this round; none when it is over.
    fn choose(&mut self) -> Option<Tid>;

    /// How many tasks it has chosen, ever.
    fn chosen(&self) -> u64;

    /// Tasks that the round has not chosen yet.
    fn left(&self) -> usize;

    /// Tasks that wait for the next round.
    fn waiting(&self) -> usize;

    /// Nobody is ready, and nobody will be for a while: room that is not needed may be given back.
    fn rest(&mut self) {}

    /// Every task that it will name, of this round and of the next: for checks.
    fn queued(&self) -> impl Iterator<Item = Tid>;
}
