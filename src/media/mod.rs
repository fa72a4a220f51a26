//! Media: their types and what an image for each is made with; discs that are read, and files that serve as discs.

mod blocks;
mod data;
mod disc;
mod multisession;
mod types;

pub(crate) use self::blocks::Blocks;
pub(crate) use self::data::{DiscData, missing};
pub use self::disc::{Disc, FileDisc, ReaderDisc};
pub use self::multisession::{
    Multisession, MultisessionInterface, MultisessionRandomWrite, MultisessionSequential,
};
pub(crate) use self::types::Defaults;
pub use self::types::MediaType;
