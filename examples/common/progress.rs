//! Progress of long work, shown only on a terminal.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use imapi2fs::Printable;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

/// Shorter work shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);
const INTERVAL: Duration = Duration::from_millis(100);

/// A bar with the name of the item being written and the rate.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// When to show the next name.
    due: Instant,
}

impl Progress {
    pub(crate) fn new(bytes: u64) -> Self {
        // The bar is hidden at first, but already measures the rate.
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::hidden())
            .with_style(style(
                "{bar:20} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} {wide_msg}",
            ))
            .with_finish(ProgressFinish::AndClear);
        Self {
            bar,
            due: Instant::now() + PATIENCE,
        }
    }

    /// Shows the number of bytes written, and the next item.
    pub(crate) fn update(&mut self, done: u64, next: impl FnOnce() -> String) -> ControlFlow<()> {
        self.bar.set_position(done);
        let now = Instant::now();
        if now >= self.due {
            self.due = now + INTERVAL;
            if self.bar.is_hidden() {
                self.bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            self.bar.set_message(Printable(next()).to_string());
        }
        ControlFlow::Continue(())
    }
}

/// Shows that `source` is being read while `work` runs.
pub(crate) fn spin<T>(source: &Path, work: impl FnOnce() -> T) -> T {
    if !io::stderr().is_terminal() {
        return work();
    }
    thread::scope(|threads| {
        let (working, ended) = mpsc::channel::<()>();
        threads.spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let spinner = ProgressBar::new_spinner()
                    .with_style(style("{spinner} reading {wide_msg}"))
                    .with_message(Printable(source.display()).to_string())
                    .with_finish(ProgressFinish::AndClear);
                spinner.enable_steady_tick(INTERVAL);
                let _ = ended.recv();
            }
        });
        let done = work();
        drop(working);
        done
    })
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is fixed")
}
