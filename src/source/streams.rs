//! Named streams of the host's files: extended attributes on Unix.

use std::ffi::OsString;
use std::fs::File;
use std::io;

/// Reads the streams of a file that has been opened: their names, and their data. A file system that has no such thing
/// gives none.
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
pub(crate) fn read_streams(file: &File) -> io::Result<Vec<(OsString, Vec<u8>)>> {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};

    use rustix::io::Errno;
    use xattr::FileExt;

    let names = match file.list_xattr() {
        Ok(names) => names,
        Err(error) => {
            // The kind of such errors depends on the version of Rust.
            let number = error.raw_os_error();
            let unsupported = [Errno::NOTSUP, Errno::OPNOTSUPP];
            let is_unsupported = |one: Errno| Some(one.raw_os_error()) == number;
            return match unsupported.into_iter().any(is_unsupported) {
                true => Ok(Vec::new()),
                false => Err(error),
            };
        }
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
        // What has been removed in between is not there.
        if let Some(data) = file.get_xattr(&attribute)? {
            streams.push((OsString::from_vec(name.to_vec()), data));
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
pub(crate) fn read_streams(_file: &File) -> io::Result<Vec<(OsString, Vec<u8>)>> {
    Err(io::ErrorKind::Unsupported.into())
}
