//! The shell beside dash: the same scripts print the same and end with the same status.
//!
//! What is said on standard error differs in its words; that something is said must not.

#![cfg(unix)]
#![feature(coroutines, coroutine_trait)]

mod chaos_support;
mod common;
mod shell_support;
mod tools_support;

use chaos_support::seeds;
use shell_support::{code, dash, grammar, many, ours, shown};
use tools_support::random::Pick;

/// Each of these scripts prints the same in both shells, ends with the same status, and complains in both or
/// in neither.
#[track_caller]
fn same(scripts: &[&str]) {
    let mut differences = String::new();
    for script in scripts {
        same_words(&["-c", script], "", &mut differences);
    }
    assert!(differences.is_empty(), "{differences}");
}

#[track_caller]
fn same_input(inputs: &[&str]) {
    let mut differences = String::new();
    for input in inputs {
        same_words(&[], input, &mut differences);
    }
    assert!(differences.is_empty(), "{differences}");
}

fn same_words(words: &[&str], input: &str, differences: &mut String) {
    let Some(theirs) = dash(words, input) else { return };
    let ours = ours(words, input);
    let same_errors = ours.stderr.is_empty() == theirs.stderr.is_empty();
    if ours.stdout != theirs.stdout || code(&ours) != code(&theirs) || !same_errors {
        let word = words.last().copied().unwrap_or_default();
        *differences += &format!("---- {word}{input}\nours {}\ndash {}\n", shown(&ours), shown(&theirs));
    }
}

#[test]
fn quotes_and_escapes_are_those_of_dash() {
    same(&[
        r#"printf '[%s]' 'a  b' "c  d" e\ f a'b'"c"; echo"#,
        r#"printf '[%s]' '' x "" "" ''; echo"#,
        r#"printf '[%s]' '\' '"' "'" "\"\\\$x\n\z"; echo"#,
        r#"printf '[%s]' 'a|b>c;d&e#f$x' a#b; echo # a comment"#,
        "printf '[%s]' a\\\nb 'c\\\nd' \"e\\\nf\"; echo",
        "echo one \\\n two",
        "echo 'two\nlines' \"and\nmore\"",
        r#"x='a b'; printf '[%s]' $x "$x" '$x' \$x "${x}y"; echo"#,
        r#"printf '[%s]' "a`echo b "c  d"`e" `echo \`echo nested\``; echo"#,
        r#"echo "$(echo "in $(echo "deep")")""#,
        r#"printf '[%s]' $ a$ "$" "a$" '$'; echo"#,
        "echo a;echo b ; echo c&wait",
    ]);
}

