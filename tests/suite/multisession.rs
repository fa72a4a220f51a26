//! The rules about discs that can be continued.
