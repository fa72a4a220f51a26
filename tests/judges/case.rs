//! One image: which tree, which file systems, which settings.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use chrono::{DateTime, FixedOffset};
use imapi2fs::{
    FileSystemImage, FileSystems, ImagePath, InterchangeLevel, LinkPolicy, ResultImage, Timestamp,
    TreeOptions, UdfRevision, WriteOptions, WriteProgress,
};
use tempfile::TempDir;

use crate::append;
use crate::content::Data;
use crate::expect;
use crate::trees::{Contents, Fact, Node, Origin, Tree};

/// What decides what an image looks like.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) tree: &'static Tree,
    pub(crate) file_systems: FileSystems,
    pub(crate) level: InterchangeLevel,
    pub(crate) strict: bool,
    pub(crate) revision: UdfRevision,
    /// Whether metadata of UDF 2.50 and later is recorded twice.
    pub(crate) redundant: bool,
    pub(crate) files: Files,
    /// How a half of the tree is added to an image of the other half, if it is.
    pub(crate) appended: Option<Appended>,
}

/// How a session is added to an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Appended {
    /// Readers begin at block 0.
    RandomWrite,
    /// Readers begin where the session does.
    Sequential,
}

/// What the files of an image are besides files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Files {
    Plain,
    RealTime,
    WithStreams,
    /// In their ICBs, if they are small and UDF is alone.
    Embedded,
}

pub(crate) struct Case {
    pub(crate) settings: Settings,
    built: OnceLock<Result<Built, String>>,
}

/// An image on disc and what must be in it.
pub(crate) struct Built {
    pub(crate) settings: Settings,
    pub(crate) file: PathBuf,
    pub(crate) nodes: Vec<Node>,
    /// The path of each node, by [`expect::View`].
    pub(crate) paths: Vec<[Option<String>; 3]>,
    /// The block at which the session begins that is to be read.
    pub(crate) session: u32,
    /// From block 0 to the end of that session.
    pub(crate) total_blocks: u32,
    pub(crate) volume_name_udf: String,
    _dir: TempDir,
    _contents: Origin,
}

pub(crate) const VOLUME_NAME: &str = "JUDGED_VOLUME";

impl Settings {
    pub(crate) const fn new(
        tree: &'static Tree,
        file_systems: FileSystems,
        level: InterchangeLevel,
    ) -> Self {
        Self {
            tree,
            file_systems,
            level,
            strict: false,
            revision: UdfRevision::V1_02,
            redundant: true,
            files: Files::Plain,
            appended: None,
        }
    }

    /// Whether the files of UDF are found through a metadata partition.
    pub(crate) fn has_metadata_partition(&self) -> bool {
        self.has(FileSystems::UDF) && self.revision >= UdfRevision::V2_50
    }

    /// Whether a reader that begins at block 0 sees what there is to see.
    pub(crate) fn begins_at_0(&self) -> bool {
        self.appended != Some(Appended::Sequential)
    }

    pub(crate) fn has(&self, file_systems: FileSystems) -> bool {
        self.file_systems.contains(file_systems)
    }

    /// IMAPI2's code for the reason why there is no such image.
    pub(crate) fn refusal(&self) -> Option<u32> {
        let iso9660 = self.has(FileSystems::ISO9660);
        let multi_extent = self.level == InterchangeLevel::Three;
        if iso9660 && self.tree.is(Fact::TooManyDirectories) {
            Some(0xC0AA_B130) // IMAPI_E_TOO_MANY_DIRS
        } else if iso9660 && self.tree.is(Fact::Deep) && (self.strict || !multi_extent) {
            Some(0xC0AA_B131) // IMAPI_E_ISO9660_LEVELS
        } else if iso9660 && self.tree.is(Fact::LargeFile) && !multi_extent {
            Some(0xC0AA_B132) // IMAPI_E_DATA_TOO_BIG
        } else if self.strict && self.tree.name == "case" {
            Some(0xC0AA_B112) // IMAPI_E_DUP_NAME
        } else if self.strict && self.tree.is(Fact::RelaxedNames) {
            Some(0xC0AA_B110) // IMAPI_E_INVALID_PATH
        } else {
            None
        }
    }

    /// Whether warnings are to count: not where the tree itself makes some.
    pub(crate) fn is_flawless(&self) -> bool {
        self.strict && !self.tree.is(Fact::LateTimes)
    }

