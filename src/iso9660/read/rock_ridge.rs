//! The Rock Ridge attributes of an entry (RRIP 4.1).
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use zerocopy::FromBytes;
use zerocopy::little_endian::U32;

use super::context::Context;
use super::record::Record;
use super::susp;
use crate::codec::time::{RecordTime, VolumeTime};
use crate::error::Result;
use crate::finding::FindingCode;
use crate::recorded::EntryKind;
use crate::time::Timestamp;

/// Flags of names (RRIP 4.1.4) and of parts of symbolic links (RRIP 4.1.3.1).
const CONTINUE: u8 = 1;
const CURRENT: u8 = 2;
const PARENT: u8 = 4;
const ROOT: u8 = 8;

/// Times are 17 bytes long, not 7 (RRIP 4.1.6).
const LONG_FORM: u8 = 0x80;

/// The longest name in bytes, as on the systems that write Rock Ridge. Records may share the areas that hold names, so
/// a short record could otherwise ask for any length.
const MAX_NAME: usize = 255;
/// The mode of an ordinary file.
const REGULAR: u32 = 0o100_000;

/// The Rock Ridge attributes of an entry; `None` for each that is not recorded.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    pub name: Option<Vec<u8>>,
    pub kind: Option<EntryKind>,
    pub created: Option<Timestamp>,
    pub modified: Option<Timestamp>,
    pub accessed: Option<Timestamp>,
    /// First block of the directory that this record stands for.
    pub child: Option<u32>,
    pub has_owner: bool,
    /// Whether this directory was relocated here.
    pub is_relocated: bool,
}

/// The target of a symbolic link, as read so far.
#[derive(Debug, Default)]
struct Target {
    text: Vec<u8>,
    /// Whether the next part continues the previous name.
    joins: bool,
    begun: bool,
}

/// Reads the Rock Ridge attributes of the record at byte `offset`.
pub(super) fn attributes(
    context: &Context,
    record: &Record<'_>,
    offset: u64,
) -> Result<Attributes> {
    let mut attributes = Attributes::default();
    let Some(skip) = context.susp_skip else {
        return Ok(attributes);
    };
    let mut mode = None;
    let mut target: Option<Target> = None;
    let mut is_encoded = false;
    let area = record.system_use.get(usize::from(skip)..);
    susp::entries(
        context,
        area.unwrap_or_default(),
        offset,
        |signature, data| match &signature {
            b"NM" => {
                let is_marked = attributes.add_name(data);
                if is_marked {
                    context.finding(offset, FindingCode::RripMarkedName);
                }
            }
            b"PX" => mode = U32::read_from_prefix(data).ok().map(|(mode, _)| mode.get()),
            b"SL" => target.get_or_insert_default().add(data),
            b"TF" => attributes.add_times(data),
            b"CL" => {
                attributes.child = U32::read_from_prefix(data)
                    .ok()
                    .map(|(block, _)| block.get());
            }
            b"RE" => attributes.is_relocated = true,
            b"ZF" => is_encoded = data.starts_with(b"pz"),
            _ => {}
        },
    )?;
    if attributes
        .name
        .as_ref()
        .is_some_and(|name| name.len() > MAX_NAME)
    {
        context.finding(offset, FindingCode::RripLongName);
        attributes.name = None;
    }
    attributes.has_owner = mode.is_some();
    attributes.check_name(context, offset);
    let mut format = mode.map(|mode| mode & 0o170_000);
    let has_data = record.head.data_len.get() != 0;
    // A record with data is a file, and one with a target is a link.
    if has_data
        && matches!(
            format,
            Some(0o010_000 | 0o020_000 | 0o060_000 | 0o120_000 | 0o140_000)
        )
    {
        context.finding(offset, FindingCode::RripFileMode);
        format = Some(REGULAR);
    }
    if !has_data && target.is_some() && !matches!(format, Some(0o120_000) | None) {
        context.finding(offset, FindingCode::RripLinkMode);
        format = None;
    }
    attributes.kind = match (format, target) {
        (Some(0o120_000) | None, Some(target)) => Some(EntryKind::SymbolicLink {
            target: context.names.decode(&target.text).into_owned(),
        }),
        (Some(0o120_000), None) => {
            context.finding(offset, FindingCode::RripNoTarget);
            Some(EntryKind::SymbolicLink {
                target: String::new(),
            })
        }
        (Some(0o010_000), _) => Some(EntryKind::Special("fifo")),
        (Some(0o020_000), _) => Some(EntryKind::Special("character device")),
        (Some(0o060_000), _) => Some(EntryKind::Special("block device")),
        (Some(0o140_000), _) => Some(EntryKind::Special("socket")),
        _ if is_encoded => Some(EntryKind::Encoded("zisofs")),
        _ => None,
    };
    Ok(attributes)
}

impl Attributes {
    /// Adds an alternate name, or a part of one (RRIP 4.1.4). Returns `true` if it has text but a flag marks it as the
    /// name of a directory in itself or in its child, which have none; some writers record both.
    fn add_name(&mut self, data: &[u8]) -> bool {
        let [flags, text @ ..] = data else {
            return false;
        };
        if text.is_empty() {
            return false;
        }
        self.name.get_or_insert_default().extend_from_slice(text);
        flags & (CURRENT | PARENT) != 0
    }

