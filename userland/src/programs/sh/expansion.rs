//! Words become fields: parameters, commands and arithmetic are expanded, what is not quoted is split, and
//! patterns become the names of files.

use super::{
    arithmetic::{self, Names},
    fields::{Field, Fields},
    jobs::Place,
    shell::{Body, Boxed, Outcome, Shell},
    syntax::{Change, Expansion, Otherwise, Parameter, Part, Side, Substitution, Word},
    variables::Variables,
};
use crate::{limits::TEXT_BYTES_MAX, pattern::Pattern, prelude::*};

/// How what stands in a word is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// As it was written: not split.
    Written,
    /// As what an expansion gives: split.
    Expanded,
    /// As it is in double quotes.
    Quoted,
}

/// What a parameter has.
enum Value {
    Unset,
    One(String),
    /// Each a field of its own.
    Many(Vec<String>),
}

impl Value {
    fn is_empty(&self) -> bool {
        match self {
            Value::Unset => true,
            Value::One(text) => text.is_empty(),
            Value::Many(texts) => texts.iter().all(String::is_empty),
        }
    }
}

/// One that is not set is 0, also where `set -u` has others be errors.
impl Names for Variables {
    fn value(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), String> {
        Variables::set(self, name, value)
    }
}

impl Shell {
    /// The fields that words become, patterns being file names.
    pub(super) fn fields<'a>(&'a mut self, words: &'a [Word]) -> Boxed<'a, Outcome<Vec<String>>> {
        Box::pin(routine!(move -> Outcome<Vec<String>> {
            let mut texts = Vec::new();
            for word in words {
                if let Some(text) = word.plain().filter(|text| !text.contains(['*', '?', '['])) {
                    texts.push(text.to_owned());
                    continue;
                }
                let mut fields = Fields::split_at(self.variables.separators());
                call!(self.expand(&word.0, Mode::Written, &mut fields))?;
                for field in fields.end() {
                    let names = match field.is_wild() && !self.options.is_literal {
                        true => call!(super::glob::names(&field)),
                        false => Vec::new(),
                    };
                    if names.is_empty() { texts.push(field.text()) } else { texts.extend(names) }
                }
            }
            Ok(texts)
        }))
    }

    /// The one text that a word becomes, where fields are not split.
    pub(super) fn text<'a>(&'a mut self, word: &'a Word) -> Boxed<'a, Outcome<String>> {
        Box::pin(routine!(move -> Outcome<String> {
            let mut fields = Fields::one();
            call!(self.expand(&word.0, Mode::Written, &mut fields))?;
            Ok(fields.end_one().text())
        }))
    }

    /// The pattern that a word becomes.
    pub(super) fn pattern<'a>(&'a mut self, word: &'a Word) -> Boxed<'a, Outcome<Pattern>> {
        Box::pin(routine!(move -> Outcome<Pattern> {
            let mut fields = Fields::one();
            call!(self.expand(&word.0, Mode::Written, &mut fields))?;
            let field: Field = fields.end_one();
            Ok(Pattern::new(field.chars()))
        }))
    }

