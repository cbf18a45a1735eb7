//! Tasks and subroutines: coroutines that yield traps.

use crate::{Errno, Reply, Syscall, Trap};
use alloc::boxed::Box;
use core::{
    any::Any,
    fmt,
    marker::PhantomData,
    ops::{Coroutine, CoroutineState},
    pin::Pin,
};

/// A coroutine that traps, whatever it returns: what [`call!`](crate::call!) and
/// [`subroutine`](crate::calls::subroutine) take, and what [`routine!`](crate::routine!) makes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a routine: a coroutine that yields traps and returns `{T}`",
    note = "a function that is called with `call!` or `subroutine` returns `impl Routine<Result<T, Errno>>`, and its body is made by `routine!`",
    note = "inside it every `yield` is a trap: `trap!(yield gettid())?`, or `yield Syscall::GetTid.into()`"
)]
#[must_use = "a routine does nothing until a task runs it: `call!(…)`"]
pub trait Routine<T>: Coroutine<Reply, Yield = Trap, Return = T> + Send {}

impl<T, C: Coroutine<Reply, Yield = Trap, Return = T> + Send> Routine<T> for C {}

/// A routine that can be a task: one that returns `Result<(), Errno>`. Do not implement it; every
/// such coroutine has it.
pub trait Body: Routine<Result<(), Errno>> {
    /// The path of the function whose coroutine this is.
    fn path(&self) -> &'static str {
        core::any::type_name::<Self>()
    }
}

impl<C: Routine<Result<(), Errno>>> Body for C {}

/// A program's flow of control, not started yet. Made by [`task!`](crate::task!), run by `spawn`.
///
/// Returning `Err` exits with status 1. Dropping it before it was spawned runs no line of it.
pub struct Task(Pin<Box<dyn Body>>);

impl Task {
    /// A task of this coroutine.
    #[inline(always)]
    pub fn new(body: impl Routine<Result<(), Errno>> + 'static) -> Task {
        Task(Box::pin(body))
    }

    /// A task of this coroutine, which owns `kept` until it ends, however it does.
    ///
    /// A block that runs a routine it was given has room for two, where it was given and where it runs; here
    /// it lies once.
    #[inline(always)]
    pub fn keeping(kept: impl Send + 'static, body: impl Routine<Result<(), Errno>> + 'static) -> Task {
        Task::new(Keeping { body, kept })
    }

    /// A task that leaves what this coroutine returns to its parent: see [`spawn_value`](crate::calls::spawn_value).
    pub fn giving<T: Send + 'static>(routine: impl Routine<Result<T, Errno>> + 'static) -> Task {
        Task::new(Returning::new(routine))
    }

    /// The name of the function that made it: the last part of its path.
    pub fn function(&self) -> &'static str {
        function(Body::path(&*self.0))
    }

    /// How large it is: what it holds across its traps, the subroutines that it delegates to by `call!` among them.
    #[inline(always)]
    pub fn frame_bytes(&self) -> usize {
        size_of_val(&*self.0)
    }

    /// Runs to the next trap. For kernels only; resuming a task that has returned panics.
    #[inline(always)]
    pub fn resume(&mut self, reply: Reply) -> CoroutineState<Trap, Result<(), Errno>> {
        self.0.as_mut().resume(reply)
    }
}

/// `handle_client`, from `my_crate::echod::handle_client::{{closure}}`.
pub(crate) fn function(path: &'static str) -> &'static str {
    // An adaptor's type parameters say what it runs: what stands innermost is what the user wrote.
    let inner = path.rsplit(", ").next().unwrap_or(path).trim_end_matches('>');
    let is_closure = |part: &&str| !part.starts_with('{');
    inner.rsplit("::").find(is_closure).unwrap_or(inner)
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Task({})", self.function())
    }
}

/// Makes a [`Task`] of a block that traps: `task!({ …; Ok(()) })`.
///
/// The block ends with, and `?` and `return` give, a `Result<(), Errno>`. Variables it uses are
/// moved into it; what it holds across a trap must be `Send`.
#[macro_export]
macro_rules! task {
    ($body:block) => {
        $crate::Task::new($crate::macros::yields_traps(
            #[coroutine]
            static move |start: $crate::Reply| -> ::core::result::Result<(), $crate::Errno> {
                $crate::macros::begin(start);
                $body
            },
        ))
    };
}

/// Makes a subroutine of a block that traps: `routine!({ … })`, or `routine!(move { … })` to own
/// what it uses.
///
/// The block gives a `Result<T, Errno>` of any `T`; with `move -> Output { … }`, any type it names. It runs nothing by itself: hand it to
/// [`call!`](crate::call!), or to the trampoline with [`subroutine`](crate::calls::subroutine).
///
/// # Examples
///
/// ```
/// # #![feature(coroutines, coroutine_trait)]
/// use yieldix_syscalls::{calls::*, *};
///
/// /// Reads exactly one byte, or `None` at the end.
/// fn read_byte(fd: Fd) -> impl Routine<Result<Option<u8>, Errno>> {
///     routine!(move { Ok(trap!(yield read(fd, 1))?.first().copied()) })
/// }
///
/// fn first_byte(fd: Fd) -> Task {
///     task!({
///         let byte = call!(read_byte(fd))?;
///         trap!(yield exit(byte.map_or(1, i32::from)))
///     })
/// }
/// ```
#[macro_export]
macro_rules! routine {
    (move $body:block) => {
        $crate::routine!(move -> ::core::result::Result<_, $crate::Errno> $body)
    };
    (move -> $output:ty $body:block) => {
        $crate::macros::routine($crate::macros::yields_traps(
            #[coroutine]
            static move |start: $crate::Reply| -> $output {
                $crate::macros::begin(start);
                $body
            },
        ))
    };
    ($body:block) => {
        $crate::macros::routine($crate::macros::yields_traps(
            #[coroutine]
            static |start: $crate::Reply| -> ::core::result::Result<_, $crate::Errno> {
                $crate::macros::begin(start);
                $body
            },
        ))
    };
}

