//! Named streams of the host's files: extended attributes on Unix.

use std::ffi::OsString;
use std::fs::File;
use std::io;

/// Reads the streams of an open file: their names and their data. Returns none if the file system does not support
/// them.
///
/// On systems with name spaces these are the attributes of users (`user.`), without the name space.
///
/// No safe library lists the streams of NTFS, so this fails on Windows and on some other systems.
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
        // An attribute removed in between is skipped.
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
