//! The registry as a document: written down, compared, put in force, on the command line as its users do.

use crate::process::run;
use crate::world::{Node, World};
use serde_json::json;
use std::path::{Path, PathBuf};

const DATABASE: &str = "sqlite:registry.sqlite";

/// Exit code and everything printed.
fn vagvisare(node: &Node, key: &Path, arguments: &[&str]) -> (i32, String) {
    let place = ["--gateway", &node.gateway, "--key-file", key.to_str().unwrap()];
    let said = run(&[arguments, &place].concat());
    let text = String::from_utf8(said.stdout).unwrap() + &String::from_utf8(said.stderr).unwrap();
    (said.status.code().unwrap(), text)
}

fn key_file(world: &World, name: &str, key: &str) -> PathBuf {
    let path = world.folder.path().join(name);
    std::fs::write(&path, format!("{key}\n")).unwrap();
    path
}

fn exported(world: &World, node: &Node, key: &Path, name: &str, arguments: &[&str]) -> (PathBuf, String) {
    let folder = world.folder.path().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("registry.toml");
    let output = ["export", "--output", file.to_str().unwrap()];
    let (code, said) = vagvisare(node, key, &[&output, arguments].concat());
    assert_eq!(code, 0, "{said}");
    let text = std::fs::read_to_string(&file).unwrap();
    (file, text)
}

/// A registry where one API has an OpenAPI document and is published, with an agreement.
async fn filled(world: &World, node: &Node) -> (PathBuf, PathBuf) {
    let serving = world.serving(node).await;
    let document = json!({"openapi": "3.1.0", "info": {"title": "Ärenden", "version": "1.0.0"},
        "paths": {"/others": {"get": {"responses": {"200": {"description": "ok"}}}}}});
    let agency = &serving.agency.key;
    let plan =
        json!({"limitPlanId": "agency.plan", "name": "p", "per": "application", "quota": 500, "windowSeconds": 60});
    world.make(node, agency, "/limit-plans", plan).await;
    let backend = json!({"backendId": "agency.b", "name": "b", "targets": [{"url": "http://127.0.0.1:9", "weight": 3}], "privateNetwork": true,
        "maxConcurrent": 50, "maxPending": 10, "breaker": {"probes": 2}, "ejection": {"enabled": false}});
    world.make(node, agency, "/backends", backend).await;
    let api = json!({"name": "cases", "title": "t", "version": "1.0.0", "state": "active", "authentication": "key",
        "personalData": false, "backendId": "agency.b", "limitPlanIds": ["agency.plan"], "cache": {}, "validation": {},
        "retry": {"statuses": [503], "tryTimeoutMilliseconds": 500}, "idempotency": {}, "mirror": {"backendId": "agency.b"},
        "canary": {"backendId": "agency.b", "percent": 1}});
    world.make(node, agency, "/apis", api).await;
    world
        .change(node, agency, "PUT", "/apis/cases-v1/openapi", document)
        .await;
    world
        .change(node, agency, "POST", "/apis/cases-v1/publications", json!({}))
        .await;
    (
        key_file(world, "agency.key", agency),
        key_file(world, "bank.key", &serving.bank.key),
    )
}

#[tokio::test]
async fn what_is_written_down_comes_back_to_the_byte() {
    let world = World::begin(DATABASE);
    let node = world.node("first", DATABASE);
    let (agency, bank) = filled(&world, &node).await;
    let operator = key_file(&world, "operator.key", &world.operator);

    // One's own, and everybody's: nothing differs, and writing it down again gives the same bytes.
    for (key, name) in [(&agency, "own"), (&operator, "all")] {
        let (file, text) = exported(&world, &node, key, name, &[]);
        let (code, said) = vagvisare(&node, key, &["diff", file.to_str().unwrap()]);
        assert_eq!((code, said.as_str()), (0, ""), "{text}");
        let (code, said) = vagvisare(&node, key, &["apply", file.to_str().unwrap(), "--wait"]);
        assert!(code == 0 && said.starts_with("0 changes made; 0 registered"), "{said}");
        assert_eq!(exported(&world, &node, key, name, &[]).1, text);
        assert!(!text.contains("vv_") && !text.contains("lastUsed"), "{text}");
    }
    let (_, own) = exported(&world, &node, &agency, "own", &[]);
    assert!(!own.contains("organisationId = \"bank\"\nname"), "{own}");
    let (code, said) = vagvisare(
        &node,
        &bank,
        &["diff", world.folder.path().join("own/registry.toml").to_str().unwrap()],
    );
    assert!(
        code == 2 && said.contains("+ organisations agency"),
        "another's document is all new to a bank: {said}"
    );

    // An empty registry becomes the same one, by the same road.
    let other = World::begin(DATABASE);
    let elsewhere = other.node("first", DATABASE);
    let key = key_file(&other, "operator.key", &other.operator);
    for organisation in ["bank", "agency"] {
        let only = ["--organisation", organisation];
        let (file, text) = exported(&world, &node, &operator, organisation, &only);
        let (code, said) = vagvisare(
            &elsewhere,
            &key,
            &[&["apply", file.to_str().unwrap(), "--wait"], only.as_slice()].concat(),
        );
        assert_eq!(code, 0, "{said}");
        assert_eq!(exported(&other, &elsewhere, &key, organisation, &only).1, text);
    }
}

