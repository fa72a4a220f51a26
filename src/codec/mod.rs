//! Wire forms that the formats share.

pub(crate) mod both;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod unique;
