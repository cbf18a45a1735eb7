#![feature(coroutines, coroutine_trait)]
use yieldix_userland::flow::*;

fn printer() -> impl Consumer<u32> {
    consumer!(u32, {
        while (yield)?.is_some() {}
        Ok(())
    })
}

/// As whatever takes a stage to another thread has to ask for it.
fn elsewhere(stage: impl Consumer<u32> + Exclusive + 'static) {
    drop(std::thread::spawn(move || drop(stage)));
}

fn main() {
    let printer = shared(printer());
    elsewhere(filter(|_| true, printer.clone()));
    elsewhere(printer);
}
