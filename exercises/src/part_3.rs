//! Part 3: coroutines and event dispatching.

use std::collections::BTreeMap;
use yieldix::userland::flow::*;

/// What a parser tells of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// `<name>`
    Start(&'static str),
    /// Text, perhaps a piece of it only.
    Text(&'static str),
    /// `</name>`
    End(&'static str),
}

/// Passes on the text of each element of this name, whole, when the element ends: however many pieces it came
/// in, without the text of other elements. An element without text is an empty string.
pub fn text_of(name: &'static str, mut target: impl Consumer<String>) -> impl Consumer<Event> {
    consumer!(Event, {
        while (yield)?.is_some() {}
        Ok(())
    })
}

/// Makes a map of each `<bus>`: from the names of the elements in it to their text. What is outside of a bus
/// is passed over.
///
/// The states are outside, in a bus, and in a field of a bus; each can be a loop of its own.
pub fn buses(mut target: impl Consumer<BTreeMap<&'static str, String>>) -> impl Consumer<Event> {
    consumer!(Event, {
        while (yield)?.is_some() {}
        Ok(())
    })
}
