//! Tests of tracers: what they tell, of whom, and what becomes of who does not read.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    a_task_spawned_with_a_tracer_is_told_of_from_its_first_trap,
    a_task_that_waits_is_attached_and_its_answer_told,
    a_task_cannot_trace_itself,
    a_task_cannot_read_what_is_told_of_it,
    tracing_a_task_that_has_ended_is_refused,
    children_are_told_of_only_if_they_are_followed,
    an_error_is_told_with_its_errno,
    what_a_tracer_counts_is_exact_and_leaves_no_records_of_calls,
    what_is_not_read_slows_the_task_down_and_is_counted_when_it_is_lost,
    closing_a_tracer_leaves_the_task_as_it_is,
    killing_a_traced_task_is_told_and_ends_the_tracing,
    a_payload_is_cut_where_the_tracer_wants_it,
    what_is_no_tracer_cannot_be_read_as_one,
    a_tracer_can_be_polled_and_not_read_as_a_file,
    a_tracer_of_nobody_has_ended,
    past_the_most_tracers_is_eagain,
    a_tracer_takes_one_task_more_at_a_time_and_each_once,
    who_is_traced_is_known_when_no_record_has_told_it,
    a_task_is_told_of_by_each_of_its_tracers,
    two_that_trace_each_other_are_told_of_each_others_reading,
    killing_a_tracer_leaves_those_it_traces_as_they_are,
    init_may_be_traced,
    spawning_with_what_is_no_tracer_moves_nothing,
];

/// A tracer of nobody yet.
fn tracer(flags: TraceFlags) -> Call<Fd> {
    ktrace(Tid::NONE, flags, BYTES_SHOWN)
}

/// Reads all that a tracer tells, to its end.
fn read_all(tracer: Fd) -> impl Routine<Result<Vec<TraceRecord>, Errno>> {
    routine!(move {
        let mut all = Vec::new();
        loop {
            let mut records = trap!(yield ktrace_read(tracer, u32::MAX))?;
            if records.is_empty() {
                return Ok(all);
            }
            all.append(&mut records);
        }
    })
}

/// The calls among these, as they are shown.
fn calls_of(records: &[TraceRecord]) -> Vec<&str> {
    let call = |record: &'_ TraceRecord| matches!(record.what, Traced::Trap { .. });
    records.iter().filter(|record| call(record)).map(shown).collect()
}

fn shown(record: &TraceRecord) -> &str {
    match &record.what {
        Traced::Trap { call, .. } => call,
        Traced::Answer { reply, .. } => reply,
        _ => "",
    }
}

fn asks_twice() -> Task {
    task!({
        trap!(yield getppid())?;
        trap!(yield yield_now())?;
        trap!(yield exit(4))
    })
}

fn a_task_spawned_with_a_tracer_is_told_of_from_its_first_trap() -> Task {
    task!({
        let tracer = trap!(yield tracer(TraceFlags::NONE))?;
        let child = trap!(yield spawn(asks_twice()).quantum(1).traced(tracer))?;
        let records = call!(read_all(tracer))?;
        assert!(records.iter().all(|record| record.tid == child));
        assert!(matches!(records[0].what, Traced::Spawned { .. }), "{records:?}");
        let me = trap!(yield gettid())?.to_string();
        let calls: Vec<&str> = records.iter().map(shown).collect();
        assert_eq!(calls, ["", "getppid()", &me, "yield_now()", "ok", "exit(4)", ""]);
        assert!(matches!(records[6].what, Traced::Exited { status: ExitStatus::Exited(4) }));
        let Traced::Trap { line, depth: 0, .. } = records[1].what else { panic!("{:?}", records[1]) };
        assert!(line.file().ends_with("tracing.rs"), "{line}");
        trap!(yield close(tracer))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(4));
        Ok(())
    })
}

fn a_task_that_waits_is_attached_and_its_answer_told() -> Task {
    task!({
        const SPAN: Duration = Duration::from_millis(20);
        let child = trap!(yield spawn(task!({ trap!(yield sleep(SPAN)) })))?;
        call!(until_blocked(child))?;
        let tracer = trap!(yield ktrace(child, TraceFlags::NONE, BYTES_SHOWN))?;
        let records = call!(read_all(tracer))?;
        let [attached, answer, end] = &records[..] else { panic!("{records:?}") };
        let Traced::Attached { waits, line, .. } = &attached.what else { panic!("{attached:?}") };
        assert!(waits.starts_with("sleep") && line.is_some(), "{attached:?}");
        let Traced::Answer { info: None, took, .. } = answer.what else { panic!("{answer:?}") };
        assert!(took <= answer.at.since(Time::BOOT) && took <= SPAN * 100);
        assert!(matches!(end.what, Traced::Exited { .. }));
        trap!(yield close(tracer))?;
        trap!(yield wait(child))?;
        Ok(())
    })
}

