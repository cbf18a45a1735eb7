//! The console's terminal: changed for who asks, and given back as it was found.

use super::{host, host_with};
use crate::console::pseudo_terminal;
use rustix::termios::{InputModes, LocalModes, OutputModes, Termios, Winsize, tcgetattr, tcsetwinsize};
use std::io::pipe;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use yieldix_kernel::hardware::host::{ConsoleOptions, Host, HostOptions, TerminalKeeper};
use yieldix_kernel::hardware::{Device, Hardware};
use yieldix_syscalls::{Errno, TerminalMode};

fn streams(terminal: &OwnedFd) -> ConsoleOptions {
    let [input, output, error] = [(); 3].map(|()| terminal.try_clone().unwrap());
    ConsoleOptions::Streams { input, output, error }
}

fn shown(terminal: &OwnedFd) -> String {
    format!("{:?}", tcgetattr(terminal).unwrap())
}

fn has(modes: &Termios, local: LocalModes) -> bool {
    modes.local_modes.contains(local)
}

#[test]
fn each_mode_leaves_to_the_terminal_what_it_says() {
    let Some((_keyboard, terminal)) = pseudo_terminal() else { return eprintln!("skipped: no terminals here") };
    tcsetwinsize(&terminal, Winsize { ws_row: 11, ws_col: 22, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let before = shown(&terminal);
    let mut host = host_with(streams(&terminal));
    assert_eq!(host.terminal(Device::STDERR), Ok((TerminalMode::Lines, 22, 11)));
    for (mode, sends_signals) in [(TerminalMode::Keys, true), (TerminalMode::Raw, false), (TerminalMode::Keys, true)] {
        assert_eq!(host.set_terminal(Device::STDIN, mode), Ok(()));
        // All three streams are the same terminal.
        assert_eq!(host.terminal(Device::STDOUT), Ok((mode, 22, 11)));
        let modes = tcgetattr(&terminal).unwrap();
        assert!(!has(&modes, LocalModes::ICANON) && !has(&modes, LocalModes::ECHO));
        assert_eq!(has(&modes, LocalModes::ISIG), sends_signals);
        assert!(modes.input_modes.contains(InputModes::ICRNL) && modes.output_modes.contains(OutputModes::OPOST));
    }
    assert_eq!(host.set_terminal(Device::STDOUT, TerminalMode::Lines), Ok(()));
    assert_eq!(shown(&terminal), before);
    assert_eq!(host.terminal(Device::STDIN), Ok((TerminalMode::Lines, 22, 11)));
}

#[test]
fn the_terminal_is_given_back_at_the_end_in_a_panic_and_when_its_keeper_is_told() {
    let Some((_keyboard, terminal)) = pseudo_terminal() else { return eprintln!("skipped: no terminals here") };
    let before = shown(&terminal);
    let keeper = TerminalKeeper::default();
    let changed = || {
        let options = HostOptions { console: streams(&terminal), terminal: keeper.clone(), ..HostOptions::default() };
        let mut host = Host::new(options).unwrap();
        host.set_terminal(Device::STDIN, TerminalMode::Raw).unwrap();
        assert_ne!(shown(&terminal), before);
        host
    };
    drop(changed());
    assert_eq!(shown(&terminal), before);
    let panics = || {
        let _host = changed();
        panic!("on purpose");
    };
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    assert_eq!(shown(&terminal), before);
    let _host = changed();
    keeper.restore();
    assert_eq!(shown(&terminal), before);
}

#[test]
fn what_is_no_terminal_has_no_mode() {
    let (input, _typist) = pipe().unwrap();
    let (_reader, output) = pipe().unwrap();
    let error = output.try_clone().unwrap();
    let console = ConsoleOptions::Streams { input: input.into(), output: output.into(), error: error.into() };
    for mut host in [host_with(console), host()] {
        for device in [Device::STDIN, Device::STDOUT, Device::STDERR] {
            assert_eq!(host.terminal(device), Err(Errno::ENOTTY));
            assert_eq!(host.set_terminal(device, TerminalMode::Keys), Err(Errno::ENOTTY));
        }
    }
}