#[tokio::test]
async fn a_difference_is_named_applied_and_served() {
    let world = World::begin(DATABASE);
    let node = world.node("first", DATABASE);
    let (agency, bank) = filled(&world, &node).await;
    let (file, text) = exported(&world, &node, &agency, "own", &[]);
    let path = file.to_str().unwrap();
    let extra = "\n[[backends]]\nbackendId = \"agency.new\"\nname = \"new\"\nprivateNetwork = true\ntargets = [{ url = \"http://127.0.0.1:9\" }]\n";
    // More in a document is told by its number.
    let (before, api) = text.split_once("apiId = \"cases-v1\"").unwrap();
    let api = api.replacen("version = \"1.0.0\"", "version = \"1.1.0\"", 1);
    let renumbered = format!("{before}apiId = \"cases-v1\"{api}");
    let changed = renumbered.replace("quota = 500", "quota = 700") + extra;
    std::fs::write(&file, &changed).unwrap();
    let document = file.parent().unwrap().join("openapi/cases-v1.json");
    let wider = std::fs::read_to_string(&document).unwrap().replace(
        "\"/others\"",
        "\"/more\": {\"get\": {\"responses\": {\"200\": {\"description\": \"ok\"}}}},\n\"/others\"",
    );
    std::fs::write(&document, wider).unwrap();
    let expected = "~ limitPlans agency.plan\n    quota: 500 -> 700\n+ backends agency.new\n~ apis cases-v1\n    version: \"1.0.0\" -> \"1.1.0\"\n    openapi: another document\n    publish\n";
    let (code, said) = vagvisare(&node, &agency, &["diff", path]);
    assert_eq!((code, said.as_str()), (2, expected));

    let (code, said) = vagvisare(&node, &agency, &["apply", path, "--dry-run"]);
    assert!(code == 0 && said.contains("3 changes would be made"), "{said}");
    assert_eq!(
        vagvisare(&node, &agency, &["diff", path]).1,
        expected,
        "a dry run changes nothing"
    );

    // What the registry would refuse is said before anything is done, each with its line; what is new counts for what names it.
    let fresh = "[[apis]]\nname = \"fresh\"\ntitle = \"t\"\nversion = \"1.0.0\"\nstate = \"active\"\nauthentication = \"key\"\n\
                 personalData = false\nbackendId = \"agency.new\"\noperations = [{ method = \"GET\", path = \"/a\" }]\npublish = true\n";
    let wrong = format!("{changed}{fresh}")
        .replace("windowSeconds = 60", "windowSeconds = 999999999")
        .replace("version = \"1.1.0\"", "version = \"1.0.1\"");
    std::fs::write(&file, &wrong).unwrap();
    let (code, said) = vagvisare(&node, &agency, &["apply", path, "--dry-run"]);
    assert!(code == 1 && said.contains("nothing was done"), "{said}");
    for part in [
        "limitPlans[0].windowSeconds: must be 1 to",
        "version: must be 1.1.0 or later",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    assert!(
        said.contains("+ apis fresh-v1") && !said.contains("backendId"),
        "{said}"
    );
    std::fs::write(&file, &changed).unwrap();
    assert_eq!(
        vagvisare(&node, &agency, &["diff", path]).1,
        expected,
        "nothing was done"
    );

    let (code, said) = vagvisare(&node, &agency, &["apply", path, "--wait"]);
    assert!(code == 0 && said.contains("is served by all 1 nodes"), "{said}");
    assert_eq!(vagvisare(&node, &agency, &["diff", path]), (0, String::new()));
    // It is in force when the command returns: the path is known, and only an agreement is missing.
    let call = world
        .served(&node, std::fs::read_to_string(&bank).unwrap().trim(), "/cases/v1/more")
        .await;
    assert_eq!(call.0, 403, "{call:?}");

    // What is served is taken aside and back at once, and nothing is published for it.
    let key = std::fs::read_to_string(&agency).unwrap();
    let published = async || {
        let api = world.get(&node, key.trim(), "/apis/cases-v1").await.body;
        (api["published"]["publishedAt"].clone(), api["maintenance"].clone())
    };
    let (when, _) = published().await;
    let aside = |words: &str| {
        let said =
            format!("apiId = \"cases-v1\"\nmaintenance = {{ message = \"{words}\", messageEn = \"Soon back.\" }}\n");
        std::fs::write(&file, changed.replace("apiId = \"cases-v1\"\n", &said)).unwrap();
    };
    aside("");
    let (code, said) = vagvisare(&node, &agency, &["apply", path]);
    let wrong = "apis[0].maintenance.message: must be 1 to 500 characters";
    assert!(code == 1 && said.contains(wrong), "{said}");
    aside("Strax tillbaka.");
    let (_, said) = vagvisare(&node, &agency, &["diff", path]);
    let words = "{\"message\":\"Strax tillbaka.\",\"messageEn\":\"Soon back.\",\"retryAfterSeconds\":600}";
    assert_eq!(said, format!("~ apis cases-v1\n    maintenance: nothing -> {words}\n"));
    let (code, said) = vagvisare(&node, &agency, &["apply", path, "--wait"]);
    assert!(code == 0 && said.contains("1 changes made"), "{said}");
    let told = world.served(&node, "", "/cases/v1/more").await;
    assert!(told.0 == 503 && told.1.contains("Soon back."), "{told:?}");
    assert_eq!(published().await.0, when);
    let (again, text) = exported(&world, &node, &agency, "aside", &[]);
    let (code, said) = vagvisare(&node, &agency, &["diff", again.to_str().unwrap()]);
    assert!(code == 0 && text.contains("Strax tillbaka."), "{said} {text}");
    std::fs::write(&file, &changed).unwrap();
    let (code, said) = vagvisare(&node, &agency, &["apply", path]);
    assert!(code == 0 && said.contains("-> nothing"), "{said}");
    assert_eq!(published().await, (when.clone(), serde_json::Value::Null));

    // By whoever is on duty, with one command.
    let (code, said) = vagvisare(&node, &agency, &["maintain", "cases-v1", "--message", "Fel upptäckt."]);
    assert!(code == 0 && said.contains("cases-v1 is taken aside"), "{said}");
    assert_eq!(published().await.1["message"], "Fel upptäckt.");
    let (code, said) = vagvisare(&node, &agency, &["maintain", "cases-v1", "--end"]);
    assert!(code == 0 && said.contains("in use again"), "{said}");
    let (code, said) = vagvisare(&node, &agency, &["maintain", "cases-v1", "--end"]);
    assert!(code == 1 && said.contains("is not taken aside"), "{said}");
    assert_eq!(published().await, (when, serde_json::Value::Null));

    // What is only registered is told, and taken out when asked for.
    std::fs::write(&file, changed.replace(extra, "")).unwrap();
    let (code, said) = vagvisare(&node, &agency, &["diff", path]);
    assert_eq!((code, said.as_str()), (2, "- backends agency.new\n"));
    let (_, said) = vagvisare(&node, &agency, &["apply", path]);
    assert!(said.contains("1 registered objects are not in the document"), "{said}");
    let (code, said) = vagvisare(&node, &agency, &["apply", path, "--prune"]);
    assert!(code == 64 && said.contains("--organisation"), "{said}");
    let (code, said) = vagvisare(&node, &agency, &["diff", path, "--nonsense"]);
    assert!(
        code == 64 && said.contains("--nonsense"),
        "a mistake is no difference: {said}"
    );
    let (code, said) = vagvisare(&node, &agency, &["apply", path, "--prune", "--organisation", "agency"]);
    assert!(code == 0 && said.contains("- backends agency.new"), "{said}");
    assert_eq!(vagvisare(&node, &agency, &["diff", path]), (0, String::new()));
}

#[tokio::test]
async fn what_is_wrong_is_told_with_its_line_and_path() {
    let world = World::begin(DATABASE);
    let node = world.node("first", DATABASE);
    let (agency, bank) = filled(&world, &node).await;
    let file = world.folder.path().join("wrong.toml");
    let path = file.to_str().unwrap();
    let apply = |key: &Path, text: &str, arguments: &[&str]| {
        std::fs::write(&file, text).unwrap();
        vagvisare(&node, key, &[&["apply", path], arguments].concat())
    };
    let plan = "[[limitPlans]]\nlimitPlanId = \"agency.one\"\nname = \"p\"\nper = \"application\"\nquota = 5\nwindowSeconds = 60\n";
    for (text, arguments, said) in [
        ("[[limitPlans]]\nname = \n".to_owned(), [].as_slice(), "wrong.toml:2:"),
        (
            plan.replace("quota = 5", "qouta = 5"),
            &[],
            "wrong.toml:5:1: limitPlans[0].qouta: does not exist",
        ),
        (
            plan.replace("quota = 5", "quota = \"many\""),
            &[],
            "wrong.toml:5:1: limitPlans[0].quota: must be",
        ),
        (
            plan.replace("limitPlanId = \"agency.one\"\n", ""),
            &[],
            "limitPlans[0].limitPlanId: is needed",
        ),
        (
            format!("{plan}{plan}"),
            &[],
            "wrong.toml:8:1: limitPlans[1].limitPlanId: `agency.one` is written down twice",
        ),
        (
            "[[plans]]\n".to_owned(),
            &[],
            "wrong.toml:1:3: plans: is no table of a registry",
        ),
        (
            "[[apis]]\nname = \"a\"\nopenapi = \"none.json\"\n".to_owned(),
            &[],
            "wrong.toml:3:1: apis[0].openapi:",
        ),
        // What only the registry knows comes back to the line as well.
        (
            plan.replace("windowSeconds = 60", "windowSeconds = 999999999"),
            &[],
            "wrong.toml:6:1: limitPlans[0].windowSeconds: must be 1 to",
        ),
        (
            plan.replace("agency.one", "bank.one"),
            &[],
            "wrong.toml:2:1: limitPlans[0].limitPlanId: must begin with `agency.`",
        ),
        (
            format!("{plan}organisationId = \"bank\"\n"),
            &[],
            "wrong.toml:7:1: limitPlans[0].organisationId: must be your own",
        ),
        (
            format!("{plan}organisationId = \"bank\"\n"),
            &["--organisation", "agency"],
            "belongs to `bank`, and --organisation says agency",
        ),
    ] {
        let (code, printed) = apply(&agency, &text, arguments);
        assert!(code == 1 && printed.contains(said), "{text}\n{printed}");
    }
    // Another organisation's objects are neither changed nor taken out with one's own key.
    let (code, printed) = apply(&bank, &format!("{plan}organisationId = \"agency\"\n"), &[]);
    assert!(
        code == 1 && printed.contains("organisationId: must be your own"),
        "{printed}"
    );
    let (code, printed) = apply(&bank, "", &["--prune", "--organisation", "agency"]);
    assert!(code == 0 && printed.starts_with("0 changes made"), "{printed}");
    let plans = world
        .get(&node, std::fs::read_to_string(&agency).unwrap().trim(), "/limit-plans")
        .await
        .body;
    assert_eq!(plans["limitPlans"].as_array().unwrap().len(), 1, "{plans}");
    let nobody = key_file(&world, "nobody.key", "vv_prod_nothing");
    let (code, printed) = apply(&nobody, plan, &[]);
    assert!(code == 1 && printed.contains("401"), "{printed}");
}

#[tokio::test]
async fn organisations_that_name_each_other_are_registered_together() {
    let world = World::begin(DATABASE);
    let node = world.node("first", DATABASE);
    let operator = key_file(&world, "operator.key", &world.operator);
    let file = world.folder.path().join("organisations.toml");
    let text = "[[organisations]]\norganisationId = \"old\"\nname = \"Old\"\nkind = \"municipality\"\nsuccessorIds = [\"new\"]\n\
                [[organisations]]\norganisationId = \"new\"\nname = \"New\"\nkind = \"municipality\"\nparentId = \"old\"\n";
    std::fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap();
    let (code, said) = vagvisare(&node, &operator, &["apply", path]);
    assert!(code == 0 && said.contains("2 changes made"), "{said}");
    assert_eq!(vagvisare(&node, &operator, &["diff", path]), (0, String::new()));
    // What names nobody is still told at its line.
    std::fs::write(&file, text.replace("[\"new\"]", "[\"nobody\"]")).unwrap();
    let (code, said) = vagvisare(&node, &operator, &["apply", path]);
    assert!(code == 1 && said.contains("organisations[0].successorIds"), "{said}");
}

// The agency's web server answers while the command runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_on_the_internet_is_fetched_once_when_it_is_applied() {
    let world = World::begin(DATABASE);
    let node = world.node("first", DATABASE);
    let serving = world.serving(&node).await;
    let agency = key_file(&world, "agency.key", &serving.agency.key);
    let (port, asked) = crate::documents::elsewhere().await;
    let times = || asked.load(std::sync::atomic::Ordering::SeqCst);
    let file = world.folder.path().join("net.toml");
    let path = file.to_str().unwrap();
    let place = |under: &str| {
        let text = format!(
            "[[backends]]\nbackendId = \"agency.net\"\nname = \"net\"\nprivateNetwork = true\ntargets = [{{ url = \"http://127.0.0.1:9\" }}]\n\
             [[apis]]\nopenapi = \"http://127.0.0.1:{port}{under}\"\nname = \"net\"\ntitle = \"t\"\nversion = \"0.1.0\"\nstate = \"beta\"\n\
             authentication = \"key\"\npersonalData = false\nbackendId = \"agency.net\"\npublish = true\n"
        );
        std::fs::write(&file, text).unwrap();
    };
    place("/openapi.json");

    // Nobody is asked for what is only compared or tried out, and that is said.
    let (code, said) = vagvisare(&node, &agency, &["apply", path, "--dry-run"]);
    let untried = format!(
        "net-v0: http://127.0.0.1:{port}/openapi.json is fetched only when it is applied: its document was not tried out, nor was the publication"
    );
    assert!(
        code == 0 && said.contains(&untried) && said.contains("2 changes would be made"),
        "{said}"
    );
    let (_, said) = vagvisare(&node, &agency, &["diff", path]);
    assert!(said.contains("+ apis net-v0\n"), "{said}");
    assert_eq!(times(), 0);

    let (code, said) = vagvisare(&node, &agency, &["apply", path, "--wait"]);
    assert!(
        code == 0 && said.contains("against the national REST profile"),
        "{said}"
    );
    assert_eq!(
        (times(), world.served(&node, &serving.key, "/net/v0/things").await.0),
        (1, 403)
    );
    // The same address is the same document, whatever is there by now.
    let (_, said) = vagvisare(&node, &agency, &["diff", path]);
    assert!(!said.contains("net-v0"), "{said}");
    let (code, said) = vagvisare(&node, &agency, &["apply", path]);
    assert!(code == 0 && said.starts_with("0 changes made"), "{said}");
    assert_eq!(times(), 1);
    // What is written down is the document as it was fetched.
    let (exported_file, text) = exported(&world, &node, &agency, "own", &[]);
    assert!(text.contains("openapi = \"openapi/net-v0.json\""), "{text}");
    assert_eq!(
        vagvisare(&node, &agency, &["diff", exported_file.to_str().unwrap()]),
        (0, String::new())
    );

    place("/openapi");
    let (_, said) = vagvisare(&node, &agency, &["diff", path]);
    let expected = format!("~ apis net-v0\n    openapi: fetched from http://127.0.0.1:{port}/openapi\n    publish\n");
    assert!(said.contains(&expected), "{said}");
    let (code, said) = vagvisare(&node, &agency, &["apply", path]);
    assert!(code == 0 && said.contains("1 changes made"), "{said}");
    let api = world.get(&node, &serving.agency.key, "/apis/net-v0").await.body;
    assert_eq!(
        (times(), &api["documentUrl"]),
        (2, &json!(format!("http://127.0.0.1:{port}/openapi")))
    );
    // One that is sent takes its place.
    let document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1.0.0"}, "paths": {}});
    world
        .change(&node, &serving.agency.key, "PUT", "/apis/net-v0/openapi", document)
        .await;
    let (_, said) = vagvisare(&node, &agency, &["diff", path]);
    assert!(said.contains(&expected), "{said}");

    place("/moved");
    let (code, said) = vagvisare(&node, &agency, &["apply", path]);
    let wrong = "net.toml:7:1: apis[0].openapi: was answered with the status 302; redirects are not followed";
    assert!(code == 1 && said.contains(wrong), "{said}");
}
