//! Which letters are written, and what becomes of them when the world has moved on.

use std::sync::Arc;

use pollster::block_on;

use super::*;
use crate::access::Origin;
use crate::domain::OrganizationDomain;
use crate::invitation::InvitationView;
use crate::mock::{Account, MemoryStore, World, sample};
use crate::organization::Organization;
use crate::role::Role;
use crate::service::domain::AddDomain;
use crate::service::invitation::{CreateInvitation, NewInvitation, ResendInvitation};
use crate::service::user::{Bequest, DeleteUser};
use crate::service::{Domains, Invitations, Organizations, Passwords, Users};
use crate::time::Span;
use crate::value::{DomainName, Metadata};

/// A world whose outbox can be looked into, with ann's organization and bob in it.
struct House {
    world: World,
    store: Arc<MemoryStore>,
    ann: Account,
    bob: Account,
    acme: Organization,
}

fn house() -> House {
    let store = Arc::new(MemoryStore::new());
    let world = World::over(Arc::<MemoryStore>::clone(&store));
    let (ann, bob) = (
        block_on(world.sign_up("ann")).unwrap(),
        block_on(world.sign_up("bob")).unwrap(),
    );
    let acme = block_on(world.create(&ann, "Acme")).unwrap().organization;
    block_on(world.join(&acme, &bob, &[Role::Member])).unwrap();
    House {
        world,
        store,
        ann,
        bob,
        acme,
    }
}

impl House {
    /// The letters that were written, each with its recipient, the first one first.
    fn letters(&self) -> Vec<Message> {
        self.store.messages()
    }

    fn last(&self) -> Message {
        self.letters().pop().unwrap()
    }

    fn prepare(&self, message: &Message) -> Prepared<Mail> {
        let (message, now) = (message.clone(), self.world.now());
        let Content::Letter { recipient, letter } = message.content else {
            panic!("it is a letter");
        };
        let (id, at) = (message.id, message.created_at);
        let work = move |tx: &mut dyn Tx| prepare(tx, now, id, at, &recipient, &letter);
        block_on(self.world.store.read(work)).unwrap()
    }

    fn mail(&self, message: &Message) -> Mail {
        match self.prepare(message) {
            Prepared::Send(mail) => mail,
            Prepared::Unwanted(reason) => panic!("{reason}"),
        }
    }

    fn reason(&self, message: &Message) -> String {
        match self.prepare(message) {
            Prepared::Send(mail) => panic!("{mail:?}"),
            Prepared::Unwanted(reason) => reason,
        }
    }

    fn invite(&self, name: &str, language: Option<&str>) -> InvitationView {
        let invitation = NewInvitation {
            email: sample::email(name),
            workspace_id: None,
            roles: Vec::new(),
            redirect_organization_id: None,
            redirect_workspace_id: None,
            language: language.map(|tag| Language::parse(tag).unwrap()),
            metadata: Metadata::default(),
            expires_at: None,
        };
        let command = CreateInvitation {
            invitation,
            once: None,
        };
        let service = &self.world.invitations;
        block_on(service.create(self.ann.caller, self.acme.id, command)).unwrap()
    }

    fn resend(&self, view: &InvitationView, language: Option<&str>) -> InvitationView {
        let command = ResendInvitation {
            language: language.map(|tag| Language::parse(tag).unwrap()),
            ..ResendInvitation::default()
        };
        let (service, id) = (&self.world.invitations, view.invitation.id);
        block_on(service.resend(self.ann.caller, self.acme.id, id, command)).unwrap()
    }

    fn add_domain(&self, who: &Account) -> OrganizationDomain {
        let command = AddDomain {
            name: DomainName::from_stored("acme.example".to_owned()),
            once: None,
        };
        block_on(self.world.domains.add(who.caller, self.acme.id, command)).unwrap()
    }

    fn transfer(&self, from: &Account, to: &Account) {
        let service = &self.world.organizations;
        let transfer = service.transfer(from.caller, self.acme.id, to.user.id, None, None);
        block_on(transfer).unwrap();
    }

    fn close(&self) {
        let delete = self
            .world
            .organizations
            .delete(self.ann.caller, self.acme.id, None);
        block_on(delete).unwrap();
    }

