//! Who runs where: what is measured must be the gateway, not how it shares a machine with its callers.

use rustix::process::nice;
use rustix::thread::{CpuSet, sched_setaffinity};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio::runtime::{Builder, Runtime};

/// For a shell that becomes the gateway: it has the first processor.
pub(super) const ON_THE_FIRST: &str = "taskset -pc 0 $$ >/dev/null";

/// Threads that want a processor all the time, until it is dropped.
pub(super) struct Busy {
    stop: Arc<AtomicBool>,
}

impl Busy {
    /// So many; the gateway has what is left.
    pub(super) fn on_the_first(threads: usize) -> Self {
        let stop = Arc::<AtomicBool>::default();
        for _ in 0..threads {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                let mut first = CpuSet::new();
                first.set(0);
                sched_setaffinity(None, &first).unwrap();
                while !stop.load(Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        Self { stop }
    }
}

impl Busy {
    /// One on each of the other processors, that leaves it to anybody else who wants it. Where two processors are two threads of one
    /// core, the gateway is up to twice as fast while the other is at rest: now it never is.
    pub(super) fn beside() -> Self {
        let stop = Arc::<AtomicBool>::default();
        for processor in 1..std::thread::available_parallelism().map_or(1, usize::from) {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                let mut own = CpuSet::new();
                own.set(processor);
                // Where that processor is not ours, somewhere else will do.
                let _ = sched_setaffinity(None, &own);
                nice(19).unwrap();
                // Of several chains, so that it wants all that the core has.
                let mut chains = [1_u64, 2, 3, 4, 5, 6, 7, 8];
                while !stop.load(Relaxed) {
                    for chain in std::hint::black_box(&mut chains) {
                        *chain = chain.wrapping_mul(3).wrapping_add(1);
                    }
                }
            });
        }
        Self { stop }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}

/// Keeps this thread to the other processors, with this niceness. On a machine with one processor there is none: it panics.
pub(super) fn keep_away(niceness: i32) {
    let mut others = CpuSet::new();
    (1..CpuSet::MAX_CPU).for_each(|processor| others.set(processor));
    sched_setaffinity(None, &others).unwrap();
    nice(niceness).unwrap();
}

/// A thread that is kept away, for tasks.
pub(super) fn elsewhere(niceness: i32) -> Runtime {
    let mut runtime = Builder::new_multi_thread();
    runtime
        .worker_threads(1)
        .on_thread_start(move || keep_away(niceness))
        .enable_all()
        .build()
        .unwrap()
}
