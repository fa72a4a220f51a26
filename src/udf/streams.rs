//! Named streams (UDF 3.3.5 of 2.00): the files that have any, and the order of their structures.
//!
//! The ICBs of all items are followed, for each file with streams, by the ICB of its stream directory and those of the
//! streams.

use crate::codec::unique::{Mapped, NameRules, renamed};
use crate::error::{Error, Result};
use crate::file_systems::FileSystems;
use crate::tree::{NodeId, Tree};

use super::names::UdfNames;

/// The streams of a volume.
#[derive(Debug, Default)]
pub(super) struct Streams {
    /// Files with streams, ascending by position.
    owners: Vec<Owner>,
    /// The streams of all these files, each with its name on the disc.
    streams: Vec<(NodeId, String)>,
}

#[derive(Clone, Copy, Debug)]
struct Owner {
    position: u32,
    /// Index of its first stream among all.
    first: u32,
    /// Index of its stream directory's ICB among the streams' ICBs.
    icb: u32,
}

/// The subject of an ICB after those of the items.
#[derive(Clone, Copy, Debug)]
pub(super) enum StreamIcb {
    /// The stream directory of this number.
    Directory(u32),
    /// A stream in the directory of this number.
    Stream(u32, NodeId),
}

impl Streams {
    /// Adds the streams of the file at `position`, which is higher than those of all files added before.
    pub(super) fn push(&mut self, tree: &Tree, position: u32, file: NodeId) -> Result<()> {
        let nodes = tree.streams(file);
        let items = nodes.iter().map(|node| tree.named(*node));
        let others = renamed(&UdfNames, items).map_err(|place| Error::NoUniqueName {
            path: tree.path(nodes[place]),
            file_system: FileSystems::UDF,
        })?;
        self.owners.push(Owner {
            position,
            // There are no more streams than nodes.
            first: self.streams.len() as u32,
            icb: self.icbs(),
        });
        let first = self.streams.len();
        let mut mapped = Mapped::default();
        for node in nodes {
            UdfNames.map(tree.name(node), false, &mut mapped);
            self.streams.push((node, mapped.text.clone()));
        }
        for (place, name) in others {
            self.streams[first + place].1 = name;
        }
        Ok(())
    }

    /// Returns the number of stream directories.
    pub(super) fn directories(&self) -> u32 {
        self.owners.len() as u32
    }

    /// Returns the number of ICBs, of directories and of streams.
    pub(super) fn icbs(&self) -> u32 {
        (self.owners.len() + self.streams.len()) as u32
    }

    /// Returns the stream directory of the file at `position`.
    pub(super) fn directory_of(&self, position: u32) -> Option<u32> {
        let place = self
            .owners
            .binary_search_by_key(&position, |owner| owner.position);
        place.ok().map(|place| place as u32)
    }

    /// Returns the position of the file whose stream directory has this number.
    pub(super) fn owner(&self, directory: u32) -> u32 {
        self.owners[directory as usize].position
    }

    /// Returns the streams in a stream directory, in the order of their ICBs.
    pub(super) fn in_directory(&self, directory: u32) -> &[(NodeId, String)] {
        let first = |number: usize| {
            let owner = self.owners.get(number);
            owner.map_or(self.streams.len(), |owner| owner.first as usize)
        };
        let directory = directory as usize;
        &self.streams[first(directory)..first(directory + 1)]
    }

    /// Returns the index of a stream directory's ICB among the streams' ICBs; those of its streams follow.
    pub(super) fn icb_of_directory(&self, directory: u32) -> u32 {
        self.owners[directory as usize].icb
    }

    /// Returns the subject of the ICB at `index` among the streams' ICBs.
    pub(super) fn at(&self, index: u32) -> StreamIcb {
        let directory = self.owners.partition_point(|owner| owner.icb <= index) as u32 - 1;
        match (index - self.icb_of_directory(directory)).checked_sub(1) {
            None => StreamIcb::Directory(directory),
            Some(place) => {
                let (node, _) = self.in_directory(directory)[place as usize];
                StreamIcb::Stream(directory, node)
            }
        }
    }
}