    fn change(&self, mut user: User, change: impl FnOnce(&mut User)) {
        let seen = user.version;
        change(&mut user);
        user.touch(self.world.now());
        let work = move |tx: &mut dyn Tx| tx.users().update(&user, seen);
        assert!(block_on(self.world.store.write(work)).unwrap());
    }
}

#[test]
fn an_invitation_says_who_invites_whom_to_what_and_in_which_language() {
    let house = house();
    let view = house.invite("joe", Some("de-at"));
    let message = house.last();
    let mail = house.mail(&message);
    assert_eq!(mail.recipient, sample::email("joe"));
    assert_eq!(mail.name, None);
    assert_eq!(mail.language, Some(Language::parse("de-AT").unwrap()));
    assert_eq!((mail.id, mail.written_at), (message.id, message.created_at));
    let MailText::Invitation {
        organization,
        inviter,
        invitation_id,
        secret,
        expires_at,
        again,
        ..
    } = mail.text
    else {
        panic!("{:?}", mail.text);
    };
    assert_eq!(organization, house.acme.name);
    assert_eq!(inviter, Some(house.ann.user.display_name.clone()));
    assert_eq!(invitation_id, view.invitation.id);
    assert_eq!(secret, house.world.invitation_secret(view.invitation.id));
    assert_eq!(expires_at, view.invitation.expires_at);
    assert!(!again);
}

#[test]
fn who_is_sent_another_secret_gets_the_old_one_no_more() {
    let house = house();
    let view = house.invite("joe", Some("de"));
    let first = house.last();
    let again = house.resend(&view, None);
    assert!(house.reason(&first).contains("sent again"));
    assert_eq!(again.invitation.language, view.invitation.language);
    let mail = house.mail(&house.last());
    assert_eq!(mail.text.key(), "invitation_resent");
    let other = house.resend(&view, Some("fr")).invitation.language;
    assert_eq!(other, Some(Language::parse("fr").unwrap()));
}

#[test]
fn an_invitation_that_is_closed_is_not_sent() {
    let house = house();
    let view = house.invite("joe", None);
    let message = house.last();
    house.world.clock.advance(Span::days(29));
    house.mail(&message);
    house.world.clock.advance(Span::days(1));
    assert!(house.reason(&message).contains("expired"));
    let (service, id) = (&house.world.invitations, view.invitation.id);
    block_on(service.revoke(house.ann.caller, house.acme.id, id, None)).unwrap();
    assert!(house.reason(&message).contains("revoked"));
    house.close();
    assert!(house.reason(&message).contains("organization was deleted"));
}

#[test]
fn only_who_was_shown_to_read_there_is_called_by_name() {
    let house = house();
    let carl = User {
        email_verified_at: None,
        ..sample::user("carl")
    };
    for (user, name) in [(sample::user("dora"), Some("dora")), (carl, None)] {
        let account = block_on(house.world.add(user)).unwrap();
        house.invite(&account.user.display_name.as_str().to_lowercase(), None);
        let mail = house.mail(&house.last());
        assert_eq!(mail.name.as_ref().map(DisplayName::as_str), name);
    }
}

#[test]
fn a_deleted_inviter_is_not_named() {
    let house = house();
    house.invite("joe", None);
    let message = house.last();
    house.change(house.ann.user.clone(), |user| {
        user.deleted_at = Some(user.created_at);
    });
    let mail = house.mail(&message);
    assert!(matches!(
        mail.text,
        MailText::Invitation { inviter: None, .. }
    ));
}

#[test]
fn both_owners_are_told() {
    let house = house();
    house.transfer(&house.ann, &house.bob);
    let letters = house.letters();
    let mut recipients: Vec<_> = letters
        .iter()
        .filter_map(|letter| letter.content.recipient())
        .map(Email::as_str)
        .collect();
    recipients.sort_unstable();
    assert_eq!(recipients, ["ann@example.com", "bob@example.com"]);
    for letter in &letters {
        let mail = house.mail(letter);
        let MailText::OwnershipTransferred {
            organization,
            previous_owner,
            owner,
        } = mail.text
        else {
            panic!("{:?}", mail.text);
        };
        assert_eq!(organization, house.acme.name);
        assert_eq!((previous_owner.as_str(), owner.as_str()), ("ann", "bob"));
    }
    house.transfer(&house.bob, &house.ann);
    for letter in &letters {
        assert!(house.reason(letter).contains("moved on"));
    }
}

