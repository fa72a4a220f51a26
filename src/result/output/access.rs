//! The access rights of a file, to be passed on to the file that replaces it.

use std::fs::{File, Permissions};
use std::io;

/// Who may read, write and execute a file.
#[derive(Clone, Debug)]
pub(super) struct Access {
    permissions: Permissions,
    #[cfg(unix)]
    group: u32,
    /// The access control list, if it says more than the permissions.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    list: Option<Vec<u8>>,
}

impl Access {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            permissions: metadata.permissions(),
            #[cfg(unix)]
            group: std::os::unix::fs::MetadataExt::gid(&metadata),
            #[cfg(any(target_os = "linux", target_os = "android"))]
            list: list::get(file),
        })
    }

    /// The mode for creating a file that will get this access: until then only its owner may use it.
    #[cfg(unix)]
    pub(super) fn first_mode(&self) -> u32 {
        self.mode() & 0o700
    }

    /// The mode without the bits that let a file run as its owner, who may be another user now.
    #[cfg(unix)]
    fn mode(&self) -> u32 {
        use std::os::unix::fs::PermissionsExt;
        self.permissions.mode() & 0o777
    }

    #[cfg(not(unix))]
    pub(super) fn hand_down(&self, file: &File) -> io::Result<()> {
        file.set_permissions(self.permissions.clone())
    }

    /// Gives a file this access. Rights that it cannot get, it gives to nobody.
    #[cfg(unix)]
    pub(super) fn hand_down(&self, file: &File) -> io::Result<()> {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

        let mut mode = self.mode();
        if file.metadata()?.gid() != self.group && fchown(file, None, Some(self.group)).is_err() {
            // The file has a different group, and members of the old one count as others.
            let both = (mode >> 3) & mode & 0o7;
            mode = (mode & 0o700) | (both << 3) | both;
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if !list::set(file, self.list.as_deref()) {
            // With a list, the group bits are the maximum that the list allows, not the rights of the group.
            mode &= 0o700;
        }
        file.set_permissions(Permissions::from_mode(mode))
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod list {
    use std::fs::File;

    use rustix::fs::{XattrFlags, fgetxattr, fremovexattr, fsetxattr};
    use rustix::io::Errno;

    const NAME: &str = "system.posix_acl_access";
    /// The length limit of Linux.
    const MAX_LEN: usize = 64 << 10;

    pub(super) fn get(file: &File) -> Option<Vec<u8>> {
        let mut list = vec![0; MAX_LEN];
        let len = fgetxattr(file, NAME, list.as_mut_slice()).ok()?;
        list.truncate(len);
        Some(list)
    }

    /// Gives a file this list, or removes the one it got from its directory; returns whether that succeeded.
    pub(super) fn set(file: &File, list: Option<&[u8]>) -> bool {
        match list {
            Some(list) => fsetxattr(file, NAME, list, XattrFlags::empty()).is_ok(),
            None => match fremovexattr(file, NAME) {
                Ok(()) | Err(Errno::NODATA | Errno::NOTSUP) => true,
                // A file system without lists may report that with a different error.
                Err(_) => get(file).is_none(),
            },
        }
    }
}