    /// Whether a checker is to read all files, which takes a minute for each 10 GiB; others are faster.
    pub(crate) fn is_manifest_read(&self) -> bool {
        !self.tree.is(Fact::Endless)
            && (!self.tree.is(Fact::LargeFile) || crate::flag("IMAPI2FS_FULL"))
    }

    /// An empty image so set.
    pub(crate) fn image(&self, now: i64) -> imapi2fs::Result<FileSystemImage> {
        let mut image = FileSystemImage::with_time(Timestamp::from_unix(now));
        image.set_free_media_blocks(0)?;
        image.set_strict_file_system_compliance(self.strict)?;
        image.set_iso9660_interchange_level(self.level)?;
        image.set_file_systems_to_create(self.file_systems)?;
        image.set_udf_revision(self.revision)?;
        image.set_create_redundant_udf_metadata_files(self.redundant);
        image.set_embed_small_files(self.files == Files::Embedded);
        image.set_volume_name(VOLUME_NAME)?;
        Ok(image)
    }

    /// The named streams that files get, with the place of the file among `nodes`: as many as an image can have, of a
    /// block, of more, and some of nothing at all.
    pub(crate) fn streams(&self, nodes: &[Node]) -> Vec<(usize, String, Vec<u8>)> {
        let mut streams = Vec::new();
        let files = nodes.iter().enumerate().filter(|(at, node)| {
            // A checker lists the streams of a file of several names by one of them.
            !node.is_directory() && at % 3 != 0 && self.tree.name != "links"
        });
        for (at, _) in files.filter(|_| self.files == Files::WithStreams) {
            let data = |len: usize| (0..len).map(|byte| (byte * 7 + at) as u8).collect();
            streams.push((at, "Zone.Identifier".to_owned(), data(26)));
            streams.push((at, format!("{at} блоков"), data(at % 20 * 300)));
        }
        streams.truncate(1000);
        streams
    }

    /// Asks the library for an image of `contents`.
    pub(crate) fn result(
        &self,
        contents: &Contents,
    ) -> imapi2fs::Result<(FileSystemImage, ResultImage)> {
        let mut image = self.image(contents.now)?;
        add(&mut image, contents)?;
        let item = |node: &Node| ImagePath::from_components(&node.path);
        if self.files == Files::RealTime {
            for node in contents.nodes.iter().filter(|node| !node.is_directory()) {
                let _ = image.item_mut(item(node))?.set_is_real_time(true)?;
            }
        }
        for (at, name, data) in self.streams(&contents.nodes) {
            let mut file = image.item_mut(item(&contents.nodes[at]))?;
            let _ = file.add_stream(name, data)?;
        }
        let result = image.create_result_image()?;
        Ok((image, result))
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strict = if self.strict { ", strict" } else { "" };
        write!(
            f,
            "{}, {}, level {}{strict}",
            self.tree.name, self.file_systems, self.level as u8
        )?;
        if self.revision > UdfRevision::V1_02 {
            write!(f, ", UDF {}", self.revision)?;
        }
        if !self.redundant {
            f.write_str(", shared metadata")?;
        }
        match self.files {
            Files::Plain => {}
            Files::RealTime => f.write_str(", real-time")?,
            Files::WithStreams => f.write_str(", streams")?,
            Files::Embedded => f.write_str(", embedded")?,
        }
        match self.appended {
            None => Ok(()),
            Some(Appended::RandomWrite) => f.write_str(", appended"),
            Some(Appended::Sequential) => f.write_str(", appended sequentially"),
        }
    }
}

impl Case {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            built: OnceLock::new(),
        }
    }

    /// The image, which is made by whoever asks first.
    pub(crate) fn built(&self) -> Result<&Built, String> {
        self.built
            .get_or_init(|| self.build())
            .as_ref()
            .map_err(|error| format!("no image: {error}"))
    }

    fn build(&self) -> Result<Built, String> {
        let settings = self.settings;
        let contents = (settings.tree.contents)();
        let dir = TempDir::with_prefix("imapi2fs-image-").map_err(|error| error.to_string())?;
        let file = dir.path().join("image.iso");
        let (image, result) = if let Some(how) = settings.appended {
            append::built(&settings, how, &contents, &file)?
        } else {
            let (image, result) = settings.result(&contents).map_err(|error| chain(&error))?;
            write_sparsely(&result, &file, &contents.nodes)
                .map_err(|error| format!("cannot write it: {}", chain(&error)))?;
            (image, result)
        };
        let session = match settings.appended {
            Some(Appended::Sequential) => image.session_start_block(),
            _ => 0,
        };
        Ok(Built {
            settings,
            file,
            paths: expect::paths(&image, &contents.nodes, &settings)?,
            session,
            total_blocks: session + result.total_blocks(),
            volume_name_udf: image.volume_name_udf(),
            nodes: contents.nodes,
            _dir: dir,
            _contents: contents.origin,
        })
    }
}