fn a_task_cannot_trace_itself() -> Task {
    task!({
        let me = trap!(yield gettid())?;
        assert_eq!(trap!(yield ktrace(me, TraceFlags::FOLLOW, 0)), Err(Errno::EINVAL));
        Ok(())
    })
}

fn a_task_cannot_read_what_is_told_of_it() -> Task {
    task!({
        let tracer = trap!(yield tracer(TraceFlags::NONE))?;
        let reader = task!({
            let read = trap!(yield ktrace_read(tracer, 1));
            trap!(yield exit(i32::from(read.err() == Some(Errno::EINVAL))))
        });
        let child = trap!(yield spawn(reader).share(tracer).traced(tracer))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(1));
        trap!(yield close(tracer))
    })
}

fn tracing_a_task_that_has_ended_is_refused() -> Task {
    task!({
        let child = trap!(yield spawn(exits(0)))?;
        trap!(yield join(child))?;
        assert_eq!(trap!(yield ktrace(child, TraceFlags::NONE, 0)), Err(Errno::ESRCH));
        trap!(yield wait(child))?;
        assert_eq!(trap!(yield ktrace(child, TraceFlags::NONE, 0)), Err(Errno::ESRCH));
        Ok(())
    })
}

fn children_are_told_of_only_if_they_are_followed() -> Task {
    task!({
        for (flags, told) in [(TraceFlags::NONE, 1), (TraceFlags::FOLLOW, 3)] {
            let parent = task!({
                let middle = task!({
                    let last = trap!(yield spawn(exits(0)))?;
                    trap!(yield wait(last))?;
                    Ok(())
                });
                let child = trap!(yield spawn(middle))?;
                trap!(yield wait(child))?;
                Ok(())
            });
            let tracer = trap!(yield tracer(flags))?;
            let child = trap!(yield spawn(parent).traced(tracer))?;
            let records = call!(read_all(tracer))?;
            let ends = records.iter().filter(|record| matches!(record.what, Traced::Exited { .. })).count();
            assert_eq!(ends, told);
            trap!(yield close(tracer))?;
            trap!(yield wait(child))?;
        }
        Ok(())
    })
}

fn an_error_is_told_with_its_errno() -> Task {
    task!({
        let tracer = trap!(yield tracer(TraceFlags::NONE))?;
        let failing = task!({ trap!(yield close(Fd::new(40, 0))).or(Ok(())) });
        let child = trap!(yield spawn(failing).traced(tracer))?;
        let records = call!(read_all(tracer))?;
        let errno = records.iter().find_map(|record| match record.what {
            Traced::Answer { errno, .. } => errno,
            _ => None,
        });
        assert_eq!(errno, Some(Errno::EBADF));
        trap!(yield close(tracer))?;
        trap!(yield wait(child))?;
        Ok(())
    })
}

/// A task that makes so many calls.
fn asks(times: u64) -> Task {
    task!({
        for _ in 0..times {
            trap!(yield gettid())?;
        }
        Ok(())
    })
}

fn what_a_tracer_counts_is_exact_and_leaves_no_records_of_calls() -> Task {
    task!({
        let tracer = trap!(yield tracer(TraceFlags::COUNT))?;
        let child = trap!(yield spawn(asks(1000)).traced(tracer))?;
        let records = call!(read_all(tracer))?;
        assert!(calls_of(&records).is_empty());
        let counts = trap!(yield ktrace_counts(tracer))?;
        let [count] = counts[..] else { panic!("{counts:?}") };
        assert_eq!((count.info.name, count.calls, count.errors), ("gettid", 1000, 0));
        trap!(yield close(tracer))?;
        trap!(yield wait(child))?;
        Ok(())
    })
}

