//! The boot images of a draft.

use super::Draft;
use crate::boot::{self, Image, ObjectImage};
use crate::error::{BootProblem, Error, Origin, Result};
use crate::layout::Boot;
use crate::path::ImagePath;
use crate::source::ContentData;
use crate::tree::NodeId;

impl Draft {
    /// Returns the boot objects for a layout of the current image.
    pub(crate) fn boot(&self) -> Result<Boot> {
        let settings = &self.settings;
        if settings.boot_images.is_empty() && self.shows_catalog() {
            return Err(Error::NoBootCatalog {
                path: self.catalog_file().unwrap_or_default(),
            });
        }
        if let Some(record) = settings
            .imported
            .as_ref()
            .and_then(|imported| imported.boot_record.clone())
        {
            return Ok(Boot::Recorded(record));
        }
        if settings.boot_images.is_empty() {
            return Ok(Boot::Nothing);
        }
        let entries = settings
            .boot_images
            .iter()
            .enumerate()
            .map(|(number, options)| {
                let image = match options.image() {
                    Image::Data(data) => ObjectImage::Data(data.clone()),
                    Image::Item(path) => self.boot_item(number, path)?,
                };
                Ok(boot::BootObject {
                    options: options.clone(),
                    image,
                })
            });
        Ok(Boot::Images(entries.collect::<Result<_>>()?))
    }

    /// Returns the item of the image that is the boot image `number`.
    fn boot_item(&self, number: usize, path: &ImagePath) -> Result<ObjectImage> {
        let problem = |problem| {
            Err(Error::BootImage {
                number,
                origin: Origin::Item(path.clone()),
                problem,
            })
        };
        let node = match self.view.look_up(NodeId::ROOT, path) {
            Ok(Some(node)) => node,
            Err(Error::AmbiguousName { matches, .. }) => {
                return problem(BootProblem::Ambiguous { matches });
            }
            Ok(None) | Err(_) => return problem(BootProblem::NoFile),
        };
        match self.tree().content_of(node) {
            None => problem(BootProblem::NoFile),
            Some((_, content)) if matches!(content.data, ContentData::BootCatalog) => {
                problem(BootProblem::Catalog)
            }
            Some((_, content)) if content.len <= self.settings.data().embedded => {
                problem(BootProblem::Embedded)
            }
            Some(_) => Ok(ObjectImage::Node(node)),
        }
    }

    /// Whether a file, or a named stream that is recorded, shows the boot catalog.
    pub(super) fn shows_catalog(&self) -> bool {
        let totals = self.tree().totals();
        totals.boot_catalogs > 0
            || totals.stream_boot_catalogs > 0 && self.settings.records_streams()
    }

    /// Finds a file or a named stream that shows the boot catalog.
    fn catalog_file(&self) -> Option<ImagePath> {
        let tree = self.tree();
        let shows = |node: &NodeId| {
            tree.content_of(*node)
                .is_some_and(|(_, content)| matches!(content.data, ContentData::BootCatalog))
        };
        let mut todo = vec![NodeId::ROOT];
        while let Some(node) = todo.pop() {
            let mut nodes = std::iter::once(node).chain(tree.streams(node));
            if let Some(node) = nodes.find(shows) {
                return Some(tree.path(node));
            }
            if let Some(directory) = tree.directory(node) {
                todo.extend(tree.children(directory).into_iter().rev());
            }
        }
        None
    }
}
