//! A disc in memory that keeps what is done to it, fails or loses a write where it is told to, and shows what is left of it
//! when its power is lost.

use std::io;
use std::sync::{Arc, Mutex};

use imapi2fs::{Disc, MemoryDisc, WritableDisc};

use super::bytes::BLOCK;
use crate::append::Bytes;

/// Something that is done to a disc.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Write(u32, Bytes),
    Len(u64),
    Flush,
}

/// What becomes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Fails(io::ErrorKind),
    /// Nothing is done, and nobody is told.
    Lost,
}

pub(crate) type Fault = Box<dyn Fn(usize, &Step) -> Outcome + Send + Sync>;

pub(crate) struct Faulty {
    disc: MemoryDisc,
    steps: Mutex<Vec<Step>>,
    /// Given the number of a step and the step.
    fault: Fault,
    /// Blocks, if it cannot grow.
    blocks: Option<u32>,
}

impl Faulty {
    pub(crate) fn new(
        bytes: &[u8],
        fault: impl Fn(usize, &Step) -> Outcome + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            disc: MemoryDisc::new(bytes.to_vec()),
            steps: Mutex::default(),
            fault: Box::new(fault),
            blocks: None,
        })
    }

    /// A device of so many blocks, which holds `bytes` and zeros.
    pub(crate) fn device(
        bytes: &[u8],
        blocks: u32,
        fault: impl Fn(usize, &Step) -> Outcome + Send + Sync + 'static,
    ) -> Arc<Self> {
        let mut bytes = bytes.to_vec();
        bytes.resize(blocks as usize * BLOCK, 0);
        Arc::new(Self {
            disc: MemoryDisc::new(bytes),
            steps: Mutex::default(),
            fault: Box::new(fault),
            blocks: Some(blocks),
        })
    }

    pub(crate) fn bytes(&self) -> Bytes {
        self.disc.to_vec()
    }

    /// What was done to it, or was to be.
    pub(crate) fn steps(&self) -> Vec<Step> {
        self.steps.lock().unwrap().clone()
    }

    fn take(&self, step: Step) -> io::Result<()> {
        let number = {
            let mut steps = self.steps.lock().unwrap();
            steps.push(step.clone());
            steps.len() - 1
        };
        match (self.fault)(number, &step) {
            Outcome::Done => apply(&self.disc, &step),
            Outcome::Fails(kind) => Err(kind.into()),
            Outcome::Lost => Ok(()),
        }
    }
}

fn apply(disc: &MemoryDisc, step: &Step) -> io::Result<()> {
    match step {
        Step::Write(block, bytes) => disc.write_blocks(*block, bytes),
        Step::Len(len) => disc.set_total_bytes(*len),
        Step::Flush => Ok(()),
    }
}

impl Disc for Faulty {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        self.disc.read_blocks(block, buf)
    }

    fn total_blocks(&self) -> u32 {
        self.disc.total_blocks()
    }

    fn total_bytes(&self) -> u64 {
        self.disc.total_bytes()
    }

    fn can_grow(&self) -> bool {
        self.blocks.is_none()
    }

    fn free_blocks(&self) -> u32 {
        match self.blocks {
            Some(_) => 0,
            None => self.disc.free_blocks(),
        }
    }
}

impl WritableDisc for Faulty {
    fn write_blocks(&self, block: u32, buf: &[u8]) -> io::Result<()> {
        self.take(Step::Write(block, buf.to_vec()))
    }

    fn flush(&self) -> io::Result<()> {
        self.take(Step::Flush)
    }

    fn set_total_bytes(&self, len: u64) -> io::Result<()> {
        self.take(Step::Len(len))
    }
}

/// Steps of one block each.
fn by_block(steps: &[Step]) -> Vec<Step> {
    let mut all = Vec::new();
    for step in steps {
        match step {
            Step::Write(first, bytes) => {
                let blocks = (*first..).zip(bytes.chunks(BLOCK));
                all.extend(blocks.map(|(block, bytes)| Step::Write(block, bytes.to_vec())));
            }
            step => all.push(step.clone()),
        }
    }
    all
}

/// The disc before the first step, after each block that is among the first or the last three between two flushes, or is
/// one of 64 of the others, and after the last step.
pub(crate) fn killed(old: &[u8], steps: &[Step]) -> Vec<Bytes> {
    let disc = MemoryDisc::new(old.to_vec());
    let mut states = vec![old.to_vec()];
    let steps = by_block(steps);
    for between in steps.split(|step| matches!(step, Step::Flush)) {
        let last = between.len().saturating_sub(3);
        for (number, step) in between.iter().enumerate() {
            apply(&disc, step).unwrap();
            if number < 3 || number >= last || number % 64 == 0 {
                states.push(disc.to_vec());
            }
        }
    }
    states
}

/// The disc after a loss of power at each flush, and `tries` times between it and the one before: then any of the steps in
/// between may have come to the medium, and any not.
pub(crate) fn powered_off(old: &[u8], steps: &[Step], tries: usize) -> Vec<Bytes> {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut is_there = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random & 1 == 1
    };
    let disc = MemoryDisc::new(old.to_vec());
    let mut states = Vec::new();
    let steps = by_block(steps);
    for between in steps.split(|step| matches!(step, Step::Flush)) {
        for _ in 0..tries {
            let torn = MemoryDisc::new(disc.to_vec());
            for step in between.iter().filter(|_| is_there()) {
                apply(&torn, step).unwrap();
            }
            states.push(torn.into_bytes());
        }
        for step in between {
            apply(&disc, step).unwrap();
        }
        states.push(disc.to_vec());
    }
    states
}
