//! The thread that writes the access log.

use super::{Handle, Lines, Shared};
use crate::config::{AccessLog, Error};
use crate::metrics::lock;
use prometheus_client::metrics::counter::Counter;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Longest time a line waits in its buffer.
const PERIOD: Duration = Duration::from_millis(200);

/// The running writer.
pub(crate) struct Writer {
    handle: Handle,
    stopping: Arc<AtomicBool>,
    stopped: Receiver<()>,
}

/// The writer's own side.
struct Loop {
    shared: Arc<Shared>,
    sink: Box<dyn Write + Send>,
    /// Swapped with each buffer in turn, so that no memory is asked for while the log runs.
    spare: Lines,
    failing: bool,
    /// A log file that may be renamed or removed under our hands.
    file: Option<Followed>,
}

/// A file by its name, and which file that was when it was opened.
struct Followed {
    path: PathBuf,
    opened: (u64, u64),
}

// === impl Writer ===

impl Writer {
    /// Opens the log and starts the thread; `None` when there is no access log.
    pub(crate) fn start(target: &AccessLog, dropped: Counter) -> Result<Option<Self>, Error> {
        match target {
            AccessLog::Off => Ok(None),
            AccessLog::Stdout => Self::start_with(Box::new(io::stdout()), None, dropped).map(Some),
            AccessLog::File(path) => {
                let (file, opened) = open(path).map_err(|source| Error::AccessLog {
                    path: path.clone(),
                    source,
                })?;
                let path = path.clone();
                Self::start_with(Box::new(file), Some(Followed { path, opened }), dropped).map(Some)
            }
        }
    }

    fn start_with(sink: Box<dyn Write + Send>, file: Option<Followed>, dropped: Counter) -> Result<Self, Error> {
        let shared = Arc::new(Shared {
            buffers: Mutex::default(),
            dropped,
        });
        let stopping = Arc::new(AtomicBool::new(false));
        let (done, stopped) = channel();
        let work = Loop {
            shared: Arc::clone(&shared),
            sink,
            spare: Lines::default(),
            failing: false,
            file,
        };
        let flag = Arc::clone(&stopping);
        let thread = std::thread::Builder::new().name("access-log".to_owned());
        let thread = thread.spawn(move || work.run(&flag, &done)).map_err(Error::Thread)?;
        Ok(Self {
            handle: Handle {
                shared,
                writer: thread.thread().clone(),
            },
            stopping,
            stopped,
        })
    }

    pub(crate) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Asks the thread to write what is buffered and to end.
    pub(crate) fn ask_to_stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.handle.writer.unpark();
    }

    /// Waits for the end, until `deadline`: whatever reads the log may have stopped reading.
    pub(crate) fn stop(self, deadline: Instant) {
        self.ask_to_stop();
        if self
            .stopped
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .is_err()
        {
            tracing::warn!("the access log did not take its last lines in time");
        }
    }
}

fn open(path: &Path) -> io::Result<(File, (u64, u64))> {
    let file = OpenOptions::new().append(true).create(true).open(path)?;
    let identity = file.metadata()?;
    Ok((file, (identity.dev(), identity.ino())))
}

// === impl Loop ===

impl Loop {
    fn run(mut self, stopping: &AtomicBool, done: &Sender<()>) {
        while !stopping.load(Ordering::Acquire) {
            std::thread::park_timeout(PERIOD);
            self.write_all();
        }
        self.write_all();
        // The receiver has gone when the stop ran out of time.
        let _ = done.send(());
    }

    /// Opens the log anew once its name stands for another file, or for none: it has been rotated away. Until that succeeds
    /// the old file is written.
    fn follow(&mut self) {
        let Some(Followed { path, opened }) = &mut self.file else {
            return;
        };
        let now = std::fs::metadata(&*path).map(|it| (it.dev(), it.ino()));
        if now.is_ok_and(|now| now == *opened) {
            return;
        }
        if let Ok((file, identity)) = open(path) {
            *opened = identity;
            self.sink = Box::new(file);
            tracing::info!("the access log has been rotated: writing the new file");
        }
    }

    fn write_all(&mut self) {
        self.follow();
        let buffers = lock(&self.shared.buffers).clone();
        let mut wrote = false;
        for buffer in &buffers {
            std::mem::swap(&mut *lock(buffer), &mut self.spare);
            if self.spare.count > 0 {
                wrote = true;
                let written = self.sink.write_all(&self.spare.bytes);
                self.note(written);
                self.spare.bytes.clear();
                self.spare.count = 0;
            }
        }
        drop(buffers);
        if wrote {
            let flushed = self.sink.flush();
            self.spare.count = 0;
            self.note(flushed);
        }
        // A buffer nobody else holds belonged to a thread that has ended.
        lock(&self.shared.buffers).retain(|buffer| Arc::strong_count(buffer) > 1 || lock(buffer).count > 0);
    }

    /// Counts the lines of a failed write, and says so once for each change.
    fn note(&mut self, result: io::Result<()>) {
        match result {
            Ok(()) if self.failing => tracing::info!("the access log is written again"),
            Err(error) => {
                self.shared.dropped.inc_by(self.spare.count);
                if !self.failing {
                    tracing::error!(%error, "the access log cannot be written");
                }
                self.failing = true;
                return;
            }
            Ok(()) => {}
        }
        self.failing = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_log::{Clock, FULL_BYTES};
    use crate::{Config, Telemetry};
    use http::{Method, Version};
    use std::sync::Condvar;

    /// A sink that takes nothing until it is opened.
    #[derive(Clone, Default)]
    struct Gate(Arc<(Mutex<(bool, u64)>, Condvar)>);

    impl Gate {
        fn open(&self) {
            lock(&self.0.0).0 = true;
            self.0.1.notify_all();
        }

        fn lines(&self) -> u64 {
            lock(&self.0.0).1
        }
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut state = self.0.1.wait_while(lock(&self.0.0), |(open, _)| !*open).unwrap();
            state.1 += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stuck_reader_costs_lines_that_are_counted_and_never_time() {
        let gate = Gate::default();
        let dropped = Counter::default();
        let writer = Writer::start_with(Box::new(gate.clone()), None, dropped.clone()).unwrap();
        let buffer = writer.handle().new_buffer();
        let (telemetry, _guard) = Telemetry::start(Config {
            trace_store: 0,
            ..Config::default()
        })
        .unwrap();
        let record = telemetry.begin(None, Method::GET, Version::HTTP_11, None);
        let mut clock = Clock::default();
        let mut pushed = 0_u64;
        while dropped.get() < 10 {
            buffer.push(&mut clock, &record, Duration::from_millis(1), false);
            pushed += 1;
            assert!(pushed < 4 * FULL_BYTES as u64, "the buffer is bounded");
        }
        gate.open();
        writer.stop(Instant::now() + Duration::from_secs(10));
        assert_eq!(
            gate.lines() + dropped.get(),
            pushed,
            "every line is either written or counted"
        );
    }
}
