//! The templates that are compiled in.

/// The text of every template by its name.
macro_rules! templates {
    ($($language:literal: $($key:literal)+;)+) => {
        &[
            ("layout.html", include_str!("../../templates/layout.html")),
            $($(
                templates!(@one $language, $key, ".subject"),
                templates!(@one $language, $key, ".txt"),
                templates!(@one $language, $key, ".html"),
            )+)+
        ]
    };
    (@one $language:literal, $key:literal, $part:literal) => {
        (
            concat!($language, "/", $key, $part),
            include_str!(concat!("../../templates/", $language, "/", $key, $part)),
        )
    };
}

pub(super) const BUILT_IN: &[(&str, &str)] = templates! {
    "en": "invitation" "invitation_resent" "email_verification" "password_reset"
        "ownership_transferred" "domain_verification";
    "de": "invitation" "invitation_resent" "email_verification" "password_reset"
        "ownership_transferred" "domain_verification";
};