    /// Drops a name that no file can have.
    fn check_name(&mut self, context: &Context, offset: u64) {
        let cannot_be = |name: &[u8]| {
            matches!(name, b"." | b"..") || name.iter().any(|byte| matches!(byte, 0 | b'/'))
        };
        if self.name.as_deref().is_some_and(cannot_be) {
            self.name = None;
            context.finding(offset, FindingCode::RripName);
        }
    }

    /// Adds times, in the order of the flags' bits (RRIP 4.1.6).
    fn add_times(&mut self, data: &[u8]) {
        let Some((flags, mut rest)) = data.split_first() else {
            return;
        };
        let times = [&mut self.created, &mut self.modified, &mut self.accessed];
        for (bit, field) in times.into_iter().enumerate() {
            if flags & (1 << bit) == 0 {
                continue;
            }
            if flags & LONG_FORM == 0 {
                let Ok((time, behind)) = RecordTime::read_from_prefix(rest) else {
                    return;
                };
                *field = time.read();
                rest = behind;
            } else {
                let Ok((time, behind)) = VolumeTime::read_from_prefix(rest) else {
                    return;
                };
                *field = time.read();
                rest = behind;
            }
        }
    }
}

impl Target {
    /// Adds the parts of a link (RRIP 4.1.3).
    fn add(&mut self, data: &[u8]) {
        // The flag for a further entry is not needed: any further entry is read.
        let mut parts = data.get(1..).unwrap_or_default();
        while let [flags, len, rest @ ..] = parts {
            let Some((text, behind)) = rest.split_at_checked((*len).into()) else {
                return;
            };
            self.add_part(*flags, text);
            parts = behind;
        }
    }

    fn add_part(&mut self, flags: u8, text: &[u8]) {
        let separate = self.begun && !self.joins && self.text != b"/";
        if separate {
            self.text.push(b'/');
        }
        self.begun = true;
        self.joins = flags & CONTINUE != 0;
        match flags & (CURRENT | PARENT | ROOT) {
            0 => self.text.extend_from_slice(text),
            CURRENT => self.text.push(b'.'),
            PARENT => self.text.extend_from_slice(b".."),
            _ if self.text.is_empty() => self.text.push(b'/'),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(parts: &[(u8, &str)]) -> String {
        let mut target = Target::default();
        for (flags, text) in parts {
            target.add_part(*flags, text.as_bytes());
        }
        String::from_utf8_lossy(&target.text).into_owned()
    }

    #[test]
    fn parts_of_links_become_a_path() {
        assert_eq!(
            target(&[(ROOT, ""), (0, "usr"), (PARENT, ""), (0, "share")]),
            "/usr/../share"
        );
        assert_eq!(target(&[(CURRENT, ""), (0, "x"), (0, "")]), "./x/");
        assert_eq!(target(&[(CONTINUE, "lo"), (0, "ng"), (0, "x")]), "long/x");
        assert_eq!(target(&[(ROOT, "")]), "/");
        assert_eq!(target(&[(0, ""), (0, "x")]), "/x");
    }

    #[test]
    fn links_that_are_cut_short_end_there() {
        let mut target = Target::default();
        target.add(&[0, 0, 1, b'a', 0, 200, b'b']);
        target.add(&[]);
        assert_eq!(target.text, b"a");
    }

    #[test]
    fn names_are_joined_and_marks_are_none() {
        let mut attributes = Attributes::default();
        assert!(!attributes.add_name(&[CONTINUE, b'a', b'b']));
        assert!(!attributes.add_name(&[0, b'c']));
        assert!(attributes.add_name(&[PARENT, b'd']));
        assert!(!attributes.add_name(&[CURRENT]));
        assert!(!attributes.add_name(&[0]));
        assert!(!attributes.add_name(&[]));
        assert_eq!(attributes.name.as_deref(), Some(&b"abcd"[..]));
    }

    #[test]
    fn times_come_in_the_order_of_their_bits() {
        let mut attributes = Attributes::default();
        // Modification and access, then the change of attributes, which is not kept.
        let time = [100, 1, 2, 3, 4, 5, 0];
        let mut data = vec![0x0E];
        data.extend(time);
        data.extend([101, 1, 2, 3, 4, 5, 0]);
        data.extend(time);
        attributes.add_times(&data);
        assert_eq!(attributes.created, None);
        let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let modified = text(attributes.modified);
        assert_eq!(modified.as_deref(), Some("2000-01-02T03:04:05Z"));
        let accessed = text(attributes.accessed);
        assert_eq!(accessed.as_deref(), Some("2001-01-02T03:04:05Z"));

        let mut long = vec![LONG_FORM | 1];
        long.extend(b"2010123123595900\0");
        attributes.add_times(&long);
        let created = text(attributes.created);
        assert_eq!(created.as_deref(), Some("2010-12-31T23:59:59Z"));
        attributes.add_times(&[1, 1]);
        attributes.add_times(&[]);
    }
}
