//! `rollbook load-sample`.

mod load;
mod plan;

use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::load::Loader;
use self::plan::Plan;
use crate::cli::{SampleArgs, print_line};
use crate::failure::{Failure, Result};
use crate::house::{self, House};
use crate::settings::Settings;

/// Fills the database and says on standard error how that went; tokens go to standard output.
pub(crate) fn load(settings: &Settings, args: SampleArgs) -> Result<()> {
    house::with(settings, async |house| fill(house, Plan::new(args)).await)
}

async fn fill(house: &House, plan: Plan) -> Result<()> {
    let began = Instant::now();
    let bar = progress_bar();
    let mut loader = Loader::new(house, plan, bar.clone());
    loader.refuse_a_second_sample().await?;
    loader.add_users().await?;
    let founding = Instant::now();
    let first = loader.found_organizations().await?;
    let founded = founding.elapsed().as_secs_f64();
    loader.admit_further_members(first).await?;
    let tokens = loader.issue_tokens().await?;
    bar.finish_and_clear();
    for token in tokens {
        print_line(token.reveal())?;
    }
    eprintln!(
        "Loaded {} users and {} organizations in {:.1} s ({:.0} organizations/s); sample-000001@example.com belongs to {}.\n\
         None of them is a superuser: rollbook user create --superuser makes one.",
        plan.users,
        plan.organizations,
        began.elapsed().as_secs_f64(),
        f64::from(plan.organizations) / founded.max(0.001),
        plan.memberships,
    );
    Ok(())
}

/// A bar on standard error if that is a terminal, and nothing otherwise.
fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    let template = "{msg:14} [{bar:40}] {pos}/{len}  {per_sec}  {eta} left";
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

/// The refusal to load a sample over another one.
fn second_sample() -> Failure {
    Failure::new("this database holds a sample already")
        .hint("take an empty one, such as --database sqlite:sample.db")
}
