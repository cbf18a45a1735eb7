//! The machine: what is to be booted, on what, and booting it.

use crate::{Running, Trace};
#[cfg(unix)]
use std::sync::{Arc, atomic::AtomicU64};
use std::{
    collections::BTreeMap,
    fmt, io,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};
#[cfg(unix)]
use yieldix_kernel::hardware::host::{ProgramKeeper, TerminalKeeper};
use yieldix_kernel::{
    Ended, Flight, FlightSink, Kernel, LintRefusal, Options,
    event::Observer,
    fs::mount::Mount,
    hardware::{
        Hardware, MemoryConsole,
        simulated::{
            CallCount, CopyError, Faults, HostProgram, MemoryFolder, Simulated, SimulatedConsole, SimulatedOptions,
        },
    },
    limits,
    sched::RoundRobin,
};
use yieldix_syscalls::{Args, Boot, Entry, Errno, Program, SpawnOptions, SpawnRequest, Task};

/// What descriptors 0, 1 and 2 of the first tasks are.
#[derive(Clone, Debug, Default)]
pub enum Console {
    /// The streams of this process.
    #[default]
    Process,
    /// Memory.
    Memory(MemoryConsole),
}

/// What can be mounted.
#[derive(Clone, Debug)]
pub enum Folder {
    /// A folder of the host. A simulated world has a copy of it, made when it boots.
    Host(PathBuf),
    /// A folder in memory, for a simulated world.
    Memory(MemoryFolder),
}

impl<P: AsRef<Path> + ?Sized> From<&P> for Folder {
    fn from(path: &P) -> Folder {
        Folder::Host(path.as_ref().to_path_buf())
    }
}

impl From<MemoryFolder> for Folder {
    fn from(folder: MemoryFolder) -> Folder {
        Folder::Memory(folder)
    }
}

/// A machine that has not booted. Its methods say what it will be; [`Machine::boot`] runs it to its
/// end, [`Machine::start`] leaves that to the caller.
pub struct Machine {
    programs: Vec<Program>,
    options: Options,
    timer_slack: Option<Duration>,
    seed: Option<u64>,
    faults: Faults,
    console: Console,
    mounts: Mounts,
    hosts: BTreeMap<String, Vec<IpAddr>>,
    host_programs: BTreeMap<String, HostProgram>,
    process: Process,
    load: Load,
    observers: Vec<Box<dyn Observer>>,
    flight_sink: Option<FlightSink>,
    patience: Option<Duration>,
}

/// What the machine has to do with the process that it is in.
#[derive(Default)]
struct Process {
    catches_signals: bool,
    #[cfg(unix)]
    signals_delivered: Arc<AtomicU64>,
    #[cfg(unix)]
    terminal: TerminalKeeper,
    #[cfg(unix)]
    programs: ProgramKeeper,
}

/// What to boot.
enum Load {
    Nothing,
    Task(Task),
    Program(String, Args),
}

/// Why a machine did not boot.
#[derive(Debug)]
pub enum BootError {
    /// No program of that name is in the table.
    UnknownProgram(String),
    /// Two programs of the table have this name.
    DuplicateProgram(&'static str),
    /// It was not said what to boot.
    NothingToBoot,
    /// There is no hardware for this host, which is no Unix.
    NoHost,
    /// The host refused what a machine needs.
    Host(io::Error),
    /// A folder could not be mounted at this path.
    Mount(String, MountError),
    /// The kernel refused the first task.
    Refused(Errno),
    /// The program panicked before it had made its first task.
    EntryPanicked(&'static str),
}

/// Why a folder could not be mounted.
#[derive(Debug)]
pub enum MountError {
    /// The place is no path.
    NoPath(Errno),
    /// Another folder is mounted there.
    Taken,
    /// The host refused this folder of its own.
    Host(PathBuf, io::Error),
    /// This folder of the host could not be copied into the simulated world.
    Copy(PathBuf, CopyError),
    /// It is in memory, and the world is not simulated.
    NotOfHost,
}

impl fmt::Display for MountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MountError::NoPath(errno) => errno.fmt(f),
            MountError::Taken => f.write_str("another folder is mounted there"),
            MountError::Host(path, error) => write!(f, "{path:?}: {error}"),
            MountError::Copy(path, error) => write!(f, "{path:?}: {error}"),
            MountError::NotOfHost => f.write_str("a folder in memory needs a simulated world"),
        }
    }
}

