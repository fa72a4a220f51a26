//! Unix: everything is reached from a handle, and no link is followed on the way.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat};
use rustix::io::{Errno, retry_on_intr};

use super::{FileId, HostKind, HostMetadata, HostPlace, NameBytes};
use crate::host::beneath::open_absolute;
use crate::time::Timestamp;

/// Flags for reading without waiting and without following a link.
const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Flags for examining an item, or for passing through a directory.
#[cfg(any(target_os = "linux", target_os = "android"))]
const LOOK: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// Other systems open the item, without waiting.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const LOOK: OFlags = READ;

/// Opens a file for reading. The caller checks what it is now.
pub(crate) fn open(place: HostPlace<'_>) -> io::Result<File> {
    reach(place, READ).map(File::from)
}

/// Opens a directory to open files in it.
pub(crate) fn open_directory(place: HostPlace<'_>) -> io::Result<OwnedFd> {
    reach(place, LOOK | OFlags::DIRECTORY)
}

/// Returns the metadata of an item; for a link, those of the link itself.
pub(crate) fn metadata(place: HostPlace<'_>) -> io::Result<HostMetadata> {
    metadata_of_handle(reach(place, LOOK)?.as_fd())
}

/// Returns the metadata of an open file.
pub(crate) fn metadata_of(file: &File) -> io::Result<HostMetadata> {
    metadata_of_handle(file.as_fd())
}

/// Opens a file of a directory.
pub(crate) fn open_in(directory: BorrowedFd<'_>, name: &OsStr) -> io::Result<File> {
    let opened = retry_on_intr(|| openat(directory, name, READ, Mode::empty()));
    opened
        .map(File::from)
        .map_err(|errno| explained(errno.into()))
}

/// The items of a directory, sorted by name. The directory stays open as long as this exists.
pub(crate) struct Listing {
    directory: Dir,
    names: NameBytes,
    entries: Vec<((usize, usize), FileType)>,
}

/// Lists a directory.
pub(crate) fn list(place: HostPlace<'_>) -> io::Result<Listing> {
    let mut directory = Dir::new(reach(place, READ | OFlags::DIRECTORY)?)?;
    let mut names = NameBytes::default();
    let mut entries = Vec::new();
    while let Some(entry) = directory.read() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            entries.push((names.push(name), entry.file_type()));
        }
    }
    entries.sort_unstable_by(|(a, _), (b, _)| names.get(*a).cmp(names.get(*b)));
    Ok(Listing {
        directory,
        names,
        entries,
    })
}

impl Listing {
    pub(crate) fn entries(&self) -> impl Iterator<Item = HostEntry<'_>> {
        self.entries.iter().map(|(name, kind)| HostEntry {
            directory: &self.directory,
            name: OsStr::from_bytes(self.names.get(*name)),
            kind: *kind,
        })
    }
}

/// An item of a directory.
#[derive(Clone, Copy)]
pub(crate) struct HostEntry<'l> {
    directory: &'l Dir,
    name: &'l OsStr,
    kind: FileType,
}

impl<'l> HostEntry<'l> {
    pub(crate) const fn name(&self) -> &'l OsStr {
        self.name
    }

    /// Whether the item was a link when the directory was listed, if known.
    pub(crate) fn is_link(&self) -> bool {
        self.kind == FileType::Symlink
    }

    /// Returns the metadata of the item; for a link, those of the link itself.
    pub(crate) fn metadata(&self) -> io::Result<HostMetadata> {
        metadata_at(self.directory.fd()?, self.name)
    }

    /// Opens the item for reading. The caller checks what it is now.
    pub(crate) fn open(&self) -> io::Result<File> {
        open_in(self.directory.fd()?, self.name)
    }
}

/// Whether a path is too long for the system.
pub(crate) fn is_too_long(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::NAMETOOLONG.raw_os_error())
}

