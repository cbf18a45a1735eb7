//! Items as bytes, and back: how a flow goes on in another task, or in another process.
//!
//! An item is a *frame*: its length in four bytes, the lowest first, and its encoding by `postcard`. A
//! stream of bytes is frames one after the other; how it is cut into pieces on its way means nothing, so
//! it may go over a connection, a pipe between two processes, or a port, whose messages are such pieces.
//! When the sender is closed it adds a mark, so that the receiver can tell an end from a death. What several
//! send into one port ends with the mark of the last.

use crate::{
    flow::{Consumer, Error, Output, Source, consumer},
    limits::{FRAME_BYTES_MAX, FRAMES_READ_BYTES},
};
use alloc::vec::Vec;
use core::{fmt, marker::PhantomData, mem};
use serde::{Serialize, de::DeserializeOwned};
use yieldix_syscalls::{
    Buf, Errno, Fd, Routine, call,
    calls::{port_recv, read},
    routine, trap,
};

/// Bytes of a frame before the item's own: its length.
const HEAD_BYTES: usize = 4;

/// The mark of the end, where the next frame's length would be: no frame is as long.
const END: [u8; HEAD_BYTES] = [0xff; HEAD_BYTES];

/// What is wrong with a frame. Raised by [`sendto`] and [`recvfrom`]; a [`flow::Error`](Error) gives it back
/// by [`frame_error`](Error::frame_error).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// An item does not encode.
    Unencodable(postcard::Error),
    /// An item is to be sent that takes more than [`FRAME_BYTES_MAX`] bytes.
    ItemTooLong {
        /// How many it takes.
        bytes: usize,
    },
    /// A frame says that it is longer than [`FRAME_BYTES_MAX`]. What follows it cannot be made out: to who
    /// goes on, the stream has ended.
    TooLong {
        /// How long it says it is.
        bytes: usize,
        /// Where in the stream it begins.
        at: u64,
    },
    /// The stream ended inside a frame: its sender died.
    CutShort {
        /// How much of the frame there was, its length included.
        bytes: usize,
        /// Where in the stream it begins.
        at: u64,
    },
    /// The stream ended behind an item, and not by the mark of the end: its sender died, or was not closed.
    Unclosed {
        /// Where in the stream.
        at: u64,
    },
    /// The bytes of a frame are no item of the type that was asked for. The next frame may be.
    Undecodable {
        /// How many there are.
        bytes: usize,
        /// Where in the stream the frame begins.
        at: u64,
        /// What the decoder says.
        cause: postcard::Error,
    },
}

impl FrameError {
    /// The errno nearest to it: `EMSGSIZE` for what is too long, `EBADMSG` for everything else.
    pub fn errno(&self) -> Errno {
        match self {
            FrameError::ItemTooLong { .. } | FrameError::TooLong { .. } => Errno::EMSGSIZE,
            FrameError::Unencodable(_)
            | FrameError::CutShort { .. }
            | FrameError::Unclosed { .. }
            | FrameError::Undecodable { .. } => Errno::EBADMSG,
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::Unencodable(cause) => write!(f, "an item does not encode: {cause}"),
            FrameError::ItemTooLong { bytes } => {
                write!(f, "an item of {bytes} bytes is too long to be sent: {FRAME_BYTES_MAX} are the most")
            }
            FrameError::TooLong { bytes, at } => {
                write!(f, "the frame at byte {at} says it has {bytes} bytes: {FRAME_BYTES_MAX} are the most")
            }
            FrameError::CutShort { bytes, at } => {
                write!(f, "the stream ended inside the frame at byte {at}, after {bytes} bytes of it")
            }
            FrameError::Unclosed { at } => {
                write!(f, "the stream ended at byte {at} and its sender had not closed it")
            }
            FrameError::Undecodable { bytes, at, cause } => {
                write!(f, "the frame at byte {at} ({bytes} bytes) is no item of the type expected: {cause}")
            }
        }
    }
}

impl core::error::Error for FrameError {}

impl From<FrameError> for Error {
    fn from(error: FrameError) -> Error {
        Error::raise(error)
    }
}

/// The frame of an item.
fn frame(item: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    let mut frame = postcard::to_extend(item, [0; HEAD_BYTES].to_vec()).map_err(FrameError::Unencodable)?;
    let bytes = frame.len() - HEAD_BYTES;
    if bytes > FRAME_BYTES_MAX {
        return Err(FrameError::ItemTooLong { bytes });
    }
    frame[..HEAD_BYTES].copy_from_slice(&(bytes as u32).to_le_bytes());
    Ok(frame)
}