fn what_is_not_read_slows_the_task_down_and_is_counted_when_it_is_lost() -> Task {
    const CALLS: u64 = 5_000;
    const RECORDS: usize = 8192;
    task!({
        let tracer = trap!(yield tracer(TraceFlags::NONE))?;
        let child = trap!(yield spawn(asks(CALLS)).traced(tracer))?;
        // Nobody reads until it has ended.
        trap!(yield join(child))?;
        let tasks = trap!(yield tasks())?;
        let turns = tasks.iter().find(|task| task.tid == child).map_or(0, |task| task.turns);
        assert!(turns > CALLS / 2, "{turns} turns");
        let records = call!(read_all(tracer))?;
        let lost: u64 =
            records.iter().map(|record| if let Traced::Lost { records } = record.what { records } else { 0 }).sum();
        // It was spawned, it asked and was answered, and it ended.
        assert_eq!((records.len() - 1, lost), (RECORDS, 2 * CALLS + 2 - RECORDS as u64));
        assert_eq!(trap!(yield ktrace_counts(tracer))?[0].calls, CALLS);
        trap!(yield close(tracer))?;
        trap!(yield wait(child))?;
        Ok(())
    })
}

fn closing_a_tracer_leaves_the_task_as_it_is() -> Task {
    task!({
        let child = trap!(yield spawn(sleeper()))?;
        let on = call!(until_blocked(child))?;
        let tracer = trap!(yield ktrace(child, TraceFlags::FOLLOW, 0))?;
        trap!(yield close(tracer))?;
        assert_eq!(call!(until_blocked(child))?, on);
        trap!(yield kill(child, Signal::Kill))?;
        trap!(yield wait(child))?;
        Ok(())
    })
}

fn killing_a_traced_task_is_told_and_ends_the_tracing() -> Task {
    task!({
        let tracer = trap!(yield tracer(TraceFlags::NONE))?;
        let child = trap!(yield spawn(sleeper()).traced(tracer))?;
        call!(until_blocked(child))?;
        trap!(yield kill(child, Signal::Term))?;
        let records = call!(read_all(tracer))?;
        let [.., signal, end] = &records[..] else { panic!("{records:?}") };
        let is_told = matches!(signal.what, Traced::Signal { signal: Signal::Term, fate: SignalFate::Ends });
        assert!(is_told && matches!(end.what, Traced::Exited { .. }), "{records:?}");
        trap!(yield close(tracer))?;
        trap!(yield wait(child))?;
        Ok(())
    })
}

fn a_payload_is_cut_where_the_tracer_wants_it() -> Task {
    task!({
        for (bytes, wanted) in [(0, "\"\"… (5 bytes)"), (2, "\"ab\"… (5 bytes)"), (5, "\"abcde\" (5 bytes)")] {
            let tracer = trap!(yield ktrace(Tid::NONE, TraceFlags::NONE, bytes))?;
            let (reader, writer) = trap!(yield pipe())?;
            let writing = task!({ trap!(yield write(writer, "abcde")).map(drop) });
            let child = trap!(yield spawn(writing).pass(writer).traced(tracer))?;
            let records = call!(read_all(tracer))?;
            assert_eq!(calls_of(&records), [format!("write({writer}, {wanted})")]);
            trap!(yield wait(child))?;
            for fd in [reader, tracer] {
                trap!(yield close(fd))?;
            }
        }
        Ok(())
    })
}

fn what_is_no_tracer_cannot_be_read_as_one() -> Task {
    task!({
        let (reader, writer) = trap!(yield pipe())?;
        assert_eq!(trap!(yield ktrace_read(reader, 1)).err(), Some(Errno::EINVAL));
        assert_eq!(trap!(yield ktrace_counts(reader)).err(), Some(Errno::EINVAL));
        assert_eq!(trap!(yield ktrace_tasks(reader)), Err(Errno::EINVAL));
        assert_eq!(trap!(yield ktrace_attach(reader, Tid::NONE)), Err(Errno::EINVAL));
        for fd in [reader, writer] {
            trap!(yield close(fd))?;
        }
        assert_eq!(trap!(yield ktrace_read(reader, 1)).err(), Some(Errno::EBADF));
        assert_eq!(trap!(yield ktrace_tasks(reader)), Err(Errno::EBADF));
        Ok(())
    })
}

fn a_tracer_can_be_polled_and_not_read_as_a_file() -> Task {
    task!({
        let child = trap!(yield spawn(sleeper()))?;
        call!(until_blocked(child))?;
        let tracer = trap!(yield ktrace(child, TraceFlags::NONE, 0))?;
        assert_eq!(trap!(yield read(tracer, 1)), Err(Errno::EOPNOTSUPP));
        assert_eq!(trap!(yield write(tracer, "x")), Err(Errno::EOPNOTSUPP));
        trap!(yield read_wait(tracer))?;
        assert!(trap!(yield ktrace_read(tracer, 0))?.is_empty());
        assert_eq!(trap!(yield ktrace_read(tracer, 9))?.len(), 1);
        assert!(trap!(yield poll(vec![Interest::Read(tracer)], Duration::ZERO))?.is_empty());
        trap!(yield kill(child, Signal::Kill))?;
        assert_eq!(trap!(yield poll(vec![Interest::Read(tracer)], Duration::MAX))?.len(), 1);
        trap!(yield close(tracer))?;
        trap!(yield wait(child))?;
        Ok(())
    })
}

