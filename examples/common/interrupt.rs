//! Ending on the user's request without leaving anything over.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The exit status of an interrupted program.
pub(crate) const INTERRUPTED: i32 = 130;

/// Returns a flag that an interrupt sets. The program then ends after removing the file it writes; a second interrupt
/// ends it at once.
pub(crate) fn interrupts() -> Arc<AtomicBool> {
    let is_interrupted = Arc::new(AtomicBool::new(false));
    let told = is_interrupted.clone();
    // Fails where the caller ignores such signals, as `nohup` does, and leaves that unchanged.
    let _ = ctrlc::try_set_handler(move || {
        if told.swap(true, Ordering::Relaxed) {
            process::exit(INTERRUPTED);
        }
    });
    is_interrupted
}
