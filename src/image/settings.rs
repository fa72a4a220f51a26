//! The properties of `IFileSystemImage` and their checks.

use super::FileSystemImage;
#[cfg(doc)]
use super::ImportSummary;
use crate::block::Lba;
use crate::error::{Error, Result};
use crate::file_systems::{
    FeatureSupport, FileSystems, InterchangeLevel, InvalidValue, UdfRevision,
};
use crate::media::{Defaults, Disc, MediaType};

/// The largest alignment of files, in blocks.
const MAX_ALIGNMENT: u32 = 1 << 15;

impl FileSystemImage {
    /// The file systems the image will have. Default: ISO 9660, Joliet and UDF.
    ///
    /// IMAPI2: `IFileSystemImage::get_FileSystemsToCreate`; its default is not documented.
    #[doc(alias = "get_FileSystemsToCreate")]
    #[must_use]
    pub fn file_systems_to_create(&self) -> FileSystems {
        self.root.draft.settings.file_systems
    }

    /// Sets the file systems the image will have: any non-empty set, with Joliet only beside ISO 9660.
    ///
    /// The result reports whether the [named streams](crate::ItemMut::add_stream) and [real-time
    /// files](crate::ItemMut::set_is_real_time) that have been added will be in the image.
    ///
    /// IMAPI2: `IFileSystemImage::put_FileSystemsToCreate`.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidParameter`] for a set that cannot be created.
    /// - [`Error::TooDeep`] and [`Error::TooManyDirectories`] when the tree is too much for ISO 9660.
    #[doc(alias = "put_FileSystemsToCreate")]
    pub fn set_file_systems_to_create(
        &mut self,
        file_systems: FileSystems,
    ) -> Result<FeatureSupport> {
        if !file_systems.can_be_created() {
            return Err(Error::InvalidParameter(InvalidValue {
                parameter: "file systems to create",
                value: file_systems.to_string(),
                expected: "ISO 9660, UDF or both, with Joliet only beside ISO 9660",
            }));
        }
        if let Some(imported) = &self.root.draft.settings.imported {
            if imported.file_systems != file_systems {
                return Err(Error::FileSystemChangeNotAllowed {
                    recorded: imported.file_systems,
                    wanted: file_systems,
                });
            }
        }
        self.root
            .draft
            .change_settings(|settings| settings.file_systems = file_systems)?;
        Ok(self
            .root
            .draft
            .settings
            .support_of(self.root.draft.tree().totals()))
    }

    /// The file systems that this crate can create: ISO 9660, Joliet and UDF.
    ///
    /// IMAPI2: `IFileSystemImage::get_FileSystemsSupported`.
    #[doc(alias = "get_FileSystemsSupported")]
    #[must_use]
    pub const fn file_systems_supported(&self) -> FileSystems {
        FileSystems::all()
    }

    /// The interchange level of ISO 9660. Default: 1.
    ///
    /// IMAPI2: `IFileSystemImage::get_ISO9660InterchangeLevel`.
    #[doc(alias = "get_ISO9660InterchangeLevel")]
    #[must_use]
    pub fn iso9660_interchange_level(&self) -> InterchangeLevel {
        self.root.draft.settings.level
    }

    /// Sets the interchange level of ISO 9660.
    ///
    /// An image that continues a disc and whose level was not set before gets the level that the [names on the
    /// disc](ImportSummary::interchange_level) show. A level that was set stays: if it is lower, items of the disc get
    /// shorter names, and directories that are too deep and files that are too large are refused.
    ///
    /// IMAPI2: `IFileSystemImage::put_ISO9660InterchangeLevel`. IMAPI2 differs: no document says that it takes over a
    /// level.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidParameter`] for level 3 when strict.
    /// - [`Error::TooDeep`] when the tree is too deep for level 1 or 2 and ISO 9660 is created.
    #[doc(alias = "put_ISO9660InterchangeLevel")]
    pub fn set_iso9660_interchange_level(&mut self, level: InterchangeLevel) -> Result<()> {
        if !self.iso9660_interchange_levels_supported().contains(&level) {
            return Err(Error::InvalidParameter(InvalidValue {
                parameter: "interchange level",
                value: level.to_string(),
                expected: "1 or 2 in a strict image",
            }));
        }
        self.root.draft.change_settings(|settings| {
            settings.level = level;
            settings.level_is_set = true;
        })
    }

