//! A TCP or TLS socket, either way, that keeps something alive for as long as it is open.
//!
//! What is kept is the socket's place in a count. It lives here and not in the connection's task because an upgraded
//! connection outlives its task: a tunnel is an open connection too.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::TlsStream;

/// Parts that together are no longer go out as one: the kernel takes more time over parts than the copy does. A head with a
/// small body, in bytes.
const GATHERED: usize = 4096;

thread_local! {
    static ONE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn gather(socket: &mut TcpStream, cx: &mut Context<'_>, data: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
    let mut socket = Pin::new(socket);
    if let [part] = data {
        return socket.poll_write(cx, part);
    }
    if data.iter().map(|part| part.len()).sum::<usize>() > GATHERED {
        return socket.poll_write_vectored(cx, data);
    }
    ONE.with_borrow_mut(|one| {
        one.clear();
        data.iter().for_each(|part| one.extend_from_slice(part));
        socket.as_mut().poll_write(cx, one)
    })
}

/// What a [`Transport`] holds on to until the socket is closed.
pub(crate) trait Keeper {
    /// These bytes came.
    fn received(&mut self, _bytes: &[u8]) {}

    /// How long the other side is not read from now on, if it is to be left alone; asked before each read.
    fn rest(&mut self) -> Option<Duration> {
        None
    }

    /// Whether the next read begins a request, and others have to begin theirs before.
    fn stands_in_line(&self) -> bool {
        false
    }

    /// Waits for the turn.
    fn poll_turn(&mut self, _cx: &Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    /// The other side takes no more. `true`: what is written is thrown away from now on, and reading goes on.
    fn refused(&mut self) -> bool {
        false
    }

    /// Whether something that was to be written waits for the other side to take it.
    fn unsent(&mut self, _waits: bool) {}
}

/// A socket in plain text or under TLS.
pub(crate) enum Socket {
    /// Plain TCP.
    Plain(TcpStream),
    /// TLS, boxed: its buffers would make every plain connection as large.
    Tls(Box<TlsStream<TcpStream>>),
}

/// A [`Socket`] and its [`Keeper`].
pub(crate) struct Transport<K> {
    socket: Socket,
    keeper: K,
    resting: Option<Pin<Box<Sleep>>>,
}

impl<K> Transport<K> {
    /// Binds the keeper to the socket's life.
    pub(crate) fn new(socket: Socket, keeper: K) -> Self {
        Self {
            socket,
            keeper,
            resting: None,
        }
    }
}

impl<K> Transport<K> {
    /// Waits until the other side has sent something, and leaves it there. `false`: it has closed instead.
    pub(crate) async fn something_came(&mut self) -> bool {
        match &mut self.socket {
            Socket::Plain(socket) => socket.peek(&mut [0]).await.is_ok_and(|count| count > 0),
            Socket::Tls(socket) => {
                poll_fn(|cx| {
                    Poll::Ready(ready!(Pin::new(&mut *socket).poll_fill_buf(cx)).is_ok_and(|came| !came.is_empty()))
                })
                .await
            }
        }
    }
}

impl<K: Keeper> Transport<K> {
    /// Whether the network has something; wakes the task when it does.
    fn is_readable(&self, cx: &mut Context<'_>) -> bool {
        let socket = match &self.socket {
            Socket::Plain(socket) => socket,
            Socket::Tls(socket) => socket.get_ref().0,
        };
        socket.poll_read_ready(cx).is_ready()
    }

    /// The outcome of writing `wanted` bytes, as the keeper wants it seen.
    fn written(&mut self, outcome: Poll<io::Result<usize>>, wanted: usize) -> Poll<io::Result<usize>> {
        use io::ErrorKind::{BrokenPipe, ConnectionReset};
        match outcome {
            Poll::Ready(Ok(count)) if count == wanted => outcome,
            Poll::Ready(Err(error))
                if matches!(error.kind(), BrokenPipe | ConnectionReset) && self.keeper.refused() =>
            {
                Poll::Ready(Ok(wanted))
            }
            Poll::Ready(Ok(_)) | Poll::Pending => {
                self.keeper.unsent(true);
                outcome
            }
            Poll::Ready(Err(_)) => outcome,
        }
    }
}

impl<K: Keeper + Unpin> AsyncRead for Transport<K> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(rest) = self.keeper.rest() {
            self.resting = Some(Box::pin(tokio::time::sleep(rest)));
        }
        if let Some(resting) = &mut self.resting {
            ready!(resting.as_mut().poll(cx));
            self.resting = None;
        }
        if self.keeper.stands_in_line() && self.is_readable(cx) {
            ready!(self.keeper.poll_turn(cx));
        }
        let before = buffer.filled().len();
        let outcome = match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_read(cx, buffer),
            Socket::Tls(socket) => Pin::new(socket).poll_read(cx, buffer),
        };
        if let Some(bytes) = buffer.filled().get(before..).filter(|bytes| !bytes.is_empty()) {
            self.keeper.received(bytes);
        }
        outcome
    }
}

impl<K: Keeper + Unpin> AsyncWrite for Transport<K> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_write(cx, data),
            Socket::Tls(socket) => Pin::new(socket).poll_write(cx, data),
        };
        self.written(outcome, data.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = match &mut self.socket {
            Socket::Plain(socket) => gather(socket, cx, data),
            Socket::Tls(socket) => Pin::new(socket).poll_write_vectored(cx, data),
        };
        self.written(outcome, data.iter().map(|part| part.len()).sum())
    }

    fn is_write_vectored(&self) -> bool {
        match &self.socket {
            Socket::Plain(socket) => socket.is_write_vectored(),
            Socket::Tls(socket) => socket.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Socket::Tls(socket) => Pin::new(socket).poll_flush(cx),
        };
        self.keeper.unsent(outcome.is_pending());
        outcome
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Socket::Tls(socket) => Pin::new(socket).poll_shutdown(cx),
        }
    }
}
