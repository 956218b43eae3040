//! What the tests of every crate need of the machine: the real programs they talk to, and ports. For tests only.

use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::path::PathBuf;

/// Ports that the kernel gives out by itself neither to who binds "any" nor to who connects: below those that Linux,
/// the BSDs and IANA (RFC 6335, section 6) set aside for that.
const LEFT_ALONE: std::ops::Range<u16> = 10_000..32_000;
/// How many are tried.
const TRIES: usize = 1_000;

/// A port of the loopback that nothing listens on, for a program that must be told its own before it starts.
///
/// Not one of those that the kernel gives to whoever comes: between this look and the program's start a test beside it
/// would now and then be given the same.
///
/// # Panics
/// When a thousand are taken.
pub fn free_port() -> u16 {
    let many = u64::from(LEFT_ALONE.end - LEFT_ALONE.start);
    // Every process has keys of its own, so that tests beside each other look in different places.
    let random = RandomState::new();
    (0..TRIES)
        .filter_map(|place| u16::try_from(random.hash_one(place) % many).ok())
        .map(|place| LEFT_ALONE.start + place)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap_or_else(|| panic!("no port of the loopback is free"))
}

/// A program or folder where `cargo xtask test` puts what the tests talk to, or else on `PATH`.
///
/// # Panics
/// When it is in neither place.
pub fn tool(name: &str) -> PathBuf {
    let tools = std::env::var_os("VAGVISARE_TEST_TOOLS").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    tools
        .into_iter()
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|file| file.exists())
        .unwrap_or_else(|| panic!("{name} is missing: run `cargo xtask test`, which installs what the tests talk to"))
}
