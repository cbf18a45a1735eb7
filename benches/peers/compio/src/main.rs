//! compio: one runtime on io_uring. usage: `peer-compio CASE …`; `echo PORT` is a server.
//!
//! It has no channels of its own, so it is given those of futures.

use common::{Runtime as _, YieldOnce};
use compio::{
    BufResult,
    io::{AsyncRead, AsyncWriteExt},
    net::TcpListener,
    runtime::{JoinHandle, Runtime},
};
use futures_channel::mpsc;
use futures_util::{SinkExt, StreamExt};
use std::{future::Future, time::Duration};

struct Compio;

impl common::Runtime for Compio {
    type Handle = JoinHandle<()>;
    type Sender = mpsc::Sender<u64>;
    type Receiver = mpsc::Receiver<u64>;

    fn spawn<F: Future<Output = ()> + 'static>(future: F) -> Self::Handle {
        compio::runtime::spawn(future)
    }
    async fn join(handle: Self::Handle) {
        handle.await.expect("a task that does not panic");
    }
    fn detach(handle: Self::Handle) {
        handle.detach();
    }
    fn yield_now() -> impl Future<Output = ()> {
        YieldOnce::default()
    }
    async fn sleep(span: Duration) {
        compio::time::sleep(span).await;
    }
    fn channel() -> (Self::Sender, Self::Receiver) {
        // One slot a sender.
        mpsc::channel(0)
    }
    async fn send(sender: &mut Self::Sender, value: u64) {
        // The last token of a ring finds nobody.
        let _ = sender.send(value).await;
    }
    async fn receive(receiver: &mut Self::Receiver) -> u64 {
        receiver.next().await.expect("a sender that lives")
    }
}

async fn echo(port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
    loop {
        let (mut stream, _) = listener.accept().await.expect("room for a connection");
        compio::runtime::spawn(async move {
            let mut buffer = Vec::with_capacity(1024);
            loop {
                let BufResult(result, filled) = stream.read(buffer).await;
                if !matches!(result, Ok(count) if count > 0) {
                    break;
                }
                let BufResult(result, sent) = stream.write_all(filled).await;
                if result.is_err() {
                    break;
                }
                buffer = sent;
                buffer.clear();
            }
        })
        .detach();
    }
}

fn main() {
    common::raise_descriptors();
    let words = common::words();
    Runtime::new().expect("io_uring").block_on(async move {
        if words[0] == "echo" {
            echo(common::number(&words, 1) as u16).await;
        } else {
            Compio::join(Compio::spawn(common::run::<Compio>("compio".to_owned(), words))).await;
        }
    });
}