impl fmt::Display for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BootError::UnknownProgram(name) => write!(f, "{}: no such program", name.escape_debug()),
            BootError::DuplicateProgram(name) => write!(f, "two programs are called {name}"),
            BootError::NothingToBoot => f.write_str("nothing to boot: name a task or a program"),
            BootError::NoHost => f.write_str("no host hardware on this platform; use simulate"),
            BootError::Host(error) => write!(f, "the host refused: {error}"),
            BootError::Mount(guest, why) => write!(f, "cannot mount at {}: {why}", guest.escape_debug()),
            BootError::Refused(errno) => write!(f, "the first task was refused: {errno}"),
            BootError::EntryPanicked(name) => write!(f, "{name} panicked before it had made its first task"),
        }
    }
}

impl std::error::Error for BootError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            BootError::Host(error) | BootError::Mount(_, MountError::Host(_, error)) => Some(error),
            BootError::Mount(_, MountError::Copy(_, error)) => Some(error),
            BootError::Refused(errno) => Some(errno),
            _ => None,
        }
    }
}

impl Default for Machine {
    fn default() -> Machine {
        Machine::new()
    }
}

impl Machine {
    /// A machine on the host, with the process's console and no programs.
    pub fn new() -> Machine {
        Machine {
            programs: Vec::new(),
            options: Options::default(),
            timer_slack: None,
            seed: None,
            faults: Faults::default(),
            console: Console::Process,
            mounts: Vec::new(),
            hosts: BTreeMap::new(),
            host_programs: BTreeMap::new(),
            process: Process::default(),
            load: Load::Nothing,
            observers: Vec::new(),
            flight_sink: None,
            patience: Some(limits::WATCHDOG),
        }
    }

    /// Adds programs, which tasks can then start by name.
    pub fn programs(mut self, programs: &[Program]) -> Machine {
        self.programs.extend_from_slice(programs);
        self
    }

    /// Boots one task of the caller's own, alone; its status is the machine's.
    pub fn task(mut self, task: Task) -> Machine {
        self.load = Load::Task(task);
        self
    }

    /// Boots a program of the table as it declares: under init, or alone.
    pub fn program(mut self, name: impl Into<String>, args: impl IntoIterator<Item = impl Into<String>>) -> Machine {
        self.load = Load::Program(name.into(), args.into_iter().map(Into::into).collect());
        self
    }

    /// Runs in a simulated world: virtual time, a network in memory, chance from `seed`.
    pub fn simulate(mut self, seed: u64) -> Machine {
        self.seed = Some(seed);
        self.options.is_checked = true;
        self
    }

    /// Lets a simulated world misbehave.
    pub fn faults(mut self, faults: Faults) -> Machine {
        self.faults = faults;
        self
    }

    /// Sets a variable in the environment of the first tasks, which their children inherit. None is set unless said
    /// so: what this process has in its own is not for tasks to see.
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Machine {
        self.options.environment.insert(name.into(), value.into());
        self
    }

    /// The console; the process's own unless said otherwise.
    pub fn console(mut self, console: Console) -> Machine {
        self.console = console;
        self
    }

    /// Shows tasks a folder at the path `guest`, to read only or to write as well. They see nothing else of
    /// the host: no path and no link leads out of it. Of several mounts, the longest path that fits has a
    /// file; one at `/` takes the place of the files in memory.
    ///
    /// In a simulated world a host folder is copied when the machine boots, at most 64 MiB; what is written
    /// there stays there.
    pub fn mount(mut self, folder: impl Into<Folder>, guest: impl Into<String>, is_read_only: bool) -> Machine {
        self.mounts.push((folder.into(), guest.into(), is_read_only));
        self
    }

