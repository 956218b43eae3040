//! `load-tests growth`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use load_tests::growth::{self, Axis, Settings, Sizes};

use super::{duration, write};

/// What to measure.
#[derive(Args)]
pub(crate) struct GrowthOptions {
    /// The gateway's program, as it ships: `cargo build --profile dist` makes it
    #[arg(long, default_value = "target/dist/vagvisare")]
    gateway: PathBuf,
    /// Only these axes: routes, applications, agreements, connections, answers, requests, nodes; default: all
    #[arg(long, value_delimiter = ',')]
    axes: Vec<Axis>,
    /// Sizes of an axis, ascending, for example routes=10,1000,50000; may be given for several axes
    #[arg(long, value_name = "AXIS=SIZES", value_parser = sizes)]
    size: Vec<(Axis, Sizes)>,
    /// The whole range of each axis, up to a million applications, 100 MiB and 8 nodes: takes long
    #[arg(long)]
    whole: bool,
    /// Turns of each size
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Length of one turn
    #[arg(long, default_value = "500ms", value_parser = duration)]
    turn: Duration,
    /// How many connections carry the load, at most
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Count instructions under valgrind instead of processor time, for routes, applications and agreements
    #[arg(long)]
    instructions: bool,
    /// Write the figures to this file as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Draw each axis into this file (SVG)
    #[arg(long)]
    svg: Option<PathBuf>,
}

impl GrowthOptions {
    /// Measures; an axis that grows faster than it may is an error.
    pub(crate) async fn run(self) -> Result<()> {
        let chosen = |axis: &Axis| self.axes.is_empty() || self.axes.contains(axis);
        let sizes = |axis: Axis| {
            let given = self.size.iter().rev().find(|(of, _)| *of == axis);
            given.map_or_else(|| axis.sizes(self.whole), |(_, sizes)| sizes.clone())
        };
        let settings = Settings {
            axes: Axis::ALL
                .into_iter()
                .filter(chosen)
                .map(|axis| (axis, sizes(axis)))
                .collect(),
            gateway: self.gateway,
            rounds: self.rounds,
            turn: self.turn,
            connections: self.connections,
            instructions: self.instructions,
        };
        let outcome = tokio::select! {
            outcome = growth::run(&settings, |line| println!("{line}")) => outcome?,
            // Dropping the run ends every server that it started.
            _ = tokio::signal::ctrl_c() => bail!("stopped; nothing was measured to the end"),
        };
        println!("{}", outcome.text);
        write(self.json.as_deref(), &outcome.json)?;
        write(self.svg.as_deref(), &outcome.svg)?;
        if !outcome.faults.is_empty() {
            bail!(
                "a request's cost grows faster than it may: {}",
                outcome.faults.join("; ")
            );
        }
        Ok(())
    }
}

/// `AXIS=SIZE,SIZE`.
fn sizes(text: &str) -> Result<(Axis, Sizes), String> {
    let (axis, list) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` is not of the form routes=10,1000"))?;
    let axis: Axis = axis.parse()?;
    let list = list
        .split(',')
        .map(|size| size.parse().map_err(|_| format!("`{size}` is not a size")))
        .collect::<Result<_, _>>()?;
    Ok((axis, Sizes::new(axis, list).map_err(|error| error.to_string())?))
}
