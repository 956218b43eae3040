//! Reads along while hyper reads HTTP/1 heads, for what hyper repairs without telling.
//!
//! hyper follows RFC 9112 section 6.3: of `Content-Length` beside `Transfer-Encoding` it drops the former, of several equal
//! lengths it keeps one, and it takes a line that ends in a bare LF. Each is a message that another program may read in
//! another way, which is how requests are smuggled, so the gateway refuses them; to do so it has to see the bytes.

/// Longest line of a length or a transfer coding that is read; no client pads one so far.
const LINE: usize = 48;

/// One connection's reader of heads. Costs one search for line ends per read.
#[derive(Debug)]
pub(super) struct HeadWatch {
    place: Place,
    /// First bytes of the line under way, in lower case.
    line: [u8; LINE],
    /// Length of the line under way.
    length: usize,
    last: u8,
    begun: bool,
    lengths: u8,
    codings: u8,
    /// What the last `Content-Length` of the head under way says.
    announced: u64,
    bare: bool,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Head,
    /// A body of known length, or a chunk with its line end: so many bytes to pass over.
    Body {
        left: u64,
        chunked: bool,
    },
    ChunkSize,
    Trailers,
}

impl Default for HeadWatch {
    fn default() -> Self {
        Self {
            place: Place::Head,
            line: [0; LINE],
            length: 0,
            last: 0,
            begun: false,
            lengths: 0,
            codings: 0,
            announced: 0,
            bare: false,
        }
    }
}

impl HeadWatch {
    /// Takes bytes as they were read. `true`: a head among them has more than one reading.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> bool {
        let mut ambiguous = false;
        while !bytes.is_empty() {
            if let Place::Body { left, chunked } = self.place {
                let passed = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                bytes = bytes.get(passed..).unwrap_or_default();
                self.place = match left - passed as u64 {
                    0 if chunked => Place::ChunkSize,
                    0 => Place::Head,
                    left => Place::Body { left, chunked },
                };
                continue;
            }
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

    /// Whether what comes next belongs to a body.
    pub(super) fn is_in_body(&self) -> bool {
        self.place != Place::Head
    }

    /// Whether all that was read belongs to messages that are whole.
    pub(super) fn is_between_messages(&self) -> bool {
        self.place == Place::Head && !self.begun && self.length == 0
    }

    fn take(&mut self, part: &[u8]) {
        let room = self.line.get_mut(self.length..).unwrap_or_default();
        for (place, byte) in room.iter_mut().zip(part) {
            *place = byte.to_ascii_lowercase();
        }
        // A fragment in a request target: the crate that reads it drops it, so that what is routed is not what was asked for.
        self.bare |= self.place == Place::Head && !self.begun && part.contains(&b'#');
        self.length += part.len();
        self.last = part.last().copied().unwrap_or(self.last);
    }

    /// `true`: this line ended a head that has more than one reading.
    fn end_line(&mut self) -> bool {
        let carriage = self.length > 0 && self.last == b'\r';
        let empty = self.length == usize::from(carriage);
        let ambiguous = match self.place {
            Place::Head => self.end_head_line(carriage, empty),
            Place::ChunkSize => {
                // hyper has its own opinion of a wrong size, and ends the connection; of an odd one it makes a good one.
                let line = self.line.get(..self.length.min(LINE)).unwrap_or_default();
                let odd = !is_plain_size(line);
                self.place = match chunk_size(line) {
                    0 => Place::Trailers,
                    size => Place::Body {
                        left: size.saturating_add(2),
                        chunked: true,
                    },
                };
                odd
            }
            Place::Trailers if empty => {
                self.place = Place::Head;
                false
            }
            Place::Trailers | Place::Body { .. } => false,
        };
        (self.length, self.last) = (0, 0);
        ambiguous
    }

    fn end_head_line(&mut self, carriage: bool, empty: bool) -> bool {
        self.bare |= !carriage;
        let line = self.line.get(..self.length.min(LINE)).unwrap_or_default();
        if let Some(value) = line.strip_prefix(b"content-length:") {
            self.lengths = self.lengths.saturating_add(1);
            self.announced = decimal(value);
        } else if line.starts_with(b"transfer-encoding:") {
            self.codings = self.codings.saturating_add(1);
        } else {
            return self.end_other_line(empty);
        }
        self.begun = true;
        // The value may go on where it is no longer read.
        self.length > LINE
    }

    fn end_other_line(&mut self, empty: bool) -> bool {
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
        let place = match (self.codings, self.announced) {
            (0, 0) => Place::Head,
            (0, left) => Place::Body { left, chunked: false },
            _ => Place::ChunkSize,
        };
        *self = Self {
            place,
            ..Self::default()
        };
        ambiguous
    }
}

/// The number in a field's value. hyper refuses what is none, and its connection ends.
fn decimal(value: &[u8]) -> u64 {
    value
        .trim_ascii()
        .iter()
        .map_while(|byte| char::from(*byte).to_digit(10))
        .fold(0, |number: u64, digit| {
            number.saturating_mul(10).saturating_add(digit.into())
        })
}

/// Up to sixteen hexadecimal digits, and what follows them begins with `;` or is the line's end.
fn is_plain_size(line: &[u8]) -> bool {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    (1..=16).contains(&digits) && matches!(line.get(digits), None | Some(b'\r' | b';'))
}

/// The size before a chunk's extensions.
fn chunk_size(line: &[u8]) -> u64 {
    line.iter()
        .map_while(|byte| char::from(*byte).to_digit(16))
        .fold(0, |number: u64, digit| {
            number.saturating_mul(16).saturating_add(digit.into())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &str) -> bool {
        let whole = HeadWatch::default().read(text.as_bytes());
        let mut watch = HeadWatch::default();
        // Cut anywhere, the verdict is the same.
        let parts = text.bytes().filter(|byte| watch.read(&[*byte])).count() > 0;
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
    fn bodies_are_not_read_as_heads_and_what_follows_them_is() {
        let bodies = [
            "Content-Length: 38\r\n\r\nContent-Length: 1\nContent-Length: 2\n\n",
            "Content-Length: 0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n25;a=b\r\nContent-Length: 1\nContent-Length: 2\n\n\r\n0\r\nX-Sum: 1\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ];
        for body in bodies {
            let post = format!("POST / HTTP/1.1\r\n{body}");
            assert!(!verdict(&format!("{post}{post}")), "{body:?}");
            for next in [
                "GET / HTTP/1.1\nHost: h\n\n",
                "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
                "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            ] {
                assert!(verdict(&format!("{post}{next}")), "{body:?} {next:?}");
            }
        }
    }

    #[test]
    fn odd_chunk_sizes_and_fragments_are_ambiguous() {
        for size in ["5 ", "5\t", " 5", "0x5", "+5", "", "00000000000000005", "5 ;a=b"] {
            let text = format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\nhello\r\n0\r\n\r\n");
            assert!(verdict(&text), "{size:?}");
        }
        assert!(verdict("GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert!(!verdict("GET /a HTTP/1.1\r\nX: #\r\n\r\n"));
    }

    #[test]
    fn a_length_that_is_padded_out_of_sight_is_ambiguous() {
        let padding = " ".repeat(LINE);
        assert!(verdict(&format!(
            "POST / HTTP/1.1\r\nContent-Length:{padding}3\r\n\r\nabc"
        )));
    }
}
