//! Opening items below a directory, whatever happens to the directories on the way.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::retry_on_intr;

/// The most bytes of a path to open at once, which every system accepts.
const PART: usize = if cfg!(any(target_os = "linux", target_os = "android")) {
    4000
} else {
    1000
};

/// Flags for passing through a directory.
#[cfg(any(target_os = "linux", target_os = "android"))]
const PASS: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// Other systems open it for reading.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const PASS: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NONBLOCK)
    .union(OFlags::CLOEXEC);

/// Opens the absolute `path`, which had no links when it was found. On Linux no link is followed anywhere in it;
/// elsewhere none in the last `below` names, and none at the end.
///
/// # Errors
///
/// Those of [`open_beneath`].
pub(crate) fn open_absolute(path: &Path, below: usize, flags: OFlags) -> io::Result<OwnedFd> {
    // Passing through a directory there does not require read permission.
    if cfg!(any(target_os = "linux", target_os = "android")) {
        return open_beneath(CWD, path, flags, Mode::empty());
    }
    let root = path.ancestors().nth(below).unwrap_or(path);
    let open = |flags| {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        retry_on_intr(|| openat(CWD, root, flags, Mode::empty()))
    };
    match path.strip_prefix(root) {
        Ok(rest) if rest != Path::new("") => open_beneath(open(PASS)?, rest, flags, Mode::empty()),
        _ => Ok(open(flags)?),
    }
}

/// Opens `path`, names without `.` and `..` that lead down from the directory `root`; an empty path is the directory
/// itself. No symbolic link is followed, neither on the way nor at the end.
///
/// Linux resolves the whole path in one call. Elsewhere, and where that call is missing or forbidden, each directory is
/// opened from the one before.
///
/// # Errors
///
/// Those of the system, which also determines the error for a link: `ELOOP`, `ENOTDIR`, `EMLINK`.
pub(crate) fn open_beneath(
    root: impl AsFd,
    path: &Path,
    flags: OFlags,
    mode: Mode,
) -> io::Result<OwnedFd> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut rest = path.as_os_str().as_bytes();
    if rest.is_empty() {
        rest = b".";
    }
    let mut directory: Option<OwnedFd> = None;
    loop {
        let from = directory.as_ref().map_or(root.as_fd(), AsFd::as_fd);
        let cut = match rest.get(..PART) {
            Some(part) => part.iter().rposition(|byte| *byte == b'/'),
            None => None,
        };
        let Some(cut) = cut else {
            return open_part(from, rest, flags, mode);
        };
        directory = Some(open_part(from, &rest[..cut], PASS, Mode::empty())?);
        rest = &rest[cut + 1..];
    }
}

#[cfg(target_os = "linux")]
fn open_part(from: BorrowedFd<'_>, path: &[u8], flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::fs::{ResolveFlags, openat2};
    use rustix::io::Errno;

    /// Linux has had the call since 5.6.
    static IS_MISSING: AtomicBool = AtomicBool::new(false);
    /// How often to retry when the system reports a concurrent move.
    const TRIES: usize = 16;
    const NO_LINKS: ResolveFlags = ResolveFlags::NO_SYMLINKS.union(ResolveFlags::NO_MAGICLINKS);

    // An absolute path is beneath nothing.
    let resolve = match path.first() {
        Some(b'/') => NO_LINKS,
        _ => NO_LINKS | ResolveFlags::BENEATH,
    };

    if IS_MISSING.load(Ordering::Relaxed) {
        return open_each(from, path, flags, mode);
    }
    for _ in 0..TRIES {
        match retry_on_intr(|| openat2(from, path, flags, mode, resolve)) {
            Err(Errno::AGAIN) => {}
            Err(Errno::NOSYS) => {
                IS_MISSING.store(true, Ordering::Relaxed);
                break;
            }
            // A sandbox may forbid a call that it does not know.
            Err(Errno::PERM) => break,
            opened => return Ok(opened?),
        }
    }
    open_each(from, path, flags, mode)
}

/// Android kills a program that makes an unknown call.
#[cfg(not(target_os = "linux"))]
fn open_part(from: BorrowedFd<'_>, path: &[u8], flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
    open_each(from, path, flags, mode)
}