#[test]
fn parameters_expand_as_in_dash() {
    same(&[
        r#"echo ${x:-default} ${x-unset}; x=; echo "<${x:-default}>" "<${x-unset}>""#,
        r#"echo ${x:=made} $x; y=; echo ${y:=full} $y; echo "${z=}" "<$z>""#,
        r#"x=1; echo ${x:+set} ${y:+unset}; y=; echo "<${y+set}>" "<${y:+set}>""#,
        r#"(echo ${x:?wrong}); echo $?; (x=; echo ${x?wrong} fine); echo $?"#,
        r#"x=hello; echo ${#x} ${#y} ${#}; set -- a b c; echo $# ${#}"#,
        r#"x=a.tar.gz; echo ${x%.*} ${x%%.*} ${x#*.} ${x##*.} ${x%z} ${x#b}"#,
        r#"x=/usr/lib/a; echo ${x##*/} ${x%/*} ${x%%/*} ${x#/*/}"#,
        r#"x='a*b'; echo "${x%'*'b}" "${x#a\*}" ${x%"*b"}"#,
        r#"p='*b'; x=aab; echo ${x%$p} "${x%"$p"}" "${x%%$p}""#,
        r#"set -- "a b" c; for i in "$@"; do echo "<$i>"; done; for i in $@; do echo "<$i>"; done"#,
        r#"set -- "a b" c; for i in "$*"; do echo "<$i>"; done; IFS=-; echo "$*"; IFS=; echo "$*""#,
        r#"set -- a b; for i in "x$@y"; do echo "<$i>"; done; x="$@"; echo "$x"; x=$*; echo "$x""#,
        r#"set --; for i in "$@"; do echo no; done; printf '[%s]' "x$@" "$@" "$*"; echo"#,
        r#"set -- a b c d e f g h i j k; echo $1 $10 ${10} ${11} $#; shift 9; echo $1 $#"#,
        r#"x=1; echo "${x:-"a b"}" "${y:-"a b"}" ${y:-'c  d'} "${y:-'q'}""#,
        r#"printf '[%s]' ${y:-a b} "${y:-a b}" ${y:-"a b"} ${y:-a" "b}; echo"#,
        r#"echo ${x:-${y:-deep}} ${x:-$(echo cmd)} ${x:-$((1+2))}"#,
        r#"x=5; unset x; echo ${x-gone}; readonly r=1; echo $r; (r=2; echo not) ; echo $?"#,
        r#"echo $#; set -- x; echo $? "$-x""#,
        "x=a y=b; x=$y y=c; echo $x $y",
        r#"x=~; HOME=/h; echo ~ ~/a "~" a~ x=~ ; y=~/b:~; echo $y"#,
        r#"false; echo $?; true; echo $?; echo $(false) $?; x=$(false); echo $?"#,
        "x='  a   b  '; echo $x; echo \"$x\"; set -- $x; echo $#",
        r#"a=1; b=$a$a; c="$a b"; echo $b $c ${a}2"#,
    ]);
}

#[test]
fn fields_are_split_as_in_dash() {
    same(&[
        r#"IFS=:; x=a:b::c:; set -- $x; echo $#; printf '[%s]' "$@"; echo"#,
        r#"IFS=' :'; x=' a : b  c: '; set -- $x; echo $#; printf '[%s]' "$@"; echo"#,
        r#"IFS=; x='a b'; set -- $x; echo $#; unset IFS; set -- $x; echo $#"#,
        r#"x=' a b '; printf '[%s]' x$x"y$x"z; echo"#,
        r#"x=; y=''; set -- $x "$x" $y ''; echo $#"#,
        r#"IFS=,; set -- $(echo a,b c,d); printf '[%s]' "$@"; echo"#,
        r#"x='*'; set -f; echo $x; case abc in $x) echo yes;; esac; case abc in "$x") echo no;; esac"#,
        "IFS=/; x=/a/b; set -- $x; echo $# \"<$1>\"",
        r#"IFS=ab; x=1a2b3; echo $x "$x""#,
    ]);
}

#[test]
fn arithmetic_is_that_of_dash() {
    same(&[
        "echo $((1+2*3)) $(((1+2)*3)) $((7/2)) $((-7/2)) $((7%3)) $((-7%3))",
        "echo $((1<<4)) $((256>>2)) $((5&3)) $((5|3)) $((5^3)) $((~5)) $((!5)) $((!0))",
        "echo $((1<2)) $((2<=2)) $((3>4)) $((3>=4)) $((1==1)) $((1!=1)) $((1&&0)) $((1||0))",
        "echo $((1?2:3)) $((0?2:3)) $((1?0?4:5:6)) $((0x1F)) $((010))",
        "x=5; echo $((x)) $(($x+1)) $((x+=3)) $x $((x*=2)) $((y=7)) $y $((x=y=2)) $x$y",
        "echo $((none)) $((none+1)); x=; echo $((x+1))",
        "x=3; while [ $x -gt 0 ]; do echo $x; x=$((x-1)); done",
        "echo $(( 1 +\n 2 )) \"$((3))\"",
        "echo $((9223372036854775807)) $((9223372036854775807+1))",
        "echo $((1/0)); echo not reached",
        "echo $((1+)); echo not reached",
        "x=abc; echo $((x)); echo not reached",
        "echo $(( $(echo 4) + ${x:-5} ))",
        "echo $((0 && (x=1))) \"<$x>\" $((1 || (x=1))) \"<$x>\"",
        "x=-3; echo $((x)) $((-x)) $((- -x)) $((1 - -1))",
    ]);
}