/// Sends items to a descriptor: `sendto(out.to(fd))`. At the other end is a [`recvfrom`], in this process or
/// another.
///
/// The items are in `out` until the task that drives it flushes it, so it is there that a receiver who has
/// died is met: [`drive`](crate::flow::drive) throws the `EPIPE` into its sink and returns it. Once closed,
/// it has the last flush [sync](Output::sync) the descriptor: an end without an error means that
/// everything has left the machine. It does not close the descriptor, of which it has no more than a
/// number.
///
/// Raises [`FrameError::ItemTooLong`] and [`FrameError::Unencodable`].
pub fn sendto<T: Serialize + Send>(out: Output) -> impl Consumer<T> {
    consumer!(T, {
        while let Some(item) = (yield)? {
            out.bytes(&frame(&item)?);
        }
        out.bytes(&END);
        out.sync();
        Ok(())
    })
}

/// The items that a [`sendto`] sends, from a descriptor: a stream, or the receiving end of a port. They end
/// with the stream, and it is an error of the last pull if that was not closed.
pub fn recvfrom<T: DeserializeOwned>(fd: Fd) -> Frames<T> {
    Frames {
        fd,
        pending: Vec::new(),
        taken: 0,
        at: 0,
        is_port: false,
        is_closed: false,
        has_ended: false,
        gives: PhantomData,
    }
}

/// The items that come from a descriptor. Made by [`recvfrom`].
///
/// It reads ahead: bytes past the item it gave stay here, and other readers of the descriptor do not see
/// them.
#[derive(Debug)]
pub struct Frames<T> {
    fd: Fd,
    /// What was read, of which the first `taken` bytes are done with.
    pending: Vec<u8>,
    taken: usize,
    /// Where in the stream the next frame begins.
    at: u64,
    is_port: bool,
    /// The mark of the end came, and nothing after it.
    is_closed: bool,
    has_ended: bool,
    gives: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Frames<T> {
    /// The next item, if all of it is there.
    fn take(&mut self) -> Result<Option<T>, FrameError> {
        let (head, rest) = loop {
            let rest = &self.pending[self.taken..];
            let Some((head, rest)) = rest.split_first_chunk() else { return Ok(None) };
            self.is_closed = *head == END;
            if !self.is_closed {
                break (head, rest);
            }
            self.taken += HEAD_BYTES;
            self.at += HEAD_BYTES as u64;
        };
        let (at, bytes) = (self.at, u32::from_le_bytes(*head) as usize);
        if bytes > FRAME_BYTES_MAX {
            (self.has_ended, self.is_closed) = (true, true);
            self.pending.clear();
            self.taken = 0;
            return Err(FrameError::TooLong { bytes, at });
        }
        let Some(encoded) = rest.get(..bytes) else { return Ok(None) };
        let undecodable = |cause| FrameError::Undecodable { bytes, at, cause };
        let item = match postcard::take_from_bytes(encoded) {
            Ok((item, [])) => Ok(Some(item)),
            Ok(_) => Err(undecodable(postcard::Error::DeserializeBadEncoding)),
            Err(cause) => Err(undecodable(cause)),
        };
        self.taken += HEAD_BYTES + bytes;
        self.at += (HEAD_BYTES + bytes) as u64;
        item
    }

    /// At the end of the stream: nothing may be left, and it was closed. What is wrong is told once.
    fn end(&mut self) -> Result<(), FrameError> {
        let (bytes, at) = (self.pending.len() - self.taken, self.at);
        let was_closed = mem::replace(&mut self.is_closed, true);
        self.pending.clear();
        self.taken = 0;
        match bytes {
            0 if was_closed => Ok(()),
            0 => Err(FrameError::Unclosed { at }),
            bytes => Err(FrameError::CutShort { bytes, at }),
        }
    }

    /// The next piece of the stream; an empty one may come between others.
    fn piece(&mut self) -> impl Routine<Result<Buf, Errno>> {
        routine!(move {
            if !self.is_port {
                match trap!(yield read(self.fd, FRAMES_READ_BYTES)) {
                    Err(Errno::EOPNOTSUPP) => self.is_port = true,
                    read => {
                        self.has_ended |= read.as_ref().is_ok_and(|data| data.is_empty());
                        return read;
                    }
                }
            }
            let message = trap!(yield port_recv(self.fd))?;
            self.has_ended = message.is_none();
            Ok(message.map_or(Buf::EMPTY, |message| message.data))
        })
    }
}

/// Errors: [`FrameError`], and those of [`read`] or [`port_recv`].
impl<T: DeserializeOwned> Source<T> for Frames<T> {
    fn pull(&mut self) -> impl Routine<Result<Option<T>, Error>> {
        routine!(move -> Result<Option<T>, Error> {
            loop {
                if let Some(item) = self.take()? {
                    return Ok(Some(item));
                }
                if self.has_ended {
                    self.end()?;
                    return Ok(None);
                }
                let piece = call!(self.piece())?;
                self.pending.drain(..self.taken);
                self.taken = 0;
                self.pending.extend_from_slice(&piece);
            }
        })
    }
}

#[cfg(test)]
mod tests;
