//! The command line, and the image that it describes.

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Parser;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use imapi2fs::{
    FileSystemImage, FileSystems, MediaType, Source, TreeOptions, UdfRevision, WriteOptions,
};

use crate::boot::Boot;
use crate::common::{self, NameOptions};
use crate::epoch::source_date_epoch;
use crate::output::Output;
use crate::report::Detail;

/// Builds an image of a directory, with ISO 9660, Joliet and UDF side by side
#[derive(Parser)]
#[command(name = env!("CARGO_CRATE_NAME"), version, after_long_help = DETAILS)]
pub(crate) struct Options {
    /// The directory to make an image of; it may also be a single file
    #[arg(value_name = "SOURCE_DIR")]
    pub(crate) source: PathBuf,

    /// The image: a file, a device or a pipe; - is standard output
    #[arg(value_name = "OUTPUT|-")]
    pub(crate) output: PathBuf,

    #[command(flatten)]
    names: NameOptions,

    /// The revision of UDF: 1.02, 1.50, 2.00, 2.01, 2.50 or 2.60 [default: 1.02]
    #[arg(long, value_name = "REVISION")]
    udf_revision: Option<UdfRevision>,

    /// Record the metadata of UDF 2.50 and 2.60 once, not twice
    #[arg(long)]
    no_redundant_metadata: bool,

    /// Add the named streams of files, which UDF has since 2.00: extended attributes on Unix
    #[arg(long)]
    named_streams: bool,

    /// Embed small files in their ICBs, which saves a block for each; for UDF alone
    #[arg(long)]
    embed_small_files: bool,

    /// Begin files of at least N blocks at a multiple of N blocks, such as 16 for DVDs and 32 for Blu-ray discs
    #[arg(long, value_name = "N")]
    file_alignment: Option<u32>,

    /// Share the data of files from 256 KiB on with OUTPUT instead of copying it, where the file system supports it
    #[arg(long)]
    reflink: bool,

    /// Leave holes in OUTPUT where the image has only zeros
    #[arg(long)]
    sparse: bool,

    /// The number of threads that open and read files [default: as many as help, up to 16]
    #[arg(long, value_name = "N")]
    readers: Option<NonZeroUsize>,

    /// The volume's name [default: made from the date]
    #[arg(long, value_name = "NAME")]
    volume_name: Option<String>,

    /// Record the volume's name unchanged in ISO 9660, like genisoimage and xorriso, not in upper case with _ for
    /// everything except letters and digits; strict readers complain about that
    #[arg(long)]
    verbatim_volume_name: bool,

    /// Use the file systems, UDF revision and size for a kind of medium; other options take precedence
    #[arg(long, value_name = "TYPE", value_parser = media_parser())]
    media: Option<MediaType>,

    /// Boot from this image, may be repeated: KEY=VALUE,…,file=FILE (see below)
    #[arg(long, value_name = "BOOT")]
    boot: Vec<Boot>,

    /// Show the boot catalog as a file of the image
    #[arg(long, value_name = "PATH", requires = "boot")]
    boot_catalog: Option<String>,

    /// The text of README.TXT for readers that know only ISO 9660, when UDF is alone and the image boots
    #[arg(long, value_name = "TEXT", requires = "boot")]
    boot_readme: Option<String>,

    /// The number of blocks of 2048 bytes that the image may have; 0 for any number [default: 0]
    #[arg(long, value_name = "N")]
    free_blocks: Option<u32>,

    /// Copy all files before the image is written, so that they may change in the meantime
    #[arg(long)]
    stage_files: bool,

    /// Where to keep such copies, which vanish with the program [default: the system's]
    #[arg(long, value_name = "DIR")]
    working_directory: Option<PathBuf>,

    /// Replace OUTPUT even if it exists and is the source, one of its files, or lies in SOURCE_DIR
    #[arg(long)]
    pub(crate) overwrite_source: bool,

    /// List every item that is left out, and every item that is not recorded exactly, worst first (on standard output,
    /// unless the image goes there)
    #[arg(
        long,
        value_name = "DETAIL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "losses"
    )]
    pub(crate) report: Option<Detail>,
}

const DETAILS: &str = "\
Boot images, the first of which is the default; a BIOS knows no other:
  platform=x86       or powerpc, mac, efi, a byte such as 0xEF [default: x86]
  emulation=none     or 1.2, 1.44, 2.88, harddisk [default: by the length, but
                     none for EFI]
  manufacturer=NAME  At most 24 characters
  segment=N          Where a BIOS loads it [default: 0, for 0x07C0]
  sectors=N          How many sectors of 512 bytes it loads [default: all]
  to-end             An image for EFI may have more than 65535 of them
  info-table         Tell it where it is, as isolinux and GRUB want
  grub2-info         Tell it where it is, as GRUB's image for CDs wants
  file=FILE          The image; must come last
  item=PATH          The image, a file of the tree; must come last
