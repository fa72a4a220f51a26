//! Which files are staged although staging is off: those whose medium may vanish before the image is read.

use std::fmt;
use std::path::Path;

/// Decides which files are copied to the working directory when they are added even while
/// [`stage_files`](crate::FileSystemImage::stage_files) is off.
///
/// IMAPI2: with `StageFiles` = `VARIANT_FALSE` it still stages what may vanish, such as files on removable drives.
pub trait StagingPolicy: fmt::Debug + Send + Sync {
    /// Whether the files in `directory` may be gone, or be another medium's, by the time the image is read.
    fn may_vanish(&self, directory: &Path) -> bool;
}

/// The policy an image has until it is given another: it asks the platform whether the medium is removable.
///
/// On Linux that is what the kernel says of the block device, on macOS and Windows what the system says of the
/// volume. On other platforms nothing counts as removable.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlatformStaging;

impl StagingPolicy for PlatformStaging {
    fn may_vanish(&self, directory: &Path) -> bool {
        platform::is_removable(directory)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod platform {
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::{Path, PathBuf};

    pub(super) fn is_removable(directory: &Path) -> bool {
        let Ok(metadata) = fs::metadata(directory) else {
            return false;
        };
        let device = metadata.dev();
        let device: PathBuf = format!(
            "/sys/dev/block/{}:{}",
            rustix::fs::major(device),
            rustix::fs::minor(device)
        )
        .into();
        // A partition has no such entry, the disc it is on has.
        ["removable", "../removable"].iter().any(|entry| {
            fs::read_to_string(device.join(entry)).is_ok_and(|text| text.trim() == "1")
        })
    }
}

#[cfg(any(windows, target_os = "macos"))]
mod platform {
    use std::path::{Path, PathBuf};

    use sysinfo::Disks;

    pub(super) fn is_removable(directory: &Path) -> bool {
        let directory = plain(directory);
        Disks::new_with_refreshed_list()
            .iter()
            .filter(|disk| directory.starts_with(disk.mount_point()))
            .max_by_key(|disk| disk.mount_point().as_os_str().len())
            .is_some_and(sysinfo::Disk::is_removable)
    }

    /// The path as volumes are named by: without the prefix that Windows gives canonical paths.
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

    pub(super) fn is_removable(_directory: &Path) -> bool {
        false
    }
}
