//! Gathers what one round of an HTTP/2 connection's task writes, so that the answers of all streams that are ready together
//! leave in one write, and under TLS in one record, instead of one each.
//!
//! hyper flushes after each answer. Here a flush only means "with the next round's end": the task that drives the connection
//! calls [`Cork::write_out`] each time hyper has nothing more to do.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is gathered at most before it is written in the middle of a round: a TLS record's content (RFC 8446 section 5.1).
const MOST: usize = 16 * 1024;

/// A socket whose writes are gathered. Clones are the same one.
#[derive(Debug)]
pub(super) struct Cork<S>(Rc<RefCell<Gathered<S>>>);

#[derive(Debug)]
struct Gathered<S> {
    socket: S,
    bytes: Vec<u8>,
    /// How many of `bytes` the socket has taken.
    taken: usize,
    /// The socket has taken what it may still hold back: TLS keeps a record that the network has no room for.
    unflushed: bool,
}

impl<S> Clone for Cork<S> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<S: AsyncWrite + Unpin> Cork<S> {
    pub(super) fn new(socket: S) -> Self {
        Self(Rc::new(RefCell::new(Gathered {
            socket,
            bytes: Vec::new(),
            taken: 0,
            unflushed: false,
        })))
    }

    /// Gives the socket what is gathered. Pending: the task is woken when the socket takes more.
    ///
    /// # Errors
    /// Those of the socket.
    pub(super) fn write_out(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.borrow_mut().write_out(cx)
    }
}

impl<S: AsyncWrite + Unpin> Gathered<S> {
    fn write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.bytes.get(self.taken..).filter(|rest| !rest.is_empty()) {
            let count = ready!(Pin::new(&mut self.socket).poll_write(cx, rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.taken += count;
            self.unflushed = true;
        }
        self.bytes.clear();
        self.taken = 0;
        if self.unflushed {
            ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Makes room for at least one byte.
    fn make_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.bytes.len() >= MOST {
            ready!(self.write_out(cx))?;
        }
        Poll::Ready(Ok(MOST - self.bytes.len()))
    }

    fn gather(&mut self, data: &[u8], room: usize) -> usize {
        let part = data.get(..room).unwrap_or(data);
        self.bytes.extend_from_slice(part);
        part.len()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Cork<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.borrow_mut().socket).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Cork<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let mut gathered = self.0.borrow_mut();
        let room = ready!(gathered.make_room(cx))?;
        Poll::Ready(Ok(gathered.gather(data, room)))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut gathered = self.0.borrow_mut();
        let mut room = ready!(gathered.make_room(cx))?;
        let mut count = 0;
        for part in data {
            let taken = gathered.gather(part, room);
            room -= taken;
            count += taken;
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut gathered = self.0.borrow_mut();
        ready!(gathered.write_out(cx))?;
        Pin::new(&mut gathered.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    /// Takes so many bytes a write, and counts the writes.
    #[derive(Debug)]
    struct Sink {
        bytes: Vec<u8>,
        writes: usize,
        /// What it takes until it is full.
        left: usize,
        /// Whether it holds back what it has taken.
        holds: bool,
        flushes: usize,
    }

    impl AsyncWrite for Sink {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
            if self.left == 0 {
                return Poll::Pending;
            }
            let count = data.len().min(self.left);
            self.left -= count;
            self.writes += 1;
            self.bytes.extend_from_slice(&data[..count]);
            Poll::Ready(Ok(count))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            if self.holds {
                return Poll::Pending;
            }
            self.flushes += 1;
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn cork(left: usize) -> Cork<Sink> {
        Cork::new(Sink {
            bytes: Vec::new(),
            writes: 0,
            left,
            holds: false,
            flushes: 0,
        })
    }

    fn write(cork: &Cork<Sink>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut cork.clone()).poll_write(&mut Context::from_waker(Waker::noop()), data)
    }

    fn written_out(cork: &Cork<Sink>) -> bool {
        cork.write_out(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn a_round_is_one_write() {
        let cork = cork(usize::MAX);
        for part in [&b"one"[..], b"two", b"three"] {
            assert!(write(&cork, part).is_ready());
        }
        assert!(written_out(&cork));
        assert!(written_out(&cork));
        let gathered = cork.0.borrow();
        assert_eq!(
            (gathered.socket.bytes.as_slice(), gathered.socket.writes),
            (&b"onetwothree"[..], 1)
        );
    }

    #[test]
    fn what_the_socket_holds_back_is_asked_for_until_it_has_left() {
        let cork = cork(usize::MAX);
        cork.0.borrow_mut().socket.holds = true;
        assert!(write(&cork, b"one").is_ready());
        assert!(!written_out(&cork));
        assert!(!written_out(&cork));
        cork.0.borrow_mut().socket.holds = false;
        assert!(written_out(&cork));
        assert!(written_out(&cork));
        let gathered = cork.0.borrow();
        assert_eq!((gathered.socket.writes, gathered.socket.flushes), (1, 1));
    }

    #[test]
    fn nothing_is_lost_or_doubled_when_the_socket_is_full() {
        let cork = cork(5);
        let whole: Vec<u8> = (0..=255).cycle().take(3 * MOST).collect();
        let mut sent = 0;
        while sent < whole.len() {
            match write(&cork, &whole[sent..]) {
                Poll::Ready(count) => sent += count.unwrap(),
                Poll::Pending => cork.0.borrow_mut().socket.left = 1_000,
            }
            assert!(cork.0.borrow().bytes.len() <= MOST);
        }
        while !written_out(&cork) {
            cork.0.borrow_mut().socket.left = 1_000;
        }
        assert_eq!(cork.0.borrow().socket.bytes, whole);
    }
}
