//! The same output as one JSON object.

use std::fmt::{Display, Write as _};
use std::io::{self, Write};

use imapi2fs::{
    FileSystems, Finding, Printable, RecordedBootEntry, RecordedDisc, RecordedItem, RecordedKind,
    RecordedSession, RecordedVolume, Timestamp,
};

/// The most bytes of errors kept until the items are written; further errors are only counted.
const MOST_ERRORS: usize = 1 << 20;

/// Writes everything; returns how many parts could not be read.
pub(crate) fn write(
    disc: &RecordedDisc,
    volume: &RecordedVolume,
    mut output: impl Write,
) -> io::Result<usize> {
    let sessions: Vec<_> = disc.sessions().iter().map(session).collect();
    writeln!(output, "{{\"sessions\": [{}],", sessions.join(", "))?;
    writeln!(
        output,
        "\"session_start_block\": {},",
        disc.session().start_block()
    )?;
    let unknown = disc.unknown_blocks().map(text);
    writeln!(output, "\"unknown_blocks\": {},", optional(unknown))?;
    let entries: Vec<_> = super::boot_entries(disc).iter().map(boot_entry).collect();
    writeln!(output, "\"boot_entries\": [{}],", entries.join(", "))?;
    let volumes: Vec<_> = super::volumes(disc).iter().map(self::volume).collect();
    writeln!(output, "\"volumes\": [{}],", volumes.join(", "))?;
    writeln!(output, "\"file_system\": {},", text(volume.file_system()))?;
    let lacks: Vec<_> = disc.lacks(volume).iter().map(text).collect();
    writeln!(output, "\"lacks\": [{}],", lacks.join(", "))?;

    let mut errors = Vec::new();
    let (mut kept, mut left_out) = (0, 0);
    let mut separator = "";
    write!(output, "\"items\": [")?;
    for item in volume.walk() {
        let message = match item {
            Ok(item) => {
                write!(output, "{separator}\n{}", object(&item))?;
                separator = ",";
                super::cut_short(&item).map(text)
            }
            Err(error) => {
                let message = text(super::of_error(&error));
                if let Some(path) = super::unreadable(&error) {
                    let path = text(path);
                    write!(
                        output,
                        "{separator}\n{{\"path\": {path}, \"kind\": \"unreadable\", \"error\": {message}}}"
                    )?;
                    separator = ",";
                }
                Some(message)
            }
        };
        let Some(message) = message else { continue };
        if kept + message.len() <= MOST_ERRORS {
            kept += message.len();
            errors.push(message);
        } else {
            left_out += 1;
        }
    }
    writeln!(output, "],")?;
    let findings: Vec<_> = volume.findings().iter().map(finding).collect();
    writeln!(output, "\"errors\": [{}],", errors.join(",\n"))?;
    writeln!(output, "\"errors_left_out\": {left_out},")?;
    writeln!(output, "\"findings\": [{}]}}", findings.join(",\n"))?;
    output.flush()?;
    Ok(errors.len() + left_out)
}

fn session(session: &RecordedSession) -> String {
    format!(
        "{{\"start_block\": {}, \"file_systems\": [{}], \"boot_catalog_block\": {}, \"boot_stub\": {}}}",
        session.start_block(),
        names(session.file_systems()),
        optional(session.boot_catalog_block()),
        session.is_boot_stub()
    )
}

fn boot_entry(entry: &RecordedBootEntry) -> String {
    format!(
        "{{\"platform\": {}, \"platform_id\": {}, \"manufacturer\": {}, \"bootable\": {}, \"emulation\": {}, \
         \"load_segment\": {}, \"system_type\": {}, \"sector_count\": {}, \"block\": {}}}",
        text(entry.platform),
        entry.platform.id(),
        text(&entry.manufacturer),
        entry.is_bootable,
        optional(entry.emulation.map(text)),
        entry.load_segment,
        entry.system_type,
        entry.sector_count,
        entry.block
    )
}

fn volume(volume: &RecordedVolume) -> String {
    format!(
        "{{\"file_system\": {}, \"udf_revision\": {}, \"rock_ridge\": {}, \"name\": {}}}",
        text(volume.file_system()),
        optional(volume.udf_revision().map(text)),
        volume.has_rock_ridge(),
        text(volume.name())
    )
}

fn finding(finding: &Finding) -> String {
    let value = finding.value().map(|value| {
        format!(
            "{{\"name\": {}, \"found\": {}, \"expected\": {}}}",
            text(value.name),
            value.found,
            text(value.expected)
        )
    });
    format!(
        "{{\"code\": {}, \"severity\": {}, \"clause\": {}, \"file_system\": {}, \"block\": {}, \"path\": {}, \
         \"value\": {}, \"text\": {}}}",
        text(finding.code()),
        text(finding.severity()),
        optional(finding.clause().map(text)),
        text(finding.file_system()),
        finding.block(),
        optional(finding.path().map(text)),
        optional(value),
        text(finding)
    )
}

fn names(file_systems: FileSystems) -> String {
    let names: Vec<_> = file_systems.iter().map(text).collect();
    names.join(", ")
}

fn object(item: &RecordedItem) -> String {
    let mut object = format!(
        "{{\"path\": {}, \"kind\": {}, \"len\": {}, \"modified\": {}, \"created\": {}, \"accessed\": {}, \
         \"hidden\": {}, \"real_time\": {}",
        text(item.path()),
        text(super::kind(item.kind())),
        item.len(),
        time(item.last_modified_time()),
        time(item.creation_time()),
        time(item.last_accessed_time()),
        item.is_hidden(),
        item.is_real_time()
    );
    if let RecordedKind::SymbolicLink { target } = item.kind() {
        object += &format!(", \"target\": {}", text(target));
    }
    if item.missing_len() > 0 {
        object += &format!(", \"missing\": {}", item.missing_len());
    }
    let extents: Vec<_> = item
        .extents()
        .map(|extent| format!("[{}, {}]", optional(extent.offset), extent.len))
        .collect();
    object += &format!(", \"extents\": [{}]", extents.join(", "));
    let streams: Vec<_> = item.streams().map(|stream| self::object(&stream)).collect();
    if !streams.is_empty() {
        object += &format!(", \"streams\": [{}]", streams.join(", "));
    }
    object + "}"
}

fn time(time: Option<Timestamp>) -> String {
    optional(time.map(text))
}

fn optional(value: Option<impl Display>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| value.to_string())
}

fn text(value: impl Display) -> String {
    let mut text = String::from('"');
    for character in value.to_string().chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            ' '..='~' => text.push(character),
            // Harmless to JSON, but not to a terminal and its user.
            _ if Printable(character).to_string() != character.to_string() => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
            _ => text.push(character),
        }
    }
    text + "\""
}