    /// Gives a host a name, or one more address, for `resolve` in a simulated world. There no other host has
    /// one; elsewhere it is the host's to know.
    pub fn host(mut self, name: impl Into<String>, address: IpAddr) -> Machine {
        self.hosts.entry(name.into()).or_default().push(address);
        self
    }

    /// May tasks run programs of the host (`host_exec`)? Off unless said so: such a program may do whatever the
    /// process may. In a simulated world there are those of [`Machine::host_program`] only.
    pub fn host_exec(mut self, may_exec: bool) -> Machine {
        self.options.may_exec_on_host = may_exec;
        self
    }

    /// Gives the host of a simulated world a program, which is run by this name.
    pub fn host_program(mut self, name: impl Into<String>, program: HostProgram) -> Machine {
        self.host_programs.insert(name.into(), program);
        self
    }

    /// SIGINT, SIGQUIT and SIGTSTP go to the group in the foreground of the console. Without one, SIGTSTP stops
    /// the process; the others, as SIGHUP and SIGTERM in any case, go to the group of the first task if a task in it
    /// catches, masks or ignores them, and else end the machine in order, as a second one does. Signals are the whole
    /// process's, so only a program that is this machine should ask for it.
    pub fn signals(mut self) -> Machine {
        self.process.catches_signals = true;
        self
    }

    /// Gives the terminal back as it was found, also when the machine cannot do so when it is dropped: before
    /// the process ends in another way.
    #[cfg(unix)]
    pub fn terminal_keeper(&self) -> TerminalKeeper {
        self.process.terminal.clone()
    }

    /// Kills the programs of the host that tasks run, for when the process ends before the machine.
    #[cfg(unix)]
    pub fn program_keeper(&self) -> ProgramKeeper {
        self.process.programs.clone()
    }