fn a_tracer_of_nobody_has_ended() -> Task {
    task!({
        let tracer = trap!(yield tracer(TraceFlags::NONE))?;
        assert!(trap!(yield ktrace_read(tracer, 1))?.is_empty());
        trap!(yield close(tracer))
    })
}

fn past_the_most_tracers_is_eagain() -> Task {
    const MOST: usize = 64;
    task!({
        let mut tracers = Vec::new();
        let errno = loop {
            match trap!(yield tracer(TraceFlags::NONE)) {
                Ok(tracer) => tracers.push(tracer),
                Err(errno) => break errno,
            }
            assert!(tracers.len() <= MOST);
        };
        assert_eq!((tracers.len(), errno), (MOST, Errno::EAGAIN));
        for tracer in tracers {
            trap!(yield close(tracer))?;
        }
        Ok(())
    })
}

fn spawning_with_what_is_no_tracer_moves_nothing() -> Task {
    task!({
        let (reader, writer) = trap!(yield pipe())?;
        assert_eq!(trap!(yield spawn(exits(0)).pass(writer).traced(reader)), Err(Errno::EINVAL));
        for fd in [reader, writer] {
            trap!(yield close(fd))?;
        }
        Ok(())
    })
}

fn a_tracer_takes_one_task_more_at_a_time_and_each_once() -> Task {
    task!({
        let tracer = trap!(yield tracer(TraceFlags::NONE))?;
        let me = trap!(yield gettid())?;
        let ended = trap!(yield spawn(exits(0)))?;
        trap!(yield join(ended))?;
        for (tid, errno) in [(me, Errno::EINVAL), (ended, Errno::ESRCH), (Tid::NONE, Errno::ESRCH)] {
            assert_eq!(trap!(yield ktrace_attach(tracer, tid)), Err(errno), "{tid}");
        }
        let mut children = vec![ended];
        for _ in 0..2 {
            let child = trap!(yield spawn(sleeper()))?;
            call!(until_blocked(child))?;
            trap!(yield ktrace_attach(tracer, child))?;
            assert_eq!(trap!(yield ktrace_attach(tracer, child)), Err(Errno::EEXIST));
            children.push(child);
        }
        for &child in &children[1..] {
            trap!(yield kill(child, Signal::Kill))?;
        }
        let records = call!(read_all(tracer))?;
        for &child in &children[1..] {
            let told: Vec<&Traced> = records.iter().filter(|record| record.tid == child).map(|it| &it.what).collect();
            let [Traced::Attached { .. }, Traced::Signal { .. }, Traced::Exited { .. }] = told[..] else {
                panic!("{told:?}")
            };
        }
        trap!(yield close(tracer))?;
        for child in children {
            trap!(yield wait(child))?;
        }
        Ok(())
    })
}

fn who_is_traced_is_known_when_no_record_has_told_it() -> Task {
    const CALLS: u32 = 5_000;
    task!({
        let tracer = trap!(yield tracer(TraceFlags::FOLLOW))?;
        assert_eq!(trap!(yield ktrace_tasks(tracer))?, []);
        let (from_child, to_parent) = trap!(yield pipe())?;
        let parent = task!({
            for _ in 0..CALLS {
                trap!(yield gettid())?;
            }
            let child = trap!(yield spawn(sleeper()))?;
            trap!(yield write(to_parent, child.serial().to_string()))?;
            trap!(yield wait(child)).map(drop)
        });
        let parent = trap!(yield spawn(parent).pass(to_parent).traced(tracer))?;
        assert_eq!(trap!(yield ktrace_tasks(tracer))?, [parent]);
        // Its beginning is past what a tracer holds, and so is its end.
        let serial = trap!(yield read(from_child, 20))?;
        let child: Tid = String::from_utf8_lossy(&serial).parse().expect("a task");
        call!(until_blocked(child))?;
        assert_eq!(trap!(yield ktrace_tasks(tracer))?, [parent, child]);
        trap!(yield kill(child, Signal::Kill))?;
        trap!(yield wait(parent))?;
        assert_eq!(trap!(yield ktrace_tasks(tracer))?, []);
        let records = call!(read_all(tracer))?;
        let ends = records.iter().filter(|record| matches!(record.what, Traced::Exited { .. })).count();
        let lost = records.last().is_some_and(|record| matches!(record.what, Traced::Lost { .. }));
        assert!(ends == 0 && lost && records.iter().all(|record| record.tid.serial() != child.serial()), "{ends}");
        for fd in [tracer, from_child] {
            trap!(yield close(fd))?;
        }
        Ok(())
    })
}

