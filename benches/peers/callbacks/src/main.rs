//! usage: `peer-callbacks callbacks|threads PORT`

use peer_callbacks::{callbacks, listen, threads};

fn main() {
    common::raise_descriptors();
    let words = common::words();
    let listener = listen(common::number(&words, 1) as u16).expect("a free port");
    let ended = match words[0].as_str() {
        "callbacks" => callbacks::serve(listener),
        "threads" => threads::serve(listener),
        other => panic!("no server {other}"),
    };
    panic!("the host refused: {:?}", ended.err());
}
