//! Programs of a host that is not there: each does what its script says.
//!
//! A script prints its output when it is started and ends when its time is over; one that echoes copies its
//! input to its output, and ends when that has ended as well. Signals end it as they would a real one.

use super::agenda::{Agenda, Event};
use super::limits::PROGRAM_PIPE;
use crate::hardware::devices::Devices;
use crate::hardware::{Class, Device, HostStreams, Interrupt};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use yieldix_syscalls::{Buf, Errno, ExitStatus, HostCommand, Signal};

/// What a program of a simulated host does, whatever its arguments are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostProgram {
    /// What it prints at once.
    pub stdout: Vec<u8>,
    /// What it says at once on its error output.
    pub stderr: Vec<u8>,
    /// Does it copy its input to its output, until that ends?
    pub echoes: bool,
    /// How long it runs at least.
    pub takes: Duration,
    /// What it exits with.
    pub code: i32,
}

#[derive(Debug)]
struct Known {
    run: u32,
    part: Part,
    /// It was told to wait.
    is_owed: bool,
}

/// Which part of a program a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Process,
    Input,
    Output,
    Errors,
}

#[derive(Debug)]
struct Run {
    script: HostProgram,
    stage: Stage,
    output: VecDeque<u8>,
    errors: VecDeque<u8>,
    is_input_open: bool,
    is_output_open: bool,
    /// What is open of it.
    devices: Vec<Device>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    /// It is being looked for.
    Starting,
    Found,
    /// There is none of its name.
    Unknown,
    /// Its time is not over.
    Busy,
    /// It only waits for the end of its input.
    Idle,
    Ended(ExitStatus),
}

impl Run {
    fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Ended(_))
    }

    /// Ends it if nothing keeps it.
    fn go_on(&mut self) {
        if self.script.echoes && !self.is_output_open && !self.is_over() && self.stage != Stage::Found {
            self.stage = Stage::Ended(ExitStatus::Killed(Signal::Pipe));
        }
        if self.stage == Stage::Idle && !(self.script.echoes && self.is_input_open) {
            self.stage = Stage::Ended(ExitStatus::Exited(self.script.code));
        }
    }

    fn would_answer(&self, part: Part) -> bool {
        match part {
            Part::Process => !matches!(self.stage, Stage::Starting | Stage::Busy | Stage::Idle),
            Part::Input => self.is_over() || !self.script.echoes || self.output.len() < PROGRAM_PIPE,
            Part::Output => self.is_over() || !self.output.is_empty(),
            Part::Errors => self.is_over() || !self.errors.is_empty(),
        }
    }

    fn touch(&self, agenda: &mut Agenda) {
        self.devices.iter().for_each(|&device| agenda.touch(device));
    }
}

/// Every program of the host.
#[derive(Debug)]
pub struct Programs {
    scripts: BTreeMap<String, HostProgram>,
    devices: Devices<Known>,
    runs: BTreeMap<u32, Run>,
    runs_made: u32,
}

impl Programs {
    /// None runs; these there are.
    pub fn new(scripts: BTreeMap<String, HostProgram>) -> Programs {
        Programs { scripts, devices: Devices::new(Class::Program), runs: BTreeMap::new(), runs_made: 0 }
    }

    pub fn open_count(&self) -> u32 {
        self.devices.len()
    }

    pub fn exec(&mut self, command: &HostCommand, agenda: &mut Agenda) -> Device {
        let script = self.scripts.get(&*command.program).cloned();
        let number = self.runs_made;
        self.runs_made += 1;
        let device = self.devices.open(|_| Known { run: number, part: Part::Process, is_owed: false });
        let arrival = agenda.arrival();
        agenda.plan(arrival, Event::Program { device, is_known: script.is_some() });
        let run = Run {
            script: script.unwrap_or_default(),
            stage: Stage::Starting,
            output: VecDeque::new(),
            errors: VecDeque::new(),
            is_input_open: true,
            is_output_open: true,
            devices: vec![device],
        };
        self.runs.insert(number, run);
        device
    }

    /// It was looked for, or its time is over.
    pub fn happen(&mut self, device: Device, is_known: bool, agenda: &mut Agenda) {
        let Ok((_, run)) = self.find(device) else { return };
        match run.stage {
            Stage::Starting if is_known => run.stage = Stage::Found,
            Stage::Starting => run.stage = Stage::Unknown,
            Stage::Busy => run.stage = Stage::Idle,
            Stage::Found | Stage::Unknown | Stage::Idle | Stage::Ended(_) => {}
        }
        run.go_on();
        run.touch(agenda);
    }