fn a_task_is_told_of_by_each_of_its_tracers() -> Task {
    task!({
        let first = trap!(yield tracer(TraceFlags::NONE))?;
        let second = trap!(yield tracer(TraceFlags::NONE))?;
        let (reader, writer) = trap!(yield pipe())?;
        let asks = task!({
            trap!(yield read(reader, 1))?;
            trap!(yield getppid()).map(drop)
        });
        let child = trap!(yield spawn(asks).pass(reader).traced(first))?;
        call!(until_blocked(child))?;
        trap!(yield ktrace_attach(second, child))?;
        trap!(yield write(writer, "x"))?;
        for tracer in [first, second] {
            let records = call!(read_all(tracer))?;
            assert_eq!(calls_of(&records).last(), Some(&"getppid()"));
            assert!(matches!(records.last().map(|record| &record.what), Some(Traced::Exited { .. })));
        }
        for fd in [first, second, writer] {
            trap!(yield close(fd))?;
        }
        trap!(yield wait(child))?;
        Ok(())
    })
}

fn two_that_trace_each_other_are_told_of_each_others_reading() -> Task {
    const READS: u32 = 8;
    fn shows_reading(records: &[TraceRecord]) -> bool {
        calls_of(records).iter().any(|call| call.starts_with("ktrace_read("))
    }
    task!({
        let child = task!({
            let parent = trap!(yield getppid())?;
            let tracer = trap!(yield ktrace(parent, TraceFlags::NONE, BYTES_SHOWN))?;
            let mut is_told = false;
            for _ in 0..READS {
                let records = trap!(yield ktrace_read(tracer, u32::MAX))?;
                is_told |= shows_reading(&records);
            }
            trap!(yield exit(i32::from(!is_told)))
        });
        let tracer = trap!(yield tracer(TraceFlags::NONE))?;
        let child = trap!(yield spawn(child).traced(tracer))?;
        let records = call!(read_all(tracer))?;
        assert!(shows_reading(&records), "{records:?}");
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        trap!(yield close(tracer))
    })
}

fn killing_a_tracer_leaves_those_it_traces_as_they_are() -> Task {
    task!({
        let (from_child, to_parent) = trap!(yield pipe())?;
        let parent = task!({
            let child = trap!(yield spawn(sleeper()))?;
            trap!(yield write(to_parent, child.serial().to_string()))?;
            trap!(yield wait(child)).map(drop)
        });
        let tracer = task!({
            let tracer = trap!(yield tracer(TraceFlags::FOLLOW))?;
            trap!(yield spawn(parent).pass(to_parent).detach().traced(tracer))?;
            while !trap!(yield ktrace_read(tracer, u32::MAX))?.is_empty() {}
            Ok(())
        });
        let tracer = trap!(yield spawn(tracer).pass(to_parent))?;
        let serial = trap!(yield read(from_child, 20))?;
        let child: Tid = String::from_utf8_lossy(&serial).parse().expect("a task");
        let on = call!(until_blocked(child))?;
        call!(until_blocked(tracer))?;
        trap!(yield kill(tracer, Signal::Kill))?;
        trap!(yield wait(tracer))?;
        assert_eq!(call!(until_blocked(child))?, on);
        // Its parent has waited for it: it goes on, too.
        trap!(yield kill(child, Signal::Kill))?;
        assert_eq!(trap!(yield read(from_child, 1))?, Buf::EMPTY);
        trap!(yield close(from_child))
    })
}

fn init_may_be_traced() -> Task {
    task!({
        let tracer = trap!(yield ktrace(Tid::from_serial(1), TraceFlags::COUNT, 0))?;
        let records = trap!(yield ktrace_read(tracer, 1))?;
        assert!(matches!(records[0].what, Traced::Attached { .. }), "{records:?}");
        trap!(yield close(tracer))
    })
}
