//! What is known of files.

use crate::{
    date::DateTime,
    directory::{look_at, permissions},
    prelude::*,
};

pub(crate) const PROGRAM: Program = Program::new(
    "stat",
    Group::Tools,
    "tells what is known of files; -L of what links lead to, -c as a format of %n, %s, %F, %a, %A, %h, %y, %Y has it",
    main,
)
.usage("[-L] [-c FORMAT] FILE...");

const FORMAT: &str = "  File: %n\n  Kind: %F\n  Size: %s\n  Mode: %a (%A)\n Links: %h\nChange: %y";

fn parse(args: Args) -> Result<(Given, String), Misuse> {
    let given = Given::parse(args, &["-L --dereference"], &["-c --format"])?;
    if given.operands.is_empty() {
        return Err(Misuse::Wrong("no file given".to_owned()));
    }
    let format = given.value("-c")?.unwrap_or_else(|| FORMAT.to_owned());
    Ok((given, format))
}

/// What kind of file it is, in words.
fn kind(info: &FileInfo) -> String {
    match info.kind {
        FileKind::Regular if info.size == 0 => "regular empty file".to_owned(),
        kind => kind.to_string(),
    }
}

/// A line of a file by this format; what is no letter of one stands for itself.
fn line(format: &str, path: &str, info: &FileInfo) -> String {
    let mut text = String::new();
    let mut rest = format.chars();
    while let Some(character) = rest.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        match rest.next() {
            Some('n') => text.push_str(path),
            Some('s') => text += &info.size.to_string(),
            Some('F') => text.push_str(&kind(info)),
            Some('a') => text += &format!("{:o}", info.mode),
            Some('A') => text += &permissions(info.kind, info.mode),
            Some('h') => text += &info.links.to_string(),
            Some('Y') => text += &info.modified.as_secs().to_string(),
            Some('y') => {
                let moment = DateTime::from_seconds(info.modified.as_secs());
                text += &moment.format("%F %T.%N %z", info.modified.subsec_nanos());
            }
            Some('%') | None => text.push('%'),
            Some(other) => text.extend(['%', other]),
        }
    }
    text.push('\n');
    text
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let (given, format) = call!(tool.or_usage(parse(args)))?;
        for path in &given.operands {
            match call!(look_at(path, given.has("-L") || path.ends_with('/'))) {
                Ok(info) => tool.out.extend(line(&format, path, &info).bytes()),
                Err(errno) => call!(tool.complain(path, errno))?,
            }
        }
        call!(tool.finish())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_of_in_lines_or_in_a_format_of_ones_own() {
        let modified = Duration::new(1_237_971_600, 5);
        let info =
            FileInfo { kind: FileKind::Regular, size: 12, id: FileId::new(1, 2), modified, mode: 0o644, links: 1 };
        let told = "  File: a
  Kind: regular file
  Size: 12
  Mode: 644 (-rw-r--r--)
 Links: 1
Change: 2009-03-25 09:00:00.000000005 +0000
";
        assert_eq!(line(FORMAT, "a", &info), told);
        assert_eq!(line("%n:%s %Y %% %q %", "a", &info), "a:12 1237971600 % %q %\n");
    }
}
