//! What every program is given to do when it is maltreated: one row, or several, for each.

use super::{Chaos, Setting};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use yieldix_userland::PROGRAMS;

/// A program, and a world in which it has something to do.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The program's name.
    pub name: &'static str,
    /// Its arguments.
    pub args: Vec<String>,
    /// What is typed.
    pub input: &'static str,
    /// Its console is a terminal.
    pub has_terminal: bool,
    /// An echo server, for a program that wants one.
    pub server: Option<SocketAddr>,
    /// Clients come to whatever listens. Not to the usertests, which count what is there.
    pub has_clients: bool,
    /// Its tasks panic by design: to show it, or to say that a test of theirs has failed.
    pub panics: bool,
    /// How many scenarios its program has, among which the effort on that is divided.
    pub of: u64,
}

/// Where the course's echo servers listen.
const COURSE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 45000);

/// One bus that is printed and one that is not.
const BUSES: &str = "<buses><bus><route>22</route><id>1</id><direction>North Bound</direction><latitude>41</latitude>\
    <longitude>-87</longitude></bus><bus><route>3</route></bus></buses>";

/// What most programs are given to read.
const LINES: &str = "a line\nand half of one";

const SESSION: &str =
    "hello\npyos3 &\nsleep 20us & sleep 10us\nps -l\nnosuch; kill 99\nwait\necho $?\necho 'half\nexit 3\n";

/// A program, its arguments, and what it reads.
type Row = (&'static str, &'static str, &'static str);

/// A program that is not here fails `every_program_has_something_to_do`.
const ROWS: &[Row] = &[
    ("init", "pyos6", ""),
    ("sh", "", SESSION),
    ("ps", "", ""),
    ("ps", "-l", ""),
    ("kill", "-9 1 99", ""),
    ("host", "copies", LINES),
    ("host", "nonesuch", ""),
    ("course", "", ""),
    ("echo", "one two", ""),
    ("false", "", ""),
    ("hello", "", ""),
    ("sleep", "50us", ""),
    ("true", "", ""),
    ("echod", "", LINES),
    ("philosophers", "", ""),
    ("countdown", "", ""),
    ("follow", "/scratch/log", ""),
    ("pipeline", "", LINES),
    ("logsim", "--lines 4 /scratch/log", ""),
    ("grep-coroutine", "", LINES),
    ("coroutine", "", ""),
    ("grepclose", "", LINES),
    ("bogus", "", ""),
    ("cofollow", "/scratch/log", ""),
    ("copipe", "", LINES),
    ("cobroadcast", "", LINES),
    ("cobroadcast2", "", LINES),
    ("benchmark", "--sends 100", ""),
    ("busgen", "--bytes 2000", ""),
    ("basicsax", "-", BUSES),
    ("cosax", "-", BUSES),
    ("coexpat", "-", BUSES),
    ("cxml", "-", BUSES),
    ("buses", "-", BUSES),
    ("buses2", "-", BUSES),
    ("iterbus", "-", BUSES),
    ("cothread", "-", BUSES),
    ("coprocess", "-", BUSES),
    ("busproc", "", LINES),
    ("limits", "", LINES),
    ("pyos1", "", LINES),
    ("pyos2", "", LINES),
    ("taskcrash", "", LINES),
    ("pyos3", "", LINES),
    ("pyos4", "", LINES),
    ("pyos5", "", LINES),
    ("pyos6", "", LINES),
    ("echobad", "", LINES),
    ("pyos7", "", LINES),
    ("echogood", "", LINES),
    ("echogood2", "", LINES),
    ("trampoline", "", LINES),
    ("pyos8", "", LINES),
    ("echoserver", "", LINES),
    ("sockwrap", "", LINES),
    ("echoserver2", "", LINES),
    ("blaster", "--connections 3 --messages 7", ""),
    ("range", "", LINES),
    ("naturals", "", LINES),
    ("delegate", "", LINES),
    ("words", "", LINES),
    ("echo-consumer", "", LINES),
    ("sleepers", "", LINES),
    ("stream", "", LINES),
    ("keys", "", "ab\x1b[Aq"),
    ("keys", "", LINES),
    ("usertests", "", ""),
    ("deadlock", "", ""),
    ("panic", "", ""),
    ("storm", "", ""),
];

/// At least one scenario for every program in the table. Each of the usertests is one.
pub fn scenarios() -> Vec<Scenario> {
    let known: Vec<&str> = PROGRAMS.iter().map(|program| program.name).collect();
    let missing: Vec<&&str> = known.iter().filter(|name| !ROWS.iter().any(|row| row.0 == **name)).collect();
    assert!(missing.is_empty(), "programs without a row in tests/chaos_support/scenarios.rs: {missing:?}");
    let strangers: Vec<&str> = ROWS.iter().map(|row| row.0).filter(|name| !known.contains(name)).collect();
    assert!(strangers.is_empty(), "rows without a program: {strangers:?}");
    ROWS.iter().flat_map(|row| parts(scenario(row))).collect()
}

/// The usertests one by one, each as its own scenario; any other as it is.
fn parts(whole: Scenario) -> Vec<Scenario> {
    if whole.name != "usertests" {
        return vec![whole];
    }
    let mut list = Chaos::start(&Scenario { args: vec!["-l".to_owned()], ..whole.clone() }, Setting::default());
    list.run(1000);
    let names = String::from_utf8(list.console.stdout()).expect("names of tests are text");
    list.finish();
    let of = names.lines().count() as u64;
    assert!(of > 0, "usertests -l names no test");
    names.lines().map(|name| Scenario { args: vec![name.to_owned()], of, ..whole.clone() }).collect()
}

fn scenario(&(name, args, input): &Row) -> Scenario {
    Scenario {
        name,
        args: args.split_whitespace().map(str::to_owned).collect(),
        input,
        has_terminal: name == "keys" && input != LINES,
        server: (name == "blaster").then_some(COURSE),
        has_clients: name != "usertests",
        panics: matches!(name, "panic" | "usertests"),
        of: ROWS.iter().filter(|row| row.0 == name).count() as u64,
    }
}