/// An error with all its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

/// Adds everything in `contents` to `image`.
pub(crate) fn add(image: &mut FileSystemImage, contents: &Contents) -> imapi2fs::Result<()> {
    if let Origin::Directory { root, .. } = &contents.origin {
        let options = TreeOptions::new().links(LinkPolicy::SkipUnresolvable);
        return image.root_mut().add_tree_with(root, &options).map(drop);
    }
    add_nodes(image, &contents.nodes)
}

/// Adds these items; what holds them comes before them or is there.
pub(crate) fn add_nodes<'n>(
    image: &mut FileSystemImage,
    nodes: impl IntoIterator<Item = &'n Node>,
) -> imapi2fs::Result<()> {
    for node in nodes {
        let time = timestamp(node);
        let parent = &node.path[..node.path.len() - 1];
        // As components, for a name may have a `\\` in it.
        let name = ImagePath::from_components([node.name()]);
        if let Some(data) = &node.data {
            let file = image
                .create_file_item(name, data.source())?
                .with_hidden(node.hidden)
                .with_creation_time(time)
                .with_last_accessed_time(time)
                .with_last_modified_time(time);
            image
                .directory_mut(ImagePath::from_components(parent))?
                .add(file)?;
        } else {
            let directory = image
                .create_directory_item(name)?
                .with_hidden(node.hidden)
                .with_creation_time(time)
                .with_last_accessed_time(time)
                .with_last_modified_time(time);
            image
                .directory_mut(ImagePath::from_components(parent))?
                .add(directory)?;
        }
    }
    Ok(())
}

fn timestamp(node: &Node) -> Timestamp {
    let zone = FixedOffset::east_opt(node.zone * 60).expect("less than a day");
    DateTime::from_timestamp(node.modified, 0)
        .expect("a year of four digits")
        .with_timezone(&zone)
        .into()
}

/// Writes the image with holes where it is zero; of endless files only the places that are not zero are read.
fn write_sparsely(result: &ResultImage, path: &Path, nodes: &[Node]) -> io::Result<()> {
    let endless = nodes.iter().find_map(|node| match &node.data {
        Some(Data::Sparse(sparse)) if sparse.len > 64 << 30 => Some((node.name(), sparse)),
        _ => None,
    });
    let Some((name, sparse)) = endless else {
        let options = WriteOptions::new().sparse(true);
        let go_on = |_: WriteProgress<'_>| ControlFlow::Continue(());
        let written = result.write_to_file_with(path, &options, go_on);
        return written.map(drop).map_err(io::Error::other);
    };
    let mut file = File::create(path)?;
    file.set_len(result.len())?;

    let block_size = u64::from(result.block_size());
    let item = result.progress_items().iter().find(|item| {
        item.description().contains(name)
            && u64::from(item.block_count()) == sparse.len.div_ceil(block_size)
    });
    let item = item.ok_or_else(|| io::Error::other(format!("no progress item for `{name}`")))?;
    let start = u64::from(item.first_block()) * block_size;
    copy(result, &mut file, 0, start)?;
    for &mark in sparse.marks.iter() {
        let block = start + mark / block_size * block_size;
        copy(result, &mut file, block, block + 2 * block_size)?;
    }
    copy(
        result,
        &mut file,
        (u64::from(item.last_block()) + 1) * block_size,
        result.len(),
    )
}

fn copy(result: &ResultImage, file: &mut File, mut start: u64, end: u64) -> io::Result<()> {
    static ZEROS: [u8; 1 << 16] = [0; 1 << 16];
    let mut buffer = vec![0; 1 << 20];
    while start < end.min(result.len()) {
        let wanted = (end.min(result.len()) - start).min(buffer.len() as u64) as usize;
        let len = result
            .read_at(start, &mut buffer[..wanted])
            .map_err(io::Error::other)?;
        for part in buffer[..len].chunks(ZEROS.len()) {
            if *part != ZEROS[..part.len()] {
                file.seek(SeekFrom::Start(start))?;
                file.write_all(part)?;
            }
            start += part.len() as u64;
        }
        if len < wanted {
            return Err(io::Error::other(format!("the image ends at byte {start}")));
        }
    }
    Ok(())
}
