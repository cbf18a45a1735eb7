//! Parts of lines.

use crate::prelude::*;
use core::ops::ControlFlow;

pub(crate) const PROGRAM: Program = Program::new(
    "cut",
    Group::Tools,
    "writes parts of each line: bytes, characters, or fields between tabs or another byte",
    main,
)
.usage("-b LIST | -c LIST | -f LIST [-d BYTE] [-s] [--complement] [--output-delimiter TEXT] [FILE...]");

/// Numbers from 1 on, in order and apart.
#[derive(Clone, Debug, PartialEq)]
struct Ranges(Vec<(usize, usize)>);

impl Ranges {
    /// `1,3-5,-2,7-`.
    fn parse(list: &str) -> Result<Ranges, Misuse> {
        let wrong = || Misuse::Wrong(format!("list {:?}: not numbers from 1 on (such as 1,3-5,7-)", excerpt(list)));
        let number = |text: &str| match text.parse::<usize>() {
            Ok(number) if number > 0 && !text.starts_with('+') => Ok(number),
            _ => Err(wrong()),
        };
        let mut ranges = Vec::new();
        for word in list.split([',', ' ', '\t']) {
            let range = match word.split_once('-') {
                None => (number(word)?, number(word)?),
                Some(("", "")) => return Err(wrong()),
                Some((first, "")) => (number(first)?, usize::MAX),
                Some(("", last)) => (1, number(last)?),
                Some((first, last)) => (number(first)?, number(last)?),
            };
            if range.0 > range.1 {
                return Err(wrong());
            }
            ranges.push(range);
        }
        ranges.sort_unstable();
        let mut merged: Vec<(usize, usize)> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match merged.last_mut() {
                // Only what overlaps: between neighbours stands an output delimiter.
                Some(last) if range.0 <= last.1 => last.1 = last.1.max(range.1),
                _ => merged.push(range),
            }
        }
        Ok(Ranges(merged))
    }

    fn complement(&self) -> Ranges {
        let mut rest = Vec::new();
        let mut next = 1;
        for &(first, last) in &self.0 {
            if first > next {
                rest.push((next, first - 1));
            }
            next = last.saturating_add(1);
        }
        if next < usize::MAX {
            rest.push((next, usize::MAX));
        }
        Ranges(rest)
    }
}

#[derive(Clone, Debug)]
enum Parts {
    Bytes,
    Fields { delimiter: u8, skips_undelimited: bool },
}

#[derive(Clone, Debug)]
struct Cut {
    parts: Parts,
    ranges: Ranges,
    /// What stands between parts; between ranges of bytes only when it was asked for.
    between: Option<Vec<u8>>,
}

fn parse(args: Args) -> Result<(Cut, Vec<String>), Misuse> {
    let flags = &["-s --only-delimited", "--complement", "-n"];
    let options = &["-b --bytes", "-c --characters", "-f --fields", "-d --delimiter", "--output-delimiter"];
    let given = Given::parse_anywhere(args, flags, options)?;
    let lists: Vec<_> = given.values().filter(|(name, _)| ["-b", "-c", "-f"].contains(name)).collect();
    let (kind, list) = match *lists {
        [list] => list,
        [] => return Err(Misuse::Wrong("say which parts: -b, -c or -f".to_owned())),
        _ => return Err(Misuse::Wrong("more than one list".to_owned())),
    };
    let ranges = Ranges::parse(list)?;
    let ranges = if given.has("--complement") { ranges.complement() } else { ranges };
    let delimiter = given.value::<String>("-d")?;
    let between = given.value::<String>("--output-delimiter")?.map(String::into_bytes);
    // None at all is a zero, for GNU's as well.
    let between = between.map(|between| if between.is_empty() { vec![0] } else { between });
    let cut = if kind == "-f" {
        let delimiter = match delimiter.as_deref().map(str::as_bytes) {
            None => b'\t',
            Some([]) => 0,
            Some(&[delimiter]) => delimiter,
            Some(_) => return Err(Misuse::Wrong("the delimiter is one byte".to_owned())),
        };
        let parts = Parts::Fields { delimiter, skips_undelimited: given.has("-s") };
        Cut { parts, ranges, between: between.or(Some(vec![delimiter])) }
    } else {
        if delimiter.is_some() || given.has("-s") {
            return Err(Misuse::Wrong("-d and -s go with -f".to_owned()));
        }
        Cut { parts: Parts::Bytes, ranges, between }
    };
    Ok((cut, given.operands))
}

impl Cut {
    fn line(&self, line: &[u8], out: &mut Vec<u8>) {
        match self.parts {
            Parts::Bytes => self.bytes(line, out),
            Parts::Fields { delimiter, skips_undelimited } => match memchr::memchr(delimiter, line) {
                Some(_) => self.fields(line, delimiter, out),
                None if skips_undelimited => return,
                None => out.extend_from_slice(line),
            },
        }
        out.push(b'\n');
    }

    fn bytes(&self, line: &[u8], out: &mut Vec<u8>) {
        let mut is_first = true;
        for &(first, last) in self.ranges.0.iter().take_while(|range| range.0 <= line.len()) {
            if !is_first && let Some(between) = &self.between {
                out.extend_from_slice(between);
            }
            is_first = false;
            out.extend_from_slice(&line[first - 1..last.min(line.len())]);
        }
    }

    fn fields(&self, line: &[u8], delimiter: u8, out: &mut Vec<u8>) {
        let between = self.between.as_deref().unwrap_or_default();
        let mut ranges = self.ranges.0.iter().peekable();
        let mut is_first = true;
        let mut start = 0;
        for number in 1.. {
            while ranges.next_if(|range| range.1 < number).is_some() {}
            let Some(range) = ranges.peek() else { break };
            let end = memchr::memchr(delimiter, &line[start..]).map_or(line.len(), |length| start + length);
            if range.0 <= number {
                if !is_first {
                    out.extend_from_slice(between);
                }
                is_first = false;
                out.extend_from_slice(&line[start..end]);
            }
            if end == line.len() {
                break;
            }
            start = end + 1;
        }
    }
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let (cut, names) = call!(tool.or_usage(parse(args)))?;
        call!(tool.each_line(names, |line, out| {
            cut.line(without_newline(line), out);
            ControlFlow::Continue(())
        }))?;
        call!(tool.finish())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_put_in_order_and_what_overlaps_is_one() {
        let ranges = |list| Ranges::parse(list).map(|ranges| ranges.0);
        assert_eq!(ranges("5,1-2,2-3,4"), Ok(vec![(1, 3), (4, 4), (5, 5)]));
        assert_eq!(ranges("-2,7-"), Ok(vec![(1, 2), (7, usize::MAX)]));
        assert_eq!(Ranges::parse("2,4-").unwrap().complement().0, [(1, 1), (3, 3)]);
        for wrong in ["", "0", "-", "3-2", "a", "1,,2", "+1"] {
            assert!(ranges(wrong).is_err(), "{wrong}");
        }
    }
}
