//! Buses, and the stages that make them of XML events and print where they are.

use crate::{
    flow::*,
    limits::RECORD_BYTES,
    xml::{CompactString, Event, Pieces},
};
use alloc::{format, string::String, vec::Vec};
use core::mem;
use serde::{Deserialize, Serialize};
use yieldix_syscalls::{Routine, call, routine};

/// What is said of a bus: names and values, in the order in which they came.
///
/// To another process go its fields, complete.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bus {
    fields: Vec<(CompactString, CompactString)>,
    /// What has come of the next value.
    #[serde(skip)]
    text: CompactString,
    #[serde(skip)]
    bytes: usize,
}

impl Bus {
    /// Fields that there is room for at once: most buses have 12.
    const FIELDS: usize = 12;

    fn new() -> Bus {
        Bus { fields: Vec::with_capacity(Bus::FIELDS), text: CompactString::default(), bytes: 0 }
    }

    /// Has the field this value?
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.fields.iter().any(|(other, is)| other == name && is == value)
    }

    /// The values of these fields with commas between them, the direction in quotes; an error when one
    /// is missing.
    pub fn row(&self, names: &[&str]) -> Result<String, Error> {
        let mut row = String::new();
        for &name in names {
            let found = self.fields.iter().find(|(other, _)| other == name);
            let (_, value) = found.ok_or_else(|| Error::raise(format!("a bus without {name}")))?;
            row += if row.is_empty() { "" } else { "," };
            row += &if name == "direction" { format!("\"{value}\"") } else { String::from(value.as_str()) };
        }
        Ok(row)
    }

    /// Takes the next event after its `<bus>`. Is it complete?
    ///
    /// Each element in it is a field, whatever it is called and however deep it lies; text between
    /// elements is nothing, and of two fields of one name the last counts.
    fn take(&mut self, event: Event) -> Result<bool, Error> {
        match event {
            Event::Start { .. } => self.text.clear(),
            Event::Text(text) if self.text.is_empty() => self.text = text,
            Event::Text(text) => self.text.push_str(&text),
            Event::End { name } if name == "bus" => return Ok(true),
            Event::End { name } => {
                let value = mem::take(&mut self.text);
                self.bytes += name.len() + value.len();
                match self.fields.iter_mut().find(|(other, _)| *other == name) {
                    Some((_, old)) => *old = value,
                    None => self.fields.push((name, value)),
                }
            }
        }
        if self.bytes + self.text.len() > RECORD_BYTES {
            return Err(Error::raise("a bus of too many bytes"));
        }
        Ok(false)
    }
}

fn begins_bus(event: &Event) -> bool {
    matches!(event, Event::Start { name, .. } if name == "bus")
}

/// Makes buses of events. What it has seen so far is where it stands in its code.
pub fn buses_to_dicts(mut target: impl Consumer<Bus>) -> impl Consumer<Event> {
    consumer!(Event, {
        while let Some(event) = (yield)? {
            if !begins_bus(&event) {
                continue;
            }
            let mut bus = Bus::new();
            while let Some(event) = (yield)? {
                if bus.take(event)? {
                    target.send(bus)?;
                    break;
                }
            }
        }
        target.close()
    })
}

/// The next bus, for a task that pulls.
pub fn next_bus(events: &mut impl Source<Event>) -> impl Routine<Result<Option<Bus>, Error>> {
    routine!(move -> Result<Option<Bus>, Error> {
        while let Some(event) = call!(events.pull())? {
            if !begins_bus(&event) {
                continue;
            }
            let mut bus = Bus::new();
            while let Some(event) = call!(events.pull())? {
                if bus.take(event)? {
                    return Ok(Some(bus));
                }
            }
        }
        Ok(None)
    })
}

/// Puts pieces of text together and passes on the rest, so that later stages see each text once.
pub fn text_collector(mut target: impl Consumer<Event>) -> impl Consumer<Event> {
    consumer!(Event, {
        let mut text = Pieces::default();
        while let Some(event) = (yield)? {
            match event {
                Event::Text(piece) => text.add(&piece, &mut |event| target.send(event))?,
                other => {
                    text.flush(&mut |event| target.send(event))?;
                    target.send(other)?;
                }
            }
        }
        text.flush(&mut |event| target.send(event))?;
        target.close()
    })
}

/// Prints where buses are.
pub fn bus_locations(out: Output) -> impl Consumer<Bus> {
    consumer!(Bus, {
        while let Some(bus) = (yield)? {
            out.line(bus.row(&["route", "id", "direction", "latitude", "longitude"])?);
        }
        Ok(())
    })
}