#[test]
fn conditions_and_loops_run_as_in_dash() {
    same(&[
        "if true; then echo a; fi; if false; then echo b; else echo c; fi; echo $?",
        "if false; then echo a; elif true; then echo b; else echo c; fi; if false; then :; fi; echo $?",
        "for i in 1 2 3; do echo $i; done; for i in; do echo no; done; echo $?",
        "set -- a b; for i; do echo $i; done; for i do echo $i; done; for i\ndo echo $i; done",
        "i=0; until [ $i -ge 3 ]; do echo $i; i=$((i+1)); done",
        "for i in 1 2 3 4; do if [ $i = 2 ]; then continue; fi; if [ $i = 4 ]; then break; fi; echo $i; done",
        "for i in 1 2; do for j in a b; do if [ $j = b ]; then continue 2; fi; echo $i$j; done; done",
        "for i in 1 2; do for j in a b; do if [ $j = b ]; then break 2; fi; echo $i$j; done; done; echo $i",
        "while true; do while true; do break 5; done; echo not; done; echo out",
        "break; echo $?; continue; echo $?",
        "for i in 1; do false; done; echo $?; while false; do :; done; echo $?",
        "while :; do false; break; done; echo $?",
        "true && echo a || echo b; false && echo a || echo b; false || false || echo c; ! true; echo $?; ! false; echo $?",
        "true && false; echo $?; false || true; echo $?; ! false && echo yes",
        "for x in 'a b' c; do echo \"<$x>\"; done; x='1 2'; for y in $x \"$x\"; do echo \"<$y>\"; done",
        "{ echo a; echo b; }; { echo c\n}; (echo d); (echo e; exit 3); echo $?",
        "x=1; (x=2; echo $x); echo $x; { x=3; }; echo $x",
        "if ! [ a = b ]; then echo differs; fi",
        "for i in 1 2 3; do echo $i; done | while read x; do echo \"<$x>\"; done",
    ]);
}

#[test]
fn cases_match_as_in_dash() {
    same(&[
        "case abc in a*) echo 1;; *) echo 2;; esac",
        "case abc in b*|a?c) echo 1;; *) echo 2;; esac; case x in y) echo no;; esac; echo $?",
        "case '' in '') echo empty;; esac; case a in (a) echo paren;; esac",
        "case '*' in '*') echo star;; esac; case ab in '*') echo no;; *) echo other;; esac",
        "case b in [a-c]) echo in;; esac; case d in [!a-c]) echo out;; esac; case ] in []]) echo bracket;; esac",
        "case 7 in [[:digit:]]) echo digit;; esac; case x in [[:alpha:][:digit:]]) echo alnum;; esac",
        "x='a b'; case $x in 'a b') echo same;; esac; case $x in a\\ b) echo same;; esac",
        "case a in a) ;; esac; echo $?; case a in a) false;; esac; echo $?",
        "case a in\na)\necho newline\n;;\nb) echo b\nesac",
        "case in in in) echo in;; esac; for in in in; do echo $in; done",
        "case a/b in a*b) echo slash;; esac; case .x in *x) echo dot;; esac",
        "case '[a' in '[a') echo 1;; esac; case '[a' in [a) echo 2;; esac",
        "case 'a\\b' in 'a\\b') echo 1;; esac; x='a\\*'; case 'a*' in $x) echo 2;; esac",
    ]);
}

