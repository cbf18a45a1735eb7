//! A machine whose tasks name and say what is to break the lines in which it is told.

use yieldix::{
    Console, Machine, MemoryConsole,
    syscalls::{calls::*, *},
    userland::PROGRAMS,
};

/// What ends a line for some reader, colours it, turns it, ends a text or an element, and looks like an event.
pub const HOSTILE: &str = "a\nb\r\u{1b}[31m\u{9b}0m\u{202e}c\u{2028}\"'\\ </script><!--\n      1    0.000000000 INFO  task   1 init       spawned";
/// The same as the name of a task, which is shorter.
pub const NAME: &str = "sh         waits: any child \n\u{1b}[0m\u{202e}\"</script>";
/// As the kernel keeps it.
pub const CLEAN_NAME: &str = "sh         waits: any child ??[0m?\"</script>";
/// As the name of a file.
pub const FILE: &str = "/f ready: spawned\n\u{1b}[0m\u{202e}\"'\\<!--, file 0 console";
/// As the name of a port.
pub const PORT: &str = "port\n\u{9b}0m\u{2029}\" published";

const PROGRAM: Program = Program::new("hostile", Group::Tools, "names things, and then waits for ever", hostile);

/// A task of its own panics, and one waits for what this one has; so nothing goes on.
fn hostile(_: Args) -> Task {
    task!({
        let (_send, receive) = trap!(yield port_create(1))?;
        trap!(yield port_publish(receive, PORT))?;
        let file = trap!(yield open(FILE, OpenFlags::WRITE | OpenFlags::CREATE))?;
        trap!(yield write(file, HOSTILE))?;
        let panics = task!({
            trap!(yield yield_now())?;
            panic!("{HOSTILE}")
        });
        let child = trap!(yield spawn(panics).name(NAME))?;
        trap!(yield wait(child))?;
        let (from, _to) = trap!(yield pipe())?;
        let reader = task!({ trap!(yield read(from, 1)).map(drop) });
        let child = trap!(yield spawn(reader).name(NAME).pass(from))?;
        trap!(yield yield_now())?;
        for path in ["/proc/flight", "/proc/sched"] {
            let file = trap!(yield open(path, OpenFlags::READ))?;
            loop {
                let text = trap!(yield read(file, 4096))?;
                if text.is_empty() {
                    break;
                }
                trap!(yield write(Fd::STDOUT, text))?;
            }
            trap!(yield write(Fd::STDOUT, "\n"))?;
        }
        trap!(yield wait(child)).map(drop)
    })
}

/// A machine that runs `words`, among them `hostile`, in a simulated world; and its console.
pub fn machine(words: &[&str]) -> (Machine, MemoryConsole) {
    let console = MemoryConsole::new();
    let machine = Machine::new()
        .refuse_lints()
        .simulate(7)
        .programs(PROGRAMS)
        .programs(&[PROGRAM])
        .program(words[0], words[1..].iter().copied());
    (machine.console(Console::Memory(console.clone())), console)
}
