//! Filters in SQL decide what filters in the domain decide.

use rollbook_domain::Result;
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::mock::sample;
use rollbook_domain::page::Window;
use rollbook_domain::port::{Store, Tx};
use rollbook_domain::role::Role;
use rollbook_domain::subscription::Plan;
use rollbook_domain::value::{OrganizationName, Slug};

use crate::harness::on_both;
use crate::support::{Outcome, TestDatabase};

on_both! {
    every_test_of_every_name,
    combinations,
    a_wide_filter,
    filters_and_no_filter_take_turns,
}

const NAMES: [&str; 18] = [
    "Acme",
    "acme corp",
    "ACME CORP",
    "Corp Acme",
    "100%",
    "100 percent",
    "a_b",
    "axb",
    r"back\slash",
    r"back\\slash",
    "it's",
    "say \"hi\"",
    "Straße",
    "STRASSE",
    "Ärzte",
    "A\u{308}RZTE",
    "ＦＵＬＬ width ﬁ",
    "株式会社🦀",
];

const NEEDLES: [&str; 22] = [
    "",
    "acme",
    "CORP",
    "%",
    "0%",
    "_",
    "a_b",
    r"\",
    r"\\",
    r"k\s",
    r"\%",
    "'",
    "\"",
    "ß",
    "ss",
    "äRZTE",
    "a\u{308}r",
    "full WIDTH fi",
    "会社",
    "🦀",
    "nowhere",
    "acme\0",
];

fn name_all(tx: &mut dyn Tx) -> Result<()> {
    let ann = sample::user("ann");
    tx.users().add(&ann)?;
    for (number, name) in NAMES.into_iter().enumerate() {
        let mut organization = sample::organization(name, &ann);
        organization.name = OrganizationName::from_stored(name.to_owned());
        organization.slug = Slug::from_stored(format!("s{number}"));
        tx.organizations().add(&organization, &Plan::default())?;
        let membership = sample::membership(&organization, &ann, &[Role::Admin]);
        tx.memberships().add(&membership, &ann)?;
    }
    Ok(())
}

/// Lists with the filter, both ways, and compares with what the domain thinks of every name.
async fn check(store: &dyn Store, filter: &Filter<TextTest>) -> Outcome {
    let asked = filter.clone();
    let (mine, all) = store
        .read(move |tx| {
            let (ann, window) = (sample::user("ann").id, Window::first(99).counted());
            let mine = tx.organizations().list_of_member(ann, &asked, &window)?;
            Ok((mine, tx.organizations().list_all(&asked, &window)?))
        })
        .await?;
    let mut expected = NAMES
        .map(|name| OrganizationName::from_stored(name.to_owned()))
        .to_vec();
    expected.retain(|name| filter.holds(&|test| test.passes(&name.key())));
    expected.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    for page in [mine, all] {
        assert_eq!(page.total, Some(page.items.len() as u64), "{filter:?}");
        let names = page.items.into_iter().map(|view| view.organization.name);
        let mut names: Vec<_> = names.collect();
        names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        assert_eq!(names, expected, "{filter:?}");
    }
    Ok(())
}

fn test(place: Place, needle: &str) -> Filter<TextTest> {
    Filter::Test(TextTest::new(place, needle))
}

fn not(filter: Filter<TextTest>) -> Filter<TextTest> {
    Filter::Not(Box::new(filter))
}

async fn every_test_of_every_name(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    store.write(name_all).await?;
    for needle in NEEDLES.into_iter().chain(NAMES) {
        for place in [Place::Whole, Place::Start, Place::End, Place::Anywhere] {
            check(&*store, &test(place, needle)).await?;
        }
    }
    Ok(())
}

async fn combinations(database: &TestDatabase) -> Outcome {
    use Filter::{All, Any};
    use Place::{Anywhere, End, Start, Whole};
    let store = database.store()?;
    store.write(name_all).await?;
    let acme = || test(Start, "acme");
    let corp = || test(End, "corp");
    let filters = [
        Filter::everything(),
        not(Filter::everything()),
        Any(vec![]),
        not(Any(vec![])),
        not(acme()),
        not(not(acme())),
        not(test(Whole, "acme")),
        All(vec![acme(), corp()]),
        Any(vec![acme(), corp()]),
        // Precedence: with the brackets lost, these would be others.
        All(vec![Any(vec![acme(), test(Anywhere, "%")]), not(corp())]),
        Any(vec![All(vec![acme(), not(corp())]), test(Anywhere, "_")]),
        not(All(vec![acme(), corp()])),
        not(Any(vec![
            acme(),
            corp(),
            Any(vec![]),
            All(vec![test(Anywhere, "s")]),
        ])),
        All(vec![Any(vec![]), acme()]),
        Any(vec![All(vec![]), acme()]),
    ];
    for filter in filters {
        check(&*store, &filter).await?;
    }
    Ok(())
}

/// As wide as clients get away with.
async fn a_wide_filter(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    store.write(name_all).await?;
    let mut parts: Vec<_> = (0..200)
        .map(|number| test(Place::Anywhere, &format!("no {number}")))
        .collect();
    parts.push(test(Place::Whole, "axb"));
    check(&*store, &Filter::Any(parts)).await
}

/// The list without a filter is a prepared statement; with one, it must be another.
async fn filters_and_no_filter_take_turns(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    store.write(name_all).await?;
    for needle in ["acme", "", "ß", "%"] {
        check(&*store, &Filter::everything()).await?;
        check(&*store, &test(Place::Anywhere, needle)).await?;
        check(&*store, &test(Place::Whole, needle)).await?;
    }
    Ok(())
}