#[test]
fn functions_run_as_in_dash() {
    same(&[
        "f() { echo \"$1-$2-$#\"; }; f a b; f; f 'a b'",
        "f() { return 3; }; f; echo $?; f() { false; }; f; echo $?; f() { return; }; false; f; echo $?",
        "f() { x=1; local y=2; echo $x $y; }; y=0; f; echo $x $y",
        "f() { local x; echo \"<$x>\"; x=2; g; }; g() { echo \"g $x\"; x=3; }; x=1; f; echo $x",
        "fact() { if [ $1 -le 1 ]; then echo 1; else echo $(( $1 * $(fact $(( $1 - 1 ))) )); fi; }; fact 10",
        "f() { if [ $1 -gt 0 ]; then f $(( $1 - 1 )); echo $1; fi; }; f 30",
        "f() ( x=2; exit 4 ); x=1; f; echo $? $x",
        "f() { set -- x y; echo $#; }; set -- a; f; echo $# $1",
        "f() for i in \"$@\"; do echo \"<$i>\"; done; f 1 2",
        "f() { echo out; } >&2; f 2>/dev/null; echo $?",
        "f() { cat; }; echo piped | f; f <<E\nhere\nE",
        "x=1 ; f() { echo $x; }; x=2 f; echo $x; f() { for i in 1 2; do return $i; done; }; f; echo $?",
        "f() { break; }; for i in 1 2; do f; echo $i; done",
        "f() { echo one; }; f; f() { echo two; }; f; unset -f f; f; echo $?",
        "f() { echo $0 | grep -c . ; }; f; echo() { printf 'mine %s\\n' \"$1\"; }; echo x",
    ]);
}

#[test]
fn pipelines_run_as_in_dash() {
    same(&[
        "echo a | cat; echo b | cat | cat | cat; true | false; echo $?; false | true; echo $?",
        "printf 'c\\na\\nb\\n' | sort | head -n 2; seq 5 | while read x; do echo $((x*2)); done | tail -n 1",
        "x=1; echo | x=2; echo $x; echo y | read z; echo \"<$z>\"; ! false | true; echo $?",
        "echo err >&2 | cat; { echo out; echo err >&2; } 2>&1 | sort",
        "{ echo a; echo b; } | cat; (echo c) | cat; if true; then echo d; fi | cat; f() { cat; }; echo e | f",
        "yes | head -n 3; echo $?; seq 100000 | wc -l; exit 3 | true; echo $?",
        "echo a |\n cat && echo b ||\n echo c; echo $(echo x | cat; echo y)",
        "cat <<E | tr a-z A-Z\nhello\nE\necho after",
        "echo a | { read x; echo $x; cat; }; printf '1\\n2\\n3\\n' | { read x; read y; echo $y $x; cat; }",
        "x=$(seq 3); echo $x; echo \"$x\"; echo \"$(printf 'a\\n\\n\\n')\"; echo \"<$(true)>\"",
    ]);
}

#[test]
fn texts_in_a_script_are_read_as_in_dash() {
    same(&[
        "x=5; cat <<E\na $x ${x} $((x+1)) $(echo cmd) `echo old`\n\\$x \\\\ \\a \"q\" 'q'\nE",
        "x=5; cat <<'E'\na $x \\$x `no`\nE\ncat <<\"E\"\n$x\nE\ncat <<\\E\n$x\nE",
        "cat <<-E\n\tone\n\t\ttwo\n\tE\necho after",
        "cat <<A; cat <<B\na\nA\nb\nB",
        "cat <<A <<B\na\nA\nb\nB",
        "cat <<E\nE\necho $?; cat <<E\na\\\nb\nE",
        "while read x; do echo \"<$x>\"; done <<E\n1 2\n  3\nE",
        "f() { cat <<E\nin $1\nE\n}; f x; if true; then cat <<E\nif\nE\nfi",
        "x=$(cat <<E\nsub\nE\n); echo $x; cat <<E\nno end",
        "cat <<E && echo b\na\nE",
        "cat <<E\n${x:-d e}\n\"${x:-'f'}\"\nE",
    ]);
}

