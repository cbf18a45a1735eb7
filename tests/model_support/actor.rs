//! A task that does what the world has it do, and compares what it is told.

use super::{
    acts::Act,
    descriptors::Is,
    files::{FileAct, FileAnswer},
    pipes::PipeAct,
    traces::{TraceAct, counted, told},
    world::{Told, World},
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use yieldix::syscalls::{calls::*, *};

/// The account that all actors of a machine share.
pub type Shared = Arc<Mutex<World>>;

fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().expect("nothing panics with the account in hand")
}

/// The actor that is task number `me`.
pub fn actor(world: Shared, me: u64) -> Task {
    task!({
        if me == 1 {
            trap!(yield ignore_signals(Signal::Pipe))?;
        }
        let tid = trap!(yield gettid())?;
        lock(&world).begin(me, tid);
        loop {
            let act = lock(&world).choose(me);
            match act {
                Act::Exit(code) => {
                    lock(&world).end(me, ExitStatus::Exited(code));
                    return trap!(yield exit(code));
                }
                Act::Return(result) => {
                    lock(&world).end(me, ExitStatus::Exited(i32::from(result.is_err())));
                    return result;
                }
                Act::Panic => {
                    let message = format!("task {me} panics as it should");
                    lock(&world).end(me, ExitStatus::Panicked(message.clone().into()));
                    panic!("{message}");
                }
                act => call!(perform(&world, me, act))?,
            }
        }
    })
}

