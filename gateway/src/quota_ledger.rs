//! The ledger of quotas, in SQLite for one node or in PostgreSQL for several.
//!
//! One row for each counter and period. A row is locked from its first statement to the commit, so that nodes take turns, and
//! orders are carried out in the order of their counters, so that no two nodes can wait for each other.

use database::{Database, Migrations, Transaction, query};
use limits::{Grant, Ledger, LedgerError, Order};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::OnceCell;

/// The ledger's tables. A step that has been released is never changed; a new one is added after it.
const MIGRATIONS: Migrations = Migrations {
    component: "quotas",
    steps: &["
CREATE TABLE quota_taken (
    counter TEXT NOT NULL, starts BIGINT NOT NULL, ends BIGINT NOT NULL, taken BIGINT NOT NULL, PRIMARY KEY (counter, starts)
);
CREATE INDEX quota_taken_ends ON quota_taken (ends);
"],
};

/// Periods that ended so long ago are removed: long enough that a clock which is wrong by weeks finds them again.
const KEPT_SECONDS: i64 = 35 * 86_400;
/// How often that is looked at.
const CLEANED_EVERY_SECONDS: i64 = 3_600;

/// Rows carried at once.
const AT_ONCE: i64 = 1_000;

/// See the module. The database is opened when it is first asked: a node starts without it.
#[derive(Debug)]
pub struct QuotaLedger {
    address: Arc<str>,
    opened: OnceCell<Database>,
    cleaned_at: AtomicI64,
}

impl QuotaLedger {
    /// The ledger at `sqlite:PATH` or `postgres://...`.
    pub fn at(address: &str) -> Self {
        Self {
            address: address.into(),
            opened: OnceCell::new(),
            cleaned_at: AtomicI64::new(0),
        }
    }

    async fn settle(&self, orders: &[Order]) -> Result<Vec<Grant>, database::Error> {
        let open = || Database::open(&self.address, &[MIGRATIONS]);
        let database = self.opened.get_or_try_init(open).await?;
        let mut transaction = database.begin().await?;
        let mut turns: Vec<(usize, &Order)> = orders.iter().enumerate().collect();
        turns.sort_unstable_by(|(_, a), (_, b)| (&a.counter, a.starts).cmp(&(&b.counter, b.starts)));
        let mut grants = vec![Grant { granted: 0, taken: 0 }; orders.len()];
        for (at, order) in turns {
            let grant = carry_out(&mut transaction, order).await?;
            if let Some(place) = grants.get_mut(at) {
                *place = grant;
            }
        }
        self.clean(&mut transaction).await?;
        transaction.commit().await?;
        Ok(grants)
    }

    async fn clean(&self, transaction: &mut Transaction) -> Result<(), database::Error> {
        let now = jiff::Timestamp::now().as_second();
        let last = self.cleaned_at.load(Ordering::Relaxed);
        if (last..last.saturating_add(CLEANED_EVERY_SECONDS)).contains(&now) {
            return Ok(());
        }
        self.cleaned_at.store(now, Ordering::Relaxed);
        let old = query("DELETE FROM quota_taken WHERE ends < ?").bind(now.saturating_sub(KEPT_SECONDS));
        transaction.execute(old).await.map(|_| ())
    }
}

/// Carries what one ledger has counted in periods that are not over to another, which keeps the greater count of each: what
/// either has seen spent stays spent. Gives how many counters there are. Calls go on meanwhile.
///
/// # Errors
/// Either database's.
pub async fn carry_over(from: &str, to: &str) -> Result<usize, database::Error> {
    let from = Database::open(from, &[MIGRATIONS]).await?;
    let to = Database::open(to, &[MIGRATIONS]).await?;
    let now = jiff::Timestamp::now().as_second();
    let (mut counter, mut starts) = (String::new(), i64::MIN);
    let mut carried = 0;
    loop {
        let page = query(
            "SELECT counter, starts, ends, taken FROM quota_taken WHERE ends > ? AND (counter > ? OR (counter = ? AND starts > ?)) \
             ORDER BY counter, starts LIMIT ?",
        );
        let page = page.bind(now).bind(&counter).bind(&counter).bind(starts).bind(AT_ONCE);
        let rows = from.fetch_all(page).await?;
        // In the order in which nodes lock them.
        let mut transaction = to.begin().await?;
        for row in &rows {
            (counter, starts) = (row.get("counter")?, row.get("starts")?);
            let upsert = query(
                "INSERT INTO quota_taken (counter, starts, ends, taken) VALUES (?, ?, ?, ?) \
                 ON CONFLICT (counter, starts) DO UPDATE SET taken = \
                 CASE WHEN excluded.taken > quota_taken.taken THEN excluded.taken ELSE quota_taken.taken END",
            );
            let (ends, taken) = (row.get::<i64>("ends")?, row.get::<i64>("taken")?);
            transaction
                .execute(upsert.bind(&counter).bind(starts).bind(ends).bind(taken))
                .await?;
        }
        transaction.commit().await?;
        carried += rows.len();
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) < AT_ONCE {
            break;
        }
    }
    from.close().await;
    to.close().await;
    Ok(carried)
}

async fn carry_out(transaction: &mut Transaction, order: &Order) -> Result<Grant, database::Error> {
    // An update that changes nothing locks the row, on both databases.
    let look = query(
        "INSERT INTO quota_taken (counter, starts, ends, taken) VALUES (?, ?, ?, 0) \
         ON CONFLICT (counter, starts) DO UPDATE SET taken = quota_taken.taken RETURNING taken",
    );
    let look = look.bind(&*order.counter).bind(order.starts).bind(order.ends);
    let taken: i64 = transaction.fetch_one(look).await?.get("taken")?;
    let grant = order.settle(u64::try_from(taken).unwrap_or(0));
    let after = i64::try_from(grant.taken).unwrap_or(i64::MAX);
    if after != taken {
        let write = query("UPDATE quota_taken SET taken = ? WHERE counter = ? AND starts = ?");
        let write = write.bind(after).bind(&*order.counter).bind(order.starts);
        transaction.execute(write).await?;
    }
    Ok(grant)
}

impl Ledger for QuotaLedger {
    fn carry_out<'a>(
        &'a self,
        orders: &'a [Order],
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Grant>, LedgerError>> + Send + 'a>> {
        Box::pin(async move {
            let settled = self.settle(orders).await;
            settled.map_err(|error| LedgerError(Box::new(error)))
        })
    }
}
