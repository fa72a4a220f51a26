//! The files that are staged even when staging is off, because their medium may vanish before the image is read.

use std::fmt;
use std::path::Path;

/// Decides which files are copied to the working directory when they are added even while
/// [`stage_files`](crate::FileSystemImage::stage_files) is off.
///
/// IMAPI2: with `StageFiles` = `VARIANT_FALSE` it still stages what may vanish, such as files on removable drives.
pub trait StagingPolicy: fmt::Debug + Send + Sync {
    /// Returns whether the files in `directory` may be gone, or belong to another medium, when the image is read.
    ///
    /// The image calls this once for each directory.
    fn may_vanish(&self, directory: &Path) -> bool;
}

/// The default policy of an image: it asks the platform whether the medium is removable.
///
/// On Linux the kernel answers for the block device, on macOS and Windows the system for the volume. On other platforms
/// nothing counts as removable. The platform is asked once for each device.
#[derive(Debug, Default)]
pub struct PlatformStaging {
    known: platform::RemovableMedia,
}

impl StagingPolicy for PlatformStaging {
    fn may_vanish(&self, directory: &Path) -> bool {
        self.known.is_removable(directory)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod platform {
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::{Path, PathBuf};
    use std::sync::{Mutex, PoisonError};

    use crate::host::source::{self as host, HostPlace};

    /// Whether devices are removable, by device number.
    #[derive(Debug, Default)]
    pub(super) struct RemovableMedia {
        devices: Mutex<BTreeMap<u64, bool>>,
    }

    impl RemovableMedia {
        pub(super) fn is_removable(&self, directory: &Path) -> bool {
            let device = match fs::metadata(directory) {
                Ok(metadata) => Some(metadata.dev()),
                Err(error) if host::is_too_long(&error) => device_in_parts(directory),
                Err(_) => None,
            };
            let Some(device) = device else {
                return false;
            };
            let mut devices = self.devices.lock().unwrap_or_else(PoisonError::into_inner);
            *devices
                .entry(device)
                .or_insert_with_key(|device| is_device_removable(*device))
        }
    }

    fn device_in_parts(directory: &Path) -> Option<u64> {
        let metadata = host::metadata(HostPlace::of(directory)).ok()?;
        Some(metadata.id?.device)
    }

    fn is_device_removable(device: u64) -> bool {
        let device: PathBuf = format!(
            "/sys/dev/block/{}:{}",
            rustix::fs::major(device),
            rustix::fs::minor(device)
        )
        .into();
        // A partition has no such entry, but its disk has.
        ["removable", "../removable"].iter().any(|entry| {
            fs::read_to_string(device.join(entry)).is_ok_and(|text| text.trim() == "1")
        })
    }
}

#[cfg(any(windows, target_os = "macos"))]
mod platform {
    use std::path::{Path, PathBuf};
    use std::sync::OnceLock;

    use sysinfo::Disks;

    /// The mount points of volumes, and whether the volumes are removable.
    #[derive(Debug, Default)]
    pub(super) struct RemovableMedia {
        volumes: OnceLock<Vec<(PathBuf, bool)>>,
    }

    impl RemovableMedia {
        pub(super) fn is_removable(&self, directory: &Path) -> bool {
            let directory = plain(directory);
            self.volumes
                .get_or_init(volumes)
                .iter()
                .filter(|(mount_point, _)| directory.starts_with(mount_point))
                .max_by_key(|(mount_point, _)| mount_point.as_os_str().len())
                .is_some_and(|(_, removable)| *removable)
        }
    }

    fn volumes() -> Vec<(PathBuf, bool)> {
        Disks::new_with_refreshed_list()
            .iter()
            .map(|disk| (disk.mount_point().to_owned(), disk.is_removable()))
            .collect()
    }

    /// Returns a path in the form used for volumes: without the prefix that Windows gives canonical paths.
    fn plain(path: &Path) -> PathBuf {
        match path.to_str().and_then(|text| text.strip_prefix(r"\\?\")) {
            Some(text) => text.into(),
            None => path.to_owned(),
        }
    }
}

#[cfg(not(any(
    windows,
    target_os = "macos",
    target_os = "linux",
    target_os = "android"
)))]
mod platform {
    use std::path::Path;

    #[derive(Debug, Default)]
    pub(super) struct RemovableMedia;

    impl RemovableMedia {
        pub(super) const fn is_removable(&self, _directory: &Path) -> bool {
            false
        }
    }
}
