//! The argument of `--boot`.

use std::str::FromStr;

use imapi2fs::{BootEmulation, BootOptions, BootPlatform};

/// A boot image and how to start it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Boot {
    platform: BootPlatform,
    emulation: Option<BootEmulation>,
    manufacturer: String,
    load_segment: u16,
    sector_count: Option<u16>,
    reaches_end: bool,
    boot_info_table: bool,
    grub2_boot_info: bool,
    image: Image,
}

#[derive(Clone, Debug, Default)]
enum Image {
    #[default]
    Missing,
    File(String),
    Item(String),
}

impl FromStr for Boot {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut boot = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            let (key, value, behind) = next_part(rest);
            boot.set(key, value)
                .map_err(|error| format!("{key}: {error}"))?;
            rest = behind;
        }
        match boot.image {
            Image::Missing => Err("file=FILE or item=PATH is missing".to_owned()),
            _ => Ok(boot),
        }
    }
}

/// Returns a key, its value, and the rest; a path extends to the end, whatever characters it has.
fn next_part(text: &str) -> (&str, &str, &str) {
    let is_path = ["file=", "item="].iter().any(|key| text.starts_with(key));
    let (part, behind) = match text.split_once(',') {
        Some(parts) if !is_path => parts,
        _ => (text, ""),
    };
    let (key, value) = part.split_once('=').unwrap_or((part, ""));
    (key, value, behind)
}

impl Boot {
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "platform" => self.platform = parsed(value)?,
            "emulation" => self.emulation = Some(parsed(value)?),
            "manufacturer" => value.clone_into(&mut self.manufacturer),
            "segment" => self.load_segment = number(value)?,
            "sectors" => self.sector_count = Some(number(value)?),
            "to-end" => self.reaches_end = flag(value)?,
            "info-table" => self.boot_info_table = flag(value)?,
            "grub2-info" => self.grub2_boot_info = flag(value)?,
            "file" => self.image = Image::File(value.to_owned()),
            "item" => self.image = Image::Item(value.to_owned()),
            _ => return Err("no such key".to_owned()),
        }
        Ok(())
    }

    pub(crate) fn options(&self) -> imapi2fs::Result<BootOptions> {
        let mut options = match &self.image {
            Image::File(file) => BootOptions::new(std::path::Path::new(file))?,
            Image::Item(path) => BootOptions::from_item(path.as_str()),
            // Parsing has refused this.
            Image::Missing => BootOptions::new([])?,
        };
        options.set_platform_id(self.platform);
        if let Some(emulation) = self.emulation {
            options.set_emulation(emulation)?;
        }
        options.set_manufacturer(self.manufacturer.as_str())?;
        options.set_load_segment(self.load_segment);
        if let Some(sectors) = self.sector_count {
            options.set_sector_count(sectors);
        }
        options.set_reaches_end(self.reaches_end);
        options.set_boot_info_table(self.boot_info_table);
        options.set_grub2_boot_info(self.grub2_boot_info);
        Ok(options)
    }
}

fn parsed<T: FromStr<Err: ToString>>(value: &str) -> Result<T, String> {
    value.parse().map_err(|error: T::Err| error.to_string())
}

/// Parses a decimal number, or a hexadecimal one after `0x`.
fn number(value: &str) -> Result<u16, String> {
    let number = match value.strip_prefix("0x") {
        Some(digits) => u16::from_str_radix(digits, 16),
        None => value.parse(),
    };
    number.map_err(|error| error.to_string())
}

fn flag(value: &str) -> Result<bool, String> {
    match value {
        "" => Ok(true),
        _ => Err("takes no value".to_owned()),
    }
}
