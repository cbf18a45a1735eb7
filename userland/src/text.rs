//! Files that are read whole.

use crate::limits::{READ_BYTES, TEXT_BYTES_MAX};
use alloc::{string::String, vec::Vec};
use yieldix_syscalls::{
    Errno, OpenFlags, Routine,
    calls::{close, open, read},
    routine, trap,
};

/// All of the file at `path`: `call!(read_text(&path))?`.
///
/// Errors: those of [`open`] and [`read`], `EFBIG` for more than [`TEXT_BYTES_MAX`], `EILSEQ` for what is not
/// UTF-8.
pub fn read_text(path: &str) -> impl Routine<Result<String, Errno>> {
    routine!(move {
        let file = trap!(yield open(path, OpenFlags::READ))?;
        let mut bytes = Vec::new();
        let end = loop {
            match trap!(yield read(file, READ_BYTES)) {
                Ok(data) if data.is_empty() => break Ok(()),
                Ok(data) if bytes.len() + data.len() > TEXT_BYTES_MAX => break Err(Errno::EFBIG),
                Ok(data) => bytes.extend_from_slice(&data),
                Err(errno) => break Err(errno),
            }
        };
        trap!(yield close(file))?;
        end?;
        String::from_utf8(bytes).map_err(|_| Errno::EILSEQ)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fake_kernel::{End, run_script},
        prelude::{println, task},
    };
    use alloc::vec;
    use yieldix_syscalls::{Buf, Fd, Reply, call};

    const OPEN: (&str, Reply) = ("open(\"/text\", READ)", Reply::Fd(Fd::new(3, 0)));
    const CLOSE: (&str, Reply) = ("close(3)", Reply::Unit);

    /// The text of a file that is read in these pieces, or how that ended.
    fn text(pieces: impl IntoIterator<Item = Result<Buf, Errno>>) -> (String, End) {
        let reads = pieces.into_iter().map(|piece| ("read(3, 4096)", piece.map_or_else(Reply::Err, Reply::Buf)));
        let script: Vec<_> = [OPEN].into_iter().chain(reads).chain([CLOSE]).collect();
        let run = run_script(task!({ println!("{}", call!(read_text("/text"))?) }), script);
        (run.output, run.end)
    }

    #[test]
    fn a_file_is_read_to_its_end_and_closed() {
        let pieces = ["half a li".into(), "ne".into(), Buf::EMPTY].map(Ok);
        assert_eq!(text(pieces), ("half a line\n".into(), End::Returned(Ok(()))));
    }

    #[test]
    fn what_cannot_be_read_is_closed_and_an_error() {
        for (last, errno) in [(Err(Errno::EIO), Errno::EIO), (Ok(Buf::from(vec![b'x'; TEXT_BYTES_MAX])), Errno::EFBIG)]
        {
            assert_eq!(text([Ok("x".into()), last]), (String::new(), End::Returned(Err(errno))));
        }
        let not_text = [Ok(Buf::from(b"\xff")), Ok(Buf::EMPTY)];
        assert_eq!(text(not_text), (String::new(), End::Returned(Err(Errno::EILSEQ))));
    }
}
