//! Files: what cannot be read, and paths in what can.

use document::{LARGEST_DOCUMENT, Problems, Source};
use std::path::Path;

fn refused(path: &Path) -> String {
    Source::load(path)
        .unwrap_err()
        .to_string()
        .replace(&path.display().to_string(), "FILE")
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        refused(&folder.path().join("absent.toml")),
        "FILE: cannot be read: No such file or directory (os error 2)"
    );
    assert_eq!(
        refused(folder.path()),
        "FILE: cannot be read: Is a directory (os error 21)"
    );
}

#[test]
fn a_file_of_another_encoding_says_from_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latin1.toml");
    std::fs::write(&path, b"a = 1\nb = \"V\xe4gvisare\"\n").unwrap();
    assert_eq!(
        refused(&path),
        "FILE:2:7: is not UTF-8 from here on; save the file as UTF-8"
    );
}

#[test]
fn a_file_that_is_too_large_is_not_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.toml");
    std::fs::write(&path, vec![b'#'; usize::try_from(LARGEST_DOCUMENT).unwrap() + 1]).unwrap();
    assert_eq!(refused(&path), "FILE: is larger than 8 MiB");
    assert_eq!(refused(Path::new("/dev/zero")), "FILE: is larger than 8 MiB");
}

#[test]
fn paths_are_relative_to_the_document() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let text = "\u{feff}key = \"keys/one.pem\"\nother = \"keys\"\nhere = \"config.toml\"\nempty = \"\"\n";
    std::fs::write(&path, text).unwrap();
    std::fs::create_dir(folder.path().join("keys")).unwrap();
    let source = Source::load(&path).unwrap();
    let problems = Problems::new();
    let table = source.table(&problems);
    assert_eq!(table.optional_file("key").unwrap(), folder.path().join("keys/one.pem"));
    table.optional_file("other");
    assert_eq!(table.required_file("here").unwrap(), path);
    assert_eq!(table.optional_path("empty"), None);
    table.finish();
    let rendered = problems.render().replace(&folder.path().display().to_string(), "DIR");
    let expected = "DIR/config.toml:1:7: key: DIR/keys/one.pem cannot be opened: No such file or directory (os error 2)\n\
                    DIR/config.toml:2:9: other: DIR/keys is a folder, not a file\n\
                    DIR/config.toml:4:9: empty: must be a path, not \"\"\n";
    assert_eq!(rendered, expected);
}
