//! Named streams of the host's files: extended attributes on Unix.

use std::io;
use std::path::Path;

/// Reads the streams of a file: their names, and their data. A file system that has no such thing gives none.
///
/// Systems with name spaces give what is in that of users (`user.`), without the name space.
///
/// No safe library lists the streams of NTFS, so that Windows is among the systems where this fails.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "macos",
    target_os = "freebsd",
    target_os = "netbsd"
))]
pub(crate) fn read_streams(file: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    use std::os::unix::ffi::OsStrExt;

    let names = match xattr::list(file) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut streams = Vec::new();
    for attribute in names {
        let name = attribute.as_bytes();
        let name = if cfg!(target_os = "macos") {
            name
        } else {
            match name.strip_prefix(b"user.") {
                Some(name) => name,
                None => continue,
            }
        };
        let name = std::str::from_utf8(name)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        // What has been removed in between is not there.
        if let Some(data) = xattr::get(file, &attribute)? {
            streams.push((name.to_owned(), data));
        }
    }
    streams.sort();
    Ok(streams)
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "macos",
    target_os = "freebsd",
    target_os = "netbsd"
)))]
pub(crate) fn read_streams(_file: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    Err(io::ErrorKind::Unsupported.into())
}
