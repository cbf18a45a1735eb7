//! References: `&amp;`, `&#38;`, `&#x26;`.

/// The character that stands for `name`, which stood between `&` and `;`.
///
/// The five that XML has of its own, and characters by number; no others are known.
pub fn resolve(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => numbered(name.strip_prefix('#')?),
    }
}

fn numbered(number: &str) -> Option<char> {
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
    if digits.starts_with('+') {
        return None;
    }
    char::from_u32(u32::from_str_radix(digits, radix).ok()?).filter(|&character| is_allowed(character))
}

/// May XML have this character?
fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_and_numbers_are_resolved() {
        for (name, character) in [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\'')] {
            assert_eq!(resolve(name), Some(character));
        }
        assert_eq!(resolve("#65"), Some('A'));
        assert_eq!(resolve("#x1F600"), Some('😀'));
        assert_eq!(resolve("#x1f600"), Some('😀'));
    }

    #[test]
    fn others_are_not() {
        for name in ["", "#", "#x", "#+65", "#x+41", "#-1", "nbsp", "AMP", "#0", "#x1", "#xD800", "#xFFFE", "#x110000"]
        {
            assert_eq!(resolve(name), None, "{name}");
        }
    }
}
