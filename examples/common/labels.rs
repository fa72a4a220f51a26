//! Volume names that a file system changes.

use imapi2fs::{FileSystemImage, FileSystems, LimitationClass};

use crate::note;

/// Reports the file systems that change the volume name: programs look for discs by it. `option` keeps it in ISO 9660.
pub(crate) fn note_labels(image: &FileSystemImage, option: Option<&str>) {
    for limitation in image.report().of_class(LimitationClass::Label) {
        match option.filter(|_| limitation.file_system() == FileSystems::ISO9660) {
            Some(option) => note(format_args!("{limitation}; {option} keeps it")),
            None => note(limitation),
        }
    }
}
