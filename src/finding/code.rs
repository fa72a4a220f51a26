//! All possible findings: the table of codes.

use std::fmt;

use super::Severity;

/// The rule that a finding's code stands for.
struct Rule {
    code: &'static str,
    severity: Severity,
    clause: Option<&'static str>,
    text: &'static str,
}

/// Creates [`FindingCode`] from the table: a variant, its code, its severity, its clause if there is one, and its text.
macro_rules! finding_codes {
    ($($variant:ident $code:literal $severity:ident [$($clause:literal)?] $text:literal)*) => {
        /// The kinds of faults found on a disc.
        ///
        /// Codes stay the same from version to version, so programs can filter and count by them.
        ///
        /// Not in IMAPI2.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum FindingCode {
            $(
                #[doc = concat!("`", $code, "`: ", $text $(, " (", $clause, ")")?, ".")]
                $variant,
            )*
        }

        impl FindingCode {
            /// All codes, sorted by format.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            const fn rule(self) -> &'static Rule {
                match self {
                    $(
                        Self::$variant => &Rule {
                            code: $code,
                            severity: Severity::$severity,
                            clause: [$(Some($clause),)? None][0],
                            text: $text,
                        },
                    )*
                }
            }
        }
    };
}

finding_codes! {
    // Volume descriptors of ISO 9660 and Joliet.
    IsoDescriptorHalves "iso-descriptor-halves" Warning ["ECMA-119 7.3.3"]
        "halves of a number in the volume descriptor differ"
    IsoBlockSize "iso-block-size" Warning ["ECMA-119 8.4.12"]
        "logical block size is none of 512, 1024 and 2048"
    IsoRootPlace "iso-root-place" Warning ["ECMA-119 8.4.18"]
        "root directory is not quite where the descriptor says"
    IsoRootByPathTable "iso-root-by-path-table" Doubtful ["ECMA-119 8.4.18"]
        "the root directory is where the path table says, not the descriptor"
    IsoRootLength "iso-root-length" Warning ["ECMA-119 8.4.18"]
        "root directory's lengths in its record and in the descriptor differ"

    // Directories of ISO 9660 and Joliet.
    IsoDirectoryOutside "iso-directory-outside" Error ["ECMA-119 9.1.3"]
        "directory lies past the disc's end"
    IsoDirectoryStart "iso-directory-start" Error ["ECMA-119 6.8.2.2"]
        "directory does not begin with itself"
    IsoDirectoryCut "iso-directory-cut" Error ["ECMA-119 9.1.4"]
        "directory reaches past the disc's end"
    IsoDirectoryLength "iso-directory-length" Warning ["ECMA-119 9.1.4"]
        "a directory's length differs from the one in its own record"
    IsoDirectoryLengthGuessed "iso-directory-length-guessed" Doubtful ["ECMA-119 9.1.4"]
        "a directory's length differs from the one in its own record, and cannot be"
    IsoDirectoryShort "iso-directory-short" Warning ["ECMA-119 9.1.4"]
        "a directory is shorter than it says, another one begins in it"
    IsoOwnRecord "iso-own-record" Warning ["ECMA-119 6.8.2.2"]
        "a directory's own record is damaged"
    IsoRecordLength "iso-record-length" Error ["ECMA-119 9.1.1"]
        "directory record has an impossible length"
    IsoRecordOverlong "iso-record-overlong" Doubtful ["ECMA-119 9.1.1"]
        "directory record is longer than it can be"
    IsoRecordCut "iso-record-cut" Error ["ECMA-119 9.1"]
        "directory record is too short"
    IsoIdentifierMissing "iso-identifier-missing" Error ["ECMA-119 9.1.10"]
        "directory record has no identifier"
    IsoIdentifierLength "iso-identifier-length" Doubtful ["ECMA-119 9.1.10"]
        "length of an identifier cannot be, it is guessed"
    IsoDirectoryElsewhere "iso-directory-elsewhere" Unsupported ["ECMA-119 9.1.9"]
        "a directory on another volume of the set, which is not supported"

    // Files of ISO 9660 and Joliet.
    IsoAssociated "iso-associated" Unsupported ["ECMA-119 9.1.6"]
        "associated file is left out"
    IsoAssociatedDirectory "iso-associated-directory" Warning ["ECMA-119 9.1.6"]
        "directory is marked as an associated file"
    IsoAddressGuessed "iso-address-guessed" Doubtful ["ECMA-119 9.1.3"]
        "address is wrong in one byte order"
    IsoAddressHalves "iso-address-halves" Warning ["ECMA-119 9.1.3"]
        "halves of an address differ"
    IsoLengthGuessed "iso-length-guessed" Doubtful ["ECMA-119 9.1.4"]
        "length is wrong in one byte order"
    IsoLengthHalves "iso-length-halves" Warning ["ECMA-119 9.1.4"]
        "halves of a length differ"
    IsoExtendedAttributes "iso-extended-attributes" Doubtful ["ECMA-119 9.1.2"]
        "extended attribute record is not there"
    IsoLastSection "iso-last-section" Doubtful ["ECMA-119 6.5.1"]
        "last section of a file is missing"
    IsoSectionLost "iso-section-lost" Error ["ECMA-119 6.5.1"]
        "last section of a file is missing, as its record cannot be read"
    IsoManySections "iso-many-sections" Error []
        "file has too many sections"
    IsoGapSize "iso-gap-size" Warning ["ECMA-119 9.1.8"]
        "gaps between blocks of no size are ignored"
    IsoInterleaved "iso-interleaved" Unsupported ["ECMA-119 6.4.3"]
        "an interleaved file, which is not supported"
    IsoFileElsewhere "iso-file-elsewhere" Unsupported ["ECMA-119 9.1.9"]
        "a file on another volume of the set, which is not supported"
    IsoBlockZero "iso-block-zero" Warning ["ECMA-119 9.1.3"]
        "file begins at block 0, where no file is"
    IsoFileCut "iso-file-cut" Warning ["ECMA-119 9.1.4"]
        "file reaches past the disc's end"
    IsoFileLength "iso-file-length" Error ["ECMA-119 9.1.4"]
        "file takes more than the whole disc"

    // System use areas and Rock Ridge.
    SuspLongArea "susp-long-area" Warning ["SUSP 5.1"]
        "continuation areas are too long"
    SuspEndlessArea "susp-endless-area" Warning ["SUSP 5.1"]
        "continuation areas have no end"
    SuspUnreadableArea "susp-unreadable-area" Warning ["SUSP 5.1"]
        "continuation area cannot be read"
    SuspEntryLength "susp-entry-length" Warning ["SUSP 4"]
        "system use entry has an impossible length"
    RripUnannounced "rrip-unannounced" Warning ["SUSP 5.3"]
        "Rock Ridge is there and not announced by the root directory"
    RripMarkedName "rrip-marked-name" Warning ["RRIP 4.1.4"]
        "Rock Ridge name is marked as one of `.` and `..`"
    RripLongName "rrip-long-name" Warning ["RRIP 4.1.4"]
        "Rock Ridge name has more than 255 bytes and is left out"
    RripName "rrip-name" Warning ["RRIP 4.1.4"]
        "Rock Ridge name cannot be, the other one is used"
    RripFileMode "rrip-file-mode" Warning ["RRIP 4.1.1"]
        "mode of a file is that of something without data"
    RripLinkMode "rrip-link-mode" Warning ["RRIP 4.1.1"]
        "mode of a symbolic link is that of something else"
    RripNoTarget "rrip-no-target" Warning ["RRIP 4.1.3"]
        "symbolic link leads nowhere"

    // Boot catalogs.
    BootCatalogOutside "boot-catalog-outside" Error ["El Torito 2.0"]
        "the boot catalog lies past the disc's end"
    BootValidation "boot-validation" Error ["El Torito 2.1"]
        "the boot catalog has no valid validation entry"

    // Descriptors of UDF.
    UdfCut "udf-cut" Error ["ECMA-167 3/7.2"]
        "a descriptor is cut short"
    UdfTagIdentifier "udf-tag-identifier" Error ["ECMA-167 3/7.2.1"]
        "a descriptor is of another kind than it should be"
    UdfTagChecksum "udf-tag-checksum" Error ["ECMA-167 3/7.2.3"]
        "the checksum of a descriptor tag is wrong"
    UdfCrc "udf-crc" Error ["ECMA-167 3/7.2.6"]
        "the CRC of a descriptor is wrong"
    UdfTagLocation "udf-tag-location" Error ["ECMA-167 3/7.2.8"]
        "a descriptor tag names another block than its own"
    UdfDamagedDescriptor "udf-damaged-descriptor" Doubtful ["ECMA-167 3/7.2"]
        "a descriptor is damaged, what it says may be wrong"

    // UDF's volume.
    UdfRecognition "udf-recognition" Warning ["ECMA-167 2/8.3"]
        "there is no volume recognition sequence, the volume was found by its anchors"
    UdfAnchor "udf-anchor" Error ["ECMA-167 3/10.2"]
        "no anchor volume descriptor pointer is intact"
    UdfSequence "udf-sequence" Error ["ECMA-167 3/8.4.2"]
        "a volume descriptor sequence lacks a partition or the logical volume"
    UdfMainSequence "udf-main-sequence" Warning ["ECMA-167 3/8.4.2"]
        "the main volume descriptor sequence is damaged, the reserve one was used"
    UdfBothSequences "udf-both-sequences" Warning ["ECMA-167 3/8.4.2"]
        "both volume descriptor sequences are damaged, what is left of them was used"
    UdfLogicalVolume "udf-logical-volume" Error ["ECMA-167 3/10.6"]
        "there is no logical volume descriptor"
    UdfBlockLength "udf-block-length" Unsupported ["UDF 2.2.4"]
        "logical blocks of an unusual length, which is not supported"
    UdfDomain "udf-domain" Warning ["UDF 2.1.5.2"]
        "the domain of the volume is not that of UDF"
    UdfIntegrity "udf-integrity" Warning ["UDF 2.2.6"]
        "there is no intact integrity descriptor"
    UdfNoFileSet "udf-no-file-set" Error ["ECMA-167 4/3.1"]
        "the logical volume has no file set"
    UdfNoRoot "udf-no-root" Error ["ECMA-167 4/14.1"]
        "the file set has no root directory"

    // UDF's partitions.
    UdfMapTable "udf-map-table" Error ["ECMA-167 3/10.6"]
        "the table of partition maps is longer than a sector"
    UdfManyMaps "udf-many-maps" Error []
        "the logical volume has too many partition maps"
    UdfMapLength "udf-map-length" Error ["ECMA-167 3/10.7.1"]
        "a partition map is longer than the table of them"
    UdfMapCut "udf-map-cut" Error ["ECMA-167 3/10.7"]
        "a partition map is cut short"
    UdfMapType "udf-map-type" Unsupported ["ECMA-167 3/10.7.1"]
        "a partition of an unknown type, which is not supported"
    UdfMapPartition "udf-map-partition" Error ["ECMA-167 3/10.7.2"]
        "a partition map has no partition of its number"
    UdfSparableMapCut "udf-sparable-map-cut" Error ["UDF 2.2.9"]
        "a sparable partition map is cut short"
    UdfSparingTable "udf-sparing-table" Warning ["UDF 2.2.12"]
        "a sparing table is damaged, another one was used"
    UdfSparingTables "udf-sparing-tables" Error ["UDF 2.2.12"]
        "no sparing table is intact"
    UdfVirtualBase "udf-virtual-base" Error ["UDF 2.2.8"]
        "a virtual partition has none below it"
    UdfVirtualTable "udf-virtual-table" Error ["UDF 2.2.11"]
        "the virtual allocation table is not there"
    UdfMetadataMapCut "udf-metadata-map-cut" Error ["UDF 2.2.10 of 2.50"]
        "a metadata partition map is cut short"
    UdfMetadataMaps "udf-metadata-maps" Error ["UDF 2.2.10 of 2.50"]
        "the logical volume has more than one metadata partition"
    UdfMetadataBase "udf-metadata-base" Error ["UDF 2.2.10 of 2.50"]
        "the metadata partition has none below it"
    UdfNoMetadataFile "udf-no-metadata-file" Error ["UDF 2.2.13 of 2.50"]
        "the metadata partition has no file"
    UdfMetadataType "udf-metadata-type" Error ["UDF 2.2.13 of 2.50"]
        "a metadata file has another file type"
    UdfMetadataEmbedded "udf-metadata-embedded" Error ["UDF 2.2.13 of 2.50"]
        "a metadata file has its contents in its entry"
    UdfMetadataFile "udf-metadata-file" Warning ["UDF 2.2.13 of 2.50"]
        "the metadata file is damaged, its mirror was used"
    UdfMetadataMirror "udf-metadata-mirror" Warning ["UDF 2.2.13 of 2.50"]
        "the metadata mirror file is damaged"
    UdfMetadataBlock "udf-metadata-block" Warning ["UDF 2.2.13 of 2.50"]
        "a block of metadata is damaged, its mirror was used"

    // Addresses of UDF.
    UdfAddress "udf-address" Error ["ECMA-167 4/7.1"]
        "an address lies outside its partition"
    UdfVirtualAddress "udf-virtual-address" Error ["UDF 2.2.11"]
        "an address lies outside its virtual partition"
    UdfMetadataAddress "udf-metadata-address" Error ["UDF 2.2.13 of 2.50"]
        "an address lies outside the metadata partition"
    UdfPartition "udf-partition" Error ["ECMA-167 4/7.1"]
        "an address lies in a partition that is not there"
    UdfUnrecordedStructure "udf-unrecorded-structure" Error ["ECMA-167 4/14.14.1.1"]
        "a structure lies in a block that is not recorded"

    // Directories of UDF.
    UdfDirectoryLength "udf-directory-length" Error []
        "a directory is longer than the disc"
    UdfUnrecordedDirectory "udf-unrecorded-directory" Warning ["ECMA-167 4/14.14.1.1"]
        "an extent of a directory is marked as not recorded, it was read nevertheless"
    UdfIdentifierCut "udf-identifier-cut" Error ["ECMA-167 4/14.4"]
        "a file identifier descriptor is longer than its directory"
    UdfIdentifierDamaged "udf-identifier-damaged" Error ["ECMA-167 4/14.4"]
        "a file identifier descriptor is damaged"
    UdfDoubtfulIdentifier "udf-doubtful-identifier" Doubtful ["ECMA-167 4/14.4"]
        "a file identifier is damaged, its name may be wrong"
    UdfName "udf-name" Warning ["UDF 2.1.1"]
        "a name is not valid, it has half a surrogate pair or an unknown encoding"
    UdfNoEntry "udf-no-entry" Error ["ECMA-167 4/14.4"]
        "a file identifier descriptor names no file entry"

    // Files of UDF.
    UdfStrategy "udf-strategy" Warning ["ECMA-167 4/14.6.2"]
        "an ICB has an unknown strategy, its first entry was used"
    UdfChain "udf-chain" Error []
        "an ICB has entries without end"
    UdfEntryCut "udf-entry-cut" Error ["ECMA-167 4/14.9"]
        "a file entry is cut short"
    UdfEntryLength "udf-entry-length" Error ["ECMA-167 4/14.9"]
        "a file entry is longer than its block"
    UdfAttributeLength "udf-attribute-length" Error ["ECMA-167 4/14.10.2"]
        "an extended attribute is longer than its space"
    UdfAttributeCut "udf-attribute-cut" Error ["ECMA-167 4/14.10.2"]
        "an extended attribute is too short"
    UdfAttributes "udf-attributes" Warning ["ECMA-167 4/14.10.1"]
        "the extended attributes of a file make no sense"
    UdfAllocationType "udf-allocation-type" Error ["ECMA-167 4/14.6.8"]
        "a file entry has an unknown type of allocation descriptors"
    UdfAllocationLoop "udf-allocation-loop" Error ["ECMA-167 4/14.5"]
        "allocation extents lead back to themselves"
    UdfAllocationExtent "udf-allocation-extent" Error ["ECMA-167 4/14.5"]
        "an allocation extent is longer than its block"
    UdfExtents "udf-extents" Error ["ECMA-167 4/14.9"]
        "a file is longer than all of its extents"
    UdfEmbedded "udf-embedded" Error ["ECMA-167 4/14.6.8"]
        "embedded data is shorter than its file"
    UdfFileLength "udf-file-length" Error ["ECMA-167 4/14.9"]
        "a file takes more than the whole disc"
    UdfDataLength "udf-data-length" Error []
        "a file entry has too much data for its type"
    UdfLinkCut "udf-link-cut" Error ["ECMA-167 4/14.16.1"]
        "a path component is longer than its symbolic link"
    UdfLinkComponent "udf-link-component" Error ["ECMA-167 4/14.16.1"]
        "a path component of a symbolic link is of an unknown type"
    UdfStreamDirectory "udf-stream-directory" Error ["ECMA-167 4/14.6.6"]
        "a stream directory has another file type"
    UdfStreamKind "udf-stream-kind" Error ["UDF 3.3.5"]
        "a named stream is not a file"
    UdfManyStreams "udf-many-streams" Error []
        "a file has too many named streams"
    UdfRootStreams "udf-root-streams" Error ["UDF 3.3.5"]
        "not all named streams of the root directory can be read"

    // The directories of every file system.
    TreeLongPath "tree-long-path" Error []
        "the path of an item is longer than 65536 bytes"
    TreeDepth "tree-depth" Error []
        "directory lies too deep"
    TreeLoop "tree-loop" Error []
        "directory is also in another place"
    TreeLength "tree-length" Error []
        "directories take more than the whole disc"
}