/// Opens each directory from the one before.
fn open_each(from: BorrowedFd<'_>, path: &[u8], flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
    if path == b"/" {
        return Ok(retry_on_intr(|| openat(CWD, "/", flags, mode))?);
    }
    let mut rest = path;
    let mut directory: Option<OwnedFd> = None;
    if let Some((b'/', below @ [_, ..])) = path.split_first() {
        directory = Some(retry_on_intr(|| openat(CWD, "/", PASS, Mode::empty()))?);
        rest = below;
    }
    loop {
        let from = directory.as_ref().map_or(from, AsFd::as_fd);
        let Some(cut) = rest.iter().position(|byte| *byte == b'/') else {
            return Ok(retry_on_intr(|| openat(from, rest, flags, mode))?);
        };
        // Skips a doubled separator.
        if cut == 0 {
            rest = &rest[1..];
            continue;
        }
        let pass = PASS | OFlags::NOFOLLOW;
        directory = Some(retry_on_intr(|| {
            openat(from, &rest[..cut], pass, Mode::empty())
        })?);
        rest = &rest[cut + 1..];
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use super::*;

    /// Creates a directory `root` with `d/e/file`, and beside it `outside/file` and `outside/e/file`.
    fn tree() -> (tempfile::TempDir, File) {
        let place = tempfile::tempdir().unwrap();
        for directory in ["root/d/e", "outside/e"] {
            fs::create_dir_all(place.path().join(directory)).unwrap();
        }
        for (file, text) in [
            ("root/d/e/file", "inside"),
            ("outside/file", "outside"),
            ("outside/e/file", "outside"),
        ] {
            fs::write(place.path().join(file), text).unwrap();
        }
        let root = File::open(place.path().join("root")).unwrap();
        (place, root)
    }

    type Open = fn(BorrowedFd<'_>, &[u8], OFlags, Mode) -> io::Result<OwnedFd>;

    #[test]
    fn links_on_the_way_and_at_the_end_are_not_followed() {
        for open in [open_part as Open, open_each] {
            let (place, root) = tree();
            let at = |path: &str| place.path().join(path);
            let open = |path: &str| {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                open(root.as_fd(), path.as_bytes(), flags, Mode::empty())
            };
            let mut text = String::new();
            let mut file = File::from(open("d/e/file").unwrap());
            file.read_to_string(&mut text).unwrap();
            assert_eq!(text, "inside");

            symlink(at("outside"), at("root/absolute")).unwrap();
            symlink("../outside", at("root/relative")).unwrap();
            symlink("d", at("root/inside")).unwrap();
            symlink("file", at("root/d/e/link")).unwrap();
            for path in [
                "absolute/file",
                "absolute/e/file",
                "relative/e/file",
                "inside/e/file",
                "inside",
                "d/e/link",
            ] {
                assert!(open(path).is_err(), "{path}");
            }
            fs::rename(at("root/d"), at("root/d.old")).unwrap();
            symlink(at("outside"), at("root/d")).unwrap();
            assert!(open("d/e/file").is_err());
            assert!(open("d.old/e/file").is_ok());
        }
    }

    #[test]
    fn links_in_an_absolute_path_are_not_followed() {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let (place, _) = tree();
        let real = fs::canonicalize(place.path()).unwrap();
        symlink("d", real.join("root/link")).unwrap();
        symlink("file", real.join("root/d/e/link")).unwrap();
        symlink("root", real.join("linked")).unwrap();
        for (path, below, is_opened) in [
            ("", 0, true),
            ("root", 0, true),
            ("root/d/e/file", 3, true),
            ("root/d/e/file", 4, true),
            ("root/d/e/none", 3, false),
            ("root/d/e/link", 0, false),
            ("root/d/e/link", 3, false),
            ("root/link", 1, false),
            ("root/link/e", 2, false),
            ("root/link/e/file", 3, false),
            ("linked/d/e/file", 4, false),
        ] {
            let path = match path {
                "" => real.clone(),
                path => real.join(path),
            };
            assert_eq!(
                open_absolute(&path, below, flags).is_ok(),
                is_opened,
                "{path:?}"
            );
            // Tests without the special call of Linux.
            let bytes = path.as_os_str().as_bytes();
            let each = open_each(CWD, bytes, flags, Mode::empty());
            assert_eq!(each.is_ok(), is_opened, "{path:?}");
        }
        open_absolute(Path::new("/"), 0, flags).unwrap();
        open_each(CWD, b"/", flags, Mode::empty()).unwrap();
        let doubled = [real.as_os_str().as_bytes(), b"//root///d/e/file"].concat();
        open_each(CWD, &doubled, flags, Mode::empty()).unwrap();
    }

    #[test]
    fn paths_of_any_length_are_reached() {
        let place = tempfile::tempdir().unwrap();
        let root = File::open(place.path()).unwrap();
        let name = "n".repeat(200);
        let mut path = std::path::PathBuf::new();
        for _ in 0..50 {
            let parent = open_beneath(&root, &path, PASS, Mode::empty()).unwrap();
            rustix::fs::mkdirat(&parent, &*name, Mode::RWXU).unwrap();
            path.push(&name);
        }
        assert!(path.as_os_str().len() > 10_000);
        path.push("file");
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        open_beneath(&root, &path, flags, Mode::RWXU).unwrap();
        let again = open_beneath(&root, &path, flags, Mode::RWXU).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
    }
}
