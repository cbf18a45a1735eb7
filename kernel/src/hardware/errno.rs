//! From the host's errors to ours.
//!
//! This is the only place where that is done. Numbers differ between hosts and ours are fixed, so
//! they are translated by name; what has no name here is `EIO`.

use rustix::io::Errno as HostErrno;
use std::io;
use yieldix_syscalls::Errno;

macro_rules! same_names {
    ($($host:ident $ours:ident),+ $(,)?) => {
        /// Our name for one of the host's errors.
        pub fn errno(error: impl Into<io::Error>) -> Errno {
            let error = error.into();
            match HostErrno::from_io_error(&error) {
                $(Some(HostErrno::$host) => Errno::$ours,)+
                // Of no host: cap-std's, for a path that leads out of its folder.
                None if error.kind() == io::ErrorKind::PermissionDenied => Errno::EACCES,
                _ => Errno::EIO,
            }
        }
    };
}

same_names! {
    NXIO ENXIO, ACCESS EACCES, ADDRINUSE EADDRINUSE, ADDRNOTAVAIL EADDRNOTAVAIL, AFNOSUPPORT EAFNOSUPPORT, AGAIN EAGAIN,
    ALREADY EALREADY, BADF EBADF, BADMSG EBADMSG, BUSY EBUSY, CANCELED ECANCELED, CONNABORTED ECONNABORTED,
    CONNREFUSED ECONNREFUSED, CONNRESET ECONNRESET, DEADLK EDEADLK, DESTADDRREQ EDESTADDRREQ, DQUOT EDQUOT,
    EXIST EEXIST, FBIG EFBIG, HOSTUNREACH EHOSTUNREACH, ILSEQ EILSEQ, INPROGRESS EINPROGRESS, INTR EINTR,
    INVAL EINVAL, IO EIO, ISCONN EISCONN, ISDIR EISDIR, LOOP ELOOP, MFILE EMFILE, MSGSIZE EMSGSIZE,
    NAMETOOLONG ENAMETOOLONG, NETDOWN ENETDOWN, NETUNREACH ENETUNREACH, NFILE ENFILE, NOBUFS ENOBUFS,
    NODEV ENODEV, NOENT ENOENT, NOEXEC ENOEXEC, NOMEM ENOMEM, NOPROTOOPT ENOPROTOOPT, NOSPC ENOSPC,
    NOSYS ENOSYS, NOTCONN ENOTCONN, NOTDIR ENOTDIR, NOTEMPTY ENOTEMPTY, NOTSOCK ENOTSOCK, NOTTY ENOTTY,
    OPNOTSUPP EOPNOTSUPP, OVERFLOW EOVERFLOW, PERM EPERM, PIPE EPIPE, PROTO EPROTO,
    PROTONOSUPPORT EPROTONOSUPPORT, RANGE ERANGE, ROFS EROFS, SPIPE ESPIPE, SRCH ESRCH, STALE ESTALE,
    TIMEDOUT ETIMEDOUT, TOOBIG E2BIG, XDEV EXDEV,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_keep_their_names() {
        for (host, ours) in [
            (HostErrno::AGAIN, Errno::EAGAIN),
            (HostErrno::CONNREFUSED, Errno::ECONNREFUSED),
            (HostErrno::MFILE, Errno::EMFILE),
            (HostErrno::TOOBIG, Errno::E2BIG),
        ] {
            assert_eq!(errno(host), ours);
        }
    }

    #[test]
    fn an_error_without_a_name_here_is_eio() {
        assert_eq!(errno(io::Error::other("no number at all")), Errno::EIO);
        assert_eq!(errno(HostErrno::NOLCK), Errno::EIO);
    }
}
