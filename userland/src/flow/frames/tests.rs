use super::*;
use crate::{
    fake_kernel::{End, run_script, step},
    flow::{Collected, collect, drive, map},
};
use alloc::{
    format,
    string::{String, ToString},
    vec,
};
use serde::Deserialize;
use yieldix_syscalls::{Reply, Syscall, Task, task};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Item {
    Nothing,
    Named { name: String, at: (f64, f64) },
    Bytes(Vec<u8>),
}

fn items() -> Vec<Item> {
    let named = |name: &str| Item::Named { name: name.into(), at: (41.88, -87.62) };
    vec![Item::Nothing, named("North Bound"), Item::Bytes(vec![7; 300]), named("")]
}

fn frames(items: &[impl Serialize]) -> Vec<u8> {
    items.iter().flat_map(|item| frame(item).unwrap()).collect()
}

/// What a sender of these, closed, sends.
fn stream(items: &[impl Serialize]) -> Vec<u8> {
    [frames(items), END.to_vec()].concat()
}

const READ: &str = "read(0, 65536)";

/// Answers for one read a piece, and the end.
fn reads(pieces: &[&[u8]]) -> Vec<(&'static str, Reply)> {
    let end: &[u8] = b"";
    pieces.iter().copied().chain([end]).map(|piece| (READ, Reply::Buf(Buf::copy_from(piece)))).collect()
}

/// Keeps what it receives, and the texts of errors; goes on after an error until the end.
fn receiver<T: DeserializeOwned + Send + 'static>(kept: Collected<Result<T, Error>>) -> Task {
    task!({
        let mut source = recvfrom::<T>(Fd::STDIN);
        loop {
            match call!(source.pull()) {
                Ok(Some(item)) => kept.push(Ok(item)),
                Ok(None) => return Ok(()),
                Err(error) => kept.push(Err(error)),
            }
        }
    })
}

fn received<T: DeserializeOwned + Send + 'static>(pieces: &[&[u8]]) -> Vec<Result<T, Error>> {
    let kept = Collected::new();
    let run = run_script(receiver(kept.clone()), reads(pieces));
    assert_eq!(run.end, End::Returned(Ok(())));
    kept.take()
}

fn well<T>(received: Vec<Result<T, Error>>) -> Vec<T> {
    received.into_iter().map(Result::unwrap).collect()
}

#[test]
fn items_are_put_together_from_any_pieces() {
    let stream = stream(&items());
    for size in [1, 2, 3, 5, 64, 299, stream.len()] {
        let pieces: Vec<&[u8]> = stream.chunks(size).collect();
        assert_eq!(well(received::<Item>(&pieces)), items(), "in pieces of {size}");
    }
    assert_eq!(well(received::<Item>(&[&END])), []);
}

#[test]
fn what_is_sent_is_what_is_received() {
    let out = Output::new();
    let handle = out.clone();
    let mut task = task!({
        let sink = map(|item: Item| item, sendto(handle.to(Fd::STDOUT)));
        Ok(call!(drive(items().into_iter(), sink, &handle))?)
    });
    let mut written = Vec::new();
    let mut call = step(&mut task, Reply::Unit);
    while let Syscall::Write { fd: Fd::STDOUT, data } = call {
        written.extend_from_slice(&data);
        call = step(&mut task, Reply::Count(data.len() as u64));
    }
    assert_eq!(call.to_string(), "sync(1)");
    assert_eq!(well(received::<Item>(&[&written])), items());
}

#[test]
fn a_stream_that_ends_inside_a_frame_says_where() {
    let whole = frames(&["one", "two"]);
    for cut in 9..whole.len() {
        let [first, error] = <[_; 2]>::try_from(received::<String>(&[&whole[..cut]])).unwrap();
        assert_eq!(first.unwrap(), "one");
        let error = error.unwrap_err();
        assert_eq!(error.frame_error(), Some(&FrameError::CutShort { bytes: cut - 8, at: 8 }));
        assert_eq!(
            error.to_string(),
            format!("the stream ended inside the frame at byte 8, after {} bytes of it", cut - 8)
        );
        assert_eq!(Errno::from(error), Errno::EBADMSG);
    }
}

#[test]
fn a_stream_that_ends_between_frames_was_closed_or_says_where() {
    let (one, two) = (frames(&["one"]), stream(&["two"]));
    for (at, pieces) in [(8, vec![&one[..]]), (0, vec![]), (20, vec![&two[..], &one]), (10, vec![&two[..8], &END[..2]])]
    {
        let error = received::<String>(&pieces).pop().unwrap().unwrap_err();
        let expected = match at {
            10 => FrameError::CutShort { bytes: 2, at: 8 },
            at => FrameError::Unclosed { at },
        };
        assert_eq!(error.frame_error(), Some(&expected));
        assert_eq!(Errno::from(error), Errno::EBADMSG);
    }
    // What several send in turns is closed by the last.
    assert_eq!(well(received::<String>(&[&two, &one, &two])), ["two", "one", "two"]);
}

