//! What comes from a connection, read ahead: lines of a request's head, and bodies.

use crate::{
    http::{Error, Refusal, first_line},
    limits::READ_BYTES,
    socket::Socket,
};
use alloc::vec::Vec;
use core::ops::Deref;
use yieldix_syscalls::{Buf, Errno, Routine, call, routine, trap};

/// The bytes of a connection that were received and not yet taken.
///
/// Between requests it holds no memory.
#[derive(Debug)]
pub struct Input {
    conn: Socket,
    received: Received,
    taken: usize,
}

#[derive(Debug)]
enum Received {
    /// As it came: mostly a request comes whole, and is not copied.
    Whole(Buf),
    Joined(Vec<u8>),
}

impl Deref for Received {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Received::Whole(data) => data,
            Received::Joined(bytes) => bytes,
        }
    }
}

impl Input {
    /// What comes from `conn`.
    pub const fn new(conn: Socket) -> Input {
        Input { conn, received: Received::Whole(Buf::EMPTY), taken: 0 }
    }

    /// Waits for a byte or the end of the stream: is it the end?
    pub fn is_over(&mut self) -> impl Routine<Result<bool, Errno>> {
        routine!(move { Ok(self.rest().is_empty() && !call!(self.fill())?) })
    }

    /// The next line, without its end. `room` is what is left to the lines of this head.
    pub fn line<'a>(&'a mut self, room: &'a mut usize) -> impl Routine<Result<&'a [u8], Error>> {
        routine!(move -> Result<&'a [u8], Error> {
            let (line_bytes, taken) = loop {
                if let Some((line, taken)) = first_line(self.rest(), *room)? {
                    break (line.len(), taken);
                }
                call!(self.expect())?;
            };
            *room -= taken;
            Ok(&self.take(taken)[..line_bytes])
        })
    }

    /// The next `count` bytes.
    pub fn exactly(&mut self, count: usize) -> impl Routine<Result<&[u8], Error>> {
        routine!(move -> Result<&[u8], Error> {
            while self.rest().len() < count {
                call!(self.expect())?;
            }
            Ok(self.take(count))
        })
    }

    fn rest(&self) -> &[u8] {
        &self.received[self.taken..]
    }

    fn take(&mut self, count: usize) -> &[u8] {
        let from = self.taken;
        self.taken += count;
        &self.received[from..self.taken]
    }

    /// Receives what has to come.
    fn expect(&mut self) -> impl Routine<Result<(), Error>> {
        routine!(move -> Result<(), Error> {
            if call!(self.fill())? { Ok(()) } else { Err(Refusal::CutShort.into()) }
        })
    }

    /// Receives more; false at the end of the stream.
    fn fill(&mut self) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            if self.rest().is_empty() {
                self.received = Received::Whole(Buf::EMPTY);
                self.taken = 0;
            }
            let more = trap!(yield self.conn.recv(READ_BYTES))?;
            let is_end = more.is_empty();
            match &mut self.received {
                Received::Whole(data) if data.is_empty() => self.received = Received::Whole(more),
                Received::Whole(data) => self.received = Received::Joined([&data[self.taken..], &more].concat()),
                Received::Joined(bytes) => {
                    bytes.drain(..self.taken);
                    bytes.extend_from_slice(&more);
                }
            }
            self.taken = 0;
            Ok(!is_end)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fake_kernel::{End, run_script},
        println,
    };
    use yieldix_syscalls::{Fd, Reply, Task, task};

    /// Reads a line and two bytes, again and again, and says what it cannot.
    fn reader() -> Task {
        task!({
            let mut input = Input::new(Socket::from(Fd::new(3, 0)));
            while !call!(input.is_over())? {
                match call!(input.line(&mut 6)) {
                    Ok(line) => println!("line {}", line.escape_ascii())?,
                    Err(error) => return println!("{error:?}"),
                }
                match call!(input.exactly(2)) {
                    Ok(bytes) => println!("bytes {}", bytes.escape_ascii())?,
                    Err(error) => return println!("{error:?}"),
                }
            }
            println!("over")
        })
    }

    /// What it prints of these pieces.
    fn read(pieces: &[&'static str]) -> alloc::string::String {
        let received = pieces.iter().map(|&piece| ("recv(3, 4096)", Reply::Buf(Buf::from(piece))));
        let run = run_script(reader(), received);
        assert_eq!(run.end, End::Returned(Ok(())));
        run.output
    }

    #[test]
    fn lines_and_bytes_are_put_together_from_any_pieces() {
        let told = "line one\nbytes ab\nline two\nbytes cd\nover\n";
        assert_eq!(read(&["one\r\nabtwo\ncd", ""]), told);
        assert_eq!(read(&["one\r\na", "btwo\ncd", ""]), told);
        assert_eq!(read(&["o", "n", "e", "\r", "\n", "a", "b", "t", "w", "o", "\n", "c", "d", ""]), told);
    }

    #[test]
    fn an_end_amid_a_line_or_before_the_last_byte_is_cut_short() {
        assert_eq!(read(&["one", ""]), "Refused(CutShort)\n");
        assert_eq!(read(&["one\na", ""]), "line one\nRefused(CutShort)\n");
    }

    #[test]
    fn a_line_has_the_room_of_its_head() {
        assert_eq!(read(&["12345\nab", ""]), "line 12345\nbytes ab\nover\n");
        assert_eq!(read(&["123456\n"]), "Refused(HeadTooLarge)\n");
    }
}
