//! What holds of every tool: it helps, refuses what is no option as its namesake does, and a test holds what it prints.

use super::*;

#[test]
fn every_tool_helps() {
    for program in PROGRAMS.iter().filter(|program| program.group == Group::Tools) {
        let (ended, seen) = common::run(common::program(program.name, &["--help"]));
        assert_eq!(ended.code(), 0, "{}", program.name);
        assert!(seen.text().starts_with(&format!("usage: {}", program.name)), "{}", seen.text());
    }
}

#[test]
fn what_tools_make_of_an_option_that_is_none_is_debians() {
    let tools = [
        "basename", "cat", "cmp", "comm", "cp", "cut", "date", "dirname", "env", "find", "fold", "grep", "head", "ls",
        "mkdir", "mv", "nl", "od", "paste", "pwd", "rm", "rmdir", "sed", "seq", "sleep", "sort", "stat", "tac", "tail",
        "tee", "touch", "tr", "true", "false", "uname", "uniq", "wc", "xargs", "yes",
    ];
    assert_alike("unknown", &tools.map(|tool| Case::new(tool, ["--nosuch"])));
}

/// Where it is held what each tool prints: a file of tests, and what in it does so.
const HELD: &[(&str, &str, &str)] = &[
    ("[", "userland/src/programs/test.rs", "the_code_is_the_answer"),
    ("basename", "tests/tools/main.rs", "basename_and_dirname_are_debians"),
    ("cat", "tests/tools/main.rs", "cat_is_debians"),
    ("clear", "tests/tools/held.rs", "tools_of_few_words_print_them"),
    ("cmp", "tests/tools/main.rs", "cmp_is_debians"),
    ("comm", "tests/tools/main.rs", "comm_is_debians"),
    ("course", "tests/course.rs", "the_syllabus_has_a_line_for_each_program_of_the_course_and_no_other"),
    ("cp", "tests/random_file_tools.rs", "cp_is_debians_of_files"),
    ("cut", "tests/tools/main.rs", "cut_is_debians"),
    ("date", "tests/tools/main.rs", "date_is_debians_of_a_given_moment"),
    ("dirname", "tests/tools/main.rs", "basename_and_dirname_are_debians"),
    ("echo", "tests/tools/main.rs", "echo_is_dashs"),
    ("env", "tests/tools/main.rs", "env_is_debians_of_an_environment_of_its_own"),
    ("false", "tests/tools/held.rs", "tools_of_few_words_print_them"),
    ("find", "tests/find.rs", "files_are_found_as_elsewhere"),
    ("fold", "tests/tools/main.rs", "fold_is_debians"),
    ("grep", "tests/tools/grep.rs", "grep_is_debians"),
    ("head", "tests/tools/main.rs", "head_is_debians"),
    ("hello", "tests/tools/held.rs", "tools_of_few_words_print_them"),
    ("host", "userland/src/programs/host.rs", "what_follows_the_program_is_its_own"),
    ("kill", "userland/src/programs/kill.rs", "every_task_is_tried_and_the_missing_are_named"),
    ("ls", "tests/random_file_tools.rs", "ls_is_debians"),
    ("mkdir", "tests/random_file_tools.rs", "mkdir_is_debians"),
    ("mv", "tests/random_file_tools.rs", "mv_is_debians"),
    ("nc", "tests/nc.rs", "with_l_it_takes_one_connection"),
    ("nl", "tests/tools/main.rs", "nl_is_debians"),
    ("od", "tests/tools/main.rs", "od_is_debians"),
    ("paste", "tests/tools/main.rs", "paste_is_debians"),
    ("printf", "tests/tools/main.rs", "printf_is_debians"),
    ("ps", "userland/src/programs/ps.rs", "columns_are_as_wide_as_what_stands_in_them"),
    ("pstree", "userland/src/programs/pstree.rs", "children_stand_below_their_parents"),
    ("pwd", "tests/tools/held.rs", "tools_of_few_words_print_them"),
    ("rev", "tests/tools/main.rs", "rev_is_debians_of_what_prints"),
    ("rm", "tests/random_file_tools.rs", "rm_is_debians"),
    ("rmdir", "tests/random_file_tools.rs", "rmdir_is_debians"),
    ("sed", "tests/tools/sed.rs", "sed_is_debians"),
    ("seq", "tests/tools/main.rs", "seq_is_debians"),
    ("sleep", "userland/src/programs/sleep.rs", "durations_add_up"),
    ("sort", "tests/tools/main.rs", "sort_is_debians"),
    ("stat", "tests/random_file_tools.rs", "stat_is_debians"),
    ("stty", "userland/src/programs/stty.rs", "the_terminal_is_told_of_and_its_mode_can_be_set_to_what_was_told"),
    ("tac", "tests/tools/main.rs", "tac_is_debians"),
    ("tail", "tests/tools/main.rs", "tail_is_debians"),
    ("tee", "tests/tools/main.rs", "tee_is_debians"),
    ("test", "tests/tools/main.rs", "test_is_debians"),
    ("time", "tests/tools/held.rs", "tools_of_few_words_print_them"),
    ("top", "userland/src/programs/top.rs", "the_busiest_since_the_last_picture_come_first"),
    ("touch", "tests/random_file_tools.rs", "touch_is_debians"),
    ("tr", "tests/tools/main.rs", "tr_is_debians"),
    ("true", "tests/tools/held.rs", "tools_of_few_words_print_them"),
    ("uname", "userland/src/programs/uname.rs", "the_parts_stand_in_one_order"),
    ("uniq", "tests/tools/main.rs", "uniq_is_debians"),
    ("wc", "tests/tools/main.rs", "wc_is_debians"),
    ("which", "tests/tools/held.rs", "tools_of_few_words_print_them"),
    ("xargs", "tests/tools/main.rs", "xargs_is_debians"),
    ("yes", "tests/bad_input.rs", "who_writes_to_nobody_is_ended_by_the_signal_without_a_word"),
];

#[test]
fn what_every_tool_prints_is_held_by_a_test() {
    for program in PROGRAMS.iter().filter(|program| program.group == Group::Tools) {
        assert!(HELD.iter().any(|(tool, ..)| *tool == program.name), "nothing holds what {} prints", program.name);
    }
    for (tool, file, test) in HELD {
        let program = PROGRAMS.iter().find(|program| program.name == *tool);
        assert!(program.is_some(), "{tool} is no tool");
        let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let (_, from) = text.split_once(&format!("fn {test}(")).unwrap_or_else(|| panic!("{file} has no {test}"));
        let body = from.split("#[test]").next().unwrap();
        let is_its_own_file = file.ends_with(&format!("/{tool}.rs")) || *tool == "[";
        let is_named = body.contains(&format!("\"{tool}")) || body.contains(&format!("{tool}("));
        assert!(is_its_own_file || is_named, "{test} is not about {tool}");
    }
}

#[test]
fn tools_of_few_words_print_them() {
    for (command, output, code) in [
        (&["true", "x"][..], "", 0),
        (&["false", "x"], "", 1),
        (&["hello"], "Hello, world!\n", 0),
        (&["pwd"], "/\n", 0),
        (&["which", "cat", "nonesuch", "ls"], "/bin/cat\n/bin/ls\n", 1),
        (&["clear"], "\u{1b}[H\u{1b}[2J\u{1b}[3J", 0),
        (&["time", "-p", "echo", "x"], "x\n", 0),
    ] {
        let (ended, seen) = common::run(common::program(command[0], &command[1..]));
        assert_eq!((seen.text().as_str(), ended.code()), (output, code), "{command:?}");
    }
}
