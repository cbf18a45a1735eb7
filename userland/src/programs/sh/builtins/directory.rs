//! `cd`, `pwd`.

use crate::{prelude::*, programs::sh::shell::Shell};

impl Shell {
    /// `cd [-L | -P] [FOLDER | -]`
    pub(super) fn cd(&mut self, words: Vec<String>) -> impl Routine<i32> {
        routine!(move -> i32 {
            let mut words = words.iter().skip_while(|word| matches!(word.as_str(), "-L" | "-P" | "--"));
            let (path, is_told) = match words.next().map(String::as_str) {
                Some("-") => (self.variables.get("OLDPWD").map(ToOwned::to_owned), true),
                Some(path) => (Some(path.to_owned()), false),
                None => (self.variables.get("HOME").map(ToOwned::to_owned), false),
            };
            let Some(path) = path else {
                return if is_told { call!(self.misused("cd: OLDPWD not set")) } else { 0 };
            };
            let before = trap!(yield getcwd());
            let path = if path.is_empty() { ".".to_owned() } else { path };
            if let Err(errno) = trap!(yield chdir(path.as_str())) {
                return call!(self.misused(format!("cd: can't cd to {}: {}", excerpt(&path), errno.meaning())));
            }
            let after = trap!(yield getcwd());
            for (name, folder) in [("OLDPWD", before), ("PWD", after)] {
                // A folder that is gone has no name; one that is read-only keeps its value, as elsewhere.
                if let Ok(folder) = folder {
                    let _ = self.variables.set(name, folder);
                }
            }
            if is_told {
                let line = format!("{}\n", self.variables.get("PWD").unwrap_or(&path));
                return call!(self.say(line));
            }
            0
        })
    }

    /// `pwd`
    pub(super) fn pwd(&mut self, _words: Vec<String>) -> impl Routine<i32> {
        routine!(move -> i32 {
            match trap!(yield getcwd()) {
                Ok(folder) => call!(self.say(format!("{folder}\n"))),
                Err(errno) => call!(self.misused(format!("pwd: {}", errno.meaning()))),
            }
        })
    }
}
