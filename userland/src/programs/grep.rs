//! Lines that match.

mod scan;

use crate::{
    prelude::*,
    regex::{Extent, Regex, Syntax},
    tool::STANDARD_INPUT,
};
use scan::{Scan, Show};

pub(crate) const PROGRAM: Program = Program::new(
    "grep",
    Group::Tools,
    "writes the lines that match a regular expression of POSIX: a basic one, -E an extended one, -F a text",
    main,
)
.usage(
    "[-EFGacHhiLlnoqrsvwx] [-m LINES] [-A LINES] [-B LINES] [-C LINES] [-e PATTERN]... [-f FILE]... [PATTERN] [FILE...]",
);

/// The exit code of a `grep` that could not do what it was told; that of one that has found nothing is 1.
const FAILED: i32 = 2;
const NOTHING_FOUND: i32 = 1;

struct Options {
    patterns: Vec<String>,
    pattern_files: Vec<String>,
    syntax: Syntax,
    folds_case: bool,
    extent: Extent,
    show: Show,
    is_silent: bool,
    has_names: bool,
    /// Files below directories are searched as well.
    is_recursive: bool,
    names: Vec<String>,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let flags = &[
        "-E --extended-regexp",
        "-F --fixed-strings",
        "-G --basic-regexp",
        "-a --text",
        "-c --count",
        "-H --with-filename",
        "-h --no-filename",
        "-i --ignore-case -y",
        "-L --files-without-match",
        "-l --files-with-matches",
        "-n --line-number",
        "-o --only-matching",
        "-q --quiet --silent",
        "-r --recursive",
        "-s --no-messages",
        "-v --invert-match",
        "-w --word-regexp",
        "-x --line-regexp",
    ];
    let options = &[
        "-e --regexp",
        "-f --file",
        "-m --max-count",
        "-A --after-context",
        "-B --before-context",
        "-C --context",
        crate::args::NUMBER,
    ];
    let mut given = Given::parse_anywhere(args, flags, options)?;
    let values = |wanted| given.values().filter(move |(name, _)| *name == wanted).map(|(_, value)| value.to_owned());
    let pattern_files: Vec<String> = values("-f").collect();
    let mut patterns: Vec<String> = values("-e").flat_map(|pattern| lines_of(&pattern)).collect();
    if given.last_of(&["-e", "-f"]).is_none() {
        if given.operands.is_empty() {
            return Err(Misuse::Wrong("no pattern given".to_owned()));
        }
        patterns = lines_of(&given.operands.remove(0));
    }
    let around = given.value::<usize>("-C")?.or(given.value(crate::args::NUMBER)?);
    let is_recursive = given.has("-r");
    let mut names = core::mem::take(&mut given.operands);
    if is_recursive && names.is_empty() {
        names.push(".".to_owned());
    }
    let names = or_standard_input(names);
    let has_names = match given.last_of(&["-h", "-H"]) {
        Some(last) => last == "-H",
        None => names.len() > 1 || is_recursive,
    };
    Ok(Options {
        patterns,
        pattern_files,
        syntax: match given.last_of(&["-E", "-F", "-G"]) {
            Some("-E") => Syntax::Extended,
            Some("-F") => Syntax::Fixed,
            _ => Syntax::Basic,
        },
        folds_case: given.has("-i"),
        extent: match (given.has("-x"), given.has("-w")) {
            (true, _) => Extent::Line,
            (false, true) => Extent::Words,
            (false, false) => Extent::Part,
        },
        show: Show::parse(&given, around)?,
        is_silent: given.has("-s"),
        has_names,
        is_recursive,
        names,
    })
}

/// The patterns in a text, one a line.
fn lines_of(text: &str) -> Vec<String> {
    text.split('\n').map(ToOwned::to_owned).collect()
}

