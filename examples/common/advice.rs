//! Advice about errors for users of these programs: the library's messages name calls, but users have options.

use std::io;

use imapi2fs::{BootProblem, Error, FileSystems};

const PROGRAM: &str = env!("CARGO_CRATE_NAME");

const DAMAGED: &str = "use a whole copy of it, or leave what is damaged out with --damaged";

/// Returns an error's message, with an option of this program in place of the library's advice.
pub(crate) fn message(error: &(dyn std::error::Error + 'static)) -> String {
    let text = error.to_string();
    let Some(error) = of_library(error) else {
        return text;
    };
    let advice = error.advice().unwrap_or_default();
    let Some(before) = text.strip_suffix(&format!("; {advice}")) else {
        return text;
    };
    match option(error) {
        Some(option) => format!("{before}; {option}"),
        // A user who runs a program cannot make calls.
        None if advice.contains('`') => before.to_owned(),
        None => text,
    }
}

/// Returns the option that helps with an error that has a cause; the message of such an error does not end with advice.
pub(crate) fn behind_cause(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    let error = of_library(error)?;
    std::error::Error::source(error)?;
    error.advice()?;
    option(error)
}

fn of_library<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Error> {
    let boxed = || error.downcast_ref::<Box<Error>>().map(|error| &**error);
    let inside = || error.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref();
    error.downcast_ref().or_else(boxed).or_else(inside)
}

/// Returns this program's option for an error.
fn option(error: &Error) -> Option<&'static str> {
    let builds = PROGRAM == "build_image";
    let appends = PROGRAM == "append_session";
    // Programs with the options for names and for trees.
    let names = builds || matches!(PROGRAM, "build_parts" | "list_names");
    let trees = names || appends;
    let overwrites = builds || PROGRAM == "build_parts";
    Some(match error {
        Error::ImageSizeLimit { limit, .. } | Error::ImageTooBig { limit, .. }
            if *limit > 0 && error.advice()?.contains('`') =>
        {
            match () {
                () if builds => "raise the limit with --free-blocks, or name a larger --media",
                () if appends => "add less, or use a disc that has more room left",
                () => return None,
            }
        }
        Error::FileTooBig { .. } | Error::TooDeep { .. } if names => {
            "use --interchange-level 3 (without --strict), or --file-systems udf"
        }
        Error::FileTooBig { .. } | Error::TooDeep { .. } if appends => "use --interchange-level 3",
        Error::TooManyDirectories {
            file_system: FileSystems::ISO9660,
            ..
        } if names => "use --file-systems udf",
        Error::PathTooLong { .. } if names => "shorten the path, or leave out --strict",
        Error::InvalidName { .. } if names => "rename it, or leave out --strict",
        Error::InvalidVolumeName { .. } if names => "choose another, or leave out --strict",
        Error::RestrictedName { .. } if names => "leave out --restricted-characters",
        Error::NameNotUnicode { .. } => "rename it",
        Error::UnresolvableLink { .. } | Error::SpecialFile { .. } if trees => {
            "leave it out with --links skip-unresolvable"
        }
        Error::LinkNotAllowed { .. } if trees => "use --links follow or --links skip",
        Error::SourceChanged { .. } if builds => "run this again, or use --stage-files",
        Error::SourceChanged { .. } if trees => "run this again",
        Error::OutputIsSource {
            is_replaced: true, ..
        } if overwrites => "write to another file, or allow it with --overwrite-source",
        Error::OutputInSource { .. } if overwrites => {
            "remove it, write to another file, or allow it with --overwrite-source"
        }
        Error::WorkingDirectorySpace(_) if builds => "choose another with --working-directory",
        Error::IncompatiblePreviousSession { .. } if appends => {
            let advice = error.advice()?;
            if advice.contains("rock_ridge") {
                "allow that with --drop-rock-ridge"
            } else if advice.contains("damaged_files") {
                DAMAGED
            } else if advice.contains("other_producers") {
                "allow that with --foreign"
            } else {
                return None;
            }
        }
        Error::ExtractDirectory(_) => {
            "choose a new or an empty one, or allow that with --keep-existing"
        }
        Error::ExtractSize(_) => "allow more with --max-size",
        Error::DiscInUse { .. } if appends => "wait until it has finished with --wait",
        Error::UnknownBlocks { .. } if appends => {
            "see what they are, or add a session after them with --after-unknown"
        }
        Error::DamagedFiles { .. } if appends => DAMAGED,
        Error::BootImage { problem, .. } if builds => match problem {
            BootProblem::Embedded => "leave out --embed-small-files",
            BootProblem::TooLong { .. } => {
                "load less with sectors=N, or for EFI all up to the disc's end with to-end"
            }
            _ => return None,
        },
        _ => return None,
    })
}
