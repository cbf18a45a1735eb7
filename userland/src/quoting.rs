//! Names in what tools report of their work: between quotes, as a shell reads them, so that what is reported is one
//! line and acts on no terminal.
//!
//! As GNU's tools have it in the locale of C, where what is no ASCII is shown by its bytes.

use alloc::{format, string::String};

/// `'name'`; `"it's"` where that is all that has to be quoted; `'a'$'\n''b'` around what does not print.
pub fn quoted(name: &str) -> String {
    if name.contains('\'') && name.bytes().enumerate().all(|(at, byte)| is_plain_between_double_quotes(name, at, byte))
    {
        return format!("\"{name}\"");
    }
    let mut text = String::from("'");
    let mut is_escaping = false;
    for byte in name.bytes() {
        let is_escape = !matches!(byte, b' '..=b'~');
        if is_escape != is_escaping {
            text.push_str(match byte {
                _ if is_escape => "'$'",
                // It closes by itself what it stands behind.
                b'\'' => "",
                _ => "''",
            });
            is_escaping = is_escape;
        }
        match byte {
            b'\'' => text.push_str("'\\''"),
            7 => text.push_str("\\a"),
            8 => text.push_str("\\b"),
            b'\t' => text.push_str("\\t"),
            b'\n' => text.push_str("\\n"),
            11 => text.push_str("\\v"),
            12 => text.push_str("\\f"),
            b'\r' => text.push_str("\\r"),
            byte if is_escape => text.push_str(&format!("\\{byte:03o}")),
            byte => text.push(byte.into()),
        }
    }
    text.push('\'');
    text
}

/// Is this byte of a name itself between double quotes, for any shell and wherever it stands?
fn is_plain_between_double_quotes(name: &str, at: usize, byte: u8) -> bool {
    match byte {
        b'#' | b'~' => at == 0,
        b'{' | b'}' => name.len() == 1,
        b' ' | b'\'' | b'%' | b'+'..=b':' | b'A'..=b'Z' | b']' | b'_' | b'a'..=b'z' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_as_gnus_tools_do() {
        for (name, shown) in [
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", "\"it's\""),
            ("it's $v", r"'it'\''s $v'"),
            ("a\nb", r"'a'$'\n''b'"),
            ("\n\u{1b}\t", r"''$'\n\033\t'"),
            ("\n'x", r"''$'\n'\''x'"),
            ("é", r"''$'\303\251'"),
            ("\"\\", r#"'"\'"#),
        ] {
            assert_eq!(quoted(name), shown);
        }
    }
}
