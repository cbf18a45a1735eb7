//! Numbers in a row.

use crate::{decimal::Decimal, prelude::*, programs::printf::Conversion};

pub(crate) const PROGRAM: Program =
    Program::new("seq", Group::Tools, "writes the numbers from FIRST to LAST, 1 apart or by STEP", main)
        .usage("[-w] [-s TEXT] [-f FORMAT] [FIRST [STEP]] LAST");

/// Digits behind the point, and before it, that a number may have.
const DIGITS_MAX: usize = 18;

/// A number as it was written: `value / 10^precision`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Number {
    value: i128,
    precision: usize,
    /// How wide it is as written.
    width: usize,
}

struct Options {
    first: Number,
    step: Number,
    last: Number,
    separator: String,
    form: Form,
}

enum Form {
    /// Digits, with zeros before them up to this width.
    Plain(usize),
    Format(Conversion),
}

impl Number {
    fn parse(text: &str) -> Result<Number, Misuse> {
        let wrong = || Misuse::Wrong(format!("{:?}: not a number of up to {DIGITS_MAX} digits", excerpt(text)));
        let bare = text.trim_start_matches(|blank: char| blank.is_ascii_whitespace());
        let bare = bare.strip_prefix('+').unwrap_or(bare);
        let (number, exponent) = match bare.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().map_err(|_| wrong())?),
            None => (bare, 0),
        };
        let (is_negative, digits) = number.strip_prefix('-').map_or((false, number), |digits| (true, digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = !(whole.is_empty() && fraction.is_empty());
        if !is_number || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let (mut all, mut precision) = ([whole, fraction].concat(), fraction.len() as i32 - exponent);
        if precision < 0 && precision > -(DIGITS_MAX as i32) {
            all.push_str(&"0".repeat(precision.unsigned_abs() as usize));
            precision = 0;
        }
        let significant = all.trim_start_matches('0');
        if significant.len() > 2 * DIGITS_MAX || !(0..=DIGITS_MAX as i32).contains(&precision) {
            return Err(wrong());
        }
        let value = significant.parse::<i128>().unwrap_or(0);
        let precision = precision as usize;
        let whole_digits = all.len().saturating_sub(precision).max(1);
        let width = usize::from(is_negative) + whole_digits + if precision > 0 { precision + 1 } else { 0 };
        Ok(Number { value: if is_negative { -value } else { value }, precision, width })
    }

    const fn one() -> Number {
        Number { value: 1, precision: 0, width: 1 }
    }

    /// The same with more digits behind the point.
    fn scaled(self, precision: usize) -> i128 {
        self.value * 10i128.pow((precision - self.precision) as u32)
    }

    /// Its width with so many digits behind the point.
    fn width_with(self, precision: usize) -> usize {
        let point = |precision: usize| if precision > 0 { precision + 1 } else { 0 };
        self.width - point(self.precision) + point(precision)
    }
}

fn parse(args: Args) -> Result<Options, Misuse> {
    // A number below 0 is no option.
    let is_number = |word: &&String| {
        word.strip_prefix('-').is_some_and(|rest| rest.starts_with(|next: char| next == '.' || next.is_ascii_digit()))
    };
    let mut options = args.iter().take_while(|word| word.starts_with('-') && !is_number(word)).count();
    while options > 0
        && args.get(options - 1).is_some_and(|word| matches!(word.as_str(), "-s" | "-f" | "--separator" | "--format"))
    {
        options += 1;
        options +=
            args[options.min(args.len())..].iter().take_while(|word| word.starts_with('-') && !is_number(word)).count();
    }
    let mut words = args;
    let numbers = words.split_off(options.min(words.len()));
    let given = Given::parse(words, &["-w --equal-width"], &["-s --separator", "-f --format"])?;
    let numbers =
        given.operands.iter().chain(&numbers).map(|text| Number::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let (first, step, last) = match *numbers {
        [last] => (Number::one(), Number::one(), last),
        [first, last] => (first, Number::one(), last),
        [first, step, last] => (first, step, last),
        [] => return Err(Misuse::Wrong("no number given".to_owned())),
        _ => return Err(Misuse::Wrong("more than three numbers".to_owned())),
    };
    if step.value == 0 {
        return Err(Misuse::Wrong("the step is 0".to_owned()));
    }
    let precision = first.precision.max(step.precision);
    let form = match given.value::<String>("-f")? {
        Some(_) if given.has("-w") => return Err(Misuse::Wrong("-w and -f do not go together".to_owned())),
        Some(format) => Form::Format(Conversion::of_one_number(&format)?),
        None if given.has("-w") => Form::Plain(first.width_with(precision).max(last.width_with(precision))),
        None => Form::Plain(0),
    };
    let separator = given.value::<String>("-s")?.unwrap_or_else(|| "\n".to_owned());
    Ok(Options { first, step, last, separator, form })
}

fn put(value: i128, precision: usize, shown: usize, form: &Form, out: &mut Vec<u8>) {
    match form {
        Form::Plain(width) => {
            let value = value / 10i128.pow((precision - shown) as u32);
            let divisor = 10i128.pow(shown as u32).unsigned_abs();
            let (sign, size) = (if value < 0 { "-" } else { "" }, value.unsigned_abs());
            let mut digits = (size / divisor).to_string();
            if shown > 0 {
                digits += &format!(".{:0shown$}", size % divisor);
            }
            let zeros = width.saturating_sub(sign.len() + digits.len());
            out.extend_from_slice(sign.as_bytes());
            out.extend(core::iter::repeat_n(b'0', zeros));
            out.extend_from_slice(digits.as_bytes());
        }
        Form::Format(conversion) => {
            let number =
                Decimal::parse(&format!("{value}e-{precision}")).map_or(Decimal::whole(value), |(number, _)| number);
            conversion.put_decimal(number, out);
        }
    }
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let Options { first, step, last, separator, form } = call!(tool.or_usage(parse(args)))?;
        let shown = first.precision.max(step.precision);
        let precision = shown.max(last.precision);
        let (first, step, last) = (first.scaled(precision), step.scaled(precision), last.scaled(precision));
        let mut value = first;
        while if step > 0 { value <= last } else { value >= last } {
            if value != first {
                tool.out.extend_from_slice(separator.as_bytes());
            }
            put(value, precision, shown, &form, &mut tool.out);
            value += step;
            call!(tool.flush_if_full())?;
        }
        if value != first {
            tool.out.push(b'\n');
        }
        call!(tool.finish())
    })
}
