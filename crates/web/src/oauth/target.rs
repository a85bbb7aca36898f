//! For which organization a client asks: `organization_id`, or `resource` with the organization's
//! URL (RFC 8707).

use rollbook_domain::id::OrganizationId;
use rollbook_domain::service::oauth::Audience;

/// What both parameters name together.
pub(crate) fn audience(
    public_url: &str,
    organization_id: Option<&str>,
    resource: Option<&str>,
) -> Audience {
    let by_id = organization_id.map_or(Audience::Anywhere, |text| {
        let id = text.strip_prefix("organizations/").unwrap_or(text);
        OrganizationId::parse(id).map_or(Audience::Unknown, Audience::Organization)
    });
    let by_resource = resource.map_or(Audience::Anywhere, |text| of_resource(public_url, text));
    match (by_id, by_resource) {
        (same, Audience::Anywhere) => same,
        (Audience::Anywhere, other) => other,
        (one, other) if one == other => one,
        _ => Audience::Unknown,
    }
}

fn of_resource(public_url: &str, resource: &str) -> Audience {
    let Some(path) = resource.strip_prefix(public_url) else {
        return Audience::Unknown;
    };
    let path = path.trim_end_matches('/');
    if matches!(path, "" | "/api/v1") {
        return Audience::Anywhere;
    }
    let id = path.strip_prefix("/api/v1/organizations/");
    id.and_then(OrganizationId::parse)
        .map_or(Audience::Unknown, Audience::Organization)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organization_is_named_in_two_ways() {
        let home = "https://book.example";
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let other = "01890a5d-ac96-774b-bcce-b302099a8058";
        let url = format!("{home}/api/v1/organizations/{id}");
        let meant = Audience::Organization(OrganizationId::parse(id).unwrap());
        let name = format!("organizations/{id}");
        for (organization_id, resource, expected) in [
            (None, None, Audience::Anywhere),
            (Some(id), None, meant),
            (Some(name.as_str()), None, meant),
            (None, Some(url.as_str()), meant),
            (Some(id), Some(url.as_str()), meant),
            (None, Some(home), Audience::Anywhere),
            (Some(id), Some("https://book.example/api/v1/"), meant),
            (Some(other), Some(url.as_str()), Audience::Unknown),
            (Some("acme"), None, Audience::Unknown),
            (
                None,
                Some("https://book.example.evil.example"),
                Audience::Unknown,
            ),
            (None, Some("https://other.example/"), Audience::Unknown),
            (None, Some("acme"), Audience::Unknown),
        ] {
            let found = audience(home, organization_id, resource);
            assert_eq!(found, expected, "{organization_id:?} {resource:?}");
        }
    }
}
