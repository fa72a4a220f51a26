//! What a program says of itself, and how it ends.

#[path = "advice.rs"]
mod advice;

use std::error::Error;
use std::fmt::{Display, Write as _};
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Turns a program's result into its exit status, and an error with its causes into one line.
pub(crate) fn exit_code(result: Result<(), Box<dyn Error>>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    note(with_causes(&*error));
    ExitCode::FAILURE
}

/// An error's message and those of its causes.
pub(crate) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = advice::message(error);
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {}", advice::message(error));
        cause = error.source();
    }
    text
}

/// Writes a line to standard error. Nobody is told when that fails: there is no one left to tell.
pub(crate) fn note(message: impl Display) {
    let _ = writeln!(
        io::stderr(),
        "{}: {}",
        env!("CARGO_CRATE_NAME"),
        printable(message)
    );
}

/// Text that stays on one line and does nothing to a terminal, whatever names it holds.
pub(crate) fn printable(text: impl Display) -> String {
    let text = text.to_string();
    if !text.contains(char::is_control) {
        return text;
    }
    let mut line = String::new();
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}
