//! Discs as they are, as they can be, and as they should not be.
