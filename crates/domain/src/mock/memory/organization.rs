use super::MemoryTx;
use super::state::{State, cut, number};
use crate::filter::{Filter, TextTest};
use crate::id::{OrganizationId, UserId};
use crate::organization::{Age, Organization, OrganizationTest, OrganizationView, Version};
use crate::page::{Page, Window};
use crate::port::OrganizationRepo;
use crate::subscription::Plan;
use crate::value::{OrganizationName, Slug};
use crate::{Refusal, Result};

impl OrganizationRepo for MemoryTx {
    fn add(&mut self, organization: &Organization, plan: &Plan) -> Result<bool> {
        let state = self.writing()?;
        state.user(organization.owner_id)?;
        let id_taken = state.organizations.contains_key(&organization.id);
        let slug_taken = organization.is_live() && state.slug_is_taken(&organization.slug, None);
        if id_taken || slug_taken {
            return Ok(false);
        }
        state
            .organizations
            .insert(organization.id, organization.clone());
        state.plans.insert(organization.id, *plan);
        Ok(true)
    }

    fn find(&mut self, id: OrganizationId) -> Result<Option<OrganizationView>> {
        let state = self.reading()?;
        let found = state.organizations.get(&id);
        found
            .map(|organization| state.view(organization))
            .transpose()
    }

    fn lock(&mut self, id: OrganizationId) -> Result<Option<Organization>> {
        Ok(self.writing()?.organizations.get(&id).cloned())
    }

    fn hold(&mut self, _: OrganizationId) -> Result<()> {
        self.writing().map(drop)
    }

    fn update(&mut self, organization: &Organization, seen: Version) -> Result<bool> {
        let state = self.writing()?;
        let kept = state.organizations.get(&organization.id);
        if kept.is_none_or(|kept| kept.version != seen) {
            return Ok(false);
        }
        state.user(organization.owner_id)?;
        let slug = &organization.slug;
        if organization.is_live() && state.slug_is_taken(slug, Some(organization.id)) {
            return Err(Refusal::SlugTaken(slug.to_string()).into());
        }
        state
            .organizations
            .insert(organization.id, organization.clone());
        Ok(true)
    }

    fn slug_is_taken(&mut self, slug: &Slug) -> Result<bool> {
        Ok(self.reading()?.slug_is_taken(slug, None))
    }

    fn hold_name(&mut self, _: &OrganizationName) -> Result<()> {
        self.writing().map(drop)
    }

    fn bearers(&mut self, name: &OrganizationName, at_most: u32) -> Result<Vec<OrganizationId>> {
        let all = self.reading()?.organizations.values();
        let bearers = all.filter(|o| o.is_live() && o.name.key() == name.key());
        Ok(bearers.map(|o| o.id).take(at_most as usize).collect())
    }

    fn count_owned(&mut self, owner: UserId, at_most: u32) -> Result<u32> {
        let all = self.reading()?.organizations.values();
        let theirs = all.filter(|o| o.is_live() && o.owner_id == owner);
        Ok(number(theirs.take(at_most as usize)))
    }

    fn list_of_member(
        &mut self,
        user: UserId,
        filter: &Filter<TextTest>,
        window: &Window<OrganizationId>,
    ) -> Result<Page<OrganizationView, OrganizationId>> {
        let state = self.reading()?;
        list(state, filter, window, |o| {
            state.membership(o.id, user).is_some()
        })
    }

    fn list_all(
        &mut self,
        filter: &Filter<TextTest>,
        window: &Window<OrganizationId>,
    ) -> Result<Page<OrganizationView, OrganizationId>> {
        list(self.reading()?, filter, window, |_| true)
    }

    fn list_by_age(
        &mut self,
        member: Option<UserId>,
        filter: &Filter<OrganizationTest>,
        window: &Window<Age>,
    ) -> Result<Page<OrganizationView, Age>> {
        let state = self.reading()?;
        let belongs =
            |o: &Organization| member.is_none_or(|user| state.membership(o.id, user).is_some());
        let live = state.organizations.values().filter(|o| o.is_live());
        let rows = live.filter(|o| belongs(o)).map(|o| state.view(o));
        let mut rows = rows.collect::<Result<Vec<_>>>()?;
        rows.retain(|view| filter.holds(&|test: &OrganizationTest| test.passes(view)));
        rows.sort_by_key(|view| Age::of(&view.organization));
        Ok(Page::of_all(
            rows,
            window,
            |row| Age::of(&row.organization),
            Age::cmp,
        ))
    }
}

/// The live organizations that pass the filter and `belongs`.
fn list(
    state: &State,
    filter: &Filter<TextTest>,
    window: &Window<OrganizationId>,
    belongs: impl Fn(&Organization) -> bool,
) -> Result<Page<OrganizationView, OrganizationId>> {
    let passes = |o: &Organization| filter.holds(&|test| test.passes(&o.name.key()));
    let live = state.organizations.values().filter(|o| o.is_live());
    let rows = live
        .filter(|o| belongs(o) && passes(o))
        .map(|o| state.view(o))
        .collect::<Result<Vec<_>>>()?;
    Ok(cut(rows, window, |row| row.organization.id))
}
