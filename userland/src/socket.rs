//! A socket as an object: `trap!(yield socket.recv(4096))?` instead of calls on a bare [`Fd`].
//!
//! A [`Socket`] is a name and owns nothing, as an [`Fd`] is: it is copied freely, is closed by
//! [`Socket::close`] or with its task, and travels to a child by `.pass(socket.fd())`.

use crate::{eprintln, limits::BACKLOG};
use alloc::boxed::Box;
use core::net::SocketAddr;
use yieldix_syscalls::{Answer, Buf, Call, Errno, Fd, Reply, Routine, SendAll, Syscall, calls, routine, trap};

/// A stream socket: a listener or a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Socket(Fd);

/// The answer to [`Socket::accept`]: the connection, and whose it is.
pub struct Accepted;

impl Socket {
    /// A socket that listens on `address`; port 0 takes a free one. Errors: those of
    /// [`tcp_listen`](calls::tcp_listen).
    pub fn listen(address: SocketAddr) -> Call<Socket> {
        Call::new(Syscall::TcpListen { address: Box::new(address), backlog: BACKLOG })
    }

    /// A connection to `address`. Errors: those of [`tcp_connect`](calls::tcp_connect).
    pub fn connect(address: SocketAddr) -> Call<Socket> {
        Call::new(Syscall::TcpConnect { address: Box::new(address) })
    }

    /// Waits for a connection and gives it, and its peer's address. Errors: those of
    /// [`accept`](calls::accept).
    pub fn accept(self) -> Call<Accepted> {
        Call::new(Syscall::Accept { fd: self.0 })
    }

    /// Receives up to `max` bytes; none when the peer has closed.
    pub fn recv(self, max: u32) -> Call<Buf> {
        calls::recv(self.0, max)
    }

    /// Sends all of it.
    pub fn send(self, data: impl Into<Buf>) -> Call<SendAll> {
        calls::send_all(self.0, data)
    }

    /// Closes it.
    pub fn close(self) -> Call<()> {
        calls::close(self.0)
    }

    /// The address of its own end.
    pub fn local_addr(self) -> Call<SocketAddr> {
        calls::local_addr(self.0)
    }

    /// Its descriptor.
    pub const fn fd(self) -> Fd {
        self.0
    }
}

/// A socket that listens on `address`, for a server called `name`: if it cannot, that is told on
/// standard error before the error is returned.
pub fn listen_at(name: &'static str, address: SocketAddr) -> impl Routine<Result<Socket, Errno>> {
    routine!(move {
        let listener = trap!(yield Socket::listen(address));
        if let Err(errno) = listener {
            eprintln!("{name}: {address}: {errno}")?;
        }
        listener
    })
}

impl From<Fd> for Socket {
    fn from(fd: Fd) -> Socket {
        Socket(fd)
    }
}

impl Answer for Socket {
    type Value = Socket;
    type Error = Errno;

    fn decode(reply: Reply) -> Result<Socket, Errno> {
        Fd::decode(reply).map(Socket)
    }
}

impl Answer for Accepted {
    type Value = (Socket, SocketAddr);
    type Error = Errno;

    fn decode(reply: Reply) -> Result<(Socket, SocketAddr), Errno> {
        <(Fd, SocketAddr)>::decode(reply).map(|(fd, peer)| (Socket(fd), peer))
    }
}
