//! monoio. usage: `peer-monoio epoll|uring CASE …`; `echo PORT` is a server.

use common::{Runtime, YieldOnce};
use local_sync::mpsc::bounded::{Rx, Tx, channel};
use monoio::{
    IoUringDriver, LegacyDriver, RuntimeBuilder,
    io::{AsyncReadRent, AsyncWriteRentExt},
    net::TcpListener,
    task::JoinHandle,
};
use std::{future::Future, time::Duration};

struct Monoio;

impl Runtime for Monoio {
    type Handle = JoinHandle<()>;
    type Sender = Tx<u64>;
    type Receiver = Rx<u64>;

    fn spawn<F: Future<Output = ()> + 'static>(future: F) -> Self::Handle {
        monoio::spawn(future)
    }
    async fn join(handle: Self::Handle) {
        handle.await;
    }
    fn detach(_: Self::Handle) {}
    fn yield_now() -> impl Future<Output = ()> {
        YieldOnce::default()
    }
    async fn sleep(span: Duration) {
        monoio::time::sleep(span).await;
    }
    fn channel() -> (Self::Sender, Self::Receiver) {
        channel(1)
    }
    async fn send(sender: &mut Self::Sender, value: u64) {
        // The last token of a ring finds nobody.
        let _ = sender.send(value).await;
    }
    async fn receive(receiver: &mut Self::Receiver) -> u64 {
        receiver.recv().await.expect("a sender that lives")
    }
}

async fn echo(port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
    loop {
        let (mut stream, _) = listener.accept().await.expect("room for a connection");
        stream.set_nodelay(true).expect("a socket");
        monoio::spawn(async move {
            let mut buffer = Vec::with_capacity(1024);
            loop {
                let (result, filled) = stream.read(buffer).await;
                if !matches!(result, Ok(count) if count > 0) {
                    break;
                }
                let (result, sent) = stream.write_all(filled).await;
                if result.is_err() {
                    break;
                }
                buffer = sent;
                buffer.clear();
            }
        });
    }
}

async fn root(peer: String, words: Vec<String>) {
    if words[0] == "echo" {
        echo(common::number(&words, 1) as u16).await;
    } else {
        monoio::spawn(common::run::<Monoio>(peer, words)).await;
    }
}

fn main() {
    common::raise_descriptors();
    let mut words = common::words();
    let driver = words.remove(0);
    let peer = format!("monoio-{driver}");
    match driver.as_str() {
        "epoll" => {
            let mut runtime = RuntimeBuilder::<LegacyDriver>::new().enable_timer().build().expect("a runtime");
            runtime.block_on(root(peer, words));
        }
        "uring" => {
            let builder = RuntimeBuilder::<IoUringDriver>::new().with_entries(4096);
            let mut runtime = builder.enable_timer().build().expect("a runtime");
            runtime.block_on(root(peer, words));
        }
        _ => panic!("epoll|uring"),
    }
}
