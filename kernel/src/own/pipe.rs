//! A pipe: bytes on their way from those who write to those who read.
//!
//! It holds at most [`limits::PIPE_BYTES`]. What is written large is queued as it is; what is small is
//! gathered, so that bytes written one by one take little more than their number. A write of up to
//! [`limits::PIPE_ATOMIC_BYTES`] is taken whole or not at all.
//!
//! Invariant: an end that was told `EAGAIN` is told once that it may do better, when it may.

use super::Readiness;
use crate::{hardware::Device, limits};
use std::{collections::VecDeque, mem::take};
use yieldix_syscalls::{Buf, Errno};

/// Bytes under way between two devices.
#[derive(Debug)]
pub struct Pipe {
    /// Those to be read first, each as it was written.
    whole: VecDeque<Buf>,
    /// What small writes have gathered behind them.
    gathered: Vec<u8>,
    /// Bytes in both.
    len: usize,
    reader: Option<Device>,
    writer: Option<Device>,
    /// The reader was told `EAGAIN`.
    reader_waits: bool,
    /// The writer was told `EAGAIN`, for want of so much room.
    writer_needs: Option<usize>,
}

impl Pipe {
    /// An empty one between these.
    pub fn new(reader: Device, writer: Device) -> Pipe {
        Pipe {
            whole: VecDeque::new(),
            gathered: Vec::new(),
            len: 0,
            reader: Some(reader),
            writer: Some(writer),
            reader_waits: false,
            writer_needs: None,
        }
    }

    /// Bytes in it.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Takes up to `max` bytes out; none when there are none and nobody can write any more.
    pub fn read(&mut self, max: usize) -> Result<Buf, Errno> {
        if !self.is_readable()? {
            return Err(Errno::EAGAIN);
        }
        if self.whole.is_empty() {
            self.whole.push_back(Buf::from(take(&mut self.gathered)));
        }
        let mut data = self.whole.pop_front().unwrap_or_default();
        let rest = data.split_off(max);
        if !rest.is_empty() {
            self.whole.push_front(rest);
        }
        self.len -= data.len();
        Ok(data)
    }

    /// Takes as much of `data` as has room, and gives how much.
    pub fn write(&mut self, data: &mut Buf) -> Result<usize, Errno> {
        if self.reader.is_none() {
            return Err(Errno::EPIPE);
        }
        let is_atomic = data.len() <= limits::PIPE_ATOMIC_BYTES;
        let needed = if is_atomic { data.len() } else { 1 };
        if !self.has_room(needed) {
            return Err(Errno::EAGAIN);
        }
        // Cut to what has room; the rest is the writer's, who is told how much was taken.
        drop(data.split_off(limits::PIPE_BYTES - self.len));
        let count = data.len();
        self.len += count;
        self.append(take(data));
        Ok(count)
    }

    fn append(&mut self, data: Buf) {
        let is_small = data.len() < limits::PIPE_GATHERED_BYTES;
        if is_small && (!self.gathered.is_empty() || !self.whole.is_empty()) {
            if self.gathered.len() + data.len() > limits::PIPE_ATOMIC_BYTES {
                self.whole.push_back(Buf::from(take(&mut self.gathered)));
            }
            self.gathered.extend_from_slice(&data);
            return;
        }
        if !self.gathered.is_empty() {
            self.whole.push_back(Buf::from(take(&mut self.gathered)));
        }
        self.whole.push_back(data);
    }

    /// Would a read answer?
    pub fn is_readable(&mut self) -> Result<bool, Errno> {
        let is_readable = self.would_read();
        self.reader_waits |= !is_readable;
        Ok(is_readable)
    }

    /// Would every write answer that is taken whole?
    pub fn is_writable(&mut self) -> Result<bool, Errno> {
        Ok(self.reader.is_none() || self.has_room(limits::PIPE_ATOMIC_BYTES))
    }

    fn would_read(&self) -> bool {
        self.len > 0 || self.writer.is_none()
    }

    fn has_room(&mut self, needed: usize) -> bool {
        let has_room = self.len + needed <= limits::PIPE_BYTES;
        if !has_room {
            self.writer_needs = Some(needed);
        }
        has_room
    }

    /// Nobody reads any more: what is in it is nobody's.
    pub fn close_reader(&mut self) {
        self.reader = None;
        self.len = 0;
        self.whole.clear();
        self.gathered = Vec::new();
    }

    /// Nobody writes any more.
    pub fn close_writer(&mut self) {
        self.writer = None;
    }

    /// Who reads.
    pub fn reader(&self) -> Option<Device> {
        self.reader
    }

    /// Who writes.
    pub fn writer(&self) -> Option<Device> {
        self.writer
    }

    /// Is there still who may write?
    pub fn has_writer(&self) -> bool {
        self.writer.is_some()
    }

    /// Another device reads from now on, if anybody does.
    pub fn hand_reader_to(&mut self, device: Device) {
        self.reader = self.reader.map(|_| device);
    }

    /// Another device writes from now on, if anybody does.
    pub fn hand_writer_to(&mut self, device: Device) {
        self.writer = self.writer.map(|_| device);
    }

