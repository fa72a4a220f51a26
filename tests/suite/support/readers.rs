//! Sources that misbehave, or that hold more than there is room for.

use std::io::{self, Read, Seek, SeekFrom};

/// As many bytes as one likes, of which the first eight of each block are its number, and the others zero.
pub(crate) struct Numbered {
    len: u64,
    position: u64,
}

impl Numbered {
    pub(crate) fn new(len: u64) -> Self {
        Self { len, position: 0 }
    }
}

/// The bytes of a [`Numbered`] from `position` on.
pub(crate) fn numbered(position: u64, buf: &mut [u8]) {
    for (at, byte) in (position..).zip(buf) {
        let number = (at / 2048).to_le_bytes();
        *byte = number.get((at % 2048) as usize).copied().unwrap_or(0);
    }
}

impl Read for Numbered {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.len.saturating_sub(self.position);
        let len = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        numbered(self.position, &mut buf[..len]);
        self.position += len as u64;
        Ok(len)
    }
}

impl Seek for Numbered {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = match to {
            SeekFrom::Start(position) => position,
            SeekFrom::End(offset) => self.len.checked_add_signed(offset).unwrap(),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset).unwrap(),
        };
        Ok(self.position)
    }
}

/// Gives a few bytes at a time, and is interrupted before each of them.
pub(crate) struct Hesitant {
    data: Vec<u8>,
    interrupted: bool,
}

impl Hesitant {
    pub(crate) fn new(data: impl Into<Vec<u8>>) -> Self {
        Self {
            data: data.into(),
            interrupted: false,
        }
    }
}

impl Read for Hesitant {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let len = buf.len().min(7).min(self.data.len());
        buf[..len].copy_from_slice(&self.data[..len]);
        self.data.drain(..len);
        Ok(len)
    }
}

/// Gives some bytes, then fails.
pub(crate) struct Failing(pub(crate) usize);

impl Read for Failing {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::other("no luck"));
        }
        let len = buf.len().min(self.0);
        buf[..len].fill(b'f');
        self.0 -= len;
        Ok(len)
    }
}
