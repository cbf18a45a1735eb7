//! Programs: tasks with a name, by which a shell or another task can start them.

use crate::{SpawnOptions, SpawnRequest, Task, call, calls, trap};
use alloc::{boxed::Box, string::String, vec::Vec};

/// The words after a program's name.
pub type Args = Vec<String>;

/// One entry of a program table.
///
/// A userland crate exports `pub static PROGRAMS: &[Program]` and hands it to the machine.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// What it is called.
    pub name: &'static str,
    /// Under which heading it is listed.
    pub group: Group,
    /// What it does, in one line.
    pub about: &'static str,
    /// Its arguments, as a usage line shows them.
    pub usage: &'static str,
    /// What its help explains beside: its options, a line each; may be empty.
    pub details: &'static str,
    /// What runs.
    pub entry: Entry,
    /// How it wants to be booted.
    pub boot: Boot,
}

/// A heading in the list of programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// What a shell needs.
    System,
    /// Small commands.
    Tools,
    /// Servers.
    Servers,
    /// A part of the course.
    Course(Part),
    /// What proves the rest.
    Tests,
    /// Anything of a user's own.
    Other,
}

impl Group {
    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Group::System => "System",
            Group::Tools => "Tools",
            Group::Servers => "Servers",
            Group::Course(part) => part.title(),
            Group::Tests => "Tests",
            Group::Other => "Other",
        }
    }
}

/// The parts of "A Curious Course on Coroutines and Concurrency", and what its readers built from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Part 1.
    Generators,
    /// Part 2.
    Dataflow,
    /// Part 3.
    Events,
    /// Part 4.
    Concurrency,
    /// Parts 7 and 8: the lessons that grow into an operating system. (5 and 6 have no programs.)
    OperatingSystem,
    /// What came of it.
    Around,
}

impl Part {
    /// All of them, in order.
    pub const ALL: [Part; 6] =
        [Part::Generators, Part::Dataflow, Part::Events, Part::Concurrency, Part::OperatingSystem, Part::Around];

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Part::Generators => "Part 1: generators and coroutines",
            Part::Dataflow => "Part 2: coroutines, pipelines, dataflow",
            Part::Events => "Part 3: event handling",
            Part::Concurrency => "Part 4: threads and processes",
            Part::OperatingSystem => "Parts 7 and 8: an operating system",
            Part::Around => "Around the course",
        }
    }
}

/// The first tasks of a program.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    /// One task, made from the program's arguments.
    Task(fn(Args) -> Task),
    /// Several that start together, in this order.
    Together(fn(Args) -> Vec<Task>),
}

/// How a program wants to be booted when the machine is told to run just this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boot {
    /// As a child of init, which then ends with its status.
    UnderInit,
    /// Alone: its first tasks are the machine's, numbered from 1.
    Alone(Lesson),
}

/// What the tasks of a program that boots alone are given, there and in a shell; their children
/// inherit it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// Traps a turn; the course's kernel had one.
    pub quantum: u32,
    /// Does the console say when one of its tasks ends?
    pub exits_announced: bool,
}

impl Lesson {
    /// As in the course from pyos3 on: a turn a trap, and exits announced.
    pub const COURSE: Lesson = Lesson { quantum: 1, exits_announced: true };
}

impl Program {
    /// A program of one task that runs under init.
    pub const fn new(name: &'static str, group: Group, about: &'static str, start: fn(Args) -> Task) -> Program {
        Program { name, group, about, usage: "", details: "", entry: Entry::Task(start), boot: Boot::UnderInit }
    }

    /// A lesson: its first tasks start together, alone on the machine.
    pub const fn lesson(
        name: &'static str,
        about: &'static str,
        lesson: Lesson,
        first: fn(Args) -> Vec<Task>,
    ) -> Program {
        Program {
            name,
            group: Group::Course(Part::OperatingSystem),
            about,
            usage: "",
            details: "",
            entry: Entry::Together(first),
            boot: Boot::Alone(lesson),
        }
    }

    /// With this usage line.
    pub const fn usage(self, usage: &'static str) -> Program {
        Program { usage, ..self }
    }

    /// With these lines of help behind what it does.
    pub const fn details(self, details: &'static str) -> Program {
        Program { details, ..self }
    }

    /// The options its first tasks are spawned with.
    pub fn options(&self) -> SpawnOptions {
        let mut options = SpawnOptions::default();
        if let Boot::Alone(lesson) = self.boot {
            options.quantum = Some(lesson.quantum);
            options.announced = Some(lesson.exits_announced);
        }
        options
    }

    /// The tasks it begins with.
    pub fn first_tasks(&self, args: Args) -> Vec<Task> {
        match self.entry {
            Entry::Task(start) => alloc::vec![start(args)],
            Entry::Together(start) => start(args),
        }
    }

    /// The program as one task, for a parent that wants one child. Several first tasks get a
    /// task above them that waits for all and ends with the first one's status.
    ///
    /// That one is no part of the program: it is not given the program's options, so that its
    /// children begin together at any quantum, and the console does not tell of its end.
    pub fn request(&self, args: Args) -> SpawnRequest {
        let options = self.options();
        let mut first = self.first_tasks(args);
        if first.len() == 1 {
            return SpawnRequest { task: first.remove(0), options };
        }
        let task = crate::task!({
            let code = call!(together(first, options))?;
            trap!(yield calls::exit(code))
        });
        SpawnRequest { task, options: SpawnOptions::default() }
    }
}

/// Spawns every task with the same options, waits for all, gives the first one's exit code.
fn together(tasks: Vec<Task>, options: SpawnOptions) -> impl crate::Routine<Result<i32, crate::Errno>> {
    crate::routine!(move {
        let mut children = Vec::with_capacity(tasks.len());
        for task in tasks {
            let options = options.clone();
            children.push(trap!(yield calls::spawn_with(SpawnRequest { task, options }))?);
        }
        let mut first_code = 0;
        for (index, &child) in children.iter().enumerate() {
            let status = trap!(yield calls::wait(child))?;
            if index == 0 {
                first_code = status.code();
            }
        }
        Ok(first_code)
    })
}

/// A program to start, by name.
#[derive(Clone, Debug)]
pub struct ProgramRequest {
    /// Its name in the table.
    pub name: Box<str>,
    /// Its arguments.
    pub args: Args,
    /// What its task is given.
    pub options: SpawnOptions,
}
