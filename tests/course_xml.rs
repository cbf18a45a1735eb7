//! The course's part 3: XML events into coroutines, on a synthetic file whose counts are known.

mod common;

use common::{
    golden::{assert_wrong_goldens_are_found, golden},
    program, run,
};
use std::{
    fs,
    io::{Read, Write},
    process::{Child, ChildStdin, ExitStatus, Stdio},
    thread,
};
use yieldix::{
    Ended,
    syscalls::{self, Group, Part},
};
use yieldix_userland::PROGRAMS;

/// What a program prints that ends by itself, and well.
#[track_caller]
fn printed(name: &str, args: &[&str]) -> String {
    let (ended, seen) = run(program(name, args));
    assert_eq!(ended, Ended::Finished(syscalls::ExitStatus::Exited(0)), "{name}");
    seen.text()
}

/// The command, given a document by a pipe: how it ended, what it printed, what it complained of.
fn piped(args: &[&str], document: &[u8]) -> (ExitStatus, String, String) {
    let (mut child, mut stdin) = started(args);
    let mut streams = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
    thread::scope(|scope| {
        // One that is done with its input early closes the pipe.
        scope.spawn(move || drop(stdin.write_all(document)));
        let (mut out, mut errors) = (String::new(), String::new());
        streams.0.read_to_string(&mut out).expect("text");
        streams.1.read_to_string(&mut errors).expect("text");
        (child.wait().expect("it ends"), out, errors)
    })
}

fn started(args: &[&str]) -> (Child, ChildStdin) {
    let mut command = common::yieldix();
    command.arg("run").args(args);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command runs");
    let stdin = child.stdin.take().expect("a pipe");
    (child, stdin)
}

/// The first lines that a program prints, as many as its golden has.
fn first_lines(name: &str) -> String {
    printed(name, &[]).split_inclusive('\n').take(golden(name).lines().count()).collect()
}

// What they print.

