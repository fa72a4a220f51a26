//! Any bytes as a disc: errors are fine, panics, walks without end and more memory than allowed are not.

#![no_main]

use std::io::{Cursor, Read};

use imapi2fs::{FileSystems, ImportOptions, ReaderDisc, RecordedDisc};
use libfuzzer_sys::fuzz_target;

/// The structures of all formats begin here; what is before says nothing.
const SYSTEM_AREA: usize = 16 * 2048;

fuzz_target!(|data: &[u8]| {
    let mut bytes = vec![0; SYSTEM_AREA];
    bytes.extend_from_slice(data);
    let most = bytes.len() / 34 + 1;
    let disc = ReaderDisc::new(Cursor::new(bytes)).expect("memory has a length");
    let options = ImportOptions::new().memory(16 << 20);
    let Ok(disc) = RecordedDisc::open_with(disc, &options) else {
        return;
    };
    let _ = disc.default_file_system();
    for file_system in FileSystems::all() {
        let Ok(volume) = disc.volume(file_system) else {
            continue;
        };
        let mut items = 0;
        for item in volume.walk() {
            items += 1;
            assert!(items <= most, "more items than the disc has room for");
            if let Ok(data) = item.and_then(|item| item.data()) {
                let _ = data.take(1 << 16).read_to_end(&mut Vec::new());
            }
        }
    }
});
