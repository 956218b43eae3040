//! The pepper's file.

use identity::api_key::{Pepper, PepperError, generate, parse};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Barrier;

#[test]
fn it_is_made_once_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pepper");
    assert!(matches!(Pepper::load(&path), Err(PepperError::File { .. })) && !path.exists());
    let pepper = Pepper::load_or_create(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.trim_end().len() == 64 && text.trim_end().bytes().all(|byte| byte.is_ascii_hexdigit()));
    let key = generate("test", &pepper).unwrap();
    let again = Pepper::load_or_create(&path).unwrap();
    assert!(parse(key.text.expose()).unwrap().matches(&key.hash, &again));
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        1,
        "nothing else is left behind"
    );
}

#[test]
fn all_who_start_at_once_get_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pepper");
    let start = Barrier::new(8);
    let key = generate("test", &Pepper::from_bytes([1; 32])).unwrap();
    let hashes: Vec<_> = std::thread::scope(|scope| {
        let begin = || {
            start.wait();
            parse(key.text.expose())
                .unwrap()
                .hash(&Pepper::load_or_create(&path).unwrap())
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(begin)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(hashes.iter().all(|hash| *hash == hashes[0]));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_will_not_do_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pepper");
    let write = |text: &str, mode| {
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        Pepper::load_or_create(&path)
    };
    let good = "ab".repeat(32);
    assert!(write(&good, 0o600).is_ok());
    assert!(write(&format!("{good}\n"), 0o400).is_ok());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    for text in [
        "",
        "ab",
        &good[1..],
        &format!("{good}ab"),
        &"zz".repeat(32),
        &format!("+a{}", &good[2..]),
        &"\u{e5}".repeat(32),
    ] {
        assert!(matches!(write(text, 0o600), Err(PepperError::Content { .. })), "{text}");
    }
    for mode in [0o640, 0o604, 0o666] {
        assert!(
            matches!(write(&good, mode), Err(PepperError::Exposed { .. })),
            "{mode:o}"
        );
    }
    let nowhere = directory.path().join("missing").join("pepper");
    assert!(matches!(
        Pepper::load_or_create(&nowhere),
        Err(PepperError::File { .. })
    ));
}
