//! HTTP/2 in bytes, for callers that no client library would be. Used by the tests of the gateway's binary too.

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// One frame (RFC 9113 section 4.1).
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The fields of `GET path`, in HPACK without a table.
pub(crate) fn request_to(path: &str) -> Vec<u8> {
    let host = b"a.example";
    let mut block = vec![0x82, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
    block.extend(path.as_bytes());
    block.extend([0x01, u8::try_from(host.len()).unwrap()]);
    block.extend(host);
    block
}

/// A field of 16 KB that the decoder has to look at: `a: bbb...`, not indexed.
pub(crate) fn long_field() -> Vec<u8> {
    let mut field = vec![0x00, 0x01, b'a', 0x7f, 0x80, 0x7d];
    field.extend(vec![b'b'; 127 + 16_000]);
    field
}

/// A request on stream 1 that puts a field of 3,900 bytes into the connection's table.
pub(crate) fn bomb_laid(path: &str) -> Vec<u8> {
    let mut block = request_to(path);
    // `a: bbb...`, with incremental indexing: 3900 is 127 + 61 + 29 * 128.
    block.extend([0x40, 0x01, b'a', 0x7f, 0xbd, 0x1d]);
    block.extend([b'b'; 3_900]);
    frame(HEADERS, END_STREAM | END_HEADERS, 1, &block)
}

/// A request that names that field 16,000 times, a byte each: 62 MB of fields in a frame of 16 KB.
pub(crate) fn bomb(stream: u32, path: &str) -> Vec<u8> {
    let mut block = request_to(path);
    block.extend([0xbe; 16_000]);
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &block)
}