/// Whether files on the file system of `file` keep their numbers as long as it is mounted. Other file systems may give
/// a forgotten file a new number.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn has_lasting_numbers(file: &File) -> bool {
    /// FAT, exFAT, FUSE, SMB (three of them), 9P, and the shared folders of VirtualBox.
    const OTHERS: [u32; 8] = [
        0x4D44,
        0x2011_BAB0,
        0x6573_5546,
        0x517B,
        0xFF53_4D42,
        0xFE53_4D42,
        0x0102_1997,
        0x786F_4256,
    ];
    // The field has 32 bits or more, signed or unsigned.
    rustix::fs::fstatfs(file).is_ok_and(|system| !OTHERS.contains(&(system.f_type as u32)))
}

#[cfg(target_os = "macos")]
pub(crate) fn has_lasting_numbers(file: &File) -> bool {
    const OTHERS: [&[u8]; 7] = [
        b"msdos", b"exfat", b"smbfs", b"webdav", b"osxfuse", b"macfuse", b"lifs",
    ];
    rustix::fs::fstatfs(file).is_ok_and(|system| {
        let name = system.f_fstypename.iter().map(|byte| *byte as u8);
        let name: Vec<u8> = name.take_while(|byte| *byte != 0).collect();
        !OTHERS.contains(&&*name)
    })
}

/// Other systems are taken to keep the numbers of all files.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos")))]
pub(crate) const fn has_lasting_numbers(_file: &File) -> bool {
    true
}

/// Whether the file system is known to report the true length of a file: one on a block device. Files of `/proc` claim
/// to be empty.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn has_true_length(metadata: &HostMetadata) -> bool {
    metadata
        .id
        .is_some_and(|id| rustix::fs::major(id.device) != 0)
}

/// Other systems always open a file of length 0 to check that it is empty.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) const fn has_true_length(_metadata: &HostMetadata) -> bool {
    false
}

/// Opens an item.
fn reach(HostPlace { path, below }: HostPlace<'_>, flags: OFlags) -> io::Result<OwnedFd> {
    open_absolute(path, below, flags).map_err(explained)
}

/// Replaces the system's error for an unexpected link, which is easily misread.
fn explained(error: io::Error) -> io::Error {
    match error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
        true => io::Error::other("a link has taken its place, or that of a directory above it"),
        false => error,
    }
}

#[cfg(target_os = "linux")]
/// Returns the metadata by the call that also reports the creation time.
fn statx_at(
    from: BorrowedFd<'_>,
    name: &OsStr,
    flags: AtFlags,
) -> rustix::io::Result<HostMetadata> {
    use rustix::fs::{StatxFlags, StatxTimestamp, makedev, statx};

    let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
    let found = retry_on_intr(|| statx(from, name, flags, wanted))?;
    let time = |flag: StatxFlags, time: &StatxTimestamp| {
        let is_known = found.stx_mask & flag.bits() != 0;
        is_known.then(|| Timestamp::from_unix_nanos(time.tv_sec, time.tv_nsec))
    };
    Ok(HostMetadata {
        kind: kind(FileType::from_raw_mode(found.stx_mode.into())),
        len: found.stx_size,
        is_linked: found.stx_nlink > 1,
        id: Some(FileId {
            device: makedev(found.stx_dev_major, found.stx_dev_minor),
            number: found.stx_ino,
        }),
        hidden: false,
        modified: time(StatxFlags::MTIME, &found.stx_mtime),
        created: time(StatxFlags::BTIME, &found.stx_btime),
        accessed: time(StatxFlags::ATIME, &found.stx_atime),
    })
}

/// Returns the metadata of a name in a directory; for a link, those of the link itself.
pub(crate) fn metadata_at(directory: BorrowedFd<'_>, name: &OsStr) -> io::Result<HostMetadata> {
    let flags = AtFlags::SYMLINK_NOFOLLOW;
    #[cfg(target_os = "linux")]
    match statx_at(directory, name, flags) {
        Err(Errno::NOSYS) => {}
        found => return Ok(found?),
    }
    let found = retry_on_intr(|| rustix::fs::statat(directory, name, flags))?;
    Ok(from_stat(&found))
}

fn metadata_of_handle(handle: BorrowedFd<'_>) -> io::Result<HostMetadata> {
    #[cfg(target_os = "linux")]
    match statx_at(handle, OsStr::new(""), AtFlags::EMPTY_PATH) {
        Err(Errno::NOSYS) => {}
        found => return Ok(found?),
    }
    Ok(from_stat(&rustix::fs::fstat(handle)?))
}

