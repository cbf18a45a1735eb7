//! What a tracer tells, as lines: a call and its answer on one, unless another's stands between.

use super::filter::Filter;
use crate::prelude::*;
use alloc::collections::BTreeMap;
use core::{fmt::Write, panic::Location};

/// A call that is shown and has no answer yet.
#[derive(Debug)]
struct Shown {
    info: &'static CallInfo,
    line: Location<'static>,
    depth: u32,
}

/// The lines so far that are not written.
#[derive(Debug)]
pub(super) struct Lines {
    filter: Filter,
    /// Do lines say whose they are?
    names_tasks: bool,
    /// Are calls, signals and ends shown, or only who is attached and what was lost? What is counted is not shown.
    shows: bool,
    text: String,
    /// Whose call the line that is not ended shows, if one is.
    open: Option<Tid>,
    /// Of each task, the last of it last.
    asked: BTreeMap<Tid, Vec<Shown>>,
    /// What those wait in that were there before, and where.
    parked: BTreeMap<Tid, (Box<str>, Option<Location<'static>>)>,
}

/// ` at userland/src/tool.rs:249`, and how deep in subroutines.
fn place(text: &mut String, line: Location<'_>, depth: u32) {
    // Writing to a string cannot fail, here and below.
    let _ = write!(text, " at {}:{}", line.file(), line.line());
    if depth > 0 {
        let _ = write!(text, ", depth {depth}");
    }
}

impl Lines {
    /// None yet.
    pub fn new(filter: Filter, names_tasks: bool, shows: bool) -> Lines {
        Lines {
            filter,
            names_tasks,
            shows,
            text: String::new(),
            open: None,
            asked: BTreeMap::new(),
            parked: BTreeMap::new(),
        }
    }

    /// Takes out what is to be written.
    pub fn written(&mut self) -> String {
        core::mem::take(&mut self.text)
    }

    /// Ends the line that is open, if one is: its call has no answer yet.
    fn interrupt(&mut self) {
        let Some(tid) = self.open.take() else { return };
        self.text.push_str(" <unfinished ...>");
        if let Some(shown) = self.asked.get(&tid).and_then(|asked| asked.last()) {
            place(&mut self.text, shown.line, shown.depth);
        }
        self.text.push('\n');
    }

    /// Begins a line of a task's.
    fn begin(&mut self, tid: Tid, at: Time) {
        self.interrupt();
        if self.names_tasks {
            let _ = write!(self.text, "[pid {tid}] ");
        }
        let _ = write!(self.text, "{:.6} ", at.since(Time::BOOT).as_secs_f64());
    }

    fn line(&mut self, record: &TraceRecord, words: core::fmt::Arguments<'_>) {
        if self.shows {
            self.begin(record.tid, record.at);
            let _ = writeln!(self.text, "{words}");
        }
    }

    fn tell(&mut self, words: core::fmt::Arguments<'_>) {
        self.interrupt();
        let _ = writeln!(self.text, "strace: {words}");
    }

    /// Shows a record.
    pub fn take(&mut self, record: &TraceRecord) {
        let tid = record.tid;
        match &record.what {
            Traced::Trap { info, .. } if !self.filter.has(info) => {}
            Traced::Trap { info, call, line, depth } => {
                self.begin(tid, record.at);
                self.text.push_str(call);
                if !info.is_answered() {
                    self.text.push_str(" = ?");
                    place(&mut self.text, *line, *depth);
                    self.text.push('\n');
                } else {
                    self.open = Some(tid);
                    self.asked.entry(tid).or_default().push(Shown { info, line: *line, depth: *depth });
                }
            }
            Traced::Answer { info: Some(info), .. } if !self.filter.has(info) => {}
            Traced::Answer { info, reply, errno, took } => self.answer(record, *info, reply, *errno, *took),
            Traced::Attached { name, waits, line } => {
                let mut since = String::new();
                if !waits.is_empty() {
                    self.parked.insert(tid, (waits.clone(), *line));
                    since = format!(", waits: {waits}");
                }
                if let Some(line) = *line {
                    place(&mut since, line, 0);
                }
                self.tell(format_args!("task {tid} ({}) attached{since}", excerpt(name)));
            }
            Traced::Spawned { parent, name } => {
                if self.names_tasks {
                    self.line(record, format_args!("+++ {} spawned by {parent} +++", excerpt(name)));
                }
            }
            Traced::Signal { signal, fate: SignalFate::Caught } => {
                self.line(record, format_args!("--- {signal} is caught ---"));
            }
            Traced::Signal { signal, fate: SignalFate::Stops } => {
                self.line(record, format_args!("--- {signal} stops it ---"));
            }
            Traced::Signal { signal, fate: SignalFate::Ends } => {
                self.line(record, format_args!("--- {signal} ends it ---"));
            }
            Traced::Continued => self.line(record, format_args!("--- goes on ---")),
            Traced::Exited { status } => {
                self.line(record, format_args!("+++ {status} +++"));
                self.asked.remove(&tid);
                self.parked.remove(&tid);
            }
            Traced::WaitsChange => {}
            Traced::Lost { records } => {
                self.tell(format_args!("{records} records were lost here"));
                // What was asked may have been answered there, and asked again, and who asked may have ended.
                self.asked.clear();
            }
        }
    }