    /// The interchange levels that can be created: 1 and 2, and 3 unless strict.
    ///
    /// IMAPI2: `IFileSystemImage::get_ISO9660InterchangeLevelsSupported`. IMAPI2 differs: it has no level 3.
    #[doc(alias = "get_ISO9660InterchangeLevelsSupported")]
    #[must_use]
    pub fn iso9660_interchange_levels_supported(&self) -> &'static [InterchangeLevel] {
        use InterchangeLevel::{One, Three, Two};
        if self.root.draft.settings.strict {
            &[One, Two]
        } else {
            &[One, Two, Three]
        }
    }

    /// The revision of UDF. Default: 1.02.
    ///
    /// IMAPI2: `IFileSystemImage::get_UDFRevision`.
    #[doc(alias = "get_UDFRevision")]
    #[must_use]
    pub fn udf_revision(&self) -> UdfRevision {
        self.root.draft.settings.udf_revision
    }

    /// Sets the revision of UDF. It can be set even if UDF is not created.
    ///
    /// The result reports whether the [named streams](crate::ItemMut::add_stream) and [real-time
    /// files](crate::ItemMut::set_is_real_time) that have been added will be in the image.
    ///
    /// IMAPI2: `IFileSystemImage::put_UDFRevision`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for a revision that cannot be created.
    #[doc(alias = "put_UDFRevision")]
    pub fn set_udf_revision(&mut self, revision: UdfRevision) -> Result<FeatureSupport> {
        if !self.udf_revisions_supported().contains(&revision) {
            return Err(Error::InvalidParameter(InvalidValue {
                parameter: "UDF revision",
                value: revision.to_string(),
                expected: "one of the supported revisions",
            }));
        }
        let imported = self.root.draft.settings.imported.as_ref();
        if let Some(recorded) = imported.and_then(|imported| imported.udf_revision) {
            if recorded != revision {
                return Err(Error::UdfRevisionChangeNotAllowed {
                    recorded,
                    wanted: revision,
                });
            }
        }
        self.root.draft.settings.udf_revision = revision;
        Ok(self
            .root
            .draft
            .settings
            .support_of(self.root.draft.tree().totals()))
    }

    /// The revisions of UDF that can be created, ascending.
    ///
    /// IMAPI2: `IFileSystemImage::get_UDFRevisionsSupported`. IMAPI2 differs: it has all of these except 2.60.
    #[doc(alias = "get_UDFRevisionsSupported")]
    #[must_use]
    pub const fn udf_revisions_supported(&self) -> &'static [UdfRevision] {
        UdfRevision::ALL
    }

    /// Whether the metadata of UDF 2.50 and later is recorded twice. Default: true.
    ///
    /// IMAPI2: `IFileSystemImage3::get_CreateRedundantUdfMetadataFiles`.
    #[doc(alias = "get_CreateRedundantUdfMetadataFiles")]
    #[must_use]
    pub fn create_redundant_udf_metadata_files(&self) -> bool {
        self.root.draft.settings.redundant_metadata
    }

    /// Sets whether the metadata of UDF 2.50 and later (UDF 2.2.10) is recorded twice: once before the file data and
    /// once after it, so that the files can be found when either copy is damaged. If not, the metadata file and its
    /// mirror share one copy. This can be set for any revision and without UDF; the result reports whether it currently
    /// has an effect.
    ///
    /// IMAPI2: `IFileSystemImage3::put_CreateRedundantUdfMetadataFiles`.
    #[doc(alias = "put_CreateRedundantUdfMetadataFiles")]
    pub fn set_create_redundant_udf_metadata_files(&mut self, redundant: bool) -> FeatureSupport {
        self.root.draft.settings.redundant_metadata = redundant;
        self.root.draft.settings.support(UdfRevision::V2_50)
    }

    /// Whether small files are embedded in their ICBs. Default: false.
    #[must_use]
    pub fn embed_small_files(&self) -> bool {
        self.root.draft.settings.embed_small_files
    }

    /// Sets whether files and named streams that fit into the rest of their ICB's block (1872 bytes in UDF 1.02 and
    /// 1.50, 1832 later; ECMA-167 4/14.6.8) are embedded there and take no block of their own. Images of many small
    /// files become smaller and can be read in one go. This has an effect only when UDF alone is created, because the
    /// other file systems cannot refer to such data.
    ///
    /// IMAPI2 has no such option.
    pub fn set_embed_small_files(&mut self, embed: bool) {
        self.root.draft.settings.embed_small_files = embed;
    }

    /// The alignment of file data, in blocks. Default: 1, not aligned.
    #[must_use]
    pub fn file_alignment(&self) -> u32 {
        self.root.draft.settings.file_alignment
    }

    /// Sets the alignment, in blocks, of files of at least that length, counted from the disc's start: 16 for the ECC
    /// blocks of a DVD, 32 for those of a Blu-ray disc. Shorter files fill the space in their order. Real-time files,
    /// where UDF has them, are always aligned to 32 blocks (UDF 6.11 of 2.01) and never embedded in their ICBs.
    ///
    /// IMAPI2 has no such option.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] when `blocks` is not a power of two up to 32768.
    pub fn set_file_alignment(&mut self, blocks: u32) -> Result<()> {
        if !blocks.is_power_of_two() || blocks > MAX_ALIGNMENT {
            return Err(Error::InvalidParameter(InvalidValue {
                parameter: "file alignment",
                value: blocks.to_string(),
                expected: "a power of two up to 32768",
            }));
        }
        self.root.draft.settings.file_alignment = blocks;
        Ok(())
    }

    /// The length in bytes of the shortest file that is aligned. Default: 0, so that every file as long as the
    /// alignment is aligned.
    #[must_use]
    pub fn min_aligned_file_size(&self) -> u64 {
        self.root.draft.settings.min_aligned_file_size
    }

    /// Sets the length in bytes below which files are not [aligned](FileSystemImage::set_file_alignment).
    ///
    /// IMAPI2 has no such option.
    pub fn set_min_aligned_file_size(&mut self, bytes: u64) {
        self.root.draft.settings.min_aligned_file_size = bytes;
    }

    /// The number of blocks the image may have; 0 is no limit. Default: 332 800, a CD of 650 MiB.
    ///
    /// IMAPI2: `IFileSystemImage::get_FreeMediaBlocks`.
    #[doc(alias = "get_FreeMediaBlocks")]
    #[must_use]
    pub fn free_media_blocks(&self) -> u32 {
        self.root.draft.settings.free_media_blocks
    }

    /// Sets how many blocks of [`BLOCK_SIZE`](crate::BLOCK_SIZE) bytes the image may have; 0 leaves only the limit of
    /// all images: no block of the disc has a number above 2³¹ - 2.
    ///
    /// Each addition is checked at once against the smallest size the image can have; the exact size is checked when
    /// the image is created.
    ///
    /// IMAPI2: `IFileSystemImage::put_FreeMediaBlocks`.
    ///
    /// # Errors
    ///
    /// [`Error::ImageTooBig`] when the current image, even an empty one, needs more; the old limit then stays.
    ///
    /// ```
    /// # let mut image = imapi2fs::FileSystemImage::new();
    /// image.set_free_media_blocks(2_295_104)?; // a DVD+R of one layer
    /// image.set_free_media_blocks(0)?; // no limit
    /// # Ok::<(), imapi2fs::Error>(())
    /// ```
    #[doc(alias = "put_FreeMediaBlocks")]
    pub fn set_free_media_blocks(&mut self, blocks: u32) -> Result<()> {
        let limit = u64::from(blocks);
        if blocks > 0 {
            let least = self.root.draft.least_blocks();
            // The layout is computed only if the least number of blocks does not settle it.
            let needed = match least > limit {
                true => least,
                false => self.root.draft.needed_blocks(),
            };
            if needed > limit {
                return Err(Error::ImageTooBig { needed, limit });
            }
        }
        self.root.draft.settings.free_media_blocks = blocks;
        Ok(())
    }

    /// Sets file systems, UDF revision and free blocks for a medium, replacing earlier settings.
    ///
    /// | media | file systems | blocks |
    /// |---|---|---|
    /// | CD-R, CD-RW | ISO 9660, Joliet | 359 847 |
    /// | DVD-R, DVD-RW | UDF 1.02 | 2 298 496 |
    /// | DVD+R, DVD+RW | UDF 1.02 | 2 295 104 |
    /// | DVD-RAM | UDF 1.02 | 2 236 704 |
    /// | DVD+R, DVD+RW of two layers | UDF 1.02 | 4 173 824 |
    /// | DVD-R of two layers | UDF 1.02 | 4 171 712 |
    /// | BD-R, BD-RE | UDF 2.50 | 12 219 392 |
    /// | disk | ISO 9660, Joliet, UDF 1.02 | no limit |
    ///
    /// The result reports whether the named streams and real-time files that have been added will be in the image.
    ///
    /// IMAPI2: `IFileSystemImage::ChooseImageDefaultsForMediaType`; what it chooses is not documented.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidParameter`] for media that cannot be written.
    /// - [`Error::ImageTooBig`] when the items already added need more blocks.
    /// - Those of [`FileSystemImage::set_file_systems_to_create`].
    ///
    /// After an error the image is unchanged.
    #[doc(alias = "ChooseImageDefaultsForMediaType")]
    pub fn choose_image_defaults_for_media_type(
        &mut self,
        media: MediaType,
    ) -> Result<FeatureSupport> {
        let defaults = media.defaults().ok_or_else(|| {
            Error::InvalidParameter(InvalidValue {
                parameter: "media type",
                value: media.to_string(),
                expected: "media that can be written",
            })
        })?;
        self.choose_defaults(defaults, defaults.free_media_blocks)
    }

    /// Sets the defaults for a medium and the number of blocks the image may have on it; changes nothing if any of them
    /// fails.
    fn choose_defaults(&mut self, defaults: Defaults, blocks: u32) -> Result<FeatureSupport> {
        let old = self.root.draft.settings.clone();
        let result = self
            .set_file_systems_to_create(defaults.file_systems)
            .and_then(|_| self.set_udf_revision(defaults.udf_revision))
            .and_then(|support| self.set_free_media_blocks(blocks).map(|()| support));
        if result.is_err() {
            self.root.draft.settings = old;
        }
        result
    }

    /// Sets file systems and UDF revision for the medium in a drive, like
    /// [`choose_image_defaults_for_media_type`](FileSystemImage::choose_image_defaults_for_media_type), and lets the
    /// image use the free space of the medium.
    ///
    /// IMAPI2: `IFileSystemImage::ChooseImageDefaults`.
    ///
    /// # Errors
    ///
    /// - [`Error::MediaIncompatible`] for media that cannot be written.
    /// - [`Error::ImageTooBig`] when the items already added need more blocks than are free.
    /// - Those of [`FileSystemImage::set_file_systems_to_create`].
    ///
    /// After an error the image is unchanged.
    #[doc(alias = "ChooseImageDefaults")]
    pub fn choose_image_defaults(&mut self, disc: &dyn Disc) -> Result<FeatureSupport> {
        let media = disc.media_type();
        let defaults = media.defaults().ok_or_else(|| Error::MediaIncompatible {
            media: media.to_string(),
        })?;
        match disc.free_blocks() {
            // Here 0 does not mean "no limit".
            0 => Err(Error::ImageTooBig {
                needed: self.root.draft.least_blocks(),
                limit: 0,
            }),
            // The capacity of other media of this type does not matter.
            free => self.choose_defaults(defaults, free),
        }
    }

    /// Lets the image have as many blocks as the [largest medium](Disc::maximum_blocks) that a drive writes; 0, if the
    /// drive cannot tell, is no limit.
    ///
    /// IMAPI2: `IFileSystemImage::SetMaxMediaBlocksFromDevice`. IMAPI2 differs: if a [`Disc`] does not report how large
    /// media can be, the size of the medium in the drive applies.
    ///
    /// # Errors
    ///
    /// [`Error::ImageTooBig`] when the items already added need more.
    #[doc(alias = "SetMaxMediaBlocksFromDevice")]
    pub fn set_max_media_blocks_from_device(&mut self, disc: &dyn Disc) -> Result<()> {
        self.set_free_media_blocks(disc.maximum_blocks())
    }

    /// The block of the disc at which the image begins. Default: 0.
    ///
    /// IMAPI2: `IFileSystemImage::get_SessionStartBlock`.
    #[doc(alias = "get_SessionStartBlock")]
    #[must_use]
    pub fn session_start_block(&self) -> u32 {
        self.root.draft.settings.session_start_block.0
    }

    /// Sets the block of the disc at which the image begins. Every address in the image counts from the disc's block 0.
    /// An image that continues a disc begins where the disc says.
    ///
    /// IMAPI2: `IFileSystemImage::put_SessionStartBlock`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] when there is no room for an image after it, or when the image was imported and the
    /// block is not the one that the import set.
    #[doc(alias = "put_SessionStartBlock")]
    pub fn set_session_start_block(&mut self, block: u32) -> Result<()> {
        // Room for the structures before the first file, so that their addresses can be counted.
        if u64::from(block) + 1024 > crate::block::MAX_BLOCKS {
            return Err(Error::InvalidParameter(InvalidValue {
                parameter: "session start block",
                value: block.to_string(),
                expected: "at most 2147482623",
            }));
        }
        if self.root.draft.settings.imported.is_some()
            && Lba(block) != self.root.draft.settings.session_start_block
        {
            return Err(Error::InvalidParameter(InvalidValue {
                parameter: "session start block",
                value: block.to_string(),
                expected: "the block at which the disc takes the next session",
            }));
        }
        self.root.draft.settings.session_start_block = Lba(block);
        Ok(())
    }

    /// Whether the image follows its standards and IMAPI2's documentation in everything that is otherwise relaxed.
    /// Default: false.
    ///
    /// IMAPI2: `IFileSystemImage::get_StrictFileSystemCompliance`.
    #[doc(alias = "get_StrictFileSystemCompliance")]
    #[must_use]
    pub fn strict_file_system_compliance(&self) -> bool {
        self.root.draft.settings.strict
    }

    /// Sets whether the image is strict. A strict image has
    ///
    /// - Joliet names of at most 64 characters, none of them beyond the Basic Multilingual Plane,
    /// - no more than 8 levels of directories and paths of 255 characters in ISO 9660, and no interchange level 3,
    /// - names that Windows allows: none of `\ / : * ? " < > |` and control characters, no two that differ by case
    ///   only, none longer than UDF can hold,
    /// - no item that was changed or read before it was created,
    /// - volume names as IMAPI2 documents them, and in ISO 9660 only with its characters.
    ///
    /// IMAPI2: `IFileSystemImage::put_StrictFileSystemCompliance`; what it relaxes is not documented.
    ///
    /// # Errors
    ///
    /// - [`Error::FileSystemNotEmpty`] when the image is to become strict and has items.
    /// - [`Error::InvalidVolumeName`] and [`Error::InvalidParameter`] when a strict image cannot have the volume name,
    ///   its form in ISO 9660 or the interchange level.
    #[doc(alias = "put_StrictFileSystemCompliance")]
    pub fn set_strict_file_system_compliance(&mut self, strict: bool) -> Result<()> {
        if strict && !self.root.draft.tree().is_empty() {
            return Err(Error::FileSystemNotEmpty {
                setting: "strict file system compliance",
            });
        }
        let old = self.root.draft.settings.strict;
        self.root.draft.settings.strict = strict;
        let name = self.root.draft.settings.volume_name.clone();
        let is_set = self.root.draft.settings.level_is_set;
        let result = self
            .set_volume_name(name)
            .and_then(|()| self.set_iso9660_interchange_level(self.root.draft.settings.level))
            .and_then(|()| {
                self.set_verbatim_iso9660_volume_name(self.root.draft.settings.verbatim_volume_name)
            });
        self.root.draft.settings.level_is_set = is_set;
        if result.is_err() {
            self.root.draft.settings.strict = old;
            self.root.draft.apply_naming();
        } else if strict {
            self.lock_in_change_point();
        }
        result
    }

    /// Whether names may only have characters 32 to 127. Default: false.
    ///
    /// IMAPI2: `IFileSystemImage::get_UseRestrictedCharacterSet`.
    #[doc(alias = "get_UseRestrictedCharacterSet")]
    #[must_use]
    pub fn use_restricted_character_set(&self) -> bool {
        self.root.draft.settings.restricted
    }

    /// Sets whether names of items added from now on may only have characters 32 to 127.
    ///
    /// IMAPI2: `IFileSystemImage::put_UseRestrictedCharacterSet`.
    #[doc(alias = "put_UseRestrictedCharacterSet")]
    pub fn set_use_restricted_character_set(&mut self, restricted: bool) {
        self.root.draft.settings.restricted = restricted;
    }
}
