//! The operator's own templates: `DIR/<language>/<key>.{subject,txt,html}` and `DIR/layout.html`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rollbook_domain::value::Language;

use super::{BadTemplate, KEYS, LAYOUT, Part};

/// A template by its name, with its text and the file it is from.
pub(super) type Files = BTreeMap<String, (String, PathBuf)>;

/// All templates below a directory. Whatever is not one is refused, since a misspelled name would
/// leave its letter as it is; hidden files and backups of editors (`…~`) are passed over.
pub(super) fn read(directory: &Path) -> Result<Files, BadTemplate> {
    let mut files = Files::new();
    for path in entries(directory)? {
        let name = name(&path);
        if path.is_dir() {
            let language = language(&path, &name)?;
            for path in entries(&path)? {
                let file = self::name(&path);
                check(&path, &file)?;
                files.insert(format!("{language}/{file}"), load(&path)?);
            }
        } else if name == LAYOUT {
            files.insert(name, load(&path)?);
        } else {
            let reason =
                format!("there are only {LAYOUT} and directories named after languages here");
            return Err(BadTemplate::of(&path, reason));
        }
    }
    Ok(files)
}

fn load(path: &Path) -> Result<(String, PathBuf), BadTemplate> {
    let text = fs::read_to_string(path);
    let text = text.map_err(|error| BadTemplate::of(path, format!("cannot be read: {error}")))?;
    Ok((text, path.to_owned()))
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, BadTemplate> {
    let unreadable = |error| BadTemplate::of(directory, format!("cannot be read: {error}"));
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = name(&path);
        if !name.starts_with('.') && !name.ends_with('~') {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn language(path: &Path, name: &str) -> Result<Language, BadTemplate> {
    let language = Language::parse(name);
    let language = language.map_err(|reason| BadTemplate::of(path, reason.to_string()))?;
    if language.as_str() == name {
        Ok(language)
    } else {
        let reason = format!("the usual way to write this language is {language}");
        Err(BadTemplate::of(path, reason))
    }
}

/// Refuses a file that belongs to no letter.
fn check(path: &Path, file: &str) -> Result<(), BadTemplate> {
    let known = KEYS
        .iter()
        .any(|key| Part::ALL.iter().any(|part| part.file(key) == file));
    if known {
        return Ok(());
    }
    let keys = KEYS.join(", ");
    let reason = format!(
        "there is no such template; it would be KEY.subject, KEY.txt or KEY.html with KEY of {keys}"
    );
    Err(BadTemplate::of(path, reason))
}
