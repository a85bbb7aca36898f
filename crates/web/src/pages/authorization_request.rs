//! The parameters of an authorization request (RFC 6749 §4.1.1, `OpenID` Connect Core §3.1.2.1).

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rollbook_domain::service::oauth::AuthorizationRequest;
use serde::Deserialize;

use crate::oauth::{audience, given};

/// Where the request goes.
pub(super) const HERE: &str = "/oauth2/authorize";

/// The parameters, as they came.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Parameters {
    #[serde(deserialize_with = "given")]
    client_id: Option<String>,
    #[serde(deserialize_with = "given")]
    pub(super) redirect_uri: Option<String>,
    #[serde(deserialize_with = "given")]
    response_type: Option<String>,
    #[serde(deserialize_with = "given")]
    response_mode: Option<String>,
    #[serde(deserialize_with = "given")]
    scope: Option<String>,
    #[serde(deserialize_with = "given")]
    state: Option<String>,
    #[serde(deserialize_with = "given")]
    code_challenge: Option<String>,
    #[serde(deserialize_with = "given")]
    code_challenge_method: Option<String>,
    #[serde(deserialize_with = "given")]
    nonce: Option<String>,
    #[serde(deserialize_with = "given")]
    prompt: Option<String>,
    #[serde(deserialize_with = "given")]
    max_age: Option<String>,
    #[serde(deserialize_with = "given")]
    pub(super) login_hint: Option<String>,
    #[serde(deserialize_with = "given")]
    organization_id: Option<String>,
    #[serde(deserialize_with = "given")]
    resource: Option<String>,
    #[serde(deserialize_with = "given")]
    request: Option<String>,
    #[serde(deserialize_with = "given")]
    request_uri: Option<String>,
    /// Which button was pressed: no parameter of a client's.
    #[serde(deserialize_with = "given")]
    pub(super) decision: Option<String>,
}

impl Parameters {
    /// The request that they make.
    pub(super) fn request(&self, public_url: &str) -> AuthorizationRequest {
        let (organization, resource) = (self.organization_id.as_deref(), self.resource.as_deref());
        AuthorizationRequest {
            client_id: self.client_id.clone(),
            redirect_uri: self.redirect_uri.clone(),
            response_type: self.response_type.clone(),
            response_mode: self.response_mode.clone(),
            scope: self.scope.clone(),
            state: self.state.clone(),
            code_challenge: self.code_challenge.clone(),
            code_challenge_method: self.code_challenge_method.clone(),
            nonce: self.nonce.clone(),
            prompt: self.prompt.clone(),
            max_age: self.max_age.clone(),
            login_hint: self.login_hint.clone(),
            audience: audience(public_url, organization, resource),
            has_request: self.request.is_some(),
            has_request_uri: self.request_uri.is_some(),
        }
    }

    /// Names and values of those that there are.
    pub(super) fn pairs(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("response_type", &self.response_type),
            ("response_mode", &self.response_mode),
            ("scope", &self.scope),
            ("state", &self.state),
            ("code_challenge", &self.code_challenge),
            ("code_challenge_method", &self.code_challenge_method),
            ("nonce", &self.nonce),
            ("prompt", &self.prompt),
            ("max_age", &self.max_age),
            ("login_hint", &self.login_hint),
            ("organization_id", &self.organization_id),
            ("resource", &self.resource),
            ("request", &self.request),
            ("request_uri", &self.request_uri),
        ];
        let given = all.into_iter();
        given
            .filter_map(|(name, value)| Some((name, value.as_deref()?)))
            .collect()
    }

    /// The same, for somebody who has just signed in.
    pub(super) fn behind_sign_in(&self) -> Self {
        let prompt = self.prompt.as_deref().unwrap_or_default();
        let rest: Vec<&str> = prompt.split(' ').filter(|word| *word != "login").collect();
        Self {
            prompt: Some(rest.join(" ")).filter(|rest| !rest.is_empty()),
            max_age: self.max_age.clone().filter(|age| age != "0"),
            ..self.clone()
        }
    }

    /// Whether nobody shall see anything, whatever else is asked.
    pub(super) fn is_silent(&self) -> bool {
        let prompt = self.prompt.as_deref().unwrap_or_default();
        prompt.split(' ').any(|word| word == "none")
    }

    /// Where this page is.
    pub(super) fn here(&self) -> String {
        with_query(HERE, &self.pairs())
    }
}

/// Adds parameters to a URL.
pub(super) fn with_query(url: &str, pairs: &[(&str, &str)]) -> String {
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_signed_in_need_not_again() {
        let asked = Parameters {
            client_id: Some("a b".to_owned()),
            prompt: Some("login consent".to_owned()),
            max_age: Some("0".to_owned()),
            ..Parameters::default()
        };
        let here = asked.behind_sign_in().here();
        assert_eq!(here, "/oauth2/authorize?client_id=a%20b&prompt=consent");
        let asked = Parameters {
            prompt: Some("login".to_owned()),
            max_age: Some("60".to_owned()),
            ..Parameters::default()
        };
        assert_eq!(
            asked.behind_sign_in().here(),
            "/oauth2/authorize?max_age=60"
        );
    }

    #[test]
    fn parameters_are_added_to_what_is_there() {
        let pairs = [("code", "a"), ("state", "b&c=d")];
        assert_eq!(
            with_query("https://a.example/?x=y", &pairs),
            "https://a.example/?x=y&code=a&state=b%26c%3Dd"
        );
    }
}
