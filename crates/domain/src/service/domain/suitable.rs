use crate::value::DomainName;
use crate::{Error, Result};

/// Providers whose addresses anybody can have: by their domains nobody belongs to anything. The
/// largest ones; a domain that is missing here can still be verified only by who controls its DNS.
pub const PUBLIC_PROVIDERS: &[&str] = &[
    "126.com",
    "163.com",
    "aol.com",
    "comcast.net",
    "fastmail.com",
    "free.fr",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hey.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.fr",
    "icloud.com",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "naver.com",
    "orange.fr",
    "outlook.com",
    "pm.me",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "t-online.de",
    "tuta.com",
    "tutanota.com",
    "web.de",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.de",
    "yahoo.fr",
    "yandex.com",
    "yandex.ru",
    "zoho.com",
];

/// Refuses domains that cannot be one organization's own: public suffixes, under which anybody
/// registers, and public providers of mail.
pub(super) fn check(name: &DomainName) -> Result<()> {
    let Some(registered) = psl::domain_str(name.as_str()) else {
        let reason = "anybody can register under this suffix; give a domain of your own";
        return Err(Error::invalid("domain", reason));
    };
    if PUBLIC_PROVIDERS.contains(&registered) {
        let reason = "anybody can have an address there; give a domain of your own";
        return Err(Error::invalid("domain", reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_suitable(name: &str) -> bool {
        check(&DomainName::parse(name).unwrap()).is_ok()
    }

    #[test]
    fn what_anybody_can_have_is_nobodys() {
        for name in [
            "gmail.com",
            "GMail.com",
            "mail.gmail.com",
            "co.uk",
            "github.io",
        ] {
            assert!(!is_suitable(name), "{name}");
        }
        for name in ["acme.com", "mail.acme.co.uk", "acme.github.io", "a.example"] {
            assert!(is_suitable(name), "{name}");
        }
    }

    #[test]
    fn the_list_is_sorted_and_registrable() {
        assert!(PUBLIC_PROVIDERS.is_sorted());
        for name in PUBLIC_PROVIDERS {
            assert_eq!(psl::domain_str(name), Some(*name));
        }
    }
}
