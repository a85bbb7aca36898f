//! Where settings come from: defaults < file < environment < command line.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use config::{Config, ConfigError, File, FileFormat, Map, Source, Value, ValueKind};

use super::keys::{CONFIG_VARIABLE, KEYS, Key, LISTEN_VARIABLE, PREFIX, nearest};
use crate::failure::{Failure, Result};

/// The file that is read if it is there and no other is named.
pub(crate) const USUAL_FILE: &str = "rollbook.toml";

/// What the command line says about settings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    /// `--config`
    pub(crate) config: Option<PathBuf>,
    /// `--database`
    pub(crate) database: Option<String>,
    /// `--listen`
    pub(crate) listen: Option<String>,
}

/// A setting's value and where it comes from. `Debug` tells only the latter, since a value may hold
/// a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The value as text.
    pub(crate) text: String,
    /// A file, a variable, a flag, or `default`.
    pub(crate) origin: String,
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Found({})", self.origin)
    }
}

/// All settings by name.
pub(crate) type Table = BTreeMap<&'static str, Found>;

/// Lays the sources over one another.
pub(crate) fn merge(
    flags: &Flags,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Table> {
    let merged = Config::builder()
        .add_source(defaults())
        .add_source(file(flags.config.as_deref())?)
        .add_source(variables(environment)?)
        .add_source(command_line(flags))
        .build()
        .map_err(|error| Failure::new(format!("cannot put the settings together: {error}")))?;
    let mut flat = BTreeMap::new();
    flatten("", merged.cache, &mut flat);
    KEYS.iter()
        .filter_map(|key| flat.remove(key.name).map(|value| (key.name, value)))
        .map(|(name, value)| Ok((name, found(name, value)?)))
        .collect()
}

/// Settings of one source, each with its origin.
#[derive(Clone, Debug, Default)]
struct Layer(Vec<(String, String, ValueKind)>);

impl Layer {
    fn set(&mut self, name: &str, origin: &str, value: impl Into<ValueKind>) {
        self.0
            .push((name.to_owned(), origin.to_owned(), value.into()));
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> std::result::Result<Map<String, Value>, ConfigError> {
        let value = |(name, origin, kind): &(String, String, ValueKind)| {
            (name.clone(), Value::new(Some(origin), kind.clone()))
        };
        Ok(self.0.iter().map(value).collect())
    }
}

fn defaults() -> Layer {
    let mut layer = Layer::default();
    for key in &KEYS {
        layer.set(key.name, "default", key.default);
    }
    layer
}

fn command_line(flags: &Flags) -> Layer {
    let mut layer = Layer::default();
    if let Some(url) = &flags.database {
        layer.set("database.url", "--database", url.as_str());
    }
    if let Some(address) = &flags.listen {
        layer.set("server.listen", "--listen", address.as_str());
    }
    layer
}

/// Reads the named file, or the usual one if it is there.
fn file(named: Option<&Path>) -> Result<Layer> {
    let path = named.unwrap_or(Path::new(USUAL_FILE));
    let origin = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Layer::default());
        }
        Err(error) => {
            return Err(Failure::new(format!(
                "cannot read the configuration file {origin}: {error}"
            ))
            .hint("name another with --config or ROLLBOOK_CONFIG, or leave it out"));
        }
    };
    let tables = File::from_str(&text, FileFormat::Toml)
        .collect()
        .map_err(|error| Failure::new(format!("{origin} is not valid TOML: {error}")))?;
    let mut flat = BTreeMap::new();
    for (name, value) in tables {
        flatten(&name, value, &mut flat);
    }
    let mut layer = Layer::default();
    for (name, value) in flat {
        if !KEYS.iter().any(|key| key.name == name) {
            return Err(unknown(
                "key",
                &name,
                &origin,
                KEYS.iter().map(|key| key.name),
            ));
        }
        layer.set(&name, &origin, value.kind);
    }
    Ok(layer)
}

/// Takes our variables out of the environment. An empty one counts as not set.
fn variables(environment: impl Iterator<Item = (OsString, OsString)>) -> Result<Layer> {
    let mut by_variable: BTreeMap<String, &str> = KEYS
        .iter()
        .map(|key| (Key::variable(key), key.name))
        .collect();
    by_variable.insert(LISTEN_VARIABLE.to_owned(), "server.listen");
    let mut layer = Layer::default();
    for (variable, value) in environment {
        let Some(variable) = variable.to_str().filter(|name| name.starts_with(PREFIX)) else {
            continue;
        };
        if value.is_empty() || variable == CONFIG_VARIABLE {
            continue;
        }
        let Some(name) = by_variable.get(variable) else {
            let known = by_variable.keys().map(String::as_str);
            return Err(unknown("variable", variable, "the environment", known));
        };
        let Some(value) = value.to_str() else {
            return Err(Failure::new(format!("{variable} is not valid UTF-8")));
        };
        if let Some((_, other, _)) = layer.0.iter().find(|(taken, ..)| taken == name) {
            return Err(Failure::new(format!(
                "{other} and {variable} both set {name}; unset one"
            )));
        }
        layer.set(name, variable, value);
    }
    Ok(layer)
}

