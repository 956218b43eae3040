//! Reads along while hyper reads HTTP/1 heads, for what hyper repairs without telling.
//!
//! hyper follows RFC 9112 section 6.3: of `Content-Length` beside `Transfer-Encoding` it drops the former, of several equal
//! lengths it keeps one, and it takes a line that ends in a bare LF. Each is a message that another program may read in
//! another way, which is how requests are smuggled, so the gateway refuses them; to do so it has to see the bytes.

/// Longest name that matters; longer ones are not compared.
const NAME: usize = 18;

/// One connection's reader of heads. Costs one search for line ends per read.
#[derive(Debug, Default)]
pub(super) struct HeadWatch {
    in_body: bool,
    /// First bytes of the line under way, in lower case.
    name: [u8; NAME],
    /// Length of the line under way.
    length: usize,
    last: u8,
    begun: bool,
    lengths: u8,
    codings: u8,
    bare: bool,
}

impl HeadWatch {
    /// Takes bytes as they were read. `true`: a head among them has more than one reading.
    ///
    /// `at_rest`: no request is being answered, so a body that was being read has ended.
    pub(super) fn read(&mut self, mut bytes: &[u8], at_rest: bool) -> bool {
        if self.in_body {
            if !at_rest {
                return false;
            }
            *self = Self::default();
        }
        let mut ambiguous = false;
        while !self.in_body && !bytes.is_empty() {
            let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
                self.take(bytes);
                break;
            };
            let (line, rest) = bytes.split_at(end);
            self.take(line);
            ambiguous |= self.end_line();
            bytes = rest.get(1..).unwrap_or_default();
        }
        ambiguous
    }

    fn take(&mut self, part: &[u8]) {
        let room = self.name.get_mut(self.length..).unwrap_or_default();
        for (place, byte) in room.iter_mut().zip(part) {
            *place = byte.to_ascii_lowercase();
        }
        self.length += part.len();
        self.last = part.last().copied().unwrap_or(self.last);
    }

    /// `true`: this line ended a head that has more than one reading.
    fn end_line(&mut self) -> bool {
        let carriage = self.length > 0 && self.last == b'\r';
        let empty = self.length == usize::from(carriage);
        self.bare |= !carriage;
        let name = self.name.get(..self.length.min(NAME)).unwrap_or_default();
        if name.starts_with(b"content-length:") {
            self.lengths = self.lengths.saturating_add(1);
        } else if name.starts_with(b"transfer-encoding:") {
            self.codings = self.codings.saturating_add(1);
        }
        (self.length, self.last) = (0, 0);
        if !empty {
            self.begun = true;
            return false;
        }
        // Empty lines before a request line are allowed (RFC 9112 section 2.2).
        if !self.begun {
            self.bare = false;
            return false;
        }
        let ambiguous = self.bare || self.lengths + self.codings > 1;
        let in_body = self.lengths + self.codings > 0;
        *self = Self {
            in_body,
            ..Self::default()
        };
        ambiguous
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &str) -> bool {
        let whole = HeadWatch::default().read(text.as_bytes(), true);
        let mut watch = HeadWatch::default();
        // Cut anywhere, the verdict is the same.
        let parts = text.bytes().filter(|byte| watch.read(&[*byte], true)).count() > 0;
        assert_eq!(whole, parts, "{text:?}");
        whole
    }

    #[test]
    fn heads_with_one_reading_pass() {
        for text in [
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nX-Content-Length: 3\r\nContent-Length: 0\r\n\r\n",
            "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
        ] {
            assert!(!verdict(text), "{text:?}");
        }
    }

    #[test]
    fn heads_with_two_readings_do_not() {
        for text in [
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\nCONTENT-LENGTH: 3\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
            "GET / HTTP/1.1\nHost: h\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\r\n\n",
            "GET /a HTTP/1.1\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        ] {
            assert!(verdict(text), "{text:?}");
        }
    }

    #[test]
    fn bodies_are_not_read_as_heads() {
        let mut watch = HeadWatch::default();
        let body =
            b"POST / HTTP/1.1\r\nContent-Length: 60\r\n\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert!(!watch.read(body, true));
        assert!(!watch.read(b"Content-Length: 1\nContent-Length: 2\n\n", false));
        assert!(
            watch.read(b"GET / HTTP/1.1\nHost: h\n\n", true),
            "the next head is read again"
        );
    }
}
