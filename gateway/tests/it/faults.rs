//! Nodes and databases that are killed while they work: what was acknowledged is there, and calls go on.

mod attacked;
mod caller;
mod change_to_served;
mod database_killed;
mod node_killed;
mod node_stopped;
mod out_of_room;
mod overloaded;
mod processors;
mod readings_killed;

use crate::world::{Node, Serving, World};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use tokio::task::JoinSet;

/// What was measured, for whoever asks with `--nocapture`.
#[expect(clippy::print_stdout, reason = "measurements of a test are for its reader")]
fn say(text: &str) {
    println!("{text}");
}

/// Calls that never stop, from several callers at once.
struct Load {
    tasks: JoinSet<Vec<String>>,
    answered: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Load {
    /// Begins to call the API on each of the nodes.
    fn begin(world: &World, nodes: &[&Node], serving: &Serving, callers: usize) -> Self {
        let each = nodes.iter().flat_map(|node| vec![vec![url(node)]; callers]);
        Self::of(world, serving, each)
    }

    /// Begins to call the API behind a balancer: a caller whom a node takes no connection from goes to the next one.
    fn balanced(world: &World, nodes: &[&Node], serving: &Serving, callers: usize) -> Self {
        let mut all: Vec<_> = nodes.iter().map(|node| url(node)).collect();
        let each = (0..callers).map(|_| {
            all.rotate_left(1);
            all.clone()
        });
        Self::of(world, serving, each)
    }

    /// One caller for each of these, each with the addresses that it may call.
    fn of(world: &World, serving: &Serving, callers: impl Iterator<Item = Vec<String>>) -> Self {
        let (answered, stop) = <(Arc<AtomicUsize>, Arc<AtomicBool>)>::default();
        let mut tasks = JoinSet::new();
        for urls in callers {
            tasks.spawn(call(world, urls, serving, &answered, &stop));
        }
        Self { tasks, answered, stop }
    }

    /// Waits until so many more calls have been answered.
    async fn goes_on(&self, more: usize) {
        let wanted = self.answered.load(Relaxed) + more;
        while self.answered.load(Relaxed) < wanted {
            tokio::task::yield_now().await;
        }
    }

    /// Ends it: how many calls were answered, and what became of the others.
    async fn end(mut self) -> (usize, Vec<String>) {
        self.stop.store(true, Relaxed);
        let mut failed = Vec::new();
        while let Some(of_one) = self.tasks.join_next().await {
            failed.extend(of_one.unwrap());
        }
        (self.answered.load(Relaxed), failed)
    }
}

fn url(node: &Node) -> String {
    format!("{}/guide/v1/things", node.gateway)
}

/// Calls the first of `urls` again and again until it is told to stop, and the next one from when nobody listens there: what
/// became of the calls that were not answered.
fn call(
    world: &World,
    mut urls: Vec<String>,
    serving: &Serving,
    answered: &Arc<AtomicUsize>,
    stop: &Arc<AtomicBool>,
) -> impl Future<Output = Vec<String>> + Send + use<> {
    let (client, key) = (world.client.clone(), serving.key.clone());
    let (answered, stop) = (Arc::clone(answered), Arc::clone(stop));
    async move {
        let mut failed = Vec::new();
        while !stop.load(Relaxed) {
            match client.get(&urls[0]).header("X-Api-Key", &key).send().await {
                Ok(answer) if answer.status() == 200 => {
                    answered.fetch_add(1, Relaxed);
                }
                Ok(answer) => failed.push(answer.text().await.unwrap_or_default()),
                Err(error) if error.is_connect() && urls.len() > 1 => {
                    urls.remove(0);
                }
                Err(error) => failed.push(error.to_string()),
            }
        }
        failed
    }
}
