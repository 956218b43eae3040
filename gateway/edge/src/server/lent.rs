//! A socket on loan to hyper, so that it can be had back.
//!
//! hyper's side of an HTTP/1 connection holds a read buffer of 8 KiB and more for as long as it lives, and does not part with the
//! socket where upgrades are allowed. A connection at rest is dropped around its socket instead; the next request gets a new one.

use super::watch::Open;
use crate::transport::Transport;
use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

thread_local! {
    static WANTED: Cell<bool> = const { Cell::new(false) };
    static RETURNED: Cell<Option<Transport<Open>>> = const { Cell::new(None) };
}

/// The socket until it is dropped. Then it is closed, but in [`take_back`].
pub(super) struct Lent(Option<Transport<Open>>);

impl Lent {
    pub(super) fn new(transport: Transport<Open>) -> Self {
        Self(Some(transport))
    }

    fn get(&mut self) -> io::Result<Pin<&mut Transport<Open>>> {
        // Empty only while it is dropped, when nobody asks any more.
        self.0
            .as_mut()
            .map(Pin::new)
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if WANTED.get() {
            RETURNED.set(self.0.take());
        }
    }
}

/// Drops what has the socket, and gives that.
pub(super) fn take_back<T>(borrower: T) -> Option<Transport<Open>> {
    WANTED.set(true);
    drop(borrower);
    WANTED.set(false);
    RETURNED.take()
}

impl AsyncRead for Lent {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.get()?.poll_read(cx, buffer)
    }
}

impl AsyncWrite for Lent {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.get()?.poll_write(cx, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get()?.poll_write_vectored(cx, data)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get()?.poll_shutdown(cx)
    }
}
