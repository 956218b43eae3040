//! README's table of the request path is the stack, row for row.

/// The layers in `stack.rs`, in the order a request meets them.
fn layers() -> Vec<String> {
    let source = include_str!("../../src/stack.rs");
    source
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with(".layer(") || line.starts_with(".service("))
        .map(|line| {
            line.split_once('(')
                .unwrap()
                .1
                .trim_start_matches("gate(")
                .trim_start_matches("around(")
        })
        .map(|rest| rest.split("::").next().unwrap().to_owned())
        .filter(|name| !name.starts_with("route("))
        .collect()
}

#[test]
fn readme_lists_every_layer_in_request_order() {
    let readme = include_str!("../../../../README.md");
    let table = readme
        .split("## The request path")
        .nth(1)
        .unwrap()
        .split("## ")
        .next()
        .unwrap();
    let rows: Vec<String> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(rows, layers());
    assert_eq!(rows.len(), 20);
}

#[test]
fn every_row_of_the_failure_table_names_tests_that_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let table = text
        .split("## Failure table")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() >= 10, "{rows:?}");
    for row in rows {
        let named: Vec<_> = row.split('`').filter_map(|word| word.split_once("::")).collect();
        assert!(!named.is_empty(), "no test shows: {row}");
        for (file, test) in named {
            let code = std::fs::read_to_string(root.join(file)).unwrap_or_default();
            assert!(code.contains(&format!("fn {test}(")), "{file} has no {test}");
        }
    }
}
