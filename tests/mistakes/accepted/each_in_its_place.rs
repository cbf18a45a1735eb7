#![feature(coroutines, coroutine_trait)]
use yieldix_userland::{flow::*, prelude::*, println};

fn numbers() -> impl Generator<u32> {
    generator!({
        for n in 0..3 {
            yield n;
        }
    })
}

fn printer(out: Output) -> impl Consumer<u32> {
    consumer!(u32, {
        while let Some(n) = (yield)? {
            out.line(n);
        }
        Ok(())
    })
}

fn nap() -> impl Routine<Result<(), Errno>> {
    routine!(move { trap!(yield sleep(Duration::from_secs(1))) })
}

fn start() -> Task {
    task!({
        call!(nap())?;
        let out = Output::new();
        call!(drive(numbers(), filter(|n| n % 2 == 0, printer(out.clone())), &out))?;
        yield Syscall::YieldNow.into();
        println!("done")
    })
}

fn main() {
    drop(start());
}
