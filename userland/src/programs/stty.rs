//! The terminal's mode and size.

use crate::prelude::*;

pub(crate) const PROGRAM: Program = Program::new(
    "stty",
    Group::System,
    "tells of the terminal on standard input: -a all, -g its mode, size; or sets its mode",
    main,
)
.usage("[-a | -g | size | sane | lines | keys | raw]");

#[derive(Clone, Copy, Debug, PartialEq)]
enum Asked {
    All,
    Mode,
    Size,
    Set(TerminalMode),
}

fn mode_name(mode: TerminalMode) -> &'static str {
    match mode {
        TerminalMode::Lines => "lines",
        TerminalMode::Keys => "keys",
        TerminalMode::Raw => "raw",
    }
}

fn parse(args: Args) -> Result<Asked, Misuse> {
    let given = Given::parse(args, &["-a --all", "-g --save"], &[])?;
    if let Some(flag) = given.last_of(&["-a", "-g"]) {
        given.without_operands()?;
        return Ok(if flag == "-a" { Asked::All } else { Asked::Mode });
    }
    let Some(word) = given.at_most_one("word")? else { return Ok(Asked::All) };
    Ok(match word.as_str() {
        "size" => Asked::Size,
        "sane" | "lines" | "cooked" => Asked::Set(TerminalMode::Lines),
        "keys" | "cbreak" => Asked::Set(TerminalMode::Keys),
        "raw" => Asked::Set(TerminalMode::Raw),
        word => return Err(Misuse::Wrong(format!("unknown setting {:?}", excerpt(word)))),
    })
}

fn main(args: Args) -> Task {
    task!({
        let asked = call!(or_usage(&PROGRAM, parse(args)))?;
        let info = call!(or_complain(&PROGRAM, "standard input", trap!(yield terminal(Fd::STDIN))))?;
        let TerminalInfo { mode, columns, rows, foreground } = info;
        match asked {
            Asked::All => println!("rows {rows}; columns {columns}; mode {}; foreground {foreground}", mode_name(mode)),
            Asked::Mode => println!("{}", mode_name(mode)),
            Asked::Size => println!("{rows} {columns}"),
            Asked::Set(mode) => trap!(yield set_terminal(Fd::STDIN, mode)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run_script};

    fn asked<const N: usize>(word: &str, more: [(&'static str, Reply); N]) -> (String, End) {
        let info = TerminalInfo { mode: TerminalMode::Lines, columns: 80, rows: 24, foreground: Tid::new(0, 5) };
        let script = [("terminal(0)", Reply::Terminal(Box::new(info)))].into_iter().chain(more);
        let run = run_script(main(vec![word.to_owned()]), script);
        (run.output, run.end)
    }

    #[test]
    fn the_terminal_is_told_of_and_its_mode_can_be_set_to_what_was_told() {
        let told = |word| asked(word, []).0;
        assert_eq!(told("-a"), "rows 24; columns 80; mode lines; foreground 5\n");
        assert_eq!(told("size"), "24 80\n");
        assert_eq!(told("-g"), "lines\n");
        for mode in [TerminalMode::Lines, TerminalMode::Keys, TerminalMode::Raw] {
            assert_eq!(parse(vec![mode_name(mode).to_owned()]), Ok(Asked::Set(mode)));
        }
        let set = asked("raw", [("set_terminal(0, raw)", Reply::Unit)]);
        assert_eq!(set, (String::new(), End::Returned(Ok(()))));
    }

    #[test]
    fn what_is_no_terminal_is_told() {
        let run = run_script(main(vec![]), [("terminal(0)", Reply::Err(Errno::ENOTTY))]);
        assert!(run.errors.starts_with("stty: standard input: ENOTTY"), "{}", run.errors);
        assert_eq!(run.end, End::Exited(1));
    }
}