    fn expand<'a>(&'a mut self, parts: &'a [Part], mode: Mode, fields: &'a mut Fields) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            for part in parts {
                match part {
                    Part::Text(text) => push(fields, mode, text),
                    Part::Quoted(text) => fields.push(text, true),
                    Part::DoubleQuoted(parts) => {
                        // Quotes make a field of nothing, but not of no parameters.
                        if parts.is_empty() || !parts.iter().all(is_all_parameters) || !self.parameters.is_empty() {
                            fields.push("", true);
                        }
                        call!(self.expand(parts, Mode::Quoted, fields))?;
                    }
                    Part::Tilde => match self.variables.get("HOME") {
                        Some(home) => fields.push(home, true),
                        None => fields.push("~", true),
                    },
                    Part::Parameter(expansion) => call!(self.parameter(expansion, mode, fields))?,
                    Part::Command(Substitution(list)) => {
                        let output = call!(self.output(Body::List(list.clone())))?;
                        push_value(fields, mode, &output);
                    }
                    Part::Arithmetic(parts) => {
                        let mut text = Fields::one();
                        call!(self.expand(parts, Mode::Quoted, &mut text))?;
                        let text = text.end_one().text();
                        match arithmetic::evaluate(&text, &mut self.variables) {
                            Ok(value) => push_value(fields, mode, &value.to_string()),
                            Err(what) => return Err(call!(self.abort(what))),
                        }
                    }
                }
            }
            Ok(())
        }))
    }

    fn parameter<'a>(&'a mut self, expansion: &'a Expansion, mode: Mode, fields: &'a mut Fields) -> Boxed<'a, Outcome> {
        Box::pin(routine!(move -> Outcome {
            let parameter = &expansion.parameter;
            let value = self.value(parameter, mode, fields.is_splitting());
            let is_all = matches!(parameter, Parameter::Special('@' | '*'));
            match &expansion.change {
                Change::Bad => {
                    let what = format!("{}: bad substitution", excerpt(&shown(parameter)));
                    return Err(call!(self.abort(what)));
                }
                Change::Otherwise { otherwise, is_empty_none, word } => {
                    let is_none = matches!(value, Value::Unset) || *is_empty_none && value.is_empty();
                    let inner = if mode == Mode::Quoted { Mode::Quoted } else { Mode::Expanded };
                    match otherwise {
                        Otherwise::Replace if is_none => {}
                        Otherwise::Replace => call!(self.expand(&word.0, inner, fields))?,
                        _ if !is_none => push_all(fields, mode, value),
                        Otherwise::Use => call!(self.expand(&word.0, inner, fields))?,
                        Otherwise::Assign => {
                            let mut text = Fields::one();
                            call!(self.expand(&word.0, mode, &mut text))?;
                            let text = text.end_one().text();
                            let Parameter::Variable(name) = parameter else {
                                let what = format!("{}: cannot be assigned so", shown(parameter));
                                return Err(call!(self.abort(what)));
                            };
                            call!(self.assign(name, text.clone()))?;
                            push_value(fields, mode, &text);
                        }
                        Otherwise::Fail => {
                            let mut text = Fields::one();
                            call!(self.expand(&word.0, mode, &mut text))?;
                            let text = text.end_one().text();
                            let text = match text.as_str() {
                                "" if *is_empty_none => "parameter not set or null",
                                "" => "parameter not set",
                                text => text,
                            };
                            return Err(call!(self.abort(format!("{}: {}", shown(parameter), excerpt(text)))));
                        }
                    }
                    return Ok(());
                }
                _ if matches!(value, Value::Unset) && self.options.is_careful && !is_all => {
                    let what = format!("{}: parameter not set", excerpt(&shown(parameter)));
                    return Err(call!(self.abort(what)));
                }
                Change::Nothing => push_all(fields, mode, value),
                Change::Length => {
                    let length = match value {
                        _ if is_all => self.parameters.join(" ").len(),
                        Value::One(text) => text.len(),
                        Value::Unset | Value::Many(_) => 0,
                    };
                    push_value(fields, mode, &length.to_string());
                }
                Change::Trim { side, is_longest, pattern } => {
                    let pattern = call!(self.pattern(pattern))?;
                    let trim = |text: String| match side {
                        Side::Front => pattern.trim_front(&text, *is_longest),
                        Side::Back => pattern.trim_back(&text, *is_longest),
                    };
                    let value = match value {
                        Value::Unset => Value::Unset,
                        Value::One(text) => Value::One(trim(text)),
                        Value::Many(texts) => Value::Many(texts.into_iter().map(trim).collect()),
                    };
                    push_all(fields, mode, value);
                }
            }
            Ok(())
        }))
    }

    fn value(&self, parameter: &Parameter, mode: Mode, is_splitting: bool) -> Value {
        let one = |text: Option<String>| text.map_or(Value::Unset, Value::One);
        match parameter {
            Parameter::Variable(name) if name == "LINENO" => Value::One(self.line.to_string()),
            Parameter::Variable(name) => one(self.variables.get(name).map(ToOwned::to_owned)),
            Parameter::Positional(0) => Value::One(self.name.clone()),
            Parameter::Positional(index) => one(self.parameters.get(index - 1).cloned()),
            Parameter::Special('@' | '*') if self.parameters.is_empty() => Value::Unset,
            Parameter::Special(c @ ('@' | '*')) => {
                let is_one = *c == '*' && mode == Mode::Quoted || !is_splitting;
                if !is_one {
                    return Value::Many(self.parameters.clone());
                }
                let separator = match (c, self.variables.get("IFS")) {
                    ('*', Some(separators)) => separators.chars().next().map(String::from).unwrap_or_default(),
                    _ => " ".to_owned(),
                };
                Value::One(self.parameters.join(&separator))
            }
            Parameter::Special('#') => Value::One(self.parameters.len().to_string()),
            Parameter::Special('?') => Value::One(self.status.to_string()),
            Parameter::Special('$') => one(self.id.map(|id| id.to_string())),
            Parameter::Special('!') => one(self.background.map(|id| id.to_string())),
            Parameter::Special(_) => {
                let set =
                    self.options.listed().into_iter().rev().filter_map(|(letter, _, is_set)| is_set.then_some(letter));
                Value::One(set.collect())
            }
        }
    }

    /// What a subshell that runs `body` writes, without the line ends behind it and without NULs, which no word
    /// can hold; what is not UTF-8 has U+FFFD where it is not.
    fn output(&mut self, body: Body) -> Boxed<'_, Outcome<String>> {
        Box::pin(routine!(move -> Outcome<String> {
            let (reader, writer) = match trap!(yield pipe()) {
                Ok(ends) => ends,
                Err(errno) => return Err(call!(self.abort(format!("cannot make a pipe: {errno}")))),
            };
            let task = self.apart(body, false);
            let grant = FdGrant::PassAs(writer, 1);
            let child = match call!(self.start_apart(task, Some(grant), Place::default())) {
                Ok(child) => child,
                Err(unwind) => {
                    for end in [reader, writer] {
                        let _ = trap!(yield close(end));
                    }
                    return Err(unwind);
                }
            };
            let mut bytes = Vec::new();
            let mut errno = None;
            loop {
                match trap!(yield read(reader, limits::DOCUMENT_BYTES)) {
                    Ok(data) if data.is_empty() => break,
                    Ok(data) if bytes.len() + data.len() > TEXT_BYTES_MAX => {
                        errno = Some(Errno::EFBIG);
                        break;
                    }
                    Ok(data) => bytes.extend(data.iter().filter(|byte| **byte != 0)),
                    Err(Errno::EINTR) => call!(self.note_signals()),
                    Err(error) => {
                        errno = Some(error);
                        break;
                    }
                }
            }
            let _ = trap!(yield close(reader));
            let status = call!(self.wait_quietly(child));
            self.substituted = Some(status);
            if let Some(errno) = errno {
                return Err(call!(self.abort(format!("$(…): {}", errno.meaning()))));
            }
            let mut text = match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            };
            text.truncate(text.trim_end_matches('\n').len());
            Ok(text)
        }))
    }
}