/// What a subroutine on the trampoline or a job gives, its type hidden until its caller names it.
pub struct Value(Box<dyn Any + Send>);

impl Value {
    /// Hides `value`.
    pub fn new<T: Send + 'static>(value: T) -> Value {
        Value(Box::new(value))
    }

    /// The value, if it is of this type.
    pub fn downcast<T: 'static>(self) -> Option<T> {
        self.0.downcast().ok().map(|value| *value)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value")
    }
}

pin_project_lite::pin_project! {
    /// A subroutine as the trampoline runs it: its return is one more trap, which hands its value
    /// over. So every frame on the kernel's stack has one type, and the kernel knows no `T`.
    pub(crate) struct Returning<T, C> {
        #[pin]
        routine: C,
        returns: PhantomData<fn() -> T>,
    }
}

impl<T, C: Routine<Result<T, Errno>>> Returning<T, C> {
    pub(crate) fn new(routine: C) -> Returning<T, C> {
        Returning { routine, returns: PhantomData }
    }
}

impl<T, C> Coroutine<Reply> for Returning<T, C>
where
    T: Send + 'static,
    C: Routine<Result<T, Errno>>,
{
    type Yield = Trap;
    type Return = Result<(), Errno>;

    #[inline(always)]
    fn resume(self: Pin<&mut Self>, reply: Reply) -> CoroutineState<Trap, Result<(), Errno>> {
        match self.project().routine.resume(reply) {
            CoroutineState::Yielded(trap) => CoroutineState::Yielded(trap),
            CoroutineState::Complete(Err(errno)) => CoroutineState::Complete(Err(errno)),
            CoroutineState::Complete(Ok(value)) => {
                let value = Box::new(Value::new(value));
                CoroutineState::Yielded(Trap::new(Syscall::Return { value }))
            }
        }
    }
}

pin_project_lite::pin_project! {
    /// A coroutine and what is dropped with it.
    struct Keeping<K, C> {
        #[pin]
        body: C,
        kept: K,
    }
}

impl<K: Send, C: Routine<Result<(), Errno>>> Coroutine<Reply> for Keeping<K, C> {
    type Yield = Trap;
    type Return = Result<(), Errno>;

    #[inline(always)]
    fn resume(self: Pin<&mut Self>, reply: Reply) -> CoroutineState<Trap, Result<(), Errno>> {
        self.project().body.resume(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{calls::*, trap};
    use alloc::sync::Arc;

    fn sample() -> Task {
        task!({ trap!(yield yield_now()) })
    }

    #[test]
    fn a_task_is_named_after_the_function_that_made_it() {
        assert_eq!(sample().function(), "sample");
        assert_eq!(function("a::b::Returning<core::result::Result<u64, E>, a::b::fib::{{closure}}>"), "fib");
    }

    #[test]
    fn a_task_yields_its_call_and_takes_the_reply() {
        let mut task = sample();
        let CoroutineState::Yielded(trap) = task.resume(Reply::Unit) else { panic!("no trap") };
        assert!(matches!(trap.call, Syscall::YieldNow));
        assert!(trap.at.file().ends_with("task.rs"));
        let CoroutineState::Complete(end) = task.resume(Reply::Err(Errno::EIO)) else { panic!("a second trap") };
        assert_eq!(end, Err(Errno::EIO));
    }

    #[test]
    fn a_task_drops_what_it_keeps_with_itself_and_holds_its_body_once() {
        let kept = Arc::new(());
        let body = || {
            let large = [0u64; 100];
            routine!(move { trap!(yield sleep(core::time::Duration::from_nanos(large[0]))) })
        };
        let mut task = Task::keeping(Arc::clone(&kept), body());
        assert_eq!(size_of_val(&*task.0), size_of_val(&body()) + size_of_val(&kept));
        assert!(matches!(task.resume(Reply::Unit), CoroutineState::Yielded(_)));
        assert_eq!(Arc::strong_count(&kept), 2);
        drop(task);
        assert_eq!(Arc::strong_count(&kept), 1);
    }

    #[test]
    fn a_subroutine_returns_by_a_trap() {
        let routine = routine!(move { Ok(trap!(yield gettid())?.serial()) });
        let mut task = Task::new(Returning::new(routine));
        let CoroutineState::Yielded(trap) = task.resume(Reply::Unit) else { panic!("no trap") };
        assert!(matches!(trap.call, Syscall::GetTid));
        let tid = crate::Tid::new(0, 7);
        let CoroutineState::Yielded(trap) = task.resume(Reply::Tid(tid)) else { panic!("no return") };
        let Syscall::Return { value } = trap.call else { panic!("not a return") };
        assert_eq!(value.downcast(), Some(7u64));
    }
}
