//! The words of letters: templates (Jinja, as minijinja reads it), compiled in or the operator's
//! own, and the choice among them by language.

mod built_in;
mod files;
mod moment;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, escape_formatter};
use rollbook_domain::mail::Mail;
use rollbook_domain::value::Language;

use crate::sample::samples;
pub(crate) use values::{link, secret};

/// The kinds of letters, by the keys of [`rollbook_domain::mail::MailText::key`].
pub const KEYS: [&str; 6] = [
    "invitation",
    "invitation_resent",
    "email_verification",
    "password_reset",
    "ownership_transferred",
    "domain_verification",
];

/// What all letters in HTML look like.
const LAYOUT: &str = "layout.html";
/// The language that all letters have.
const ENGLISH: &str = "en";

/// A letter's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// In which language they are; it need not be the one that was asked for.
    pub language: Language,
    /// The subject, one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as an HTML document.
    pub html: String,
}

/// What of a letter a template gives.
#[derive(Clone, Copy, Debug)]
enum Part {
    Subject,
    Text,
    Html,
}

impl Part {
    const ALL: [Self; 3] = [Self::Subject, Self::Text, Self::Html];

    fn file(self, key: &str) -> String {
        let extension = match self {
            Self::Subject => "subject",
            Self::Text => "txt",
            Self::Html => "html",
        };
        format!("{key}.{extension}")
    }
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {reason}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct BadTemplate {
    /// The file or directory, or the name of the template if it is compiled in.
    pub file: String,
    /// The line, from 1, if it is known.
    pub line: Option<usize>,
    /// Why it cannot be used.
    pub reason: String,
}

impl BadTemplate {
    fn of(path: &Path, reason: impl Into<String>) -> Self {
        Self {
            file: path.display().to_string(),
            line: None,
            reason: reason.into(),
        }
    }
}

/// All templates, compiled and tried.
#[derive(Debug)]
pub(crate) struct Templates {
    environment: Environment<'static>,
    /// Which of them are the operator's, and where they lie.
    files: BTreeMap<String, PathBuf>,
}

impl Templates {
    /// Those that are compiled in, behind those of the directory; refused if one is broken, or if a
    /// letter in some language lacks a part.
    pub(crate) fn load(directory: Option<&Path>) -> Result<Self, BadTemplate> {
        let own = directory.map(files::read).transpose()?.unwrap_or_default();
        let mut templates = Self {
            environment: environment(),
            files: BTreeMap::new(),
        };
        for (name, text) in built_in::BUILT_IN {
            if !own.contains_key(*name) {
                templates.add(name, text)?;
            }
        }
        for (name, (text, path)) in own {
            templates.files.insert(name.clone(), path);
            templates.add(&name, &text)?;
        }
        templates.check()?;
        Ok(templates)
    }

    fn add(&mut self, name: &str, text: &str) -> Result<(), BadTemplate> {
        let added = self
            .environment
            .add_template_owned(name.to_owned(), text.to_owned());
        added.map_err(|error| self.bad(name, &error))
    }

    /// Tries each template with all that its letter may say and with as little as it may say.
    fn check(&self) -> Result<(), BadTemplate> {
        for language in self.languages() {
            for mail in samples() {
                let key = mail.text.key();
                let names = Part::ALL.map(|part| (part, self.find(&language, key, part)));
                if names.iter().all(|(_, name)| name.is_none()) {
                    continue;
                }
                if let Some((part, _)) = names.iter().find(|(_, name)| name.is_none()) {
                    return Err(self.incomplete(&language, key, *part));
                }
                self.render(&mail, &language, "https://rollbook.example")?;
            }
        }
        Ok(())
    }

    /// The languages of which there is a template.
    fn languages(&self) -> Vec<Language> {
        let mut languages: Vec<_> = self
            .environment
            .templates()
            .filter_map(|(name, _)| name.split_once('/'))
            .map(|(language, _)| Language::from_stored(language.to_owned()))
            .collect();
        languages.sort_unstable();
        languages.dedup();
        languages
    }