impl FindingCode {
    /// The code as text, such as `udf-tag-identifier`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.rule().code
    }

    /// How much the finding matters.
    #[must_use]
    pub const fn severity(self) -> Severity {
        self.rule().severity
    }

    /// The clause of the standard that it violates, such as `ECMA-119 9.1.4`; `None` if the disc only exceeds what
    /// this crate reads.
    #[must_use]
    pub const fn clause(self) -> Option<&'static str> {
        self.rule().clause
    }

    /// The text of the finding, without numbers.
    #[must_use]
    pub const fn text(self) -> &'static str {
        self.rule().text
    }
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_different_words_and_clauses_are_of_known_standards() {
        const STANDARDS: [&str; 6] = ["ECMA-119", "ECMA-167", "El Torito", "RRIP", "SUSP", "UDF"];
        let mut codes = BTreeSet::new();
        for code in FindingCode::ALL {
            let text = code.as_str();
            assert!(codes.insert(text), "{text}");
            assert!(
                text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'-')),
                "{text}"
            );
            if let Some(clause) = code.clause() {
                let standard = STANDARDS.iter().find_map(|name| clause.strip_prefix(name));
                let number = standard.and_then(|rest| rest.strip_prefix(' '));
                let starts =
                    number.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
                assert!(starts, "{text}: {clause}");
            }
        }
    }
}
