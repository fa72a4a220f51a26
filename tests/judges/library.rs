//! What needs no other program: refusals, and that the same input gives the same bytes.

use std::collections::BTreeSet;
use std::io::{self, Read};

use imapi2fs::{
    FileSystemImage, FileSystems, ImagePath, InterchangeLevel, ResultImage, Source, Timestamp,
};
use libtest_mimic::{Failed, Trial};

use crate::case::{self, Settings, chain};
use crate::expect::{self, View};
use crate::trees::{self, Contents, Fact};

/// What the library reports: an item if and only if its name is another one.
///
/// The judges compare the names themselves with what is in the image.
pub(crate) fn report(settings: Settings) -> Trial {
    Trial::test(format!("{settings}: report of names"), move || {
        let contents = (settings.tree.contents)();
        let mut image = settings.image(contents.now)?;
        case::add(&mut image, &contents)?;
        let paths = expect::paths(&image, &contents.nodes, &settings)?;
        for view in View::ALL
            .into_iter()
            .filter(|view| settings.has(view.file_system()))
        {
            let mut renamed = BTreeSet::new();
            for (node, paths) in contents.nodes.iter().zip(&paths) {
                let path = paths[view as usize].as_deref().unwrap_or_default();
                if view.bare(path.rsplit('/').next().unwrap_or_default()) != node.name() {
                    renamed.insert(node.path.clone());
                }
            }
            let reported = expect::renamed(&image, view);
            if let Some(path) = renamed.difference(&reported).next() {
                return Err(format!("{view:?}: {path:?} has another name, unreported").into());
            }
            if let Some(path) = reported.difference(&renamed).next() {
                return Err(format!("{view:?}: {path:?} is reported, but has its own name").into());
            }
        }
        Ok(())
    })
}

/// There is no image of `settings`, and the library says why.
pub(crate) fn refused(settings: Settings) -> Trial {
    Trial::test(format!("{settings}: refused"), move || {
        let wanted = settings.refusal().expect("a case without an image");
        let contents = (settings.tree.contents)();
        // That of the host is only as deep as it is.
        let fits = settings.tree.is(Fact::Deep) && !contents.is_deep();
        match settings.result(&contents) {
            Ok(_) if fits => Ok(()),
            Ok(_) => Err(format!("accepted instead of {wanted:#X}").into()),
            Err(error) if !fits && error.hresult().0 == wanted => Ok(()),
            Err(error) => Err(format!(
                "{:#X} instead of {wanted:#X}: {}",
                error.hresult().0,
                chain(&error)
            )
            .into()),
        }
    })
}

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("two builds are the same", two_builds),
        Trial::test("staged files give the same image", staged),
        Trial::test("files read once give the same image", piped),
        Trial::test("an image written out is the image read", written),
    ]
}

fn settings() -> Settings {
    Settings::new(&trees::MIXED, FileSystems::all(), InterchangeLevel::Three)
}

fn bytes(result: &ResultImage) -> Result<Vec<u8>, Failed> {
    let mut bytes = Vec::new();
    result.image_stream().read_to_end(&mut bytes)?;
    if bytes.len() as u64 == result.len() {
        Ok(bytes)
    } else {
        Err("the stream ends early".into())
    }
}

fn mixed() -> Contents {
    (trees::MIXED.contents)()
}

fn plain() -> Result<Vec<u8>, Failed> {
    bytes(&settings().result(&mixed())?.1)
}

fn same(a: &[u8], b: &[u8]) -> Result<(), Failed> {
    if a.len() != b.len() {
        return Err(format!("{} and {} bytes", a.len(), b.len()).into());
    }
    match a.iter().zip(b).position(|(a, b)| a != b) {
        None => Ok(()),
        Some(at) => Err(format!(
            "first difference in block {}, byte {}",
            at / 2048,
            at % 2048
        )
        .into()),
    }
}

fn two_builds() -> Result<(), Failed> {
    same(&plain()?, &plain()?)?;
    // Neither may the order of the additions matter.
    let mut contents = mixed();
    contents
        .nodes
        .sort_by_key(|node| (node.path.len(), std::cmp::Reverse(node.path.clone())));
    same(&plain()?, &bytes(&settings().result(&contents)?.1)?)
}

/// The same tree in a directory, added file by file as `source` makes it.
fn from_directory(
    stage: bool,
    source: fn(&std::path::Path) -> io::Result<Source>,
) -> Result<Vec<u8>, Failed> {
    let dir = tempfile::TempDir::with_prefix("imapi2fs-sources-")?;
    let mut image = settings().image(trees::NOW)?;
    image.set_stage_files(stage);
    for (number, node) in mixed().nodes.iter().enumerate() {
        let path = ImagePath::from_components(&node.path);
        let time = Timestamp::from_unix(node.modified);
        let mut item = if let Some(data) = &node.data {
            let local = dir.path().join(number.to_string());
            data.write_to(&local)?;
            image.root_mut().add_file(path.clone(), source(&local)?)?;
            image.item_mut(path)?
        } else {
            image.root_mut().add_directory(path.clone())?;
            image.item_mut(path)?
        };
        set_times(&mut item, time)?;
    }
    whole(&image)
}

fn set_times(item: &mut imapi2fs::ItemMut<'_>, time: Timestamp) -> imapi2fs::Result<()> {
    item.set_creation_time(time)?;
    item.set_last_modified_time(time)?;
    item.set_last_accessed_time(time)
}

fn whole(image: &FileSystemImage) -> Result<Vec<u8>, Failed> {
    bytes(&image.create_result_image()?)
}

fn staged() -> Result<(), Failed> {
    let by_path = |path: &std::path::Path| Ok(Source::path(path));
    same(&plain()?, &from_directory(false, by_path)?)?;
    same(&plain()?, &from_directory(true, by_path)?)
}

fn piped() -> Result<(), Failed> {
    let once = |path: &std::path::Path| Ok(Source::reader(std::fs::File::open(path)?));
    same(&plain()?, &from_directory(false, once)?)?;
    same(&plain()?, &from_directory(true, once)?)
}

fn written() -> Result<(), Failed> {
    let (_, result) = settings().result(&mixed())?;
    let mut out = Vec::new();
    result.write_to(&mut out)?;
    same(&bytes(&result)?, &out)
}