    /// How many of the signals of [`Machine::signals`], SIGTSTP not counted, have gone to tasks.
    #[cfg(unix)]
    pub fn signals_delivered(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.process.signals_delivered)
    }

    /// Traps a turn, for tasks that are not given another number: 1 to 4,096, the nearest of which is
    /// taken for any other.
    pub fn quantum(mut self, traps: u32) -> Machine {
        self.options.quantum = traps;
        self
    }

    /// The most bytes that files in memory may have together: 256 MiB unless said otherwise. They are the
    /// machine's own, and are gone with it.
    pub fn ram_bytes(mut self, bytes: u64) -> Machine {
        self.options.ram_bytes = bytes;
        self
    }

    /// The most tasks at a time, zombies included.
    pub fn max_tasks(mut self, tasks: u32) -> Machine {
        self.options.tasks_max = tasks;
        self
    }

    /// Descriptors a task may have open, the standard three not counted.
    pub fn max_fds(mut self, fds: u32) -> Machine {
        self.options.fds_per_task = fds;
        self
    }

    /// How long after the first of several timers the machine may wake up for all of them: 100 µs, and in
    /// a simulated world not at all, unless said otherwise. No timer is early, the order is the same, and
    /// one that is alone has nothing to wait for. More saves processor time: a wait of the host costs as
    /// much as a hundred timers.
    pub fn timer_slack(mut self, slack: Duration) -> Machine {
        self.timer_slack = Some(slack);
        self
    }

    /// Checks the kernel's invariants after every trap, or not. On in debug builds and simulations.
    pub fn checked(mut self, is_checked: bool) -> Machine {
        self.options.is_checked = is_checked;
        self
    }

    /// Tells every event of the kernel to `observer`, beside the log and other observers.
    pub fn observe(mut self, observer: impl Observer + 'static) -> Machine {
        self.observers.push(Box::new(observer));
        self
    }

    /// Panics at the first lint (docs/tracing.md), whatever is logged, and with it whoever runs the machine: for tests
    /// of programs that are to have none. `holds the machine` is none of these, but its task is a hog. Turns are not
    /// measured for it, so a task that does not yield is found when it would be told of in the log.
    pub fn refuse_lints(self) -> Machine {
        self.observe(LintRefusal)
    }

    /// Has a timeline written as the machine runs: Chrome trace events, which Perfetto opens.
    pub fn trace_to(self, trace: &Trace) -> Machine {
        self.observe(trace.clone())
    }

    /// Has the flight recorder read out to `sink` on a deadlock, when the kernel panics, and at SIGUSR1 of a machine
    /// that has [`Machine::signals`].
    pub fn on_flight(mut self, sink: impl FnMut(&Flight<'_>) + 'static) -> Machine {
        self.flight_sink = Some(Box::new(sink));
        self
    }

    /// Has the log show so many bytes of a payload or a text in a call or an answer; 32 unless said otherwise.
    pub fn payload_shown(mut self, bytes: u16) -> Machine {
        self.options.payload_shown = bytes.into();
        self
    }

    /// Has the flight recorder keep every turn too. They are watched then, at some cost.
    pub fn record_turns(mut self) -> Machine {
        self.options.records_turns = true;
        self
    }

    /// Has turns and calls measured from the beginning on: [`Running::measures`], and `/proc/sched`. They are watched
    /// then, at some cost.
    pub fn measured(mut self) -> Machine {
        self.options.is_measured = true;
        self
    }

    /// Has the flight recorder read out when a task panics, as well.
    pub fn read_out_faults(mut self) -> Machine {
        self.options.reads_out_faults = true;
        self
    }

    /// Has a thread of its own look after tasks that do not yield, and say in the log who has held the machine for so
    /// long, while it does, and since which line: 1 s unless said otherwise. None for no such thread. A simulated world
    /// has none, nor has a host that is not Unix.
    pub fn watchdog(mut self, patience: impl Into<Option<Duration>>) -> Machine {
        self.patience = patience.into();
        self
    }

    /// Boots, runs to the end, and gives how it ended. Blocks the calling thread.
    pub fn boot(self) -> Result<Ended, BootError> {
        Ok(self.start()?.run())
    }

    /// Boots, and leaves it to the caller to run it.
    pub fn start(self) -> Result<Running, BootError> {
        let Machine {
            mut programs,
            mut options,
            timer_slack,
            seed,
            faults,
            console,
            mounts,
            hosts,
            host_programs,
            process,
            load,
            observers,
            flight_sink,
            patience,
        } = self;
        let is_init = |program: &Program| program.name == "init";
        if !programs.iter().any(is_init) {
            programs.extend(yieldix_userland::PROGRAMS.iter().copied().filter(is_init));
        }
        for (index, program) in programs.iter().enumerate() {
            if programs[..index].iter().any(|other| other.name == program.name) {
                return Err(BootError::DuplicateProgram(program.name));
            }
        }
        let first = first_tasks(&programs, load)?;
        options.programs = programs;
        // Virtual time costs nothing, and a log of it should show each moment.
        let own_slack = if seed.is_some() { Duration::ZERO } else { limits::TIMER_SLACK };
        options.timer_slack = timer_slack.unwrap_or(own_slack);
        options.mounts = mount_points(&mounts)?;
        let mut calls = CallCount::default();
        let hardware: Box<dyn Hardware> = match seed {
            Some(seed) => {
                let console = match console {
                    Console::Process => SimulatedConsole::Process,
                    Console::Memory(memory) => SimulatedConsole::Memory(memory),
                };
                let folders = copies(mounts)?;
                let programs = host_programs;
                let simulated = Simulated::new(SimulatedOptions { seed, console, faults, folders, hosts, programs });
                calls = simulated.calls();
                Box::new(simulated)
            }
            None => host(console, mounts, process)?,
        };
        let mut kernel = Kernel::new(hardware, RoundRobin::default(), options);
        for observer in observers {
            kernel.observe(observer);
        }
        if let Some(sink) = flight_sink {
            kernel.on_flight(sink);
        }
        for (task, options) in first.tasks {
            kernel.boot(task, options, first.is_init).map_err(BootError::Refused)?;
        }
        let mut running = Running::new(kernel, calls);
        #[cfg(unix)]
        if let Some(patience) = patience.filter(|_| seed.is_none()) {
            running.watch(patience).map_err(BootError::Host)?;
        }
        #[cfg(not(unix))]
        let _ = patience;
        Ok(running)
    }
}

