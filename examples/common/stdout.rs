//! Standard output.

use std::io::{self, StdoutLock, Write};

/// Standard output, whose errors say where they occurred.
pub(crate) struct StandardOutput(StdoutLock<'static>);

#[derive(Debug, thiserror::Error)]
#[error("cannot write standard output")]
struct StandardOutputError {
    source: io::Error,
}

impl StandardOutput {
    pub(crate) fn lock() -> Self {
        Self(io::stdout().lock())
    }
}

impl Write for StandardOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(named)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(named)
    }
}

fn named(source: io::Error) -> io::Error {
    match source.kind() {
        // The writer retries.
        io::ErrorKind::Interrupted => source,
        kind => io::Error::new(kind, StandardOutputError { source }),
    }
}