#[test]
fn an_heir_is_told_that_the_deleted_owner_is_gone() {
    let house = house();
    let command = DeleteUser {
        bequests: vec![(house.acme.id, Bequest::TransferTo(house.bob.user.id))],
        ..DeleteUser::default()
    };
    block_on(house.world.users.delete_me(house.ann.caller, command)).unwrap();
    assert_eq!(house.letters().len(), 1);
    let mail = house.mail(&house.last());
    assert_eq!(mail.recipient, house.bob.user.email);
}

#[test]
fn who_adds_a_domain_is_told_the_record() {
    let house = house();
    let domain = house.add_domain(&house.ann);
    let message = house.last();
    let mail = house.mail(&message);
    assert_eq!(mail.recipient, house.ann.user.email);
    let MailText::DomainVerification { record, value, .. } = mail.text else {
        panic!("{:?}", mail.text);
    };
    assert_eq!(record, "_rollbook-challenge.acme.example");
    assert_eq!(value, domain.challenge);
    house.world.dns.put(&record, &value);
    let verify = house
        .world
        .domains
        .verify(house.ann.caller, house.acme.id, domain.id);
    block_on(verify).unwrap();
    assert!(house.reason(&message).contains("verified"));
    let remove = house
        .world
        .domains
        .remove(house.ann.caller, house.acme.id, domain.id, None);
    block_on(remove).unwrap();
    assert!(house.reason(&message).contains("removed"));
    house.close();
    assert!(house.reason(&message).contains("organization was deleted"));
}

#[test]
fn programs_and_unproven_addresses_get_no_letters() {
    let house = house();
    let root = block_on(house.world.sign_up_superuser("root")).unwrap();
    house.change(root.user.clone(), |user| user.email_verified_at = None);
    house.add_domain(&root);
    assert!(house.letters().is_empty());
    let program = User {
        superuser: true,
        ..sample::service_account("robot")
    };
    let work = move |tx: &mut dyn Tx| {
        let letter = Letter::DomainVerification {
            organization_id: OrganizationId::new(sample::uuid("x")),
            domain_id: DomainId::new(sample::uuid("x")),
        };
        post(
            tx,
            program.created_at,
            MessageId::new(sample::uuid("m")),
            &program,
            letter,
        )
    };
    block_on(house.world.store.write(work)).unwrap();
    assert!(house.letters().is_empty());
}

#[test]
fn an_address_is_verified_once_and_in_time() {
    let house = house();
    let user = house.bob.user.clone();
    let send = || {
        block_on(house.world.users.send_email_verification(house.bob.caller)).unwrap();
        house.last()
    };
    house.change(user.clone(), |user| user.email_verified_at = None);
    let (first, second) = (send(), send());
    assert!(house.reason(&first).contains("another link"));
    let mail = house.mail(&second);
    let end = house.world.now().plus(Span::days(1));
    assert!(
        matches!(mail.text, MailText::EmailVerification { expires_at, .. } if expires_at == end)
    );
    let unverified = User {
        version: user.version.next(),
        email_verified_at: None,
        ..user.clone()
    };
    house.world.clock.advance(Span::days(1));
    assert!(house.reason(&second).contains("expired"));
    house.change(unverified.clone(), |changed| {
        changed.email_verified_at = user.email_verified_at;
    });
    assert!(house.reason(&second).contains("was verified"));
    let moved = User {
        version: unverified.version.next(),
        ..unverified
    };
    house.change(moved, |user| user.email = sample::email("other"));
    assert!(house.reason(&second).contains("another address"));
}

#[test]
fn a_password_is_reset_by_who_is_there_and_in_time() {
    let house = house();
    let user = house.bob.user.clone();
    let ask = || {
        let (passwords, email) = (&house.world.passwords, user.email.clone());
        block_on(passwords.request_reset(Origin::default(), email)).unwrap();
        house.last()
    };
    let (first, second) = (ask(), ask());
    assert!(house.reason(&first).contains("another link"));
    let mail = house.mail(&second);
    let end = house.world.now().plus(Span::seconds(3600));
    assert!(matches!(mail.text, MailText::PasswordReset { expires_at, .. } if expires_at == end));
    house.world.clock.advance(Span::seconds(3600));
    assert!(house.reason(&second).contains("expired"));
    house.change(user, |user| user.active = false);
    assert!(house.reason(&second).contains("gone"));
}