/// One act after which the task lives on.
fn perform(world: &Shared, me: u64, act: Act) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let what = format!("{act:?}");
        match act {
            Act::Exit(_) | Act::Return(_) | Act::Panic => unreachable!("the actor's own matter"),
            Act::Yield => trap!(yield yield_now())?,
            Act::WhoAmI => {
                let got = trap!(yield gettid())?.serial();
                lock(world).compare_answer(me, &what, got, me);
            }
            Act::WhoIsMyParent => {
                let foretold = lock(world).getppid(me);
                let got = trap!(yield getppid())?.serial();
                lock(world).compare_answer(me, &what, got, foretold);
            }
            Act::Spawn { grants, quantum, is_detached, tracer } => {
                let child = actor(Arc::clone(world), lock(world).next_serial());
                let foretold = lock(world).spawn(me, (&grants, quantum, is_detached, tracer));
                let options =
                    SpawnOptions { fds: grants, quantum, detached: is_detached, tracer, ..SpawnOptions::default() };
                let got = trap!(yield spawn_with(SpawnRequest { task: child, options })).map(Tid::serial);
                lock(world).compare_answer(me, &what, got, foretold);
            }
            Act::Kill(target, signal) => {
                let foretold = lock(world).kill(target, signal);
                let got = trap!(yield kill(target, signal));
                lock(world).compare_answer(me, &what, got, foretold);
            }
            Act::SetGroup(target, group) => {
                let foretold = lock(world).set_group(me, target, group);
                let got = trap!(yield set_group(target, group));
                lock(world).compare_answer(me, &what, got, foretold);
            }
            Act::GetGroup(target) => {
                let foretold = lock(world).get_group(target);
                let got = trap!(yield get_group(target)).map(Tid::serial);
                lock(world).compare_answer(me, &what, got, foretold);
            }
            Act::KillGroup(group, signal) => {
                let foretold = lock(world).kill_group(group, signal);
                let got = trap!(yield kill_group(group, signal));
                lock(world).compare_answer(me, &what, got, foretold);
            }
            act @ (Act::Wait(_) | Act::WaitAny | Act::Join(_)) => drop(call!(await_end(world, me, act))?),
            Act::BoundedWait(span, wait) => {
                let scope = trap!(yield deadline_push(Duration::from_nanos(span)))?;
                let told = call!(await_end(world, me, *wait))?;
                let has_fired = trap!(yield deadline_pop(scope))?;
                lock(world).compare_answer(me, &what, has_fired, told == Err(Errno::ETIMEDOUT));
            }
            Act::TryWait(children) => {
                let foretold = lock(world).try_wait(me, children);
                let got = trap!(yield try_wait(children));
                let got = got.map(|told| told.map(|(child, status)| (child.serial(), status)));
                lock(world).compare_answer(me, &what, got, foretold);
            }
            Act::Sleep(nanos) => {
                let before = trap!(yield now())?;
                trap!(yield sleep(Duration::from_nanos(nanos)))?;
                let slept = trap!(yield now())?.since(before).as_nanos();
                if slept < u128::from(nanos) {
                    lock(world).disagree(me, format!("{what} took {slept} ns"));
                }
            }
            Act::SleepUntilLater(nanos) => {
                let until = trap!(yield now())? + Duration::from_nanos(nanos);
                let ticket = lock(world).sleep(me, until);
                trap!(yield sleep_until(until))?;
                lock(world).awake(ticket);
            }
            Act::BoundedSleep { deadline, sleep: span } => {
                let scope = trap!(yield deadline_push(Duration::from_nanos(deadline)))?;
                let got = trap!(yield sleep(Duration::from_nanos(span)));
                let has_fired = trap!(yield deadline_pop(scope))?;
                let foretold = if deadline < span { (Err(Errno::ETIMEDOUT), true) } else { (Ok(()), false) };
                lock(world).compare_answer(me, &what, (got, has_fired), foretold);
            }
            Act::PopNothing => {
                let got = trap!(yield deadline_pop(ScopeId(1)));
                lock(world).compare_answer(me, &what, got, Err(Errno::EINVAL));
            }
            Act::Subroutine { depth, fails } => {
                let got = trap!(yield subroutine(descend(depth, fails)));
                let sum = u64::from(depth) * u64::from(depth + 1) / 2;
                lock(world).compare_answer(me, &what, got, if fails { Err(Errno::EXDEV) } else { Ok(sum) });
            }
            Act::Tasks => {
                let foretold = lock(world).listing();
                let tasks = trap!(yield tasks())?;
                let line = |task: &TaskInfo| {
                    (task.tid.serial(), task.state == TaskState::Zombie, task.parent.serial())
                };
                lock(world).compare_answer(me, &what, tasks.iter().map(line).collect(), foretold);
            }
            Act::Dup(fd) => {
                let foretold = lock(world).dup(me, fd);
                let got = trap!(yield dup(fd));
                lock(world).compare_answer(me, &what, got, foretold);
            }
            Act::Close(fd) => {
                let foretold = lock(world).close(me, fd);
                let got = trap!(yield close(fd));
                lock(world).compare_answer(me, &what, got, foretold);
            }
            Act::Files(count) => {
                for _ in 0..count {
                    let act = lock(world).choose_file_act(me);
                    let what = format!("{act:?}");
                    let foretold = lock(world).act_on_files(me, &act);
                    let got = call!(act_on_files(act));
                    lock(world).compare_answer(me, &what, got, foretold);
                }
            }
            act => {
                let span = lock(world).patience();
                let scope = trap!(yield deadline_push(Duration::from_nanos(span)))?;
                call!(converse(world, me, act, &what))?;
                trap!(yield deadline_pop(scope)).map(drop)?;
            }
        }
        Ok(())
    })
}

/// One act on files.
fn act_on_files(act: FileAct) -> impl Routine<Result<FileAnswer, Errno>> {
    routine!(move {
        let info = |info: FileInfo| FileAnswer::Info(info.size, info.links);
        match act {
            FileAct::Open(name, flags) => trap!(yield open(name, flags)).map(FileAnswer::Opened),
            FileAct::Read(fd, max) => trap!(yield read(fd, max)).map(|data| FileAnswer::bytes(&data)),
            FileAct::Write(fd, byte, count) => {
                trap!(yield write(fd, vec![byte; count])).map(|count| FileAnswer::Count(count as u64))
            }
            FileAct::Seek(fd, to) => trap!(yield seek(fd, to)).map(FileAnswer::Count),
            FileAct::Truncate(fd, length) => trap!(yield truncate(fd, length)).map(|()| FileAnswer::Done),
            FileAct::Unlink(name) => trap!(yield unlink(name)).map(|()| FileAnswer::Done),
            FileAct::Rename(from, to) => trap!(yield rename(from, to)).map(|()| FileAnswer::Done),
            FileAct::Stat(name) => trap!(yield stat(name)).map(info),
            FileAct::Fstat(fd) => trap!(yield fstat(fd)).map(info),
        }
    })
}