#[test]
fn redirections_are_those_of_dash() {
    same(&[
        "echo a >f; cat f; echo b >>f; cat <f; cat f f >g; wc -l <g",
        "echo a >f; echo b >f; cat f; >f; cat f; echo $?",
        "(echo out; echo err >&2) >f 2>&1; sort f; (echo out; echo err >&2) 2>&1 >f | cat; cat f",
        "cat <none; echo $?; cat <none | cat; echo $?; : <none; echo not reached",
        "exec 3>f; echo three >&3; exec 3>&-; cat f; echo no >&3; echo $?",
        "exec 4<<E\na\nb\nE\nread x <&4; read y <&4; echo $x $y; exec 4<&-",
        "exec >f; echo hidden; exec >&2; cat f",
        "echo a 1>&2; { echo b >&2; } 2>/dev/null; echo c 2>/dev/null; cat <&-; echo $?",
        "for i in 1 2; do echo $i; done >f; cat f; while read x; do echo \"<$x>\"; done <f; { cat; } <f",
        "if true; then echo a; fi >f; cat f; f() { echo fn; }; f >g; cat g; (echo sub) >h; cat h",
        "x=f; echo a >$x; cat \"$x\"; echo b >\"a b\"; cat 'a b'; echo c > f g; cat f",
        ">new; echo $?; ls; echo x | cat - >a; cat a; echo y 2>&1 >b; cat b",
        "echo a >f; exec 3<f; exec 0<&3; cat; set -C; echo b >f; echo $?; echo c >|f; cat f",
        "echo a <>f; cat f; read x 0<<E\nzero\nE\necho $x; cat 0</dev/null",
        "sh -c 'echo three >&3' 3>f; cat f; exec 4>g; sh -c 'sh -c \"echo four >&4\"'; exec 4>&-; cat g; sh -c 'echo no >&4'; echo $?",
        "exec 5<<E\na\nb\nc\nE\nread x <&5; sh -c 'read y <&5; echo $y'; read z <&5; echo $x $z; (exec 6<&5; sh -c 'cat <&6'); echo $?",
        "echo a >f; cat f >>f; echo $?; cat <f >>f; echo $?; cat -n f >>f; echo $?; cat f f >g; cat g; cat f >f; echo $?",
        "mkdir d; echo a >d; echo $?; cat d; echo $?; echo a >none/f; echo $?; cat d/none; echo $?",
    ]);
}

#[test]
fn names_of_files_are_found_as_in_dash() {
    same(&[
        "mkdir d; >a.c; >b.c; >c.h; >.hidden; >d/e.c; echo *; echo *.c; echo .h*; echo */*; echo d/*.c",
        ">a; >b; echo '*' \"*\" \\*; echo [ab] [!a] ?; x='*'; echo $x \"$x\"; set -f; echo *",
        "echo *.none; >'a b'; for f in *; do echo \"<$f>\"; done; echo none/*; x=*; echo \"$x\"",
        ">A; >B; >a; >b; >1; echo *; echo [A-Z]; echo [[:lower:]]; mkdir -p x/y/z; >x/y/z/f; echo x/*/*/f; echo */",
        "mkdir d; cd d; pwd | grep -c '/d$'; cd ..; >f; cd d; ls ..; cd -  >/dev/null; ls; cd none; echo $?",
        ">f; case f in *) echo f;; esac; [ -f f ] && [ -e f ] && [ ! -d f ] && echo file; test -s f; echo $?",
    ]);
}

