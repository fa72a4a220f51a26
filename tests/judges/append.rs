//! Images that are made in two steps: a half of the tree, and a session with the rest.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use imapi2fs::{
    FileSystemImage, ImagePath, Locking, MultisessionInterface, RandomWriteImage, ResultImage,
    SequentialImage, WritableFile,
};

use crate::case::{Appended, Settings, add_nodes, chain};
use crate::trees::{Contents, Node};

/// A file of the first session that the second does not have.
const GONE: &str = "gone before the end.txt";

/// Makes the image at `file`; returns what the second session was made with.
pub(crate) fn built(
    settings: &Settings,
    how: Appended,
    contents: &Contents,
    file: &Path,
) -> Result<(FileSystemImage, ResultImage), String> {
    let failed = |error: imapi2fs::Error| chain(&error);
    let mut first = settings.image(contents.now).map_err(failed)?;
    add_nodes(&mut first, early(contents)).map_err(failed)?;
    first.root_mut().add_file(GONE, b"gone").map_err(failed)?;
    // Every fifth file of the second session replaces one of the first.
    for node in replaced(contents) {
        let path = ImagePath::from_components(&node.path);
        first.root_mut().add_file(path, b"old").map_err(failed)?;
    }
    let result = first.create_result_image().map_err(failed)?;
    let created = File::create(file).map_err(|error| error.to_string())?;
    result.write_to(created).map_err(failed)?;

    let disc = Arc::new(WritableFile::open(file, Locking::Refuse).map_err(failed)?);
    let mut second = settings.image(contents.now).map_err(failed)?;
    let interface = match how {
        Appended::RandomWrite => {
            MultisessionInterface::random_write(RandomWriteImage::new(disc.clone()))
        }
        Appended::Sequential => {
            MultisessionInterface::sequential(SequentialImage::open(disc.clone()).map_err(failed)?)
        }
    };
    let interfaces = second.set_multisession_interfaces(vec![interface]);
    interfaces.map_err(failed)?;
    second.import_file_system().map_err(failed)?;
    second.root_mut().remove(GONE).map_err(failed)?;
    for node in replaced(contents) {
        let path = ImagePath::from_components(&node.path);
        second.root_mut().remove(path).map_err(failed)?;
    }
    add_nodes(&mut second, late(contents)).map_err(failed)?;
    let result = second.create_result_image().map_err(failed)?;
    let start = match how {
        Appended::RandomWrite => 0,
        Appended::Sequential => u64::from(second.session_start_block()) * 2048,
    };
    let written = result.append_to(&disc);
    written.map_err(|error| format!("cannot write it: {}", chain(&error)))?;
    let len = fs::metadata(file).map_err(|error| error.to_string())?.len();
    if len != start + result.len() {
        return Err(format!(
            "{len} bytes instead of {start} and {}",
            result.len()
        ));
    }
    Ok((second, result))
}

/// All directories, and every second file.
fn early(contents: &Contents) -> impl Iterator<Item = &Node> {
    let nodes = contents.nodes.iter().enumerate();
    nodes
        .filter(|(at, node)| node.is_directory() || at % 2 == 0)
        .map(|(_, node)| node)
}

fn late(contents: &Contents) -> impl Iterator<Item = &Node> {
    let nodes = contents.nodes.iter().enumerate();
    nodes
        .filter(|(at, node)| !node.is_directory() && at % 2 == 1)
        .map(|(_, node)| node)
}

fn replaced(contents: &Contents) -> impl Iterator<Item = &Node> {
    late(contents).step_by(5)
}
