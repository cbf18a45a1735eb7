//! Who had the machine when, who waited for what, and who woke whom.
//!
//! [`Builder`] is told what happens and tells a [`Sink`] what there is to draw, as soon as it is known. On the track of
//! a task there are turns and waits; they never overlap. A flow leads from the turn in which a task was made ready to
//! its next turn, and has each end inside of it. Times are nanoseconds since boot and never go back.

mod builder;

pub use builder::Builder;

use crate::{Happening, LogError, Reader};
use std::io::BufRead;

/// Takes what there is to draw, in this order: a track before what is on it, the slices of a track by time, a flow's
/// ends after their slices.
pub trait Sink {
    /// There is one more thing to draw.
    fn draw(&mut self, drawn: Drawn);
}

/// One thing to draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// A task has appeared.
    Track(Track),
    /// A stretch of time is over.
    Slice(Slice),
    /// A flow leaves the slice of its `from`, which has just been drawn. It may have no end.
    FlowBegins(FlowEnd),
    /// A flow has come to the slice that has just been drawn.
    Flow(Flow),
    /// Something has happened at a point in time.
    Instant(Instant),
    /// A counter has another value.
    Sample(Sample),
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// Its number.
    pub tid: u64,
    /// Its name.
    pub name: Box<str>,
    /// Who made it; 0 for nobody.
    pub parent: u64,
}

/// A stretch of time on a task's track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Whose.
    pub tid: u64,
    /// When it began.
    pub from: u64,
    /// When it was over.
    pub to: u64,
    /// What it was.
    pub what: What,
}

/// What a task did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It had the turn.
    Turn(Turn),
    /// It waited.
    Wait(Wait),
}

/// A turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Why the task was ready.
    pub because: Box<str>,
    /// Who made it so, where `because` does not say; 0 for nobody.
    pub by: u64,
    /// For how long it was.
    pub waited_ns: u64,
    /// Of how many it was chosen.
    pub of_ready: u64,
    /// By which rule.
    pub rule: Box<str>,
    /// Why the turn was over. None when the machine has ended in it.
    pub stopped: Option<Box<str>>,
    /// Traps in it; those of a turn that is not over are not known.
    pub traps: Option<u64>,
    /// The last call in it, without arguments.
    pub call: Box<str>,
    /// The source line of that.
    pub line: Box<str>,
}

/// A wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// For what.
    pub on: Box<str>,
    /// In which queues.
    pub queues: Box<str>,
    /// Until then at the latest.
    pub until: Option<u64>,
    /// The source line of the trap that began it.
    pub line: Box<str>,
}

/// One end of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowEnd {
    /// Which flow.
    pub id: u64,
    /// On whose track.
    pub tid: u64,
    /// When.
    pub at: u64,
    /// The slice it lies in, by its place in the order of all, from 0.
    pub slice: usize,
}

/// A task made another ready, which then had a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Who did.
    pub from: FlowEnd,
    /// Who was.
    pub to: FlowEnd,
}

/// Something that takes no time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instant {
    /// On whose track; 0 for the machine's.
    pub tid: u64,
    /// When.
    pub at: u64,
    /// What it is.
    pub name: &'static str,
    /// More of it.
    pub detail: Box<str>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counter {
    /// Tasks that are ready and have no turn.
    Ready,
    /// Tasks that have not ended.
    Tasks,
    /// Files that are open.
    Files,
}

impl Counter {
    /// Each of them.
    pub const ALL: [Counter; 3] = [Counter::Ready, Counter::Tasks, Counter::Files];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Counter::Ready => "ready queue",
            Counter::Tasks => "tasks",
            Counter::Files => "open files",
        }
    }
}

/// The value of a counter from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Of which.
    pub counter: Counter,
    /// Since when.
    pub at: u64,
    /// How many.
    pub value: u64,
}

/// Draws a whole log, and gives the time of its last event. Errors: those of [`Reader`].
pub fn draw(events: &mut Reader<impl BufRead>, sink: &mut impl Sink) -> Result<u64, LogError> {
    let mut builder = Builder::default();
    for event in events {
        let event = event?;
        let what = Happening::of(&event);
        let what = what.map_err(|why| LogError::impossible(event.seq, why))?;
        builder.tell(event.at, what, sink);
    }
    Ok(builder.finish(sink))
}
