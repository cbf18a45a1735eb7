//! smol: its `LocalExecutor`. usage: `peer-smol CASE …`; `echo PORT` is a server.

use common::{Runtime, YieldOnce};
use smol::{
    LocalExecutor, Task, Timer,
    channel::{Receiver, Sender, bounded},
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use std::{future::Future, time::Duration};

thread_local! {
    static EXECUTOR: &'static LocalExecutor<'static> = Box::leak(Box::new(LocalExecutor::new()));
}

fn executor() -> &'static LocalExecutor<'static> {
    EXECUTOR.with(|executor| *executor)
}

struct Smol;

impl Runtime for Smol {
    type Handle = Task<()>;
    type Sender = Sender<u64>;
    type Receiver = Receiver<u64>;

    fn spawn<F: Future<Output = ()> + 'static>(future: F) -> Self::Handle {
        executor().spawn(future)
    }
    async fn join(handle: Self::Handle) {
        handle.await;
    }
    fn detach(handle: Self::Handle) {
        handle.detach();
    }
    fn yield_now() -> impl Future<Output = ()> {
        // As futures_lite::future::yield_now, which smol has.
        YieldOnce::default()
    }
    async fn sleep(span: Duration) {
        Timer::after(span).await;
    }
    fn channel() -> (Self::Sender, Self::Receiver) {
        bounded(1)
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
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
    loop {
        let (mut stream, _) = listener.accept().await.expect("room for a connection");
        stream.set_nodelay(true).expect("a socket");
        let connection = async move {
            let mut buffer = [0u8; 1024];
            while let Ok(count) = stream.read(&mut buffer).await {
                if count == 0 || stream.write_all(&buffer[..count]).await.is_err() {
                    break;
                }
            }
        };
        executor().spawn(connection).detach();
    }
}

fn main() {
    common::raise_descriptors();
    let words = common::words();
    if words[0] == "echo" {
        return smol::block_on(executor().run(echo(common::number(&words, 1) as u16)));
    }
    let root = executor().spawn(common::run::<Smol>("smol".to_owned(), words));
    smol::block_on(executor().run(root));
}