/// Waits for an end. Gives what was told.
fn await_end(world: &Shared, me: u64, act: Act) -> impl Routine<Result<Told, Errno>> {
    routine!(move {
        let what = format!("{act:?}");
        let (foretold, got): (Option<Told>, Told) = match act {
            Act::Wait(child) => {
                let foretold = lock(world).wait(me, child);
                (foretold, trap!(yield wait(child)).map(|status| (child.serial(), status)))
            }
            Act::WaitAny => {
                let foretold = lock(world).wait_any(me);
                (foretold, trap!(yield wait_any()).map(|(child, status)| (child.serial(), status)))
            }
            Act::Join(target) => {
                let foretold = lock(world).join(me, target);
                (foretold, trap!(yield join(target)).map(|status| (target.serial(), status)))
            }
            act => unreachable!("{act:?} is no wait for an end"),
        };
        let mut world = lock(world);
        match foretold.or_else(|| world.told(me)) {
            Some(foretold) => world.compare_answer(me, &what, got.clone(), foretold),
            None => world.disagree(me, format!("{what} was answered {got:?}, and nothing had ended the wait")),
        }
        Ok(got)
    })
}

/// Calls itself so deep, and gives the sum of the depths, or fails at the bottom.
fn descend(depth: u32, fails: bool) -> Pin<Box<dyn Routine<Result<u64, Errno>>>> {
    Box::pin(routine!(move {
        if depth == 0 {
            trap!(yield yield_now())?;
            return if fails { Err(Errno::EXDEV) } else { Ok(0) };
        }
        Ok(trap!(yield subroutine(descend(depth - 1, fails)))? + u64::from(depth))
    }))
}

