//! The access log: one JSON object a line, a line a request, with its trace id.
//!
//! A thread writes its lines into a buffer of its own; the writer thread swaps the buffers out, at the latest every 200
//! milliseconds. When the file or pipe cannot keep up, a full buffer drops lines and counts them: the request never waits.

mod json;
mod line;
mod writer;

pub(crate) use line::{Clock, version};
pub(crate) use writer::Writer;

use crate::metrics::lock;
use crate::record::RequestRecord;
use prometheus_client::metrics::counter::Counter;
use std::sync::{Arc, Mutex};
use std::thread::Thread;
use std::time::Duration;

/// A buffer this full wakes the writer.
const WAKE_BYTES: usize = 64 * 1024;

/// A buffer this full takes no more lines.
const FULL_BYTES: usize = 1024 * 1024;

/// What threads that log need of the writer.
#[derive(Clone)]
pub(crate) struct Handle {
    shared: Arc<Shared>,
    writer: Thread,
}

/// What the writer and the logging threads share.
struct Shared {
    buffers: Mutex<Vec<Arc<Mutex<Lines>>>>,
    dropped: Counter,
}

/// Finished lines.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    count: u64,
}

/// One thread's buffer. Its lock is only ever met by the writer, for as long as a swap takes.
pub(crate) struct LineBuffer {
    lines: Arc<Mutex<Lines>>,
    handle: Handle,
}

// === impl Handle ===

impl Handle {
    pub(crate) fn new_buffer(&self) -> Arc<LineBuffer> {
        let lines = Arc::default();
        lock(&self.shared.buffers).push(Arc::clone(&lines));
        Arc::new(LineBuffer {
            lines,
            handle: self.clone(),
        })
    }
}

// === impl LineBuffer ===

impl LineBuffer {
    /// Appends the line of `record`.
    pub(crate) fn push(&self, clock: &mut Clock, record: &RequestRecord, duration: Duration, kept: bool) {
        let mut lines = lock(&self.lines);
        let before = lines.bytes.len();
        if before >= FULL_BYTES {
            self.handle.shared.dropped.inc();
            return;
        }
        line::write(&mut lines.bytes, clock, record, duration, kept);
        lines.count += 1;
        // Once, when the mark is passed: a wake-up for every further line would be a system call a request.
        if before < WAKE_BYTES && lines.bytes.len() >= WAKE_BYTES {
            drop(lines);
            self.handle.writer.unpark();
        }
    }
}