    fn answer(
        &mut self,
        record: &TraceRecord,
        info: Option<&'static CallInfo>,
        reply: &str,
        errno: Option<Errno>,
        took: Duration,
    ) {
        let tid = record.tid;
        // Of a call whose trap was lost, or came before, no line is known.
        let shown = match (info, self.asked.get_mut(&tid)) {
            (Some(info), Some(asked)) if asked.last().is_some_and(|shown| shown.info.number == info.number) => {
                asked.pop()
            }
            _ => None,
        };
        let parked = if info.is_none() { self.parked.remove(&tid) } else { None };
        if shown.is_some() && self.open == Some(tid) {
            self.open = None;
        } else {
            self.begin(tid, record.at);
            let waited = parked.as_ref().map_or("call", |(waits, _)| waits);
            let _ = write!(self.text, "<... {} resumed>", info.map_or(waited, |info| info.name));
        }
        let _ = write!(self.text, " = {reply}");
        if let Some(errno) = errno {
            let _ = write!(self.text, " ({})", errno.meaning());
        }
        let _ = write!(self.text, " <{:.6}>", took.as_secs_f64());
        if let Some(Shown { line, depth, .. }) = shown {
            place(&mut self.text, line, depth);
        } else if let Some((_, Some(line))) = parked {
            place(&mut self.text, line, 0);
        }
        self.text.push('\n');
    }

    /// The tracing ends before these who are traced, perhaps for a reason.
    pub fn detach(&mut self, traced: &[Tid], why: Option<&str>) {
        let why = why.map_or(String::new(), |why| format!(": {why}"));
        for tid in traced {
            self.tell(format_args!("task {tid} detached{why}"));
        }
    }

