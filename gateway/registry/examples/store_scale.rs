//! How long a national registry takes to be read from its database and compiled: 661 organisations, 5,000 APIs, 20,000
//! applications, 50,000 agreements. Run: `cargo run --release -p registry --example store_scale`, for SQLite; with the address
//! of an empty database behind it (`-- postgres://..`) for that one.

#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use document::Source;
use registry::import;
use registry::store::Store;
use registry::watch::Picture;
use snapshot::Snapshot;
use std::fmt::Write as _;
use std::time::Instant;

const ORGANISATIONS: usize = 661;
const APIS: usize = 5_000;
const APPLICATIONS: usize = 20_000;
const AGREEMENTS: usize = 50_000;
/// Of the first organisations, which have the APIs; the others call them.
const PRODUCERS: usize = 330;
/// Moment of the compilation, in Unix seconds.
const NOW: i64 = 1_800_000_000;

fn document() -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for number in 0..ORGANISATIONS {
        writeln!(
            text,
            "[[organisations]]\nid = \"o{number}\"\nname = \"O\"\nkind = \"municipality\""
        )?;
        writeln!(
            text,
            "[[backends]]\nid = \"b{number}\"\norganisation = \"o{number}\"\naddresses = [\"https://b{number}.example.se\"]"
        )?;
    }
    for number in 0..APIS {
        let owner = number % PRODUCERS;
        writeln!(
            text,
            "[[apis]]\nname = \"a{number}\"\ntitle = \"A\"\nversion = \"1.0.0\"\nreleased = 2026-01-31\norganisation = \"o{owner}\"\n\
             state = \"active\"\nauthentication = \"key\"\npersonal_data = false\nbackend = \"b{owner}\"\n\
             [[apis.routes]]\nmethod = \"GET\"\npath = \"/things\"\n[[apis.routes]]\nmethod = \"GET\"\npath = \"/things/{{id}}\""
        )?;
    }
    for number in 0..APPLICATIONS {
        let owner = PRODUCERS + number % (ORGANISATIONS - PRODUCERS);
        writeln!(
            text,
            "[[applications]]\nid = \"app{number}\"\nname = \"A\"\norganisation = \"o{owner}\""
        )?;
    }
    for number in 0..AGREEMENTS {
        let (api, consumer) = (number % APIS, PRODUCERS + number % (ORGANISATIONS - PRODUCERS));
        writeln!(
            text,
            "[[agreements]]\nid = \"g{number}\"\nkind = \"avtal\"\npurpose = \"P\"\nproducers = [\"o{}\"]\nconsumers = [\"o{consumer}\"]\n\
             apis = [\"a{api}-v1\"]\nvalid_from = 2026-01-01",
            api % PRODUCERS
        )?;
    }
    Ok(text)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let source = Source::from_text("scale.toml", &document()?);
    let read = registry::read(source, &|_| Ok(Vec::new()));
    let loaded = read.map_err(|problems| anyhow::anyhow!("{}", problems.render()))?;
    let folder = tempfile::tempdir()?;
    let embedded = || format!("sqlite:{}", folder.path().join("registry.sqlite").display());
    let address = std::env::args().nth(1).unwrap_or_else(embedded);
    let kind = if address.starts_with("sqlite:") {
        "SQLite"
    } else {
        "PostgreSQL"
    };
    let store = Store::open(&address).await?;
    let begun = Instant::now();
    import::fill(&store, import::objects(&loaded.draft, &[])).await?;
    println!("written to {kind}, with its audit trail: {:?}", begun.elapsed());
    let begun = Instant::now();
    let mut picture = Picture::default();
    picture.follow(&store).await?;
    println!(
        "read from {kind}, {} objects: {:?}",
        picture.objects.len(),
        begun.elapsed()
    );
    let begun = Instant::now();
    let compiled = picture.draft(NOW);
    println!("drafted, {} left out: {:?}", compiled.left_out.len(), begun.elapsed());
    let compiling = Instant::now();
    let snapshot =
        Snapshot::compile(&compiled.draft).map_err(|problems| anyhow::anyhow!("{} problems", problems.len()))?;
    println!(
        "compiled, {} routes: {:?}",
        snapshot.routes().len(),
        compiling.elapsed()
    );
    println!("draft and compile together: {:?}", begun.elapsed());
    store.close().await;
    Ok(())
}
