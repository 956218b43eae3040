//! A periodic timer with the kernel's precision.
//!
//! Tokio's own timers round up to a whole millisecond, which would be most of the latency we measure.

use std::io;
use std::time::Duration;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;

/// Fires every period, the first time after one period.
pub(crate) struct Ticker {
    // The kernel's timer is read like a pipe: eight bytes each time it has fired. Of Tokio's safe types this is the one
    // that waits for a file of any kind with a plain `read`; `AsyncFd` can only be made with unsafe code.
    timer: Receiver,
}

impl Ticker {
    /// A timer with this `period` (at least a nanosecond), started now; must be called inside a Tokio runtime.
    pub(crate) fn every(period: Duration) -> io::Result<Self> {
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
        )?;
        let period = timespec(period.max(Duration::from_nanos(1)));
        timerfd_settime(
            &timer,
            TimerfdTimerFlags::empty(),
            &Itimerspec {
                it_interval: period,
                it_value: period,
            },
        )?;
        Ok(Self {
            timer: Receiver::from_owned_fd_unchecked(timer)?,
        })
    }

    /// Waits for the next tick; several that passed meanwhile count as one.
    pub(crate) async fn tick(&mut self) -> io::Result<()> {
        // What is read is how often it fired: the schedule looks at the clock instead.
        let mut fired = [0_u8; 8];
        self.timer.read_exact(&mut fired).await.map(|_| ())
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn ticks_come_a_period_apart_even_below_a_millisecond() {
        let started = Instant::now();
        let mut ticker = Ticker::every(Duration::from_micros(200)).unwrap();
        for _ in 0..20 {
            ticker.tick().await.unwrap();
        }
        // A busy machine may delay or merge ticks, never bring them early.
        assert!(started.elapsed() >= Duration::from_millis(4), "{:?}", started.elapsed());
    }
}