    pub fn started(&mut self, device: Device, agenda: &mut Agenda) -> Result<HostStreams, Errno> {
        let (known, run) = self.find(device)?;
        match run.stage {
            Stage::Starting => {
                known.is_owed = true;
                return Err(Errno::EAGAIN);
            }
            Stage::Unknown => return Err(Errno::ENOENT),
            Stage::Found => {}
            Stage::Busy | Stage::Idle | Stage::Ended(_) => return Err(Errno::EINVAL),
        }
        let number = known.run;
        run.stage = Stage::Busy;
        run.output.extend(&run.script.stdout);
        run.errors.extend(&run.script.stderr);
        agenda.plan(agenda.now() + run.script.takes, Event::Program { device, is_known: true });
        let [stdin, stdout, stderr] = [Part::Input, Part::Output, Part::Errors]
            .map(|part| self.devices.open(|_| Known { run: number, part, is_owed: false }));
        if let Some(run) = self.runs.get_mut(&number) {
            run.devices.extend([stdin, stdout, stderr]);
        }
        Ok(HostStreams { stdin, stdout, stderr })
    }

    pub fn status(&mut self, device: Device) -> Result<ExitStatus, Errno> {
        let (known, run) = self.find_part(device, Part::Process)?;
        match &run.stage {
            Stage::Ended(status) => Ok(status.clone()),
            _ => {
                known.is_owed = true;
                Err(Errno::EAGAIN)
            }
        }
    }

    pub fn kill(&mut self, device: Device, signal: Signal, agenda: &mut Agenda) -> Result<(), Errno> {
        let (_, run) = self.find_part(device, Part::Process)?;
        let ends = !matches!(signal, Signal::Chld | Signal::Cont | Signal::Stop | Signal::Tstp | Signal::Ttin);
        if ends && !run.is_over() {
            run.stage = Stage::Ended(ExitStatus::Killed(signal));
            run.touch(agenda);
        }
        Ok(())
    }

    pub fn read(&mut self, device: Device, max: usize, agenda: &mut Agenda) -> Result<Buf, Errno> {
        let (known, run) = self.find(device)?;
        let bytes = match known.part {
            Part::Output => &mut run.output,
            Part::Errors => &mut run.errors,
            Part::Process | Part::Input => return Err(Errno::EINVAL),
        };
        let data: Vec<u8> = bytes.drain(..max.min(bytes.len())).collect();
        if data.is_empty() && !run.is_over() {
            known.is_owed = true;
            return Err(Errno::EAGAIN);
        }
        run.touch(agenda);
        Ok(Buf::from(data))
    }

    pub fn write(&mut self, device: Device, data: &[u8], agenda: &mut Agenda) -> Result<usize, Errno> {
        let (known, run) = self.find_part(device, Part::Input)?;
        if run.is_over() {
            return Err(Errno::EPIPE);
        }
        if !run.script.echoes {
            return Ok(data.len());
        }
        let count = data.len().min(PROGRAM_PIPE.saturating_sub(run.output.len()));
        run.output.extend(&data[..count]);
        known.is_owed |= count < data.len();
        run.touch(agenda);
        if count == 0 && !data.is_empty() { Err(Errno::EAGAIN) } else { Ok(count) }
    }

    /// Would a try answer now? Owes an interrupt when not.
    pub fn would_answer(&mut self, device: Device) -> Result<bool, Errno> {
        let (known, run) = self.find(device)?;
        let would_answer = run.would_answer(known.part);
        known.is_owed |= !would_answer;
        Ok(would_answer)
    }

    /// The interrupt that a device is owed and can have now.
    pub fn settle(&mut self, device: Device) -> Option<Interrupt> {
        let (known, run) = self.find(device).ok()?;
        let is_due = run.would_answer(known.part) && std::mem::take(&mut known.is_owed);
        // A process is waited for in both directions: to start, and to end.
        let (readable, writable) = match known.part {
            Part::Process => (true, true),
            part => (part != Part::Input, part == Part::Input),
        };
        is_due.then_some(Interrupt::Ready { device, readable, writable })
    }

    /// Closes a stream, or a process, which is killed.
    pub fn close(&mut self, device: Device, agenda: &mut Agenda) {
        let Some(Known { run: number, part, .. }) = self.devices.close(device) else { return };
        let Some(run) = self.runs.get_mut(&number) else { return };
        run.devices.retain(|&other| other != device);
        match part {
            Part::Process if !run.is_over() => run.stage = Stage::Ended(ExitStatus::Killed(Signal::Kill)),
            Part::Input => run.is_input_open = false,
            Part::Output => run.is_output_open = false,
            Part::Process | Part::Errors => {}
        }
        run.go_on();
        run.touch(agenda);
        if run.devices.is_empty() {
            self.runs.remove(&number);
        }
    }

    fn find_part(&mut self, device: Device, wanted: Part) -> Result<(&mut Known, &mut Run), Errno> {
        match self.find(device) {
            Ok((known, _)) if known.part != wanted => Err(Errno::EINVAL),
            found => found,
        }
    }

    fn find(&mut self, device: Device) -> Result<(&mut Known, &mut Run), Errno> {
        let known = self.devices.get(device)?;
        let run = self.runs.get_mut(&known.run).ok_or(Errno::EBADF)?;
        Ok((known, run))
    }
}
