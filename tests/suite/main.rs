//! The library's own tests: what it promises, looked at through its public interface and through the bytes it makes.

mod examples;
mod support;
