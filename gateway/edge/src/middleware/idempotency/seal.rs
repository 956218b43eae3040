//! What a call is kept under, what it is told from another by, and the encryption of what is kept.

use crate::body::ResponseBody;
use crate::call::Facts;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header, request, response};

/// All made from the key, whom it is of, and the call; none can be turned back.
pub(super) struct Names {
    /// Where it is kept.
    pub(super) place: [u8; 32],
    secret: [u8; 32],
    fingerprint: [u8; 32],
}

impl Names {
    /// A key is its application's and person's own: nobody else can ask for the answer. Without a credential it is the
    /// address's.
    pub(super) fn new(head: &request::Parts, key: &str, body: &[u8], facts: &Facts) -> Self {
        let api = facts.api().map_or("", |api| &api.id);
        let snapshot = &facts.plan.snapshot;
        let (application, person) = match &facts.consumer {
            Some(consumer) => (
                snapshot.application(consumer.application).id.to_string(),
                consumer.subject.as_deref().unwrap_or_default(),
            ),
            None => (facts.client_address.to_string(), ""),
        };
        let named = |purpose: &str| digest(&[purpose, api, &application, person, key].map(str::as_bytes));
        let secret = named("secret");
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let media_type = head
            .headers
            .get(header::CONTENT_TYPE)
            .map_or(&[][..], HeaderValue::as_bytes);
        Self {
            place: named("place"),
            fingerprint: digest(&[
                &secret,
                head.method.as_str().as_bytes(),
                target.as_bytes(),
                media_type,
                body,
            ]),
            secret,
        }
    }

    /// What is kept of a call that has no stored answer.
    pub(super) fn marked(&self, mark: u8) -> Vec<u8> {
        let mut value = self.fingerprint.to_vec();
        value.push(mark);
        value
    }

    /// What is kept of a call with its answer.
    pub(super) fn sealed(&self, mark: u8, head: &response::Parts, body: &[u8]) -> Vec<u8> {
        let mut value = self.marked(mark);
        let mut plain = write(head, body);
        let sealed = RandomizedNonceKey::new(&AES_256_GCM, &self.secret)
            .and_then(|key| key.seal_in_place_append_tag(Aad::from(&self.place), &mut plain));
        if let Ok(nonce) = sealed {
            value.extend_from_slice(nonce.as_ref());
            value.extend_from_slice(&plain);
        }
        value
    }

    /// The mark of what was kept and what follows it; `None`: it is of another call.
    pub(super) fn read<'a>(&self, kept: &'a [u8]) -> Option<(u8, &'a [u8])> {
        let (fingerprint, rest) = kept.split_at_checked(self.fingerprint.len())?;
        let (mark, rest) = rest.split_first()?;
        (fingerprint == self.fingerprint).then_some((*mark, rest))
    }

    /// The stored answer.
    pub(super) fn open(&self, sealed: &[u8]) -> Option<Response<ResponseBody>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let mut sealed = sealed.to_vec();
        let key = RandomizedNonceKey::new(&AES_256_GCM, &self.secret).ok()?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = key.open_in_place(nonce, Aad::from(&self.place), &mut sealed).ok()?;
        parse(plain)
    }
}

/// Each part with its length, so that no two lists are alike.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut whole = [0; 32];
    whole.copy_from_slice(context.finish().as_ref());
    whole
}

fn write(head: &response::Parts, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 512);
    out.extend_from_slice(&head.status.as_u16().to_be_bytes());
    out.extend_from_slice(&(u32::try_from(head.headers.len()).unwrap_or(0)).to_be_bytes());
    for (name, value) in &head.headers {
        for part in [name.as_str().as_bytes(), value.as_bytes()] {
            out.extend_from_slice(&u32::try_from(part.len()).unwrap_or(0).to_be_bytes());
            out.extend_from_slice(part);
        }
    }
    out.extend_from_slice(body);
    out
}

fn parse(mut plain: &[u8]) -> Option<Response<ResponseBody>> {
    let mut response = Response::new(ResponseBody::Empty);
    *response.status_mut() = StatusCode::from_u16(u16::from_be_bytes(*take::<2>(&mut plain)?)).ok()?;
    for _ in 0..u32::from_be_bytes(*take::<4>(&mut plain)?) {
        let name = HeaderName::from_bytes(part(&mut plain)?).ok()?;
        let value = HeaderValue::from_bytes(part(&mut plain)?).ok()?;
        response.headers_mut().append(name, value);
    }
    *response.body_mut() = ResponseBody::Full(Bytes::copy_from_slice(plain));
    Some(response)
}

fn take<'a, const LENGTH: usize>(plain: &mut &'a [u8]) -> Option<&'a [u8; LENGTH]> {
    let (first, rest) = plain.split_first_chunk()?;
    *plain = rest;
    Some(first)
}

fn part<'a>(plain: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = u32::from_be_bytes(*take::<4>(plain)?) as usize;
    let (first, rest) = plain.split_at_checked(length)?;
    *plain = rest;
    Some(first)
}
