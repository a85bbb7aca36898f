//! What PostgreSQL says about how it answers a recorded statement.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;

use crate::support::Outcome;

/// A recorded statement and what it binds.
pub(crate) fn parts(query: &str) -> Outcome<(String, String)> {
    let (text, binds) = query.split_once(" -- binds: ").ok_or("no binds")?;
    let binds = binds.trim_start_matches('[').trim_end_matches(']');
    let literals = binds.split(", ").map(literal).collect::<Outcome<Vec<_>>>();
    Ok((text.to_owned(), literals?.join(", ")))
}

/// A bound value, from how Diesel shows it to how SQL writes it.
fn literal(shown: &str) -> Outcome<String> {
    let inside = |name: &str| shown.strip_prefix(name)?.strip_suffix(')');
    if let Some(id) = inside("Key(") {
        Ok(format!("'{id}'::uuid"))
    } else if let Some(millis) = inside("Moment(Timestamp(") {
        let millis: i64 = millis.trim_end_matches(')').parse()?;
        Ok(format!("to_timestamp({millis} / 1000.0)"))
    } else if let Some(text) = shown.strip_prefix('"') {
        Ok(format!("'{}'", text.trim_end_matches('"')))
    } else {
        Ok(shown.parse::<i64>()?.to_string())
    }
}

/// How a statement is answered, run once with a plan for these values and once with one for any.
pub(crate) fn plans(
    connection: &mut PgConnection,
    (text, binds): &(String, String),
) -> Outcome<Vec<Vec<String>>> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        #[diesel(column_name = "QUERY PLAN")]
        line: String,
    }
    let mut plans = Vec::new();
    for mode in ["force_custom_plan", "force_generic_plan"] {
        let prepare = format!("SET plan_cache_mode = {mode}; PREPARE listing AS {text}");
        connection.batch_execute(&prepare)?;
        let lines: Vec<Line> = sql_query(format!(
            "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE listing ({binds})"
        ))
        .load(connection)?;
        connection.batch_execute("DEALLOCATE listing")?;
        plans.push(lines.into_iter().map(|line| line.line).collect());
    }
    Ok(plans)
}

/// How many rows were read, those among them that did not pass.
pub(crate) fn rows_read(plan: &[String]) -> u64 {
    let number = |line: &str, before: &str| -> u64 {
        let after = line.split(before).nth(1).unwrap_or_default();
        let digits = after.split(|c: char| !c.is_ascii_digit()).next();
        digits.and_then(|it| it.parse().ok()).unwrap_or(0)
    };
    let (mut read, mut loops) = (0, 1);
    for line in plan {
        if line.contains("(actual ") {
            loops = number(line, "loops=");
            if line.contains(" Scan ") {
                read += number(line, "rows=") * loops;
            }
        } else if line.contains("Rows Removed by") {
            read += number(line, ": ") * loops;
        }
    }
    read
}

/// Whether it reads members or users that no index named. A small table may be read whole.
pub(crate) fn scans_a_table(plan: &[String]) -> bool {
    let tables = ["Seq Scan on memberships", "Seq Scan on users"];
    plan.iter()
        .any(|line| tables.iter().any(|table| line.contains(table)))
}
