//! An echo server written straight on `polling`, one thread. usage: `peer-polling level|edge echo PORT`
//!
//! `level` reads once an event; `edge` takes a short read to mean that there is no more.

use polling::{Event, Events, PollMode, Poller};
use std::{
    io::{ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    num::NonZeroUsize,
};

/// What was read is sent back; false at the end of the stream.
fn answer(mut stream: &TcpStream, is_edge: bool) -> bool {
    let mut buffer = [0u8; 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return false,
            Ok(count) => {
                // The load keeps no more under way than a socket holds.
                assert_eq!(stream.write(&buffer[..count]).expect("a peer"), count);
                if !is_edge || count < buffer.len() {
                    return true;
                }
            }
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}

fn main() {
    const LISTENER: usize = 0;
    common::raise_descriptors();
    let words = common::words();
    let is_edge = words[0] == "edge";
    let mode = if is_edge { PollMode::Edge } else { PollMode::Level };
    let listener = TcpListener::bind(("127.0.0.1", common::number(&words, 2) as u16)).expect("a free port");
    rustix::net::listen(&listener, 4096).expect("a listener");
    listener.set_nonblocking(true).expect("a socket");
    let poller = Poller::new().expect("a descriptor");
    let mut events = Events::with_capacity(NonZeroUsize::new(512).expect("it is not"));
    // Streams are kept by their keys, which count from 1.
    let mut streams: Vec<Option<TcpStream>> = vec![None];
    // SAFETY: the listener lives as long as the poller, and each stream is deleted before it is dropped.
    unsafe { poller.add_with_mode(&listener, Event::readable(LISTENER), PollMode::Level).expect("room") };
    loop {
        events.clear();
        poller.wait(&mut events, None).expect("a poller");
        for event in events.iter() {
            if event.key == LISTENER {
                while let Ok((stream, _)) = listener.accept() {
                    stream.set_nonblocking(true).expect("a socket");
                    stream.set_nodelay(true).expect("a socket");
                    // SAFETY: as above.
                    unsafe { poller.add_with_mode(&stream, Event::readable(streams.len()), mode).expect("room") };
                    streams.push(Some(stream));
                }
            } else if let Some(stream) = &streams[event.key]
                && !answer(stream, is_edge)
            {
                poller.delete(stream).expect("it was added");
                streams[event.key] = None;
            }
        }
    }
}
