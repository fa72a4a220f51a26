//! Plans and streams a million files and prints the memory it took. A single run suffices.

use std::io;
use std::time::Instant;

use imapi2fs::{FileSystemImage, InterchangeLevel, Timestamp};

const FILES: u32 = 1_000_000;
const PER_DIRECTORY: u32 = 100;

fn main() {
    let start = Instant::now();
    let mut image = FileSystemImage::with_time(Timestamp::from_unix(0));
    image.set_free_media_blocks(0).unwrap();
    image
        .set_iso9660_interchange_level(InterchangeLevel::Three)
        .unwrap();
    for directory in 0..FILES / PER_DIRECTORY {
        let path = format!("directory {directory:05}");
        image.root_mut().add_directory(path.as_str()).unwrap();
        let mut directory = image.directory_mut(path).unwrap();
        for file in 0..PER_DIRECTORY {
            let name = format!("synthetic file {file:03}.data");
            directory.add_file(name, file.to_le_bytes()).unwrap();
        }
    }
    println!("added {FILES} files in {:?}", start.elapsed());

    let start = Instant::now();
    let result = image.create_result_image().unwrap();
    println!(
        "planned {} blocks in {:?}",
        result.total_blocks(),
        start.elapsed()
    );

    let start = Instant::now();
    assert_eq!(result.write_to(io::sink()).unwrap(), result.len());
    println!("streamed {} bytes in {:?}", result.len(), start.elapsed());
    if let Some(peak) = peak_memory() {
        println!("peak memory: {peak}");
    }
}

/// Returns the peak memory that Linux reports; `None` on other systems.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.trim_start_matches("VmHWM:").trim().to_owned())
}
