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
const BUSES: Streams = Typed(
    "<buses><bus><route>22</route><id>1</id><direction>North Bound</direction><latitude>41</latitude>\
    <longitude>-87</longitude></bus><bus><route>3</route></bus></buses>",
);

/// What most programs are given to read.
const LINES: Streams = Typed("a line\nand half of one");

/// A shell's session from one program to the next.
const SESSION: Streams =
    Typed("hello\npyos3 &\nsleep 20us & sleep 10us\nps -l\nnosuch; kill 99\nwait\necho $?\necho 'half\nexit 3\n");

const PIPELINES: Streams = Typed(
    "seq 3 | cat -n | tail -n 1 > /x; cat < /x >> /scratch/y; echo $(wc -l < /x)\ncat <<E | tr a-z A-Z\nhere\nE\n\
     yes | head -n 2 2>&1; cat /none 2> /dev/null | sort | uniq -c; nosuch | cat\n",
);

const COMPOUND: Streams = Typed(
    "trap 'echo bye' EXIT; f() { return 3; }\nfor i in 1 2; do (echo $i; false) && echo no || f; done; echo $?\n\
     while read line; do echo $line; done < /scratch/log\nsleep 1 & kill $!; wait; set -e; false; echo never\n",
);

/// What its standard streams are.
#[derive(Clone, Copy)]
enum Streams {
    /// Input that ends, and output.
    Typed(&'static str),
    /// A terminal, and what comes from it.
    Keys(&'static str),
}
use Streams::{Keys, Typed};

/// A program, its arguments, and its standard streams.
type Row = (&'static str, &'static str, Streams);

/// A program that is not here fails all tests that use this.
const ROWS: &[Row] = &[
    ("init", "pyos6", Typed("")),
    ("sh", "", SESSION),
    ("sh", "", PIPELINES),
    ("sh", "", COMPOUND),
    ("sh", "", Keys("echo hi | cat\nsleep 1 &\nfg\njobs\nexit 3\n")),
    ("ps", "", Typed("")),
    ("ps", "-l", Typed("")),
    ("kill", "-9 1 99", Typed("")),
    ("host", "copies", LINES),
    ("host", "nonesuch", Typed("")),
    ("top", "-n 2 -d 10us", Typed("")),
    ("top", "", Keys("jq")),
    ("pstree", "", Typed("")),
    ("mount", "", Typed("")),
    ("strace", "-f sh -c echo|cat", Typed("")),
    ("strace", "-c cat", LINES),
    ("strace", "-p 1", Typed("")),
    ("stty", "", Keys("")),
    ("stty", "-a", Typed("")),
    ("[", "-e /scratch/log ]", Typed("")),
    ("basename", "/a/b", Typed("")),
    ("cat", "-n - /scratch/log", LINES),
    ("clear", "", Typed("")),
    ("cmp", "-l - /scratch/log", LINES),
    ("comm", "- /scratch/log", LINES),
    ("cp", "-r /scratch /copy", Typed("")),
    ("cut", "-c 1-3 - /scratch/log", LINES),
    ("date", "", Typed("")),
    ("dirname", "/a/b", Typed("")),
    ("env", "-C / A=1 env", Typed("")),
    ("find", "/scratch -name log -size -9k -exec echo {} ; -exec cat {} +", Typed("")),
    ("find", "/scratch -depth -newer /scratch/log -empty -delete", Typed("")),
    ("fold", "-w 3", LINES),
    ("grep", "-n half - /scratch/log", LINES),
    ("head", "-n 1 - /scratch/log", LINES),
    ("ls", "-lR /scratch", Typed("")),
    ("mkdir", "-p /scratch/a/b", Typed("")),
    ("mv", "/scratch/log /moved", Typed("")),
    ("nc", "127.0.0.1 7", LINES),
    ("nc", "-l 127.0.0.1 7007", LINES),
    ("nl", "", LINES),
    ("od", "", LINES),
    ("paste", "- /scratch/log", LINES),
    ("printf", "%s|%d\\n a 1 b", Typed("")),
    ("pwd", "", Typed("")),
    ("rev", "", LINES),
    ("rm", "-rf /scratch/log", Typed("")),
    ("rmdir", "/scratch/none", Typed("")),
    ("sed", "-n $!N;s/\\(a\\)/[\\1]/g;p;$q3 - /scratch/log", LINES),
    ("seq", "3", Typed("")),
    ("sort", "-o /scratch/sorted - /scratch/log", Typed("b\na\n")),
    ("stat", "/scratch/log", Typed("")),
    ("tac", "", LINES),
    ("tail", "-f /scratch/log", Typed("")),
    ("tee", "/scratch/copy", LINES),
    ("telnetd", "", Typed("")),
    ("test", "/scratch/log -nt /scratch/none", Typed("")),
    ("time", "echo one", Typed("")),
    ("touch", "-d @1 /scratch/log /scratch/new", Typed("")),
    ("tr", "a-z A-Z", LINES),
    ("uname", "-a", Typed("")),
    ("uniq", "- /scratch/copy", Typed("a\na\nb\n")),
    ("wc", "- /scratch/log", LINES),
    ("which", "echo", Typed("")),
    ("xargs", "-n 1 echo", Typed("a b")),
    ("yes", "", Typed("")),
    ("course", "", Typed("")),
    ("echo", "one two", Typed("")),
    ("false", "", Typed("")),
    ("hello", "", Typed("")),
    ("sleep", "50us", Typed("")),
    ("true", "", Typed("")),
    ("echod", "", LINES),
    ("philosophers", "", Typed("")),
    ("countdown", "", Typed("")),
    ("follow", "/scratch/log", Typed("")),
    ("pipeline", "", LINES),
    ("logsim", "--lines 4 /scratch/log", Typed("")),
    ("grep-coroutine", "", LINES),
    ("coroutine", "", Typed("")),
    ("grepclose", "", LINES),
    ("bogus", "", Typed("")),
    ("cofollow", "/scratch/log", Typed("")),
    ("copipe", "", LINES),
    ("cobroadcast", "", LINES),
    ("cobroadcast2", "", LINES),
    ("benchmark", "--sends 100", Typed("")),
    ("busgen", "--bytes 2000", Typed("")),
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
    ("blaster", "--connections 3 --messages 7", Typed("")),
    ("range", "", LINES),
    ("naturals", "", LINES),
    ("delegate", "", LINES),
    ("words", "", LINES),
    ("echo-consumer", "", LINES),
    ("sleepers", "", LINES),
    ("stream", "", LINES),
    ("keys", "", Keys("ab\x1b[Aq")),
    ("keys", "", LINES),
    ("usertests", "", Typed("")),
    ("deadlock", "", Typed("")),
    ("panic", "", Typed("")),
    ("storm", "", Typed("")),
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

fn scenario(&(name, args, streams): &Row) -> Scenario {
    let (input, has_terminal) = match streams {
        Typed(input) => (input, false),
        Keys(input) => (input, true),
    };
    Scenario {
        name,
        args: args.split_whitespace().map(str::to_owned).collect(),
        input,
        has_terminal,
        server: (name == "blaster").then_some(COURSE),
        has_clients: name != "usertests",
        panics: matches!(name, "panic" | "usertests"),
        of: ROWS.iter().filter(|row| row.0 == name).count() as u64,
    }
}
