#![feature(coroutines, coroutine_trait)]
use yieldix_userland::flow::*;

fn printer() -> impl Consumer<u32> {
    consumer!(u32, {
        while (yield)?.is_some() {}
        Ok(())
    })
}

fn main() {
    let mut printer = printer();
    let one = std::thread::spawn(move || printer.send(1));
    let two = std::thread::spawn(move || printer.send(2));
    drop((one.join(), two.join()));
}
