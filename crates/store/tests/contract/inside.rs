//! What is read inside organizations, for the look at the plans.

use rollbook_domain::Result;
use rollbook_domain::audit::{Chain, EntryTest};
use rollbook_domain::filter::Filter;
use rollbook_domain::membership::Direction;
use rollbook_domain::mock::sample;
use rollbook_domain::page::Window;
use rollbook_domain::port::Tx;
use rollbook_domain::workspace::{WorkspaceField, WorkspaceKey};

/// One call of every method that reads, page 200 of every list in every order among them.
pub(crate) fn read(tx: &mut dyn Tx) -> Result<()> {
    let ann = sample::user("ann");
    let acme = sample::organization("Acme", &ann);
    let lab = sample::workspace(&acme, "Lab", &ann);
    for field in [
        WorkspaceField::Created,
        WorkspaceField::Title,
        WorkspaceField::Updated,
    ] {
        let window = Window::after(WorkspaceKey::of(field, &lab), 50);
        for direction in [Direction::Ascending, Direction::Descending] {
            tx.workspaces()
                .list(acme.id, &Filter::everything(), field, direction, &window)?;
        }
    }
    tx.workspaces()
        .list_of_member(acme.id, ann.id, &Window::after(lab.id, 50))?;
    tx.workspaces()
        .list_members(acme.id, lab.id, &Window::after(ann.id, 50))?;
    tx.workspaces().find(acme.id, lab.id)?;
    tx.workspaces().count(acme.id)?;
    tx.workspaces().live(acme.id, &[lab.id; 3])?;
    tx.workspaces().find_member(acme.id, lab.id, ann.id)?;
    tx.workspaces().granted(acme.id, lab.id, ann.id)?;
    tx.workspaces().count_members(acme.id, &[lab.id; 3])?;
    tx.preferences().of_organization(acme.id)?;
    tx.preferences().of_workspace(acme.id, lab.id)?;
    tx.plans().find(acme.id)?;
    let domain = sample::domain(&acme, "acme.example");
    tx.domains().list(acme.id, &Window::after(domain.id, 50))?;
    tx.domains().find(acme.id, domain.id)?;
    tx.domains().find_verified(&domain.name)?;
    tx.domains().count(acme.id)?;
    let chain = Chain::Organization(acme.id);
    let by_ann = Filter::Test(EntryTest::Actor(ann.id));
    tx.audit().head(chain)?;
    tx.audit().follow(chain, 10_000, 50)?;
    for filter in [Filter::everything(), by_ann] {
        tx.audit()
            .list(chain, &filter, &Window::after(10_000, 50))?;
    }
    Ok(())
}
