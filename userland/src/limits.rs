//! Every bound of userland, in one place.

use core::time::Duration;

/// The longest line that is read, in bytes, its newline not counted.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// The longest file that is read whole, in bytes.
pub const TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How much of a word of others an error message shows, in characters.
pub const EXCERPT_CHARS: usize = 100;

/// Lines that a line editor keeps: past it the oldest is forgotten.
pub const HISTORY_LINES: usize = 1000;

/// How long a line editor waits for what follows an escape; after it, the key was the escape key.
pub const ESCAPE_WAIT: Duration = Duration::from_millis(50);

/// Bytes of a key's sequence that are looked at: a longer one is no key.
pub const KEY_BYTES: usize = 32;

/// Completions that a line editor lists; of more it tells the count.
pub const COMPLETIONS_LISTED: usize = 256;

/// Parentheses of a condition (`test`, `find`) that may lie in each other: an error past it.
pub const CONDITION_DEPTH: usize = 64;

/// How much input is asked for at a time.
pub const READ_BYTES: u32 = 4096;

/// How much a tool reads at a time, and works on before it gives way; so much output is written at a time.
pub const PIECE_BYTES: u32 = 64 * 1024;

/// Lines that `sort` puts in order or merges before it gives way.
pub const SORTED_LINES: usize = 2048;

/// Bytes of lines that `sort` puts in order before it gives way, unless one line has more.
pub const SORTED_BYTES: usize = 256 * 1024;

/// Files that `find` looks at before it gives way.
pub const FILES_PER_TURN: usize = 64;

/// How much `grep` reads at a time: as much as GNU's does, which tells by it what is no text.
pub const GREP_PIECE_BYTES: u32 = 96 * 1024;

/// How much of a text `sed` looks at before it gives way, in bytes; a command and a match count as some.
pub const SED_WORK: usize = 256 * 1024;

/// The most that `sed` holds in either of its spaces, in bytes: an error past it.
pub const SED_SPACE_BYTES: usize = 4 * 1024 * 1024;

/// How deep the blocks of a script for `sed` may lie in each other: an error past it.
pub const SED_DEPTH: usize = 200;

/// How deep the parentheses of a regular expression may lie in each other: an error past it.
pub const REGEX_DEPTH: usize = 200;

/// How much of a document is asked for at a time, and made at a time.
pub const DOCUMENT_BYTES: u32 = 64 * 1024;

/// The most that is kept of one record of a document, names and values: an error past it.
pub const RECORD_BYTES: usize = 64 * 1024;

/// How long nothing may be typed at a terminal over the network: past it the server hangs up.
pub const TERMINAL_IDLE: Duration = Duration::from_secs(30 * 60);

/// How long a terminal over the network may be used in all.
pub const TERMINAL_SESSION: Duration = Duration::from_secs(12 * 60 * 60);

/// How many terminals a server has at a time, unless it is told otherwise.
pub const TERMINALS_MAX: usize = 64;

/// How long a shell may take to end when its terminal has hung up: past it, it is killed.
pub const HANG_UP_GRACE: Duration = Duration::from_secs(1);

/// The longest subnegotiation of telnet that is looked at.
pub const TELNET_OPTION_BYTES: usize = 16;

/// The longest datagram that is received whole.
pub const DATAGRAM_BYTES: u32 = 65_535;

/// How much of standard input becomes a datagram.
pub const DATAGRAM_READ_BYTES: u32 = 8 * 1024;

/// Connections that may wait to be accepted.
pub const BACKLOG: u32 = 1024;

/// How long a server waits before it tries again to take connections.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A server that was held up is told of again only after so long without.
pub const ACCEPT_QUIET: Duration = Duration::from_secs(10);

/// How many connections a server holds at a time, unless it is told otherwise.
pub const CONNECTIONS_MAX: usize = 10_000;

/// How much an echo server takes from a connection at a time.
pub const ECHO_BYTES: u32 = 64 * 1024;

/// The longest item that goes over a descriptor, in bytes of its encoding: with its length it is as long as
/// a message of a port may be. `EMSGSIZE` past it.
pub const FRAME_BYTES_MAX: usize = MESSAGE_BYTES_MAX - 4;

/// The longest message that is sent to a port: what is longer goes in several.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// How much of a stream of items is asked for at a time.
pub const FRAMES_READ_BYTES: u32 = 64 * 1024;

/// Items that wait for a consumer on a helper thread. Past it, who sends waits until it has taken them.
pub const THREADED_ITEMS: usize = 64;

/// Text that an XML parser puts together before it hands it on; what is longer comes in parts.
pub const XML_TEXT_BYTES: usize = 64 * 1024;

/// The longest tag of an XML document: an error past it.
pub const XML_TOKEN_BYTES: usize = 64 * 1024;

/// The longest name of an element: an error past it. A name is kept for as long as its element is open.
pub const XML_NAME_BYTES: usize = 1024;

/// The longest name or number between `&` and `;`: an error past it.
pub const XML_REFERENCE_BYTES: usize = 16;

/// How deep the elements of an XML document may lie in each other: an error past it.
pub const XML_DEPTH: usize = 1024;

/// Attributes of an element: an error past it.
pub const XML_ATTRIBUTES: usize = 256;

/// Items that one task moves through a flow before it gives way.
pub const ITEMS_PER_TURN: u32 = 1024;

/// The longest head of a request that [`http`](crate::http) takes, line ends and all.
pub const HEAD_BYTES_MAX: usize = 8 * 1024;

/// The longest body of a request that [`http`](crate::http) takes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// How much a server still reads of a peer that it hangs up on.
pub const DISCARD_BYTES_MAX: usize = 1024 * 1024;

/// How deep the commands, quotes and expansions of a script may lie in each other: a syntax error past it.
pub const SHELL_SYNTAX_DEPTH: usize = 100;

/// How deep a shell's functions and compound commands may call each other: an error past it, which ends the
/// script.
pub const SHELL_CALL_DEPTH: usize = 5_000;

/// Descriptors of a script below this are those of the programs it starts, too; others are the shell's alone.
pub const SHELL_FD_SLOTS: u32 = 10;

/// The first line of a script that says what runs it is no longer than this, or the file is no script.
pub const SCRIPT_HEAD_BYTES: usize = 256;

/// Scripts that are run by scripts, one by the next, the first counted: `ELOOP` past it.
pub const INTERPRETERS: usize = 5;

/// Jobs that a shell remembers: past it the oldest that has ended is forgotten.
pub const SHELL_JOBS: usize = 1024;

/// The longest text in a script that is handed to a command's input at once; a task writes longer ones.
pub const HERE_BYTES_AT_ONCE: usize = 4096;