#[test]
fn built_in_commands_are_those_of_dash() {
    same(&[
        "read x y <<E\na b c\nE\necho \"$x|$y\"; read -r x <<'E'\na\\b\nE\necho \"$x\"; read x <<'E'\na\\b\\\nc\nE\necho \"$x\"",
        "printf 'no newline' | { read x; echo $? \"$x\"; }; read x </dev/null; echo $? \"<$x>\"",
        "IFS=: read a b c <<E\n1:2:3:4\nE\necho \"$a|$b|$c\"; echo \"$IFS\" | wc -c; read x <<E\n   trim   \nE\necho \"<$x>\"",
        "IFS= read x <<E\n  keep  \nE\necho \"<$x>\"; IFS=, read x y <<E\na,,b\nE\necho \"$x|$y\"",
        "set -- a b c; shift; echo $*; shift 2; echo $#; shift; echo not reached",
        "eval 'x=1; echo $x'; eval echo '$x' '\"a  b\"'; eval; echo $?; eval false; echo $?; eval 'exit 4'",
        "x=1; export x; export y=2; echo $x $y; unset x y; echo \"<$x$y>\"; export -p | grep -c ' y'",
        "x=1; sh -c 'echo \"<$x>\"'; export x; sh -c 'echo \"<$x>\"'; y=2 sh -c 'echo \"<$y>\"'; echo \"<$y>\"",
        "echo 'echo in; x=5; return 3; echo no' >f; . ./f; echo $? $x; . ./none; echo not reached",
        "[ a = a ] && [ a != b ] && [ 1 -lt 2 ] && [ -n a ] && [ -z '' ] && echo all; [ ]; echo $?; [ a; echo $?",
        "test 1 -eq 1 -a 2 -gt 1; echo $?; test ! a = a -o b; echo $?; test '(' a ')'; echo $?; [ x -eq 1 ]; echo $?",
        "command echo a; command -v echo >/dev/null; echo $?; command -v none; echo $?; f() { :; }; command -v f cd",
        "echo() { :; }; command echo shown; command . ./none; echo reached; command none; echo $?",
        "while getopts ab:c o -a -b val -cx arg; do echo \"$o $OPTARG\"; done; echo $OPTIND",
        "while getopts :ab: o -z -b; do echo \"$o $OPTARG\"; done; set -- -ab x y; while getopts ab: o; do echo $o$OPTARG; done; shift $((OPTIND-1)); echo $*",
        "true; false; :; echo $?; : ${x:=set}; echo $x; readonly y=1; y=2; echo not reached",
        "umask >/dev/null 2>&1; type cd | head -c 2; echo; kill -l 9; kill -l 143; exit 7",
        "set -- x; set -u; echo $1; echo ${y-fine}; echo $y; echo not reached",
        "set a b; echo $1 $2; set -- -x; echo $1; set -f; echo $-; set +f; echo \"<$->\"",
        "x='a'\"'\"'b'; set | grep '^x='; readonly r='q r'; readonly -p | grep ' r='",
        "none; echo $?; ./none; echo $?; mkdir d; ./d; echo $?; >f; ./f; echo $?; none | cat; echo $?",
        "exit 300; echo no",
        "exit",
        "false; exit",
        "(exit 5); echo $?; exit -- 3 2>/dev/null; echo x",
        "exec echo replaced; echo not reached",
        "exec none; echo not reached",
        "(exec false); echo $?; exec 2>/dev/null; none; echo $?",
    ]);
}

#[test]
fn strictness_is_that_of_dash() {
    same(&[
        "set -e; false; echo not reached",
        "set -e; true; echo a; (exit 3); echo not",
        "set -e; if false; then :; fi; false || true; false && true; ! true; echo reached; false; echo not",
        "set -e; f() { false; echo in; }; f || echo or; if f; then echo t; fi; f; echo not",
        "set -e; x=$(false); echo not",
        "set -e; echo $(false); echo reached",
        "set -e; true | false; echo not",
        "set -e; false | true; echo reached; while false; do :; done; for i in 1; do false; done; echo not",
        "set -e; { false; echo a; } || echo b; (false; echo c) || echo d; (false; echo e); echo not",
        "set -e; eval false; echo not",
        "set -e; false & wait $!; echo not",
        "set -e; case a in a) false;; esac; echo not",
        "set -e; trap 'echo end $?' EXIT; false; echo not",
        "set -e; set +e; false; echo reached",
        "set -e; until true; do :; done; [ a = b ] && echo no; echo reached",
        "sh -e -c 'false; echo not'; echo $?",
        "set -u; (echo $none); echo $?; (echo ${none:-d} $#); x=; echo \"<$x>\"",
        "set -u; echo $((none + 1)) $((none += 2)) $none",
        "set -x; echo a >/dev/null; x=1; set +x; echo b",
        "set -n; echo not",
        "set -a; x=1; sh -c 'echo $x'",
    ]);
}

