//! The library's own tests: what it promises, looked at through its public interface and through the bytes it makes.

mod add_progress;
mod add_tree;
mod alignment;
mod all_or_nothing;
mod allocation;
mod api;
mod append;
mod append_to;
mod best_volume;
mod boot;
mod boot_stub;
mod change_points;
mod changed_sources;
mod clones;
mod combinations;
mod continued_names;
mod damaged_discs;
mod damaged_fields;
mod detached_items;
mod devices;
mod directories;
mod disc_reads;
mod edits;
mod embedded;
mod errors;
mod examples;
mod extract;
#[cfg(unix)]
mod extract_unix;
mod file_system_names;
mod finding_sessions;
mod golden;
#[cfg(unix)]
mod host_names;
mod hostile;
#[cfg(unix)]
mod hostile_sources;
mod image_manager;
mod imapi2;
mod import;
mod import_options;
mod interop;
mod interrupted_append;
mod iso9660;
mod joliet;
mod limits;
mod links;
mod merging;
mod multisession;
mod named_streams;
mod names;
mod outputs;
mod panics;
mod progress;
mod report;
mod revisions;
mod round_trip;
mod same_files;
mod session_place;
mod settings;
mod sources;
mod staging;
mod stream;
mod support;
#[cfg(unix)]
mod symlinks;
mod tree;
mod udf;
mod unreadable;
#[cfg(windows)]
mod windows;
mod working_directory;
mod writing;
mod written_files;
