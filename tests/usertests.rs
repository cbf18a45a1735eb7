//! docs/usertests.md tells of every test of xv6's, and of tests that there are; and these hold in the course's
//! mode, a trap a turn.

mod common;

use common::{SEED, program, run};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use yieldix::{Console, Ended, MemoryConsole, MemoryFolder, syscalls::ExitStatus};

/// The quick and the slow tests of xv6-riscv's user/usertests.c, as they are listed there.
const XV6: &str =
    "copyin copyout copyinstr1 copyinstr2 copyinstr3 rwsbrk truncate1 truncate2 truncate3 openiput exitiput
    iput opentest writetest writebig createtest dirtest exectest pipe1 killstatus killzero preempt exitwait reparent
    twochildren forkfork forkforkfork reparent2 mem sharedfd fourfiles createdelete unlinkread linktest concreate
    linkunlink subdir bigwrite bigfile fourteen rmdot dirfile iref forktest sbrkbasic sbrkmuch kernmem MAXVAplus
    sbrkfail sbrkarg validatetest bsstest bigargtest argptest stacktest nowrite pgbug sbrkbugs sbrklast sbrk8000 badarg
    lazy_alloc lazy_unmap lazy_copy lazy_copyinstr lazy_sbrk partial_write unlinkcwd bigdir manywrites badwrite execout
    diskfull outofinodes";

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/usertests.md")).expect("the page is there")
}

/// The rows of the page's tables: cells of each.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| ---") && !line.starts_with("| xv6");
    page.lines().filter(is_row).map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn every_test_of_xv6_is_told_of_once() {
    let page = page();
    let mut told = BTreeMap::new();
    for row in rows(&page) {
        for name in row[0].split(", ") {
            *told.entry(name).or_insert(0) += 1;
        }
    }
    let expected: BTreeMap<&str, i32> = XV6.split_whitespace().map(|name| (name, 1)).collect();
    assert_eq!(told, expected);
}

#[test]
fn every_name_on_the_page_is_that_of_a_test() {
    let (_, seen) = run(program("usertests", &["-l"]));
    let text = seen.text();
    let usertests: BTreeSet<&str> = text.lines().collect();
    let page = page();
    let mut counterparts = 0;
    for row in rows(&page).into_iter().filter(|row| row.len() == 3) {
        let names: Vec<&str> = row[2].split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{row:?} names no test");
        for name in names {
            counterparts += 1;
            let Some((file, name)) = name.split_once(": ") else {
                assert!(usertests.contains(name), "{name} is none of the usertests");
                continue;
            };
            let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect(file);
            assert!(source.contains(&format!("#[test]\nfn {name}()")), "{file} has no test {name}");
        }
    }
    assert!(counterparts > 50, "{counterparts}");
}

/// Whole rounds are single traps then, and the kernel checks itself after each.
#[test]
fn usertests_pass_a_trap_a_turn() {
    let console = MemoryConsole::new();
    let machine = program("usertests", &["-q"]).simulate(SEED).quantum(1).mount(MemoryFolder::new(), "/scratch", false);
    let ended = machine.console(Console::Memory(console.clone())).boot().expect("the machine boots");
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)), "{}", String::from_utf8_lossy(&console.stdout()));
}
