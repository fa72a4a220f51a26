//! Ending when the user says so, with nothing left behind.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How a program ends that was interrupted.
pub(crate) const INTERRUPTED: i32 = 130;

/// Whether the program was told to end. It does so when the file it makes is out of the way; if told again, at once.
pub(crate) fn interrupts() -> Arc<AtomicBool> {
    let is_interrupted = Arc::new(AtomicBool::new(false));
    let told = is_interrupted.clone();
    // Not set where the caller has such signals ignored, as `nohup` does: that is to stay so.
    let _ = ctrlc::try_set_handler(move || {
        if told.swap(true, Ordering::Relaxed) {
            process::exit(INTERRUPTED);
        }
    });
    is_interrupted
}
