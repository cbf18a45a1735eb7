//! What is expected of part 3.

use std::collections::BTreeMap;
use yieldix::userland::flow::*;
use yieldix_exercises::part_3::{Event, Event::*, buses, text_of};

/// What comes out at the end when these events are sent, and then the close.
fn run<T: Send + 'static, C: Consumer<Event>>(
    stage: impl FnOnce(Box<dyn Consumer<T>>) -> C,
    events: &[Event],
) -> Vec<T> {
    let (sink, kept) = collect();
    let mut stage = stage(Box::new(sink));
    for event in events {
        stage.send(event.clone()).expect("nothing refuses an event");
    }
    stage.close().expect("nothing fails");
    kept.take()
}

#[test]
fn text_of_puts_the_pieces_together() {
    let events = [Start("a"), Text("one "), Text("two"), End("a"), Start("a"), End("a")];
    assert_eq!(run(|sink| text_of("a", sink), &events), ["one two", ""], "a text for each <a> is expected");
}

#[test]
fn text_of_takes_no_text_of_other_elements() {
    let events = [
        Start("doc"),
        Text("\n"),
        Start("a"),
        Text("x"),
        Start("b"),
        Text("no"),
        End("b"),
        Text("y"),
        End("a"),
        End("doc"),
    ];
    assert_eq!(run(|sink| text_of("a", sink), &events), ["xy"], "the text of <a> is expected, without that of <b>");
}

#[test]
fn buses_makes_a_map_of_each_bus() {
    let events = [
        Start("buses"),
        Start("time"),
        Text("noon"),
        End("time"),
        Start("bus"),
        Text("\n"),
        Start("id"),
        Text("78"),
        Text("00"),
        End("id"),
        Start("route"),
        Text("22"),
        End("route"),
        Text("\n"),
        End("bus"),
        Start("bus"),
        End("bus"),
        End("buses"),
    ];
    let first = BTreeMap::from([("id", "7800".to_owned()), ("route", "22".to_owned())]);
    let expected = [first, BTreeMap::new()];
    assert_eq!(run(buses, &events), expected, "two buses are expected, with two fields and with none");
}
