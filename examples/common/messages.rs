//! The messages of a program, and its exit status.

#[path = "advice.rs"]
mod advice;

use std::error::Error;
use std::fmt::{Display, Write as _};
use std::io::{self, Write as _};
use std::process::ExitCode;

use imapi2fs::Printable;

/// Runs a program; converts its result to an exit status, and prints an error with its causes on one line.
///
/// When the reader of a pipe has gone, the program ends as others do: silently, and on Unix by the signal for that.
pub(crate) fn exit_code(run: impl FnOnce() -> Result<(), Box<dyn Error>>) -> ExitCode {
    signals::prepare();
    let Err(error) = run() else {
        return ExitCode::SUCCESS;
    };
    if is_about_a_closed_pipe(&*error) {
        signals::end_as_others_do();
    } else {
        note(with_causes(&*error));
    }
    ExitCode::FAILURE
}

/// Returns an error's message with those of its causes.
pub(crate) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = advice::message(error);
    for cause in causes(error).skip(1) {
        let _ = write!(text, ": {}", advice::message(cause));
    }
    if let Some(option) = causes(error).find_map(advice::behind_cause) {
        let _ = write!(text, "; {option}");
    }
    text
}

/// Returns an error and its causes.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

fn is_about_a_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    causes(error)
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Writes a line to standard error. Ignores failures, because there is no way left to report them.
pub(crate) fn note(message: impl Display) {
    let _ = writeln!(
        io::stderr(),
        "{}: {}",
        env!("CARGO_CRATE_NAME"),
        Printable(message)
    );
}

#[cfg(unix)]
mod signals {
    use std::sync::Arc;

    use signal_hook::consts::{SIGPIPE, SIGXFSZ};

    /// Makes exceeding the file size limit an error of the write; without a handler the signal would end the program.
    pub(super) fn prepare() {
        let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    }

    pub(super) fn end_as_others_do() {
        let _ = signal_hook::low_level::emulate_default_handler(SIGPIPE);
    }
}

#[cfg(not(unix))]
mod signals {
    pub(super) const fn prepare() {}

    pub(super) const fn end_as_others_do() {}
}