#[test]
fn busgen_writes_the_same_document_everywhere() {
    assert_eq!(printed("busgen", &["--bytes", "1200"]), golden("busgen"));
    let document = printed("busgen", &[]);
    // FNV-1a, 64 bits.
    let digest = document
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |digest, byte| (digest ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    assert_eq!((document.len(), digest), (400_301, 0xf9ae_dbcc_52a6_5d33));
}

#[test]
fn busgen_writes_other_buses_for_another_seed_and_at_least_the_size_asked_for() {
    let documents = ["1", "2"].map(|seed| printed("busgen", &["--seed", seed, "--bytes", "70K"]));
    assert_ne!(documents[0], documents[1]);
    for document in documents {
        assert!((70_000..71_000).contains(&document.len()), "{}", document.len());
        assert!(document.starts_with("<?xml") && document.ends_with("</buses>\n"));
    }
    assert_eq!(printed("busgen", &["--bytes", "0"]).lines().count(), 3);
}

#[test]
fn buses_finds_route_22_on_its_way_north() {
    assert_eq!(printed("buses", &[]), golden("buses"));
}

#[test]
fn buses2_finds_the_same() {
    assert_eq!(printed("buses2", &[]), golden("buses2"));
}

#[test]
fn coexpat_finds_the_same() {
    assert_eq!(printed("coexpat", &[]), golden("coexpat"));
}

#[test]
fn cxml_finds_the_same() {
    assert_eq!(printed("cxml", &[]), golden("cxml"));
}

#[test]
fn iterbus_finds_the_same_with_the_id_first() {
    assert_eq!(printed("iterbus", &[]), golden("iterbus"));
}

#[test]
fn all_rows_are_the_same_but_for_their_first_columns() {
    let rows = golden("buses");
    assert_eq!(["buses2", "coexpat", "cxml"].map(golden), [rows.as_str(); 3]);
    let id_first = |row: &str| {
        let columns: Vec<&str> = row.splitn(3, ',').collect();
        format!("{},{},{}\n", columns[1], columns[0], columns[2])
    };
    assert_eq!(golden("iterbus"), rows.lines().map(id_first).collect::<String>());
}

#[test]
fn basicsax_prints_events_and_cuts_texts() {
    assert_eq!(first_lines("basicsax"), golden("basicsax"));
    let document = format!("<a>{}</a>", "x".repeat(100));
    let (_, out, _) = piped(&["basicsax", "-"], document.as_bytes());
    assert_eq!(out, format!("startElement a\ncharacters \"{}\nendElement a\n", "x".repeat(39)));
}

#[test]
fn cosax_prints_the_same_events_as_tuples() {
    assert_eq!(first_lines("cosax"), golden("cosax"));
}

#[test]
fn wrong_goldens_are_found_in_every_program() {
    let events = PROGRAMS.iter().filter(|program| program.group == Group::Course(Part::Events));
    assert_wrong_goldens_are_found(events.map(|program| program.name));
}

// The synthetic file's known counts.

const BUSES: usize = 947;
const OF_12_FIELDS: usize = 909;
const OF_13_FIELDS: usize = 38;

#[test]
fn the_document_has_so_many_buses_fields_and_rows() {
    let document = printed("busgen", &[]);
    let buses: Vec<&str> = document.split("<bus>").skip(1).map(|bus| bus.split_once("</bus>").unwrap().0).collect();
    let of = |fields: usize| buses.iter().filter(|bus| bus.matches("</").count() == fields).count();
    assert_eq!((buses.len(), of(12), of(13)), (BUSES, OF_12_FIELDS, OF_13_FIELDS));
    let on_22 = |words: &str| buses.iter().filter(|bus| bus.contains("<route>22<") && bus.contains(words)).count();
    assert_eq!((on_22(""), on_22("<direction>North"), on_22("<direction>South")), (32, 18, 14));
    assert_eq!(golden("buses").lines().count(), 18);
    assert_eq!(document.matches("<direction>North Bound<").count(), 248);
}

#[test]
fn the_document_has_so_many_events() {
    let elements = 1 + BUSES + 12 * OF_12_FIELDS + 13 * OF_13_FIELDS;
    // Between any two tags is a text: most are one piece, and some are cut before a reference.
    let counts = |name: &str, kinds: [&str; 3]| {
        let text = printed(name, &[]);
        kinds.map(|kind| text.lines().filter(|line| line.starts_with(kind)).count())
    };
    let sax = counts("basicsax", ["startElement ", "characters ", "endElement "]);
    assert_eq!(sax, [elements, 26_122, elements]);
    assert_eq!(counts("cosax", ["('start', ", "('text', ", "('end', "]), sax);
}

// Documents of others.

#[test]
fn a_document_on_standard_input_is_read_wherever_it_comes_from() {
    let document = printed("busgen", &[]);
    for (name, rows) in [("buses", golden("buses")), ("cxml", golden("cxml")), ("iterbus", golden("iterbus"))] {
        let (status, out, errors) = piped(&[name, "-"], document.as_bytes());
        assert_eq!((status.code(), out, errors.as_str()), (Some(0), rows, ""), "{name}");
    }
}

#[test]
fn a_wrong_document_is_told_with_its_place_and_what_came_before_it_is_out() {
    let document = golden("busgen").replace("<route>50<", "<route>22<").replace("<operator>48815", "<operator>&what;");
    let at = document.find("what;").unwrap();
    for name in ["buses", "buses2", "coexpat", "cxml", "iterbus"] {
        let (status, out, errors) = piped(&[name, "-"], document.as_bytes());
        assert_eq!((status.code(), out.lines().count()), (Some(1), 1), "{name}: {errors}");
        let place = errors.strip_prefix(&format!("{name}: byte ")).and_then(|rest| rest.split_once(": "));
        let (place, what) = place.unwrap_or_else(|| panic!("{errors}"));
        assert!((at..=at + "what;".len()).contains(&place.parse().unwrap()), "{name}: byte {place}, not {at}");
        assert!(what.contains("undeclared entity") || what.contains("reference"), "{what}");
    }
    let (status, _, errors) = piped(&["buses", "-"], b"<buses><bus>");
    assert_eq!((status.code(), errors.as_str()), (Some(1), "buses: byte 12: the document ends too early\n"));
}

#[test]
fn a_bus_that_lacks_a_column_or_has_no_end_of_bytes_is_an_error() {
    let told = |document: &[u8]| piped(&["cxml", "-"], document).2;
    let north = "<bus><route>22</route><direction>North Bound</direction>";
    assert_eq!(told(format!("<buses>{north}</bus></buses>").as_bytes()), "cxml: a bus without id\n");
    let long = format!("<buses>{north}{}", "<note>x</note>".repeat(20_000));
    assert_eq!(told(long.as_bytes()), "cxml: a bus of too many bytes\n");
}

#[test]
fn nested_and_unknown_elements_are_fields_and_text_between_them_is_none() {
    let document = "<buses>noise<bus>noise<route>22</route>noise<a><direction>North Bound</direction>noise\
        <id> 7 </id></a><latitude>1</latitude><latitude>2</latitude><longitude/></bus><id>8</id></buses>";
    for name in ["buses", "buses2", "coexpat", "cxml"] {
        assert_eq!(piped(&[name, "-"], document.as_bytes()).1, "22, 7 ,\"North Bound\",2,\n", "{name}");
    }
}

#[test]
fn a_file_of_a_mounted_folder_is_written_and_read() {
    let folder = std::env::temp_dir().join(format!("yieldix-xml-{}", std::process::id()));
    fs::create_dir(&folder).expect("a folder of its own");
    let mount = format!("{}:/data", folder.display());
    let yieldix = |args: &[&str]| {
        let mut command = common::yieldix();
        let output = command.args(["--mount", &mount, "run"]).args(args).output().expect("the command runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"), String::from_utf8(output.stderr))
    };
    let nothing = String::new();
    for _ in 0..2 {
        assert_eq!(yieldix(&["busgen", "/data/allroutes.xml"]), (Some(0), nothing.clone(), Ok(nothing.clone())));
    }
    assert_eq!(fs::read_to_string(folder.join("allroutes.xml")).unwrap(), printed("busgen", &[]));
    for (name, rows) in [("buses", golden("buses")), ("cxml", golden("cxml")), ("iterbus", golden("iterbus"))] {
        assert_eq!(yieldix(&[name, "/data/allroutes.xml"]), (Some(0), rows, Ok(nothing.clone())), "{name}");
    }
    let (code, _, complaint) = yieldix(&["buses", "/data/allroutes.xlm"]);
    assert_eq!(code, Some(1));
    assert!(
        complaint.as_ref().is_ok_and(|line| line.starts_with("buses: /data/allroutes.xlm: ENOENT")),
        "{complaint:?}"
    );
}

