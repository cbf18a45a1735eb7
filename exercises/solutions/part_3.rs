//! Part 3: coroutines and event dispatching.

use std::{collections::BTreeMap, mem};
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

/// Passes on the text of each element of this name, whole.
pub fn text_of(name: &'static str, mut target: impl Consumer<String>) -> impl Consumer<Event> {
    consumer!(Event, {
        let mut open = Vec::new();
        let mut text = String::new();
        while let Some(event) = (yield)? {
            match event {
                Event::Start(element) => open.push(element),
                Event::Text(piece) if open.last() == Some(&name) => text.push_str(piece),
                Event::Text(_) => {}
                Event::End(element) => {
                    open.pop();
                    if element == name {
                        target.send(mem::take(&mut text))?;
                    }
                }
            }
        }
        target.close()
    })
}

/// Makes a map of each `<bus>`.
pub fn buses(mut target: impl Consumer<BTreeMap<&'static str, String>>) -> impl Consumer<Event> {
    consumer!(Event, {
        while let Some(event) = (yield)? {
            if event != Event::Start("bus") {
                continue;
            }
            let mut bus = BTreeMap::new();
            let mut field = None;
            loop {
                match (yield)?.ok_or_else(|| Error::raise("a bus that does not end"))? {
                    Event::End("bus") => break,
                    Event::Start(name) => {
                        bus.insert(name, String::new());
                        field = Some(name);
                    }
                    Event::End(_) => field = None,
                    Event::Text(piece) => {
                        if let Some(text) = field.and_then(|name| bus.get_mut(name)) {
                            text.push_str(piece);
                        }
                    }
                }
            }
            target.send(bus)?;
        }
        target.close()
    })
}
