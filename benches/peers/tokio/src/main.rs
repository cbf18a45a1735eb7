//! tokio. usage: `peer-tokio one|two CASE …`, of one thread or with two workers; `echo PORT` is a server.

use common::Runtime;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    runtime::Builder,
    sync::mpsc,
    task,
};

/// A future for `tokio::spawn`, which wants `Send`.
struct AssertSend<F>(F);

// SAFETY: what the cases share are atomics and the runtime's own handles.
unsafe impl<F> Send for AssertSend<F> {}

impl<F: Future> Future for AssertSend<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the field is pinned as the whole is, and never moved out.
        unsafe { self.map_unchecked_mut(|this| &mut this.0) }.poll(context)
    }
}

struct Tokio;

impl Runtime for Tokio {
    type Handle = task::JoinHandle<()>;
    type Sender = mpsc::Sender<u64>;
    type Receiver = mpsc::Receiver<u64>;

    fn spawn<F: Future<Output = ()> + 'static>(future: F) -> Self::Handle {
        tokio::spawn(AssertSend(future))
    }
    async fn join(handle: Self::Handle) {
        handle.await.expect("a task that does not panic");
    }
    fn detach(_: Self::Handle) {}
    async fn yield_now() {
        task::yield_now().await;
    }
    fn task_id() -> Option<u64> {
        // It is opaque; its hash is not the question here.
        std::hint::black_box(task::id());
        Some(0)
    }
    async fn sleep(span: Duration) {
        tokio::time::sleep(span).await;
    }
    fn channel() -> (Self::Sender, Self::Receiver) {
        mpsc::channel(1)
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
        tokio::spawn(async move {
            let mut buffer = [0u8; 1024];
            while let Ok(count) = stream.read(&mut buffer).await {
                if count == 0 || stream.write_all(&buffer[..count]).await.is_err() {
                    break;
                }
            }
        });
    }
}

fn main() {
    common::raise_descriptors();
    let mut words = common::words();
    let threads = words.remove(0);
    let mut builder = match threads.as_str() {
        "one" => Builder::new_current_thread(),
        "two" => Builder::new_multi_thread(),
        _ => panic!("one|two"),
    };
    let runtime = builder.worker_threads(2).enable_all().build().expect("a runtime");
    if words[0] == "echo" {
        return runtime.block_on(echo(common::number(&words, 1) as u16));
    }
    // In a task, as a server's main would be.
    let peer = if threads == "one" { "tokio" } else { "tokio-2" };
    let root = runtime.spawn(AssertSend(common::run::<Tokio>(peer.to_owned(), words)));
    runtime.block_on(root).expect("a case that does not panic");
}
