//! Names that a host's directory can have.

/// Names that Windows keeps for devices, with whatever extension.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// Devices of which there are several: a digit follows.
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];

/// Whether `name` is one name, and one that this system can have.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let refuse = |why: &str| Err(format!("its name {why}"));
    if name.is_empty() {
        return refuse("is empty");
    }
    if matches!(name, "." | "..") {
        return refuse("stands for another directory");
    }
    if name.contains(['/', '\0']) {
        return refuse("has a character that no name can have");
    }
    if !cfg!(windows) {
        return Ok(());
    }
    if name.contains(['\\', ':', '<', '>', '"', '|', '?', '*']) || name.contains(char::is_control) {
        return refuse("has a character that Windows does not allow");
    }
    if name.ends_with(['.', ' ']) {
        return refuse("ends in a dot or a blank, which Windows does not allow");
    }
    if is_device(name) {
        return refuse("is that of a device");
    }
    Ok(())
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let stem = stem.to_uppercase();
    let mut characters = stem.chars();
    let last = characters.next_back();
    DEVICES.contains(&stem.as_str())
        || NUMBERED_DEVICES.contains(&characters.as_str())
            && matches!(last, Some('0'..='9' | '¹' | '²' | '³'))
}