    /// The name of the template in this language, or in the next wider one that has it (RFC 4647
    /// §3.4).
    fn find(&self, language: &Language, key: &str, part: Part) -> Option<String> {
        let file = part.file(key);
        language
            .ranges()
            .map(|range| format!("{range}/{file}"))
            .find(|name| self.environment.get_template(name).is_ok())
    }

    /// The words of a letter: in its language, otherwise in the installation's, otherwise in
    /// English.
    pub(crate) fn words(
        &self,
        mail: &Mail,
        default: &Language,
        public_url: &str,
    ) -> Result<Words, BadTemplate> {
        let english = Language::from_stored(ENGLISH.to_owned());
        let key = mail.text.key();
        let chosen = [mail.language.as_ref(), Some(default)]
            .into_iter()
            .flatten()
            .find(|language| self.find(language, key, Part::Text).is_some());
        self.render(mail, chosen.unwrap_or(&english), public_url)
    }

    fn render(
        &self,
        mail: &Mail,
        language: &Language,
        public_url: &str,
    ) -> Result<Words, BadTemplate> {
        let key = mail.text.key();
        let name = |part| {
            self.find(language, key, part)
                .ok_or_else(|| self.incomplete(language, key, part))
        };
        let text = name(Part::Text)?;
        let found = text.split_once('/').map_or(ENGLISH, |(found, _)| found);
        let values = values::values(mail, found, public_url);
        let render = |name: &str| {
            let template = self.environment.get_template(name);
            let rendered = template.and_then(|template| template.render(values.clone()));
            rendered.map_err(|error| self.bad(name, &error))
        };
        Ok(Words {
            language: Language::from_stored(found.to_owned()),
            subject: one_line(&render(&name(Part::Subject)?)?),
            text: render(&text)?,
            html: render(&name(Part::Html)?)?,
        })
    }

    fn incomplete(&self, language: &Language, key: &str, part: Part) -> BadTemplate {
        let theirs = self.files.iter().find(|(name, _)| {
            let within = name.split_once('/');
            within.is_some_and(|(at, file)| at == language.as_str() && file.starts_with(key))
        });
        let file = theirs.map_or_else(
            || format!("{language}/{key}"),
            |(_, path)| path.display().to_string(),
        );
        let reason = format!(
            "{} is missing in {language}: a letter has a subject, a text and HTML",
            part.file(key)
        );
        BadTemplate {
            file,
            line: None,
            reason,
        }
    }

    /// The engine's complaint. It never tells what variables hold.
    fn bad(&self, name: &str, error: &minijinja::Error) -> BadTemplate {
        let name = error.name().unwrap_or(name);
        let file = self.files.get(name);
        let reason = match error.detail() {
            Some(detail) => format!("{}: {detail}", error.kind()),
            None => error.kind().to_string(),
        };
        BadTemplate {
            file: file.map_or_else(|| name.to_owned(), |path| path.display().to_string()),
            line: error.line(),
            reason,
        }
    }
}

/// HTML is escaped, a variable that does not exist is an error, and lines that only hold a block
/// leave nothing.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(|out, state, value| match state.auto_escape() {
        AutoEscape::Html if !value.is_safe() && !value.is_undefined() => {
            Ok(out.write_str(&escaped(&value.to_string()))?)
        }
        _ => escape_formatter(out, state, value),
    });
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    // Only other delimiters could be refused.
    if let Ok(syntax) = syntax.build() {
        environment.set_syntax(syntax);
    }
    environment
}

/// What HTML takes for markup, also within quotes. The engine itself would escape slashes, too, which
/// makes links hard to read for whoever looks at a letter's source.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Without line breaks and other control characters, which no header may hold.
pub(crate) fn one_line(text: &str) -> String {
    let spaced = text.replace(char::is_control, " ");
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