#[test]
fn traps_and_jobs_run_as_in_dash() {
    same(&[
        "trap 'echo bye' EXIT; echo hi; exit 3",
        "trap 'echo bye $?' 0; false",
        "trap 'exit 9' EXIT; exit 3",
        "trap 'echo usr' USR1; kill -USR1 $$; echo after; trap - USR1; trap",
        "trap '' TERM; kill $$; echo alive",
        "trap 'echo int; exit 4' INT; kill -INT $$; echo not",
        "(trap 'echo sub' EXIT; echo in); echo out",
        "trap 'echo bye' EXIT; (echo sub); echo main; $(exit 3); echo $?",
        "trap 'echo a' EXIT; trap; trap - EXIT",
        "kill -TERM $$; echo not",
        "sh -c 'kill -9 $$'; echo $?",
        "echo a & wait; echo $?; (exit 5) & wait $!; echo $?; wait 999999; echo $?; false & wait; echo $?",
        "sleep 0 & x=$!; [ -n \"$x\" ] && echo id; wait $x; echo $?; { exit 3; } & wait $!; echo $?; cat & wait $!; echo $?",
        "{ (sleep 9) & kill $!; wait $!; echo $?; sleep 9 & kill -9 $!; wait; echo $?; } 2>err",
        "f() { echo bg; return 2; }; f & wait $!; echo $?; for i in 1 2 3; do (exit $i) & done; wait; echo $?",
        "trap 'echo t' USR1; (sleep 0; kill -USR1 $$) & wait $!; wait; echo done",
        "x=1; x=2 & wait; echo $x",
    ]);
}

/// A subshell in between would take the signal, and the program would go on as an orphan.
#[test]
fn a_signal_to_the_last_background_command_reaches_its_program() {
    let jobs =
        ["sleep 1000", "t=1000; sleep $t", "sleep 1000 > out 2>&1", "sleep 1000 < /dev/null", "echo a | sleep 1000"];
    for job in jobs {
        for shell in ["", "set -m; "] {
            let script = format!("{shell}{job} & kill -KILL $!; wait $!; echo $?; ps");
            let output = ours(&["-c", &script], "");
            let told = String::from_utf8_lossy(&output.stdout);
            assert!(told.starts_with("137\n") && !told.contains("sleep"), "{script}: {told}");
        }
    }
}

#[test]
fn redirections_of_background_commands_and_of_parts_of_pipelines_are_theirs_alone() {
    same(&[
        "echo a > f & wait $!; echo $?; cat < f & wait $!; cat f | tr a b > g; cat g",
        "cat < missing & wait $!; echo $?; cat < missing | wc -l; echo hi | cat > no/such; echo $?",
        "false; cat < missing & echo $?; wait",
        "echo b >> f & wait; echo c >> f & wait; cat f; cat missing 2>&1 | wc -l; cat <&7 & wait $!; echo $?",
        "cat <&- > f & wait $!; echo $?; echo still here; set -C; echo d > f & wait $!; echo $?",
        "x=f; echo e > $x & wait; cat < $x | cat > \"$x.2\"; cat f.2; exec 3> h; printf 'i\\n' >&3 & wait; cat h",
    ]);
}

#[test]
fn mistakes_end_a_script_as_in_dash() {
    same(&[
        "echo a; if",
        "echo a\nfi\necho b",
        "echo 'a",
        "echo \"a",
        "echo a\necho ${x",
        "echo `a",
        "echo $(a",
        "for",
        "for 1 in a; do :; done",
        "case a in",
        "if true; echo a; fi",
        "while do done",
        "a &&",
        "| a",
        "a | | b",
        "()",
        "{ }",
        "( )",
        "f( { :; }",
        "a ;; b",
        "& a",
        "echo a; done",
        "echo a > ; echo b",
        "echo a >&x; echo b",
        "echo ${x!}; echo b",
        "${}",
        "x=1; x y",
        "} ; echo",
        "echo {a}; echo }",
        "if true; then fi",
        "if true; then :; else fi",
        "for i in a; do done",
        "for i in a b; echo $i; done",
        "f() echo a",
        "echo a; (echo b; echo c",
        "1=2; echo $?",
        "a=b=c; echo $a",
        "! ; echo a",
        "echo !; echo a!b",
    ]);
    same_input(&[
        "echo a\necho b\n",
        "echo a\nfi\necho b\n",
        "echo one; echo 'two\nlines'\nif true\nthen\necho three\nfi\n",
        "exit 3\necho no\n",
        "cat <<E\ntext\nE\necho $#\n",
        "f() {\necho f\n}\nf\n",
        "echo no newline",
        "",
        "\n\n  \n# only\n",
        "echo a \\\n b\n",
        "x=1\necho $x\nfalse\n",
        "for i in 1 2\ndo\n\necho $i\n\ndone\n",
        "echo \"a\nb\"\n",
    ]);
}

