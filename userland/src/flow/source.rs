//! What has to wait before it can give the next item, and how a task drives it into a consumer.

use crate::{
    console::Lines,
    flow::{Error, Output, Sink},
    limits::ITEMS_PER_TURN,
};
use alloc::string::String;
use yieldix_syscalls::{Routine, call, calls::yield_now, routine, trap};

/// Gives items to a task, which waits for them: `call!(source.pull())?`.
///
/// Lines of a descriptor are one, and any iterator, a [`Generator`](crate::flow::Generator) for one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of `{T}`",
    note = "a source is what items can be pulled from: a generator, any other iterator, or `Lines` of a descriptor",
    note = "a consumer is the other end: it is sent to"
)]
pub trait Source<T>: Send {
    /// The next item, or `None` at the end. Waits as long as it takes.
    fn pull(&mut self) -> impl Routine<Result<Option<T>, Error>>;
}

#[diagnostic::do_not_recommend]
impl<I: Iterator + Send> Source<I::Item> for I {
    /// Never waits.
    fn pull(&mut self) -> impl Routine<Result<Option<I::Item>, Error>> {
        routine!(move -> Result<Option<I::Item>, Error> { Ok(self.next()) })
    }
}

/// Errors are those of [`read_line`](Lines::read_line).
impl Source<String> for Lines {
    fn pull(&mut self) -> impl Routine<Result<Option<String>, Error>> {
        routine!(move -> Result<Option<String>, Error> { Ok(call!(self.read_line())?) })
    }
}

/// Pulls every item of `source`, sends it into `sink`, and flushes `out` after each step; closes `sink` at
/// the end. Waits where the source, the sink or the output does, and gives way after [`ITEMS_PER_TURN`] items.
///
/// An error of the sink ends it: what was said before is flushed, and the error is returned. An error of
/// the source, or of the flush, is thrown into the sink; if that catches it, the sink is closed.
pub fn drive<T: Send, W>(
    mut source: impl Source<T>,
    mut sink: impl Sink<T, W>,
    out: &Output,
) -> impl Routine<Result<(), Error>> {
    routine!(move -> Result<(), Error> {
        let mut items = 0;
        let end = loop {
            let stepped = match call!(source.pull()) {
                Ok(Some(item)) => call!(sink.put(item)),
                Ok(None) => break call!(sink.finish()),
                Err(error) => break call!(give_up(&mut sink, error)),
            };
            if stepped.is_err() {
                break stepped;
            }
            if let Err(errno) = call!(out.flush()) {
                break call!(give_up(&mut sink, errno.into()));
            }
            items += 1;
            if items % ITEMS_PER_TURN == 0 {
                trap!(yield yield_now())?;
            }
        };
        let flushed = call!(out.flush());
        end?;
        Ok(flushed?)
    })
}

/// Throws an error into a sink; closes it if it catches that.
fn give_up<T, W>(sink: &mut impl Sink<T, W>, error: Error) -> impl Routine<Result<(), Error>> {
    routine!(move -> Result<(), Error> {
        call!(sink.fail(error))?;
        call!(sink.finish())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fake_kernel::{End, run, run_script},
        flow::{Consumer, collect, consumer, generator},
        println,
    };
    use yieldix_syscalls::{Errno, Fd, Reply, task};

    /// Prints what it takes, and how it ended; refuses `bad`.
    fn printer(out: Output) -> impl Consumer<String> {
        consumer!(String, {
            loop {
                match (yield) {
                    Ok(Some(line)) if line == "bad" => return Err(Error::raise("a bad line")),
                    Ok(Some(line)) => out.line(line),
                    Ok(None) => {
                        out.line("closed");
                        return Ok(());
                    }
                    Err(error) => {
                        out.line(format_args!("thrown: {error}"));
                        return Err(error);
                    }
                }
            }
        })
    }

    fn echo_lines() -> yieldix_syscalls::Task {
        task!({
            let out = Output::new();
            Ok(call!(drive(Lines::new(Fd::STDIN), printer(out.clone()), &out))?)
        })
    }

    fn input(bytes: &'static str) -> (&'static str, Reply) {
        ("read(0, 4096)", Reply::Buf(bytes.into()))
    }

    #[test]
    fn lines_of_a_descriptor_are_pushed_and_the_end_closes() {
        let run = run_script(echo_lines(), [input("one\ntw"), input("o\n"), input("")]);
        assert_eq!((run.output.as_str(), run.end), ("one\ntwo\nclosed\n", End::Returned(Ok(()))));
    }

    #[test]
    fn an_error_of_the_sink_ends_it_and_what_was_said_is_out() {
        let run = run_script(echo_lines(), [input("one\nbad\ntwo\n")]);
        assert_eq!((run.output.as_str(), run.end), ("one\n", End::Returned(Err(Errno::EIO))));
    }

    #[test]
    fn an_error_of_the_source_is_thrown_into_the_sink() {
        let run = run_script(echo_lines(), [input("one\n"), ("read(0, 4096)", Reply::Err(Errno::ECONNRESET))]);
        let told = alloc::format!("one\nthrown: {}\n", Errno::ECONNRESET);
        assert_eq!((run.output, run.end), (told, End::Returned(Err(Errno::ECONNRESET))));
    }

    #[test]
    fn a_generator_is_a_source_and_gives_way_now_and_then() {
        let task = task!({
            let out = Output::new();
            let many = generator!({
                for _ in 0..ITEMS_PER_TURN {
                    yield 1;
                }
            });
            let (sink, ones) = collect::<u32>();
            call!(drive(many, sink, &out))?;
            println!("{}", ones.take().len())
        });
        let run = run_script(task, [("yield_now()", Reply::Unit)]);
        assert_eq!((run.output, run.end), (alloc::format!("{ITEMS_PER_TURN}\n"), End::Returned(Ok(()))));
    }

    #[test]
    fn a_pure_pipeline_prints_as_it_goes() {
        let run = run(task!({
            let out = Output::new();
            let words = ["a", "b"].map(String::from).into_iter();
            Ok(call!(drive(words, printer(out.clone()), &out))?)
        }));
        assert_eq!(run.output, "a\nb\nclosed\n");
    }
}