/// The types of the fields differ between systems.
#[allow(
    clippy::unnecessary_cast,
    clippy::cast_lossless,
    reason = "not on every system"
)]
fn from_stat(found: &rustix::fs::Stat) -> HostMetadata {
    let time = |seconds, nanos| Some(Timestamp::from_unix_nanos(seconds, nanos));
    #[cfg(not(target_os = "netbsd"))]
    let (modified, accessed) = (
        time(found.st_mtime as i64, found.st_mtime_nsec as u32),
        time(found.st_atime as i64, found.st_atime_nsec as u32),
    );
    #[cfg(target_os = "netbsd")]
    let (modified, accessed) = (
        time(found.st_mtime as i64, found.st_mtimensec as u32),
        time(found.st_atime as i64, found.st_atimensec as u32),
    );
    #[cfg(any(target_os = "macos", target_os = "ios", target_os = "freebsd"))]
    let created = time(found.st_birthtime as i64, found.st_birthtime_nsec as u32);
    #[cfg(not(any(target_os = "macos", target_os = "ios", target_os = "freebsd")))]
    let created = None;
    // Other systems have no such attribute; a name that begins with a dot is a convention, not an attribute.
    #[cfg(target_os = "macos")]
    let hidden = {
        const UF_HIDDEN: u32 = 0x8000;
        found.st_flags & UF_HIDDEN != 0
    };
    #[cfg(not(target_os = "macos"))]
    let hidden = false;
    HostMetadata {
        kind: kind(FileType::from_raw_mode(found.st_mode as _)),
        len: found.st_size as u64,
        is_linked: found.st_nlink > 1,
        id: Some(FileId {
            device: found.st_dev as u64,
            number: found.st_ino as u64,
        }),
        hidden,
        modified,
        created,
        accessed,
    }
}

const fn kind(file_type: FileType) -> HostKind {
    match file_type {
        FileType::RegularFile => HostKind::File,
        FileType::Directory => HostKind::Directory,
        FileType::Symlink => HostKind::Link,
        _ => HostKind::Special,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_replaced_after_it_was_listed_is_neither_followed_nor_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(directory.path()).unwrap();
        for name in ["fifo", "link"] {
            fs::write(root.join(name), b"data").unwrap();
        }
        let listing = list(HostPlace::of(&root)).unwrap();
        fs::remove_file(root.join("fifo")).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(root.join("fifo"))
            .status();
        assert!(made.unwrap().success());
        fs::write(root.join("other"), b"data").unwrap();
        fs::remove_file(root.join("link")).unwrap();
        symlink("other", root.join("link")).unwrap();
        let [fifo, link] = listing.entries().collect::<Vec<_>>()[..] else {
            panic!();
        };
        let opened = fifo.open().unwrap();
        assert_eq!(metadata_of(&opened).unwrap().kind, HostKind::Special);
        link.open().unwrap_err();
        assert_eq!(link.metadata().unwrap().kind, HostKind::Link);
    }

    /// Without the call used on Linux, everything except the creation time is the same.
    #[test]
    fn all_calls_say_the_same_of_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = fs::canonicalize(directory.path()).unwrap().join("file");
        fs::write(&file, b"data").unwrap();
        fs::hard_link(&file, directory.path().join("other")).unwrap();
        let a = metadata(HostPlace::of(&file)).unwrap();
        let b = from_stat(&rustix::fs::stat(&file).unwrap());
        let c = fs::metadata(&file).unwrap();
        assert_eq!((a.kind, a.len, a.is_linked), (HostKind::File, 4, true));
        assert_eq!((b.kind, b.len, b.is_linked), (HostKind::File, 4, true));
        assert_eq!((a.id, a.modified), (b.id, b.modified));
        assert_eq!(a.accessed, b.accessed);
        assert_eq!(a.modified, Some(c.modified().unwrap().into()));
        assert_eq!(a.created, c.created().ok().map(Timestamp::from));
    }
}
