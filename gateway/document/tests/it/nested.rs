//! Tables and arrays.

use crate::read;

#[test]
fn lists_name_the_wrong_element() {
    let text = "limits = [\n  \"a\",\n  5,\n  \"c\",\n]\nscopes = \"x\"\nports = [\"80\", \"eighty\"]\n";
    let ((), problems) = read(text, |table| {
        // Positions stay those of the document.
        assert_eq!(table.strings("limits"), ["a", "", "c"]);
        assert!(table.strings("scopes").is_empty());
        assert_eq!(table.parsed_strings::<u16>("ports", "a port"), [80]);
    });
    assert_eq!(
        problems,
        [
            "f.toml:3:3: limits[1]: must be a string, not 5",
            "f.toml:6:10: scopes: must be an array of strings, not \"x\"",
            "f.toml:7:16: ports[1]: must be a port, not \"eighty\"",
        ]
    );
}

#[test]
fn tables_where_something_else_is_and_the_reverse() {
    let text = "listen = 5\napis = { name = \"a\" }\nlimits = [ 1, { name = \"b\" } ]\nname = { x = 1 }\n";
    let ((), problems) = read(text, |table| {
        table.table("listen").required_string("address");
        assert!(table.tables("apis").is_empty());
        let limits = table.tables("limits");
        assert_eq!(limits.len(), 2);
        assert_eq!(limits[1].required_string("name"), "b");
        limits[0].required_string("name");
        table.required_string("name");
    });
    assert_eq!(
        problems,
        [
            "f.toml:1:10: listen: must be a table, not 5",
            "f.toml:2:8: apis: must be an array of tables, written [[...]], not a table",
            "f.toml:3:12: limits[0]: must be a table, not 1",
            "f.toml:4:8: name: must be a string, not a table",
        ]
    );
}

#[test]
fn an_absent_table_reads_as_empty() {
    let (present, problems) = read("", |table| {
        let listen = table.table("listen");
        assert_eq!(listen.optional_u32("port"), None);
        assert!(listen.tables("more").is_empty());
        listen.is_present()
    });
    assert!(!present);
    assert!(problems.is_empty(), "{problems:?}");
}

#[test]
fn dotted_and_inline_tables_are_tables() {
    let (ports, problems) = read("a.port = 1\nb = { port = 2 }\n", |table| {
        [table.table("a"), table.table("b")].map(|inner| inner.optional_u32("port"))
    });
    assert_eq!(ports, [Some(1), Some(2)]);
    assert!(problems.is_empty(), "{problems:?}");
}
