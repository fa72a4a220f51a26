//! What is shown of long work, on a terminal only.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use imapi2fs::Printable;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

/// Work that takes no longer shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);
const INTERVAL: Duration = Duration::from_millis(100);

/// A bar with the name of what is being written and the rate.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// When the name is to be shown next.
    due: Instant,
}

impl Progress {
    pub(crate) fn new(bytes: u64) -> Self {
        // Hidden at first, it measures the rate already.
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

    /// Shows how many bytes have been written, and what comes next.
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

/// Shows that `source` is being read while `work` is at it.
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