#[test]
fn scripts_in_files_have_their_arguments_as_in_dash() {
    same(&[
        "echo 'echo \"$0 $# $*\"; shift; echo $1; exit 4' >s; sh s a 'b c'; echo $?; sh ./s; echo $?",
        "sh -c 'echo $0 $1 $#' name a b; sh -c 'echo $#'; echo 'echo in $1' | sh -s x y; sh none; echo $?",
        "echo 'echo $1 $x' >s; x=1 sh s a; cat s | sh; sh <s; sh -u s; echo $?; sh -c; echo $?",
        "echo 'if' >s; sh s; echo $?; printf 'echo a\\nexec cat\\n' >s; echo input | sh s",
    ]);
}

/// So many scripts; `YIELDIX_SEED` says others.
#[test]
fn scripts_are_run_by_what_their_first_line_says_as_in_dash() {
    // Here a file may be run that says by what; there it has to be allowed.
    let run = |first: &str, then: &str| {
        format!("printf '#!{first}\\necho \"$#\" \"$@\"\\n' >s; command -v chmod >/dev/null && chmod +x s; {then}")
    };
    let scripts = [
        run("/bin/sh", "./s 'a b' c; PATH=.:$PATH; s d; command -v s; echo e | xargs s; env s f"),
        run(" /usr/bin/env\tsh", "./s a; (exec ./s b); ./s | cat; x=$(./s c); echo $x"),
        run("/bin/cat", "./s; ./s ./s | wc -l"),
        run("/bin/sh -e", "echo false >>s; ./s a; echo $?"),
        run("/nowhere/at-all", "./s; echo $?; ./s || echo no"),
        run("", "./s a"),
        run("./s", "./s; test $? -ge 126; echo $?"),
        run("/bin/sh", "PATH=/nowhere; s; echo $?; ls; echo $?; echo there; printf 'too\\n'; PATH=.; s x 2>&1"),
        run("/bin/sh", "unset PATH; echo $?; PATH=; s b; mkdir d; PATH=d:; s c"),
    ];
    same(&scripts.iter().map(String::as_str).collect::<Vec<_>>());
    same(&["./s; echo $?; mkdir d; ./d; echo $?; echo echo hi >g; ./g; echo $?", "s; echo $?; PATH= s; echo $?"]);
}

#[test]
fn scripts_made_at_random_run_as_in_dash() {
    let scripts: Vec<_> = seeds(0..400).map(|seed| (seed, grammar::script(&mut Pick::new(seed)))).collect();
    let texts: Vec<_> = scripts.iter().map(|(_, script)| script.as_str()).collect();
    let Some(theirs) = many(&texts, |driver| dash(&[], driver)) else { return };
    let ours = many(&texts, |driver| Some(ours(&[], driver))).expect("ours is here");
    let mut differences = Vec::new();
    for (((seed, script), ours), theirs) in scripts.iter().zip(ours).zip(theirs) {
        if ours != theirs {
            differences.push(format!("---- seed {seed}\n{script}\n-- ours\n{ours}\n-- dash\n{theirs}\n"));
        }
    }
    let first = &differences[..differences.len().min(8)];
    assert!(
        differences.is_empty(),
        "{} of {} differ; the first:\n{}",
        differences.len(),
        scripts.len(),
        first.concat()
    );
}