/// Acts on ports and sockets. What a peer of a socket does and when is not foretold, and so not the
/// whole answer; which descriptors there are, what each is and whose bytes come, is.
fn converse<'a>(world: &'a Shared, me: u64, act: Act, what: &'a str) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        match act {
            Act::Listen => {
                let foretold = lock(world).next_fd(me);
                let got = trap!(yield tcp_listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), 2));
                lock(world).compare_answer(me, what, got, foretold);
                if let Ok(fd) = got {
                    let address = trap!(yield local_addr(fd))?;
                    lock(world).opened(me, fd, Some(address));
                }
            }
            Act::Connect(address) => {
                let next = lock(world).next_fd(me);
                let is_listening = lock(world).is_listening(address);
                let got = trap!(yield tcp_connect(address));
                let mut world = lock(world);
                match got {
                    Ok(_) if !is_listening => world.disagree(me, format!("{what}: nobody listened there")),
                    Ok(fd) => {
                        world.compare_answer(me, what, got, next);
                        world.opened(me, fd, None);
                    }
                    Err(Errno::ECONNREFUSED | Errno::ECONNRESET | Errno::EPIPE | Errno::ETIMEDOUT) if next.is_ok() => {
                        world.count(what, &got);
                    }
                    Err(_) => world.compare_answer(me, what, got, next),
                }
            }
            Act::Accept(fd) => {
                let is = lock(world).what_is(me, fd);
                let next = lock(world).next_fd(me);
                let got = trap!(yield accept(fd)).map(|(conn, _)| conn);
                let mut world = lock(world);
                match (is, got) {
                    (Is::Closed, got) => world.compare_answer(me, what, got, Err(Errno::EBADF)),
                    (Is::Stream, got) => world.compare_answer(me, what, got, Err(Errno::EINVAL)),
                    (Is::Listener, Err(Errno::ETIMEDOUT)) => {}
                    (Is::Listener, got) => {
                        world.compare_answer(me, what, got, next);
                        if let Ok(conn) = got {
                            world.opened(me, conn, None);
                        }
                    }
                    (_, got) => world.compare_answer(me, what, got, Err(Errno::ENOTSOCK)),
                }
            }
            Act::Send { fd, count, is_all } => {
                let is = lock(world).what_is(me, fd);
                let data = vec![lock(world).mark(me, fd, count); count as usize];
                let (taken, error) = if is_all {
                    match trap!(yield send_all(fd, data)) {
                        Ok(()) => (count as usize, None),
                        Err(error) => (error.sent, Some(error.errno)),
                    }
                } else {
                    match trap!(yield send(fd, data)) {
                        Ok(taken) => (taken, None),
                        Err(errno) => (0, Some(errno)),
                    }
                };
                let mut world = lock(world);
                let may_be_short = !is_all && taken > 0 || error.is_some();
                if taken > count as usize || taken < count as usize && !may_be_short {
                    world.disagree(me, format!("{what}: {taken} bytes were taken"));
                }
                match (is, error) {
                    (Is::Closed, _) => world.compare_answer(me, what, error, Some(Errno::EBADF)),
                    (Is::Listener, _) => world.compare_answer(me, what, error, Some(Errno::ENOTCONN)),
                    (Is::Stream, Some(Errno::EPIPE | Errno::ECONNRESET | Errno::ETIMEDOUT)) if count > 0 => {
                        world.count(what, &error);
                    }
                    (Is::Stream, _) => world.compare_answer(me, what, error, None),
                    _ => world.compare_answer(me, what, error, Some(Errno::ENOTSOCK)),
                }
            }
            Act::Recv { fd, max } => {
                let is = lock(world).what_is(me, fd);
                let stream = lock(world).stream(me, fd);
                let got = trap!(yield recv(fd, max));
                let mut world = lock(world);
                match (is, got) {
                    (Is::Closed, got) => world.compare_answer(me, what, got.err(), Some(Errno::EBADF)),
                    (Is::Listener, got) => world.compare_answer(me, what, got.err(), Some(Errno::ENOTCONN)),
                    (Is::Stream, Err(errno @ (Errno::ECONNRESET | Errno::ETIMEDOUT))) if max > 0 => {
                        world.count(what, &Some(errno));
                    }
                    (Is::Stream, Ok(data)) if data.len() <= max as usize => {
                        world.count(what, &data.is_empty());
                        world.received(me, stream, &data);
                    }
                    (Is::Stream, got) => world.disagree(me, format!("{what} was answered {got:?}")),
                    (_, got) => world.compare_answer(me, what, got.err(), Some(Errno::ENOTSOCK)),
                }
            }
            Act::ReadWait(fd) => {
                let is = lock(world).what_is(me, fd);
                let got = trap!(yield read_wait(fd));
                match (is, got) {
                    (Is::Closed | Is::Sender(_) | Is::PipeWriter(_), got) => {
                        lock(world).compare_answer(me, what, got, Err(Errno::EBADF));
                    }
                    (_, Err(Errno::ETIMEDOUT)) => {}
                    (_, got) => lock(world).compare_answer(me, what, got, Ok(())),
                }
            }
            Act::Shutdown(fd) => {
                let is = lock(world).what_is(me, fd);
                let got = trap!(yield shutdown(fd, Shutdown::Write));
                match (is, got) {
                    (Is::Closed, got) => lock(world).compare_answer(me, what, got, Err(Errno::EBADF)),
                    (Is::Listener, got) => lock(world).compare_answer(me, what, got, Err(Errno::ENOTCONN)),
                    (Is::Stream, Err(Errno::ENOTCONN)) => {}
                    (Is::Stream, got) => lock(world).compare_answer(me, what, got, Ok(())),
                    (_, got) => lock(world).compare_answer(me, what, got, Err(Errno::ENOTSOCK)),
                }
            }
            Act::PortCreate(capacity) => {
                let foretold = lock(world).port_create(me, capacity);
                let got = trap!(yield port_create(capacity));
                lock(world).compare_answer(me, what, got, foretold);
            }
            Act::PortSend { fd, fds, may_wait } => {
                let number = lock(world).next_message();
                let foretold = lock(world).port_send(me, fd, (number, fds.clone()), may_wait || !fds.is_empty());
                let data = Buf::copy_from(&number.to_le_bytes());
                let got = match (fds.is_empty(), may_wait) {
                    (true, true) => trap!(yield port_send(fd, data)),
                    (true, false) => trap!(yield port_try_send(fd, data)),
                    (false, _) => trap!(yield port_send_fds(fd, Message::new(data, fds))),
                };
                lock(world).compare_message(me, what, got.map(|()| None).map_err(Errno::from), foretold);
            }
            Act::PortRecv { fd, may_wait } => {
                let foretold = lock(world).port_recv(me, fd, may_wait);
                let got = if may_wait { trap!(yield port_recv(fd)) } else { trap!(yield port_try_recv(fd)) };
                let number = |data: &[u8]| <[u8; 8]>::try_from(data).map_or(0, u64::from_le_bytes);
                let got = got.map(|message| message.map(|message| (number(&message), message.fds)));
                lock(world).compare_message(me, what, got, foretold);
            }
            Act::Pipe(PipeAct::Pipe) => {
                let foretold = lock(world).pipe(me);
                let got = trap!(yield pipe());
                lock(world).compare_answer(me, what, got, foretold);
            }
            Act::Pipe(PipeAct::Read(fd, max)) => {
                let is = lock(world).what_is(me, fd);
                let got = trap!(yield read(fd, max));
                lock(world).end_pipe_read(me, what, is, max, got);
            }
            Act::Pipe(PipeAct::Write(fd, count)) => {
                let is = lock(world).what_is(me, fd);
                let data = lock(world).begin_pipe_write(me, fd, count);
                let got = trap!(yield write(fd, data));
                lock(world).end_pipe_write(me, what, is, count, got);
            }
            Act::Trace(act) => call!(trace(world, me, act))?,
            act => unreachable!("{act:?} is none of sockets, ports, pipes and tracers"),
        }
        Ok(())
    })
}