fn push(fields: &mut Fields, mode: Mode, text: &str) {
    match mode {
        Mode::Written => fields.push(text, false),
        Mode::Expanded => fields.push_expanded(text),
        Mode::Quoted => fields.push(text, true),
    }
}

fn push_value(fields: &mut Fields, mode: Mode, text: &str) {
    match mode {
        Mode::Quoted => fields.push(text, true),
        Mode::Written | Mode::Expanded => fields.push_expanded(text),
    }
}

fn push_all(fields: &mut Fields, mode: Mode, value: Value) {
    match value {
        Value::Unset => {}
        Value::One(text) => push_value(fields, mode, &text),
        Value::Many(texts) => {
            for (index, text) in texts.iter().enumerate() {
                if index > 0 {
                    fields.end_field();
                }
                push_value(fields, mode, text);
            }
        }
    }
}

/// Is it `$@`?
fn is_all_parameters(part: &Part) -> bool {
    matches!(part, Part::Parameter(expansion)
        if expansion.parameter == Parameter::Special('@') && expansion.change == Change::Nothing)
}

fn shown(parameter: &Parameter) -> String {
    match parameter {
        Parameter::Variable(name) => name.clone(),
        Parameter::Positional(index) => index.to_string(),
        Parameter::Special(c) => c.to_string(),
    }
}