/// Adds the patterns of files; false when one could not be read.
fn read_patterns(tool: &mut Tool, files: Vec<String>, patterns: &mut Vec<String>) -> impl Routine<Result<bool, Errno>> {
    routine!(move {
        for name in files {
            let Some(mut input) = call!(tool.open(&name))? else { return Ok(false) };
            while call!(tool.fill(&mut input))? {
                while let Some(line) = input.lines.take_line() {
                    patterns.push(String::from_utf8_lossy(without_newline(line)).into_owned());
                }
            }
            call!(tool.close(&input))?;
        }
        Ok(tool.code == 0)
    })
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::failing_with(&PROGRAM, FAILED);
        let mut options = call!(tool.or_usage(parse(args)))?;
        if !call!(read_patterns(&mut tool, options.pattern_files, &mut options.patterns))? {
            return call!(tool.finish());
        }
        if options.show.is_in_vain(options.patterns == [""] && options.extent == Extent::Part) {
            tool.code = NOTHING_FOUND;
            return call!(tool.finish());
        }
        let regex = match Regex::new(&options.patterns, options.syntax, options.folds_case, options.extent) {
            Ok(regex) => regex,
            Err(error) => {
                call!(tool.complain(options.patterns.join("\n").as_str(), error))?;
                return call!(tool.finish());
            }
        };
        tool.is_silent = options.is_silent;
        let mut scan = Scan::new(Box::new(regex), options.show);
        options.names.reverse();
        while let Some(name) = options.names.pop() {
            if options.is_recursive && call!(put_entries(&mut tool, &name, &mut options.names))? {
                continue;
            }
            let Some(mut input) = call!(tool.open(&name))? else { continue };
            let title = if name == STANDARD_INPUT { "(standard input)" } else { &name };
            scan.begin(title, options.has_names);
            call!(search(&mut tool, &mut input, &mut scan))?;
            call!(tool.close(&input))?;
            scan.finish(&mut tool.out);
            if scan.has_hidden() {
                call!(tool.tell(title, "a binary file, which matches"))?;
            }
            if scan.has_found() && options.show.is_quiet() {
                // Whatever else went wrong: it was found.
                tool.code = 0;
                return call!(tool.finish());
            }
        }
        if tool.code == 0 && !scan.has_found() {
            tool.code = NOTHING_FOUND;
        }
        call!(tool.finish())
    })
}

/// Adds what is in a directory, the first in the order of their names last; is it one? Of what is in it, only
/// directories and regular files: no link is followed, and no device is read.
fn put_entries(tool: &mut Tool, name: &str, names: &mut Vec<String>) -> impl Routine<Result<bool, Errno>> {
    routine!(move {
        if !trap!(yield stat(name)).is_ok_and(|info| info.kind == FileKind::Directory) {
            return Ok(false);
        }
        let directory = match trap!(yield open(name, OpenFlags::READ)) {
            Ok(directory) => directory,
            Err(errno) => {
                call!(tool.complain(name, errno))?;
                return Ok(true);
            }
        };
        let mut found = Vec::new();
        loop {
            match trap!(yield readdir(directory)) {
                Ok(entries) if entries.is_empty() => break,
                Ok(entries) => found.extend(entries),
                Err(errno) => {
                    call!(tool.complain(name, errno))?;
                    break;
                }
            }
        }
        trap!(yield close(directory))?;
        found.retain(|entry| matches!(entry.kind, FileKind::Directory | FileKind::Regular));
        found.sort_unstable_by(|one, other| other.name.cmp(&one.name));
        let path = |entry: &DirEntry| match name {
            "." => entry.name.to_string(),
            _ => format!("{}/{}", name.trim_end_matches('/'), entry.name),
        };
        names.extend(found.iter().map(path));
        Ok(true)
    })
}

fn search(tool: &mut Tool, input: &mut Input, scan: &mut Scan) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        input.lines.read_at_a_time(limits::GREP_PIECE_BYTES);
        while call!(tool.fill(input))? {
            while let Some(lines) = input.lines.take_lines() {
                if scan.take(lines, &mut tool.out).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    })
}
