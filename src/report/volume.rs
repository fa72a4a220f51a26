//! The limitations of volume names.

use super::limitation::Limitation;
use crate::codec::text::dstring_text;
use crate::draft::Draft;
use crate::file_systems::FileSystems;

/// Returns the limitations of the volume's names.
pub(super) fn volume_limitations(draft: &Draft) -> Vec<Limitation> {
    let volume_name = draft.effective_volume_name();
    let mut limitations = Vec::new();
    for file_system in draft.settings.file_systems {
        let (name, reasons) = draft.recorded_volume_name(file_system);
        // The primary volume descriptor and the file set have fields of 32 bytes for the name.
        let identifier = dstring_text::<32>(&name);
        let cut =
            (file_system == FileSystems::UDF && identifier != name).then(|| identifier.to_owned());
        if !reasons.is_empty() {
            limitations.push(Limitation::VolumeNameChanged {
                file_system,
                volume_name: volume_name.clone(),
                name,
                reasons,
            });
        }
        limitations.extend(cut.map(|identifier| Limitation::VolumeIdentifierCut { identifier }));
    }
    limitations
}
