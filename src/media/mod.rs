//! Media: their types and the defaults of their images; discs to read, and files that serve as discs.

mod blocks;
mod disc;
mod disc_data;
mod head;
mod kept;
mod memory;
mod multisession;
mod positioned;
mod types;
mod writable;

pub(crate) use self::blocks::{Blocks, NextData};
pub use self::disc::{Disc, FileDisc, ReaderDisc};
pub(crate) use self::disc_data::{DiscData, missing, missing_len};
pub(crate) use self::head::SessionHead;
pub(crate) use self::kept::Kept;
pub use self::memory::MemoryDisc;
pub use self::multisession::{
    Multisession, MultisessionInterface, MultisessionRandomWrite, MultisessionSequential,
};
pub(crate) use self::positioned::{read_at, read_exact_at, write_all_at};
pub(crate) use self::types::Defaults;
pub use self::types::MediaType;
pub use self::writable::{Locking, WritableDisc, WritableFile};
