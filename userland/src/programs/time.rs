//! How long a program takes.

use crate::{
    executable::{self, not_started_code, search_path, why_not_started},
    prelude::*,
};

pub(crate) const PROGRAM: Program = Program::new(
    "time",
    Group::Tools,
    "runs a program, and tells on standard error how long it took, and its own turns and traps; -p in a plain form",
    main,
)
.usage("[-p] PROGRAM [ARGUMENT]...");

fn parse(args: Args) -> Result<(bool, String, Args), Misuse> {
    let given = Given::parse(args, &["-p"], &[])?;
    let is_plain = given.has("-p");
    let mut words = given.operands.into_iter();
    let program = words.next().ok_or_else(|| Misuse::Wrong("no program given".to_owned()))?;
    Ok((is_plain, program, words.collect()))
}

fn main(args: Args) -> Task {
    task!({
        let (is_plain, program, args) = call!(or_usage(&PROGRAM, parse(args)))?;
        let path = call!(search_path());
        let started = trap!(yield now())?;
        let child = match call!(executable::start(&program, args, SpawnOptions::default(), &path)) {
            Ok(child) => child,
            Err(errno) => {
                eprintln!("time: {}: {}", excerpt(&program), why_not_started(errno))?;
                return trap!(yield exit(not_started_code(errno)));
            }
        };
        // Its zombie still has its counts; they go with the wait.
        let status = trap!(yield join(child))?;
        let took = trap!(yield now())?.since(started);
        let tasks = trap!(yield tasks())?;
        trap!(yield wait(child))?;
        let (turns, traps) =
            tasks.iter().find(|task| task.tid == child).map_or((0, 0), |task| (task.turns, task.traps));
        if is_plain {
            eprintln!("real {:.2}", took.as_secs_f64())?;
        } else {
            eprintln!("real\t{:.3}s\nturns\t{turns}\ntraps\t{traps}", took.as_secs_f64())?;
        }
        trap!(yield exit(status.code()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run, run_script};

    #[test]
    fn an_unknown_program_is_told_and_no_time() {
        let unknown = [
            ("getenv(\"PATH\")", Reply::Buf("/bin".into())),
            ("now()", Reply::Time(Time::BOOT)),
            ("spawn_program(\"nonesuch\", [\"-p\"])", Reply::Err(Errno::ENOENT)),
        ];
        let run = run_script(main(vec!["nonesuch".to_owned(), "-p".to_owned()]), unknown);
        assert!(run.errors.starts_with("time: nonesuch: "), "{}", run.errors);
        assert_eq!(run.end, End::Exited(127));
    }

    #[test]
    fn a_program_must_be_given() {
        assert_eq!(run(main(vec!["-p".to_owned()])).end, End::Exited(2));
    }
}