#[test]
fn bytes_that_do_not_decode_say_where_and_the_next_frame_is_read() {
    let mut bad = stream(&[vec![1u8, 2], vec![9, 9], vec![3]]);
    // A length inside the item that reaches past it, and one that does not reach its end.
    for (claimed, cause) in
        [(9, postcard::Error::DeserializeUnexpectedEnd), (1, postcard::Error::DeserializeBadEncoding)]
    {
        bad[11] = claimed;
        let [first, error, last] = <[_; 3]>::try_from(received::<Vec<u8>>(&[&bad])).unwrap();
        assert_eq!((first.unwrap(), last.unwrap()), (vec![1, 2], vec![3]));
        let error = error.unwrap_err();
        assert_eq!(error.frame_error(), Some(&FrameError::Undecodable { bytes: 3, at: 7, cause }));
        assert!(error.to_string().starts_with("the frame at byte 7 (3 bytes) is no item"), "{error}");
        assert_eq!(Errno::from(error), Errno::EBADMSG);
    }
}

#[test]
fn a_frame_that_is_too_long_is_refused_before_it_is_kept_and_ends_the_stream() {
    let mut bad = frames(&["one"]);
    bad.extend_from_slice(b"GET / HTTP/1.1\r\n");
    let kept = Collected::new();
    // Nothing more is read.
    let run = run_script(receiver::<String>(kept.clone()), [(READ, Reply::Buf(bad.into()))]);
    assert_eq!(run.end, End::Returned(Ok(())));
    let [first, error] = <[_; 2]>::try_from(kept.take()).unwrap();
    assert_eq!(first.unwrap(), "one");
    let error = error.unwrap_err();
    assert_eq!(error.frame_error(), Some(&FrameError::TooLong { bytes: 0x2054_4547, at: 8 }));
}

#[test]
fn an_item_of_the_greatest_length_goes_and_a_longer_one_is_an_error() {
    // Three bytes say how long the list is.
    let longest = vec![7u8; FRAME_BYTES_MAX - 3];
    let out = Output::new();
    let mut sink = sendto(out.clone());
    sink.send(longest.clone()).unwrap();
    assert_eq!(well(received::<Vec<u8>>(&[&stream(&[&longest])])), core::slice::from_ref(&longest));
    let error = sink.send([&longest[..], &[7]].concat()).unwrap_err();
    assert_eq!(error.frame_error(), Some(&FrameError::ItemTooLong { bytes: FRAME_BYTES_MAX + 1 }));
    assert_eq!(Errno::from(error), Errno::EMSGSIZE);
}

#[test]
fn a_port_is_a_stream_of_messages() {
    let stream = stream(&["one", "two", "three"]);
    let (head, tail) = stream.split_at(13);
    let kept = Collected::new();
    let script = [
        (READ, Reply::Err(Errno::EOPNOTSUPP)),
        ("port_recv(0)", Reply::Buf(Buf::copy_from(head))),
        ("port_recv(0)", Reply::Buf(Buf::EMPTY)),
        ("port_recv(0)", Reply::Buf(Buf::copy_from(tail))),
        ("port_recv(0)", Reply::End),
    ];
    let run = run_script(receiver::<String>(kept.clone()), script);
    assert_eq!((run.end, well(kept.take())), (End::Returned(Ok(())), vec!["one".into(), "two".into(), "three".into()]));
}

#[test]
fn the_end_of_the_stream_closes_the_sink() {
    let (sink, kept) = collect::<Vec<String>>();
    let task = task!({
        let sink = crate::flow::batch(9, sink);
        Ok(call!(drive(recvfrom::<String>(Fd::STDIN), sink, &Output::new()))?)
    });
    let run = run_script(task, reads(&[&stream(&["one", "two"])]));
    assert_eq!((run.end, kept.take()), (End::Returned(Ok(())), vec![vec!["one".into(), "two".into()]]));
}

#[test]
fn a_receiver_that_has_died_is_an_error_thrown_into_the_sink_and_given_back() {
    let seen = Collected::new();
    let notes = seen.clone();
    let mut task = task!({
        let out = Output::new();
        let mut target = sendto(out.clone());
        let sink = consumer!(String, {
            loop {
                match (yield) {
                    Ok(Some(item)) => target.send(item)?,
                    Ok(None) => return target.close(),
                    Err(error) => {
                        notes.push(error.to_string());
                        return Err(error);
                    }
                }
            }
        });
        let words = ["one", "two"].map(String::from).into_iter();
        Ok(call!(drive(words, sink, &out))?)
    });
    assert!(matches!(step(&mut task, Reply::Unit), Syscall::Write { .. }));
    let end = task.resume(Reply::Err(Errno::EPIPE));
    assert!(matches!(end, core::ops::CoroutineState::Complete(Err(Errno::EPIPE))), "{end:?}");
    assert_eq!(seen.take(), [Errno::EPIPE.to_string()]);
}