/// Acts on tracers.
fn trace(world: &Shared, me: u64, act: TraceAct) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let what = format!("{act:?}");
        match act {
            TraceAct::Ktrace(target, flags, shown) => {
                let foretold = lock(world).ktrace(me, target, flags, shown);
                let got = trap!(yield ktrace(target, flags, shown));
                lock(world).compare_answer(me, &what, got, foretold);
            }
            TraceAct::KtraceAttach(fd, target) => {
                let foretold = lock(world).ktrace_attach(me, fd, target);
                let got = trap!(yield ktrace_attach(fd, target));
                lock(world).compare_answer(me, &what, got, foretold);
            }
            TraceAct::KtraceRead(fd, max) => {
                let foretold = lock(world).ktrace_read(me, fd, max);
                let got = trap!(yield ktrace_read(fd, max));
                let got = got.map(|records| records.iter().map(told).collect());
                let mut world = lock(world);
                let foretold = foretold.unwrap_or_else(|| world.taken(me));
                world.compare_records(me, &what, got, foretold);
            }
            TraceAct::KtraceTasks(fd) => {
                let foretold = lock(world).ktrace_tasks(me, fd);
                let got = trap!(yield ktrace_tasks(fd));
                let got = got.map(|tids| tids.iter().map(|tid| tid.serial()).collect());
                lock(world).compare_answer(me, &what, got, foretold);
            }
            TraceAct::KtraceCounts(fd) => {
                let foretold = lock(world).ktrace_counts(me, fd);
                let got = trap!(yield ktrace_counts(fd)).map(|counts| counts.iter().map(counted).collect());
                lock(world).compare_answer(me, &what, got, foretold);
            }
        }
        Ok(())
    })
}
