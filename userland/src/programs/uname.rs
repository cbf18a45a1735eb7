//! What the machine is.

use crate::{
    args::{FAILED_CODE, or_usage_with},
    prelude::*,
};

pub(crate) const PROGRAM: Program =
    Program::new("uname", Group::Tools, "prints what the machine is; -a all of it", main).usage("[-asnrvm]");

/// The parts, in the order in which they are printed.
const PARTS: [(&str, &str); 5] =
    [("-s", "yieldix"), ("-n", "yieldix"), ("-r", env!("CARGO_PKG_VERSION")), ("-v", "coroutines"), ("-m", MACHINE)];

const MACHINE: &str = if cfg!(target_arch = "x86_64") {
    "x86_64"
} else if cfg!(target_arch = "aarch64") {
    "aarch64"
} else {
    "unknown"
};

fn parse(args: Args) -> Result<Given, Misuse> {
    let flags = &[
        "-a --all",
        "-s --kernel-name",
        "-n --nodename",
        "-r --kernel-release",
        "-v --kernel-version",
        "-m --machine",
    ];
    Given::parse(args, flags, &[])?.without_operands()
}

fn main(args: Args) -> Task {
    task!({
        let given = call!(or_usage_with(&PROGRAM, FAILED_CODE, parse(args)))?;
        let is_none_given = !PARTS.iter().any(|(flag, _)| given.has(flag)) && !given.has("-a");
        let is_wanted = |flag: &str| given.has(flag) || given.has("-a") || (is_none_given && flag == "-s");
        let parts: Vec<&str> = PARTS.iter().filter(|(flag, _)| is_wanted(flag)).map(|(_, part)| *part).collect();
        println!("{}", parts.join(" "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::run;

    #[test]
    fn the_parts_stand_in_one_order() {
        let said = |word: &str| run(main(vec![word.to_owned()])).output;
        assert_eq!(run(main(vec![])).output, "yieldix\n");
        assert_eq!(said("-rs"), format!("yieldix {}\n", env!("CARGO_PKG_VERSION")));
        assert_eq!(said("-a").split(' ').count(), 5);
    }
}