type Mounts = Vec<(Folder, String, bool)>;

/// Where tasks see what is mounted.
fn mount_points(mounts: &Mounts) -> Result<Vec<Mount>, BootError> {
    let mut points: Vec<Mount> = Vec::with_capacity(mounts.len());
    for (_, guest, is_read_only) in mounts {
        let refused = |why| BootError::Mount(guest.clone(), why);
        let point = Mount::new(guest, *is_read_only).map_err(|errno| refused(MountError::NoPath(errno)))?;
        if points.iter().any(|other| other.is_at(&point)) {
            return Err(refused(MountError::Taken));
        }
        points.push(point);
    }
    Ok(points)
}

/// What a simulated world has of it.
fn copies(mounts: Mounts) -> Result<Vec<MemoryFolder>, BootError> {
    let copy = |(folder, guest, _)| match folder {
        Folder::Memory(folder) => Ok(folder),
        Folder::Host(path) => {
            MemoryFolder::copy_of(&path).map_err(|error| BootError::Mount(guest, MountError::Copy(path, error)))
        }
    };
    mounts.into_iter().map(copy).collect()
}

/// The hardware that is there.
#[cfg(unix)]
fn host(console: Console, mounts: Mounts, process: Process) -> Result<Box<dyn Hardware>, BootError> {
    use yieldix_kernel::hardware::host::{self, ConsoleOptions, Host, HostOptions};
    let open = |(folder, guest, _)| match folder {
        Folder::Host(path) => {
            host::Folder::open(&path).map_err(|error| BootError::Mount(guest, MountError::Host(path, error)))
        }
        Folder::Memory(_) => Err(BootError::Mount(guest, MountError::NotOfHost)),
    };
    let folders = mounts.into_iter().map(open).collect::<Result<_, _>>()?;
    let console = match console {
        Console::Process => ConsoleOptions::Process,
        Console::Memory(memory) => ConsoleOptions::Memory(memory),
    };
    let Process { catches_signals, signals_delivered, terminal, programs } = process;
    let options = HostOptions { console, catches_signals, signals_delivered, terminal, programs, folders };
    Ok(Box::new(Host::new(options).map_err(BootError::Host)?))
}

/// Only a simulation runs here.
#[cfg(not(unix))]
fn host(_: Console, _: Mounts, _: Process) -> Result<Box<dyn Hardware>, BootError> {
    Err(BootError::NoHost)
}

/// What a machine begins with.
struct First {
    tasks: Vec<(Task, SpawnOptions)>,
    is_init: bool,
}

fn first_tasks(programs: &[Program], load: Load) -> Result<First, BootError> {
    let find = |name: &str| {
        let program = programs.iter().find(|program| program.name == name);
        program.ok_or_else(|| BootError::UnknownProgram(name.to_owned()))
    };
    let (name, args) = match load {
        Load::Nothing => return Err(BootError::NothingToBoot),
        Load::Task(task) => return Ok(First { tasks: vec![(task, SpawnOptions::default())], is_init: false }),
        Load::Program(name, args) => (name, args),
    };
    let program = find(&name)?;
    match program.boot {
        Boot::Alone(_) => {
            let is_single = matches!(program.entry, Entry::Task(_));
            let options = || SpawnOptions { name: is_single.then(|| program.name.into()), ..program.options() };
            // An entry is the user's code.
            let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| program.first_tasks(args)));
            let tasks = made.map_err(|_| BootError::EntryPanicked(program.name))?;
            Ok(First { tasks: tasks.into_iter().map(|task| (task, options())).collect(), is_init: false })
        }
        Boot::UnderInit => {
            let init = find("init")?;
            let words = std::iter::once(name).chain(args).collect();
            let SpawnRequest { task, options } = init.request(words);
            let options = SpawnOptions { name: Some(init.name.into()), ..options };
            Ok(First { tasks: vec![(task, options)], is_init: true })
        }
    }
}
