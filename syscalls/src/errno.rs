//! Why a call failed: POSIX names, Linux numbers, fixed for good.

use core::fmt;

macro_rules! errnos {
    ($($(#[doc = $text:literal])+ $name:ident = $number:literal;)+) => {
        /// Why a system call failed. Names are POSIX's, numbers are Linux's on x86-64.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Errno { $($(#[doc = $text])+ $name = $number,)+ }

        impl Errno {
            /// Every errno, by number.
            pub const ALL: &[Errno] = &[$(Errno::$name),+];

            /// The POSIX name, `"EBADF"` for instance.
            pub const fn name(self) -> &'static str {
                match self { $(Errno::$name => stringify!($name),)+ }
            }

            /// What it means, in a few words.
            pub const fn meaning(self) -> &'static str {
                match self { $(Errno::$name => concat!($($text),+).trim_ascii_start(),)+ }
            }

            /// The errno with this number, if there is one here.
            pub const fn from_number(number: i32) -> Option<Errno> {
                match number { $($number => Some(Errno::$name),)+ _ => None }
            }
        }
    };
}

errnos! {
    /// operation not permitted
    EPERM = 1;
    /// no such file, directory or program
    ENOENT = 2;
    /// no such task
    ESRCH = 3;
    /// interrupted by a signal
    EINTR = 4;
    /// input/output error
    EIO = 5;
    /// no such device or address
    ENXIO = 6;
    /// argument list too long
    E2BIG = 7;
    /// not a program that can be run
    ENOEXEC = 8;
    /// not an open descriptor of this task
    EBADF = 9;
    /// no such child
    ECHILD = 10;
    /// a limit is reached or nothing is ready: try again
    EAGAIN = 11;
    /// out of memory or table space
    ENOMEM = 12;
    /// permission denied
    EACCES = 13;
    /// busy
    EBUSY = 16;
    /// exists already
    EEXIST = 17;
    /// across file systems
    EXDEV = 18;
    /// no such device
    ENODEV = 19;
    /// not a directory
    ENOTDIR = 20;
    /// is a directory
    EISDIR = 21;
    /// invalid argument
    EINVAL = 22;
    /// too many open files in the whole system
    ENFILE = 23;
    /// too many open files in this task or process
    EMFILE = 24;
    /// not a terminal
    ENOTTY = 25;
    /// file too large
    EFBIG = 27;
    /// no space left
    ENOSPC = 28;
    /// cannot seek
    ESPIPE = 29;
    /// read-only file system
    EROFS = 30;
    /// nobody reads the other end
    EPIPE = 32;
    /// result too large
    ERANGE = 34;
    /// would wait on itself
    EDEADLK = 35;
    /// name too long
    ENAMETOOLONG = 36;
    /// system call not built
    ENOSYS = 38;
    /// directory not empty
    ENOTEMPTY = 39;
    /// too many symbolic links
    ELOOP = 40;
    /// broken protocol between task and kernel
    EPROTO = 71;
    /// bad message
    EBADMSG = 74;
    /// value too large
    EOVERFLOW = 75;
    /// invalid byte sequence
    EILSEQ = 84;
    /// not a socket
    ENOTSOCK = 88;
    /// destination address required
    EDESTADDRREQ = 89;
    /// message too long
    EMSGSIZE = 90;
    /// socket option not available
    ENOPROTOOPT = 92;
    /// protocol not supported
    EPROTONOSUPPORT = 93;
    /// operation not supported on this object
    EOPNOTSUPP = 95;
    /// address family not supported
    EAFNOSUPPORT = 97;
    /// address in use
    EADDRINUSE = 98;
    /// address not available
    EADDRNOTAVAIL = 99;
    /// network is down
    ENETDOWN = 100;
    /// network unreachable
    ENETUNREACH = 101;
    /// connection aborted
    ECONNABORTED = 103;
    /// connection reset by peer
    ECONNRESET = 104;
    /// no buffer space
    ENOBUFS = 105;
    /// connected already
    EISCONN = 106;
    /// not connected
    ENOTCONN = 107;
    /// timed out
    ETIMEDOUT = 110;
    /// connection refused
    ECONNREFUSED = 111;
    /// host unreachable
    EHOSTUNREACH = 113;
    /// in progress already
    EALREADY = 114;
    /// in progress
    EINPROGRESS = 115;
    /// stale handle
    ESTALE = 116;
    /// quota exceeded
    EDQUOT = 122;
    /// cancelled
    ECANCELED = 125;
    /// who was to do it has died
    EOWNERDEAD = 130;
}

impl Errno {
    /// The number, as in `errno.h`.
    pub const fn number(self) -> i32 {
        self as i32
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.meaning())
    }
}

impl core::error::Error for Errno {}
