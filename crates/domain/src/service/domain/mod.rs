//! Domains of organizations.

mod enrolling;

pub use enrolling::{Newcomer, enroll};
