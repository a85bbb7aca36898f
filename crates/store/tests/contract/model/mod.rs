//! The book against a model of it: random people do random things in two organizations, and after
//! every step the store holds what a few maps hold. The model knows the rules by itself; what both
//! must keep in any case is checked beside ([`reference`], [`system::System::check`]).

#[expect(clippy::unwrap_used, reason = "every address of the play can be read")]
mod acting;
mod deed;
mod entry;
mod reference;
mod roles;
#[expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the trait of the library has no place for errors"
)]
mod system;

use proptest::test_runner::{Config, TestRunner};
use proptest_state_machine::{ReferenceStateMachine as _, StateMachineTest as _};

use self::reference::Book;
use self::system::System;
use crate::support::{Outcome, TestDatabase};

/// How many books are written, and how many steps are taken in each.
const BOOKS: u32 = 24;
const STEPS: usize = 60;

#[test]
fn sqlite() {
    compare(TestDatabase::sqlite()).unwrap();
}

#[test]
fn postgres() {
    compare(TestDatabase::postgres()).unwrap();
}

fn compare(database: Outcome<TestDatabase>) -> Outcome {
    let config = Config {
        cases: BOOKS,
        // The seed of a failure is printed; a file of them would belong to one machine.
        failure_persistence: None,
        ..Config::default()
    };
    system::on(database?);
    let books = Book::sequential_strategy(1..STEPS);
    let outcome = TestRunner::new(config.clone()).run(&books, |(book, steps, seen)| {
        System::test_sequential(config.clone(), book, steps, seen);
        Ok(())
    });
    system::off();
    Ok(outcome?)
}