    /// There will be no more.
    pub fn end(&mut self) {
        self.interrupt();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tid(serial: u64) -> Tid {
        Tid::new(0, serial)
    }

    fn trap(serial: u64, call: Syscall) -> TraceRecord {
        let line = *Location::caller();
        let what = Traced::Trap { info: call.info(), call: call.to_string().into(), line, depth: 0 };
        TraceRecord { tid: tid(serial), at: Time::from_nanos(12_000), what }
    }

    fn answer(serial: u64, call: &Syscall, reply: Reply) -> TraceRecord {
        let (info, errno, took) = (Some(call.info()), reply.errno(), Duration::from_micros(4));
        let what = Traced::Answer { info, reply: reply.to_string().into(), errno, took };
        TraceRecord { tid: tid(serial), at: Time::from_nanos(16_000), what }
    }

    /// What these are shown as, without the places.
    fn shown(names_tasks: bool, filter: &str, records: &[TraceRecord]) -> String {
        let mut lines = Lines::new(filter.parse().unwrap(), names_tasks, true);
        records.iter().for_each(|record| lines.take(record));
        lines.end();
        let text = lines.written();
        text.lines().map(|line| line.split(" at ").next().unwrap_or(line).to_owned() + "\n").collect()
    }

    #[test]
    fn a_call_and_its_answer_are_one_line() {
        let call = write(Fd::STDOUT, "hi\n").syscall;
        let records = [answer(3, &call, Reply::Count(3)), trap(3, call)];
        let [answered, trapped] = records;
        let text = shown(false, "all", &[trapped, answered]);
        assert_eq!(text, "0.000012 write(1, \"hi\\n\" (3 bytes)) = 3 <0.000004>\n");
    }

    #[test]
    fn a_call_is_unfinished_only_where_a_line_of_another_comes_between() {
        let (read, write) = (read(Fd::STDIN, 9).syscall, close(Fd::STDIN).syscall);
        let answers = [answer(4, &write, Reply::Err(Errno::EBADF)), answer(3, &read, Reply::Unit)];
        let [second, fourth] = answers;
        let text = shown(true, "all", &[trap(3, read), trap(4, write), second, fourth]);
        assert_eq!(
            text,
            "[pid 3] 0.000012 read(0, 9) <unfinished ...>\n\
             [pid 4] 0.000012 close(0) = EBADF (not an open descriptor of this task) <0.000004>\n\
             [pid 3] 0.000016 <... read resumed> = ok <0.000004>\n"
        );
    }

    #[test]
    fn what_is_filtered_comes_between_nothing() {
        let (read, write) = (read(Fd::STDIN, 9).syscall, close(Fd::STDIN).syscall);
        let answers = [answer(4, &write, Reply::Unit), answer(3, &read, Reply::Unit)];
        let [second, fourth] = answers;
        let text = shown(false, "!close", &[trap(3, read), trap(4, write), second, fourth]);
        assert_eq!(text, "0.000012 read(0, 9) = ok <0.000004>\n");
    }

    #[test]
    fn what_a_task_waited_in_before_is_named_when_it_goes_on() {
        let line = Some(*Location::caller());
        let attached = Traced::Attached { name: "cat".into(), waits: "read 0".into(), line };
        let attached = TraceRecord { tid: tid(3), at: Time::BOOT, what: attached };
        let (errno, took) = (None, Duration::from_micros(4));
        let goes_on = || {
            let what = Traced::Answer { info: None, reply: "ok".into(), errno, took };
            TraceRecord { tid: tid(3), at: Time::from_nanos(16_000), what }
        };
        let mut lines = Lines::new(Filter::default(), true, true);
        [attached, goes_on(), goes_on()].iter().for_each(|record| lines.take(record));
        let text = lines.written();
        let place = format!(" at {}:{}\n", file!(), line.map_or(0, |line| line.line()));
        let wanted = format!(
            "strace: task 3 (cat) attached, waits: read 0{place}\
             [pid 3] 0.000016 <... read 0 resumed> = ok <0.000004>{place}\
             [pid 3] 0.000016 <... call resumed> = ok <0.000004>\n"
        );
        assert_eq!(text, wanted);
    }

    #[test]
    fn an_answer_behind_what_was_lost_is_not_taken_for_that_of_a_call_before_it() {
        let call = read(Fd::STDIN, 9).syscall;
        let lost = TraceRecord { tid: Tid::NONE, at: Time::BOOT, what: Traced::Lost { records: 2 } };
        let answered = answer(3, &call, Reply::Unit);
        let mut lines = Lines::new(Filter::default(), false, true);
        [trap(3, call), lost, answered].iter().for_each(|record| lines.take(record));
        let text = lines.written();
        assert!(text.ends_with("<... read resumed> = ok <0.000004>\n"), "{text}");
        assert!(lines.asked.is_empty());
    }

    #[test]
    fn an_exit_has_no_answer_and_an_end_leaves_a_call_unfinished() {
        let ended = |status| TraceRecord { tid: tid(3), at: Time::BOOT, what: Traced::Exited { status } };
        let records = [trap(3, exit(4).syscall), ended(ExitStatus::Exited(4))];
        assert_eq!(shown(false, "all", &records), "0.000012 exit(4) = ?\n0.000000 +++ exited with 4 +++\n");
        let records = [trap(3, read(Fd::STDIN, 9).syscall), ended(ExitStatus::Killed(Signal::Kill))];
        let text = "0.000012 read(0, 9) <unfinished ...>\n0.000000 +++ killed by SIGKILL +++\n";
        assert_eq!(shown(false, "all", &records), text);
    }
}
