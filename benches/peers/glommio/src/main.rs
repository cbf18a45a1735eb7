//! glommio: one executor on io_uring. usage: `peer-glommio CASE …`; `echo PORT` is a server.

use common::{Runtime, YieldOnce};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use glommio::{
    LocalExecutorBuilder, Placement, Task,
    channels::local_channel::{LocalReceiver, LocalSender, new_bounded},
    net::TcpListener,
};
use std::{future::Future, time::Duration};

struct Glommio;

impl Runtime for Glommio {
    type Handle = Task<()>;
    type Sender = LocalSender<u64>;
    type Receiver = LocalReceiver<u64>;

    fn spawn<F: Future<Output = ()> + 'static>(future: F) -> Self::Handle {
        glommio::spawn_local(future)
    }
    async fn join(handle: Self::Handle) {
        handle.await;
    }
    fn detach(handle: Self::Handle) {
        handle.detach();
    }
    fn yield_now() -> impl Future<Output = ()> {
        YieldOnce::default()
    }
    async fn sleep(span: Duration) {
        glommio::timer::sleep(span).await;
    }
    fn channel() -> (Self::Sender, Self::Receiver) {
        new_bounded(1)
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
        let mut stream = listener.accept().await.expect("room for a connection");
        stream.set_nodelay(true).expect("a socket");
        glommio::spawn_local(async move {
            let mut buffer = [0u8; 1024];
            while let Ok(count) = stream.read(&mut buffer).await {
                if count == 0 || stream.write_all(&buffer[..count]).await.is_err() {
                    break;
                }
            }
        })
        .detach();
    }
}

fn main() {
    common::raise_descriptors();
    let words = common::words();
    let executor = LocalExecutorBuilder::new(Placement::Unbound).ring_depth(1024).make().expect("io_uring");
    executor.run(async move {
        if words[0] == "echo" {
            echo(common::number(&words, 1) as u16).await;
        } else {
            glommio::spawn_local(common::run::<Glommio>("glommio".to_owned(), words)).await;
        }
    });
}