    /// Is neither end there any more?
    pub fn is_closed(&self) -> bool {
        self.reader.is_none() && self.writer.is_none()
    }

    /// Tells of the ends that were told `EAGAIN` and may now do better.
    pub fn settle(&mut self, ready: &mut VecDeque<Readiness>) {
        if let Some(reader) = self.reader
            && self.reader_waits
            && self.would_read()
        {
            self.reader_waits = false;
            ready.push_back(Readiness::to_read(reader));
        }
        if let (Some(writer), Some(needed)) = (self.writer, self.writer_needs)
            && (self.reader.is_none() || self.len + needed <= limits::PIPE_BYTES)
        {
            self.writer_needs = None;
            ready.push_back(Readiness::to_write(writer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Class;

    fn pipe() -> Pipe {
        Pipe::new(Device::of(Class::Own, 0, 0), Device::of(Class::Own, 1, 0))
    }

    fn write(pipe: &mut Pipe, bytes: &[u8]) -> Result<usize, Errno> {
        pipe.write(&mut Buf::copy_from(bytes))
    }

    fn read_all(pipe: &mut Pipe, max: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while pipe.len() > 0 {
            let data = pipe.read(max).unwrap();
            assert!((1..=max).contains(&data.len()));
            all.extend_from_slice(&data);
        }
        all
    }

    #[test]
    fn bytes_come_out_in_order_however_they_were_written_and_read() {
        for max in [1, 7, 1000, 1 << 20] {
            let (mut pipe, mut written) = (pipe(), Vec::new());
            for (index, len) in [1, 5000, 3, 3, 1023, 1024, 90, 86, 8000, 4095, 2].into_iter().enumerate() {
                let bytes: Vec<u8> = (0..len).map(|at| (at * 31 + index) as u8).collect();
                assert_eq!(write(&mut pipe, &bytes), Ok(len));
                written.extend_from_slice(&bytes);
            }
            assert_eq!(read_all(&mut pipe, max), written, "in pieces of {max}");
        }
    }

    #[test]
    fn bytes_written_one_by_one_are_gathered() {
        let mut pipe = pipe();
        for _ in 0..limits::PIPE_BYTES {
            assert_eq!(write(&mut pipe, b"x"), Ok(1));
        }
        assert_eq!(write(&mut pipe, b"x"), Err(Errno::EAGAIN));
        assert!(pipe.whole.len() <= limits::PIPE_BYTES / limits::PIPE_ATOMIC_BYTES + 1, "{}", pipe.whole.len());
    }

    #[test]
    fn a_small_write_is_taken_whole_and_a_large_one_in_part() {
        let mut pipe = pipe();
        assert_eq!(write(&mut pipe, &[0; limits::PIPE_BYTES - 4095]), Ok(limits::PIPE_BYTES - 4095));
        assert_eq!(write(&mut pipe, &[1; 4096]), Err(Errno::EAGAIN));
        assert_eq!(pipe.len(), limits::PIPE_BYTES - 4095);
        assert_eq!(write(&mut pipe, &[1; 4097]), Ok(4095));
        assert_eq!(pipe.len(), limits::PIPE_BYTES);
    }

    #[test]
    fn who_was_told_to_wait_is_told_once_and_not_in_vain() {
        let (mut pipe, mut ready) = (pipe(), VecDeque::new());
        assert_eq!(pipe.read(1), Err(Errno::EAGAIN));
        pipe.settle(&mut ready);
        assert!(ready.is_empty());
        assert_eq!(write(&mut pipe, &[0; limits::PIPE_BYTES]), Ok(limits::PIPE_BYTES));
        pipe.settle(&mut ready);
        pipe.settle(&mut ready);
        assert_eq!(ready.drain(..).collect::<Vec<_>>(), [Readiness::to_read(Device::of(Class::Own, 0, 0))]);
        assert_eq!(write(&mut pipe, &[0; 100]), Err(Errno::EAGAIN));
        assert_eq!(pipe.read(99).map(|data| data.len()), Ok(99));
        pipe.settle(&mut ready);
        assert!(ready.is_empty(), "99 bytes are too few for 100");
        assert_eq!(pipe.read(1).map(|data| data.len()), Ok(1));
        pipe.settle(&mut ready);
        assert_eq!(ready.drain(..).collect::<Vec<_>>(), [Readiness::to_write(Device::of(Class::Own, 1, 0))]);
    }

    #[test]
    fn a_closed_end_is_the_end_for_the_other() {
        let mut pipe = pipe();
        assert_eq!(write(&mut pipe, b"last"), Ok(4));
        pipe.close_writer();
        assert_eq!(pipe.read(9), Ok(Buf::from("last")));
        assert_eq!(pipe.read(9), Ok(Buf::EMPTY));
        let mut pipe = self::pipe();
        pipe.close_reader();
        assert_eq!(write(&mut pipe, b"lost"), Err(Errno::EPIPE));
        assert_eq!((pipe.is_writable(), pipe.is_closed()), (Ok(true), false));
    }
}
