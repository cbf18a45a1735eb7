//! The part of the account that is about pipes. How many bytes a read or a large write moves is not foretold;
//! whose they are, that none comes that was not written, and who is told of an end, is.

use super::{descriptors::Is, world::World};
use yieldix::syscalls::*;

/// The most that a write moves whole or not at all.
const ATOMIC: usize = 4096;

/// A pipe. Its ends are objects.
#[derive(Debug)]
pub struct Pipe {
    reader: usize,
    writer: usize,
    /// Bytes that may have been written: all that was meant to be, until it is known what was.
    written: u64,
    read: u64,
}

/// What is done with pipes.
#[derive(Clone, Debug)]
pub enum PipeAct {
    Pipe,
    Read(Fd, u32),
    Write(Fd, usize),
}

impl World {
    /// Something to do with pipes for `me`.
    pub fn choose_pipe_act(&mut self, me: u64) -> PipeAct {
        let act = self.chance(10);
        let is_it = if act < 5 { |is| matches!(is, Is::PipeReader(_)) } else { |is| matches!(is, Is::PipeWriter(_)) };
        let fd = self.descriptor_of(me, is_it);
        match act {
            // What may wait elsewhere is others' matter.
            _ if !matches!(self.what_is(me, fd), Is::PipeReader(_) | Is::PipeWriter(_) | Is::Closed) => PipeAct::Pipe,
            0 => PipeAct::Pipe,
            1..5 => PipeAct::Read(fd, self.pick(&[0, 1, 5_000, 100_000])),
            _ => PipeAct::Write(fd, self.pick(&[0, 1, 500, ATOMIC, 5_000, 70_000])),
        }
    }

    /// `me` makes a pipe: the end to read from, the end to write to.
    pub fn pipe(&mut self, me: u64) -> Result<(Fd, Fd), Errno> {
        if self.room_for_fds(me) < 2 {
            return Err(Errno::EMFILE);
        }
        let pipe = self.pipes.len();
        let [reader, writer] = [Is::PipeReader(pipe), Is::PipeWriter(pipe)].map(|is| self.add_object(is));
        self.pipes.push(Pipe { reader, writer, written: 0, read: 0 });
        Ok((self.put_next(me, reader), self.put_next(me, writer)))
    }

    /// `me` is about to write so much: the bytes, which tell their pipe.
    pub fn begin_pipe_write(&mut self, me: u64, fd: Fd, count: usize) -> Vec<u8> {
        let Is::PipeWriter(pipe) = self.what_is(me, fd) else { return vec![0; count] };
        self.pipes[pipe].written += count as u64;
        vec![pipe as u8; count]
    }

    /// `me` was told how much it has written to what this was.
    pub fn end_pipe_write(&mut self, me: u64, what: &str, end: Is, count: usize, got: Result<usize, Errno>) {
        let Is::PipeWriter(pipe) = end else {
            // What there is no descriptor for is found out before what it is.
            return self.compare_answer(me, what, got, Err(Errno::EBADF));
        };
        let taken = got.unwrap_or(0);
        self.pipes[pipe].written -= count.saturating_sub(taken) as u64;
        let may_be = match got {
            Ok(taken) if count <= ATOMIC => taken == count,
            Ok(taken) => (1..=count).contains(&taken),
            Err(Errno::EPIPE) => count > 0 && self.holders(self.pipes[pipe].reader) == 0,
            Err(errno) => count > 0 && errno == Errno::ETIMEDOUT,
        };
        self.note_pipe_answer(me, what, &got, may_be);
    }

    /// `me` was told what it has read from what this was.
    pub fn end_pipe_read(&mut self, me: u64, what: &str, end: Is, max: u32, got: Result<Buf, Errno>) {
        let Is::PipeReader(pipe) = end else {
            return self.compare_answer(me, what, got.err(), Some(Errno::EBADF));
        };
        let may_be = match &got {
            Ok(data) if data.is_empty() => max == 0 || self.holders(self.pipes[pipe].writer) == 0,
            Ok(data) => {
                self.pipes[pipe].read += data.len() as u64;
                let are_of_it = data.iter().all(|&byte| byte == pipe as u8);
                are_of_it && data.len() <= max as usize && self.pipes[pipe].read <= self.pipes[pipe].written
            }
            Err(errno) => max > 0 && *errno == Errno::ETIMEDOUT,
        };
        self.note_pipe_answer(me, what, &got.map(|data| data.len()), may_be);
    }

    fn note_pipe_answer(&mut self, me: u64, what: &str, got: &Result<usize, Errno>, may_be: bool) {
        self.count(what, got);
        if !may_be {
            self.disagree(me, format!("{what} was answered {got:?}"));
        }
    }
}