fn unknown<'a>(
    what: &str,
    name: &str,
    origin: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Failure {
    let failure = Failure::new(format!(
        "there is no setting for the {what} {name} in {origin}"
    ));
    match nearest(name, known.clone()) {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure.hint(format!(
            "known are: {}",
            known.collect::<Vec<_>>().join(", ")
        )),
    }
}

/// Joins the names of nested tables with dots.
fn flatten(name: &str, value: Value, flat: &mut BTreeMap<String, Value>) {
    let ValueKind::Table(table) = value.kind else {
        flat.insert(name.to_owned(), value);
        return;
    };
    for (inner, value) in table {
        let name = if name.is_empty() {
            inner
        } else {
            format!("{name}.{inner}")
        };
        flatten(&name, value, flat);
    }
}

fn found(name: &str, value: Value) -> Result<Found> {
    let origin = value.origin().unwrap_or("default").to_owned();
    match value.into_string() {
        Ok(text) => Ok(Found { text, origin }),
        Err(_) => Err(Failure::new(format!(
            "{name} (from {origin}) must be a single value, not a list"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> impl Iterator<Item = (OsString, OsString)> {
        pairs
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)))
    }

    fn merged(flags: &Flags, pairs: &[(&str, &str)]) -> Result<Table> {
        merge(flags, environment(pairs))
    }

    fn written(text: &str) -> (tempfile::NamedTempFile, Flags) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let flags = Flags {
            config: Some(file.path().to_owned()),
            ..Flags::default()
        };
        (file, flags)
    }

    #[test]
    fn later_sources_win() {
        let (file, mut flags) = written(
            "[server]\nlisten = \"[::]:1\"\nworkers = 3\n[database]\nurl = \"sqlite:a\"\ndurable = false\n",
        );
        flags.listen = Some("[::]:3".to_owned());
        let table = merged(
            &flags,
            &[
                ("ROLLBOOK_LISTEN", "[::]:2"),
                ("ROLLBOOK_DATABASE_URL", "sqlite:b"),
                ("HOME", "x"),
            ],
        )
        .unwrap();
        let of = |name: &str| (table[name].text.as_str(), table[name].origin.as_str());
        let path = file.path().display().to_string();
        assert_eq!(of("server.listen"), ("[::]:3", "--listen"));
        assert_eq!(of("database.url"), ("sqlite:b", "ROLLBOOK_DATABASE_URL"));
        assert_eq!(of("server.workers"), ("3", path.as_str()));
        assert_eq!(of("database.durable"), ("false", path.as_str()));
        assert_eq!(of("server.backlog"), ("1024", "default"));
        assert_eq!(table.len(), KEYS.len());
    }

    #[test]
    fn what_is_unknown_is_refused_by_name() {
        let refused = |outcome: Result<Table>| outcome.unwrap_err().to_string();
        for (text, name) in [
            ("[server]\nlisen = \"x\"", "server.lisen"),
            ("[smtp]\nhost = \"x\"", "smtp.host"),
            ("server = 1", "key server "),
            ("[server.listen]\nport = 1", "server.listen.port"),
            ("[server]\nlisten = [1]", "server.listen"),
        ] {
            let (_file, flags) = written(text);
            let message = refused(merged(&flags, &[]));
            assert!(message.contains(name), "{message}");
        }
        let message = refused(merged(&Flags::default(), &[("ROLLBOOK_DATABSE_URL", "x")]));
        assert!(
            message.contains("did you mean ROLLBOOK_DATABASE_URL?"),
            "{message}"
        );
        let twice = [("ROLLBOOK_LISTEN", "x"), ("ROLLBOOK_SERVER_LISTEN", "y")];
        assert!(refused(merged(&Flags::default(), &twice)).contains("both set server.listen"));
    }

    #[test]
    fn empty_variables_and_other_peoples_are_no_settings() {
        let table = merged(
            &Flags::default(),
            &[
                ("ROLLBOOK_LISTEN", ""),
                ("ROLLBOOK_CONFIG", "x"),
                ("PATH", "y"),
            ],
        )
        .unwrap();
        assert_eq!(table["server.listen"].origin, "default");
    }
}