#[test]
fn one_file_is_read_and_no_second() {
    for args in [["buses", "-", "-"], ["busgen", "a", "b"]] {
        let (status, _, errors) = piped(&args, b"");
        assert_eq!(status.code(), Some(2));
        assert!(errors.starts_with(&format!("{}: more than one file\nusage: {0} ", args[0])), "{errors}");
    }
}

/// The most memory of its own that a program has used when it has read a document but for its end, in KiB: what
/// is mapped of the binary is not counted, which is larger by far in a debug build.
#[cfg(target_os = "linux")]
fn memory_kib(name: &str, document: &[u8]) -> u64 {
    let (mut child, mut stdin) = started(&[name, "-"]);
    let mut out = child.stdout.take().expect("a pipe");
    let (most, end) = document.split_at(document.len() - 1);
    // So much longer than what a pipe holds that nearly all of it has been read when it is written.
    stdin.write_all(most).expect("it reads");
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it lives");
    stdin.write_all(end).expect("it reads");
    drop(stdin);
    out.read_to_string(&mut String::new()).expect("text");
    assert!(child.wait().expect("it ends").success(), "{name}");
    let kib = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line of its status");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    };
    kib("VmHWM:") - kib("RssFile:")
}

#[test]
#[cfg(target_os = "linux")]
fn a_document_ten_times_as_long_takes_no_more_memory() {
    let documents = ["400K", "4M"].map(|size| printed("busgen", &["--bytes", size]));
    for name in ["buses", "buses2", "coexpat", "cxml", "iterbus"] {
        let [short, long] = documents.each_ref().map(|document| memory_kib(name, document.as_bytes()));
        assert!(long < 4 * 1024, "{name}: {long} KiB");
        assert!(long < short + 1024, "{name}: {short} KiB, then {long} KiB");
    }
}