Windows media: --media disk
  --boot platform=x86,emulation=none,file=etfsboot.com
  --boot platform=efi,emulation=none,file=efisys.bin

Environment:
  SOURCE_DATE_EPOCH  Seconds since 1970 that count as now; later times of files
                     are set back to it

Seeds for cloud-init (NoCloud): --file-systems iso9660,joliet --volume-name cidata
  With UDF, blkid says that the image is UDF, and cloud-init does not look at it.

A regular OUTPUT appears, or is replaced, only when the image is complete. Until
then it grows in the same directory: in a file without a name, of which nothing
stays, or where the system has no such files in one named .imapi2fs-*, which stays
if the program is killed (SIGKILL, power failure) until the next one that writes
there removes it.
OUTPUT is written in place, and is empty if that fails, when it can be written but
not replaced: it is a mount point, or its directory does not let files be made or
replaced. Devices and pipes are always written in place.
An OUTPUT in SOURCE_DIR is left out of the image. If it exists already, or is a
source file by any other name, it is refused unless --overwrite-source is given.
";

impl Options {
    /// Returns an empty image with all settings applied.
    pub(crate) fn image(&self) -> Result<FileSystemImage, Box<dyn Error>> {
        let mut image = match source_date_epoch()? {
            Some(time) => FileSystemImage::with_time(time),
            None => FileSystemImage::new(),
        };
        // The settings of the medium come first, whatever the order on the command line, so that other options override
        // them.
        image.set_free_media_blocks(0)?;
        if let Some(media) = self.media {
            image.choose_image_defaults_for_media_type(media)?;
        }
        self.names.apply_to(&mut image)?;
        if let Some(revision) = self.udf_revision {
            image.set_udf_revision(revision)?;
        }
        if self.no_redundant_metadata {
            image.set_create_redundant_udf_metadata_files(false);
        }
        image.set_embed_small_files(self.embed_small_files);
        if let Some(blocks) = self.file_alignment {
            image.set_file_alignment(blocks)?;
        } else if self.reflink {
            // File systems that share data have blocks of 4096 bytes.
            image.set_file_alignment(2)?;
            image.set_min_aligned_file_size(256 << 10);
        }
        if let Some(blocks) = self.free_blocks {
            image.set_free_media_blocks(blocks)?;
        }
        if let Some(media) = self.media {
            note_choice(media, &image);
        }
        if let Some(name) = &self.volume_name {
            image.set_volume_name(name)?;
        }
        image.set_verbatim_iso9660_volume_name(self.verbatim_volume_name)?;
        if let Some(directory) = &self.working_directory {
            image.set_working_directory(directory)?;
        }
        image.set_stage_files(self.stage_files);
        let boot: imapi2fs::Result<_> = self.boot.iter().map(Boot::options).collect();
        image.set_boot_image_options_array(boot?)?;
        image.set_boot_readme(self.boot_readme.as_deref());
        Ok(image)
    }

    /// Adds the items that are not from the source.
    pub(crate) fn add_to(&self, image: &mut FileSystemImage) -> imapi2fs::Result<()> {
        match &self.boot_catalog {
            Some(path) => image
                .root_mut()
                .add_file(path.as_str(), Source::boot_catalog())
                .map(drop),
            None => Ok(()),
        }
    }

    /// Returns the options for writing the image.
    pub(crate) fn write_options(&self) -> WriteOptions {
        let options = WriteOptions::new()
            .reflink(self.reflink)
            .sparse(self.sparse);
        match self.readers {
            Some(readers) => options.readers(readers),
            None => options,
        }
    }

    /// Returns the options for reading the source.
    pub(crate) fn tree_options(&self, output: &Output) -> Result<TreeOptions, Box<dyn Error>> {
        let options = self.names.tree_options().output(output.file());
        let mut options = options.named_streams(self.named_streams);
        if let Some(time) = source_date_epoch()? {
            options = options.latest_time(time);
        }
        Ok(options)
    }
}

fn media_parser() -> impl TypedValueParser<Value = MediaType> {
    PossibleValuesParser::new(MediaType::WRITABLE.iter().map(ToString::to_string))
        .try_map(|name| name.parse::<MediaType>())
}

fn note_choice(media: MediaType, image: &FileSystemImage) {
    let file_systems = image.file_systems_to_create();
    let mut choice = format!("{media}: {file_systems}");
    if file_systems.contains(FileSystems::UDF) {
        choice += &format!(" {}", image.udf_revision());
    }
    choice += &match image.free_media_blocks() {
        0 => "; any number of blocks".to_owned(),
        blocks => format!("; at most {blocks} blocks"),
    };
    common::note(choice);
}
