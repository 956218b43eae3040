//! Times, bookings and threads on SQLite or PostgreSQL.
//!
//! A booking takes a place in a time by one conditional update: two callers cannot both see the last place. A number is
//! kept encrypted while the booking waits, and removed when it is kept, missed or cancelled.

use aws_lc_rs::digest;
use database::{Database, Error, Migrations, query};
use jiff::{Span, Timestamp};
use service_host::{Broken, Seal};
use uuid::Uuid;

use crate::meeting::{Booking, BookingState, EncounterKind, Slot};

const MIGRATIONS: Migrations = Migrations {
    component: "encounters",
    steps: &["CREATE TABLE encounters_slot (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL,
    kind TEXT NOT NULL,
    starts BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    place TEXT,
    capacity BIGINT NOT NULL,
    taken BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX encounters_slot_offer ON encounters_slot (organisation, starts);
CREATE TABLE encounters_booking (
    id TEXT PRIMARY KEY,
    slot TEXT NOT NULL,
    organisation TEXT NOT NULL,
    owner TEXT NOT NULL,
    language TEXT NOT NULL,
    number {blob},
    state TEXT NOT NULL,
    ends BIGINT NOT NULL,
    matter TEXT
);
CREATE INDEX encounters_booking_due ON encounters_booking (state, ends);
CREATE INDEX encounters_booking_owner ON encounters_booking (owner);
CREATE INDEX encounters_booking_promised ON encounters_booking (organisation, ends);
CREATE TABLE encounters_thread (
    owner TEXT NOT NULL,
    organisation TEXT NOT NULL,
    matter TEXT NOT NULL,
    messages BIGINT NOT NULL,
    PRIMARY KEY (owner, organisation, matter)
)"],
};

/// With this many messages in one matter, a call-back is offered.
pub const THREAD_LENGTH: i64 = 3;
/// After this long past its end, a booking that nobody closed was missed.
const GRACE_HOURS: i64 = 1;
/// How long a booking that has ended is listed.
const SHOWN_DAYS: i64 = 7;

/// Why a booking did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum BookingError {
    /// The time is full, over, or was never offered.
    #[error("the time is no longer offered")]
    NotOffered,
    /// It is another's, or there is none.
    #[error("there is no such booking")]
    NoBooking,
    /// It has been kept, missed or cancelled before.
    #[error("the booking is closed")]
    Closed,
    /// The number could not be encrypted or decrypted.
    #[error(transparent)]
    Number(#[from] Broken),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] Error),
}

/// Who books: an application for a person, by a digest that says nothing of either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner(String);

impl Owner {
    /// The digest of an application and the person it speaks for, when it does.
    #[must_use]
    pub fn new(application: &str, person: Option<&str>) -> Self {
        let text = format!("{application}\0{}", person.unwrap_or_default());
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        Self(hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Who asks about a booking.
#[derive(Clone, Debug)]
pub enum Asker<'a> {
    /// The one who booked.
    Owner(&'a Owner),
    /// The agency that promised.
    Organisation(&'a str),
}

/// What is wished for.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The time to take.
    pub slot: &'a str,
    /// The number to call.
    pub number: Option<&'a str>,
    /// The language to speak.
    pub language: &'a str,
    /// The matter it is about, by an id of the caller's own.
    pub matter: Option<&'a str>,
}

/// The store.
pub struct Store {
    database: Database,
    seal: Seal,
}

const SLOT: &str = "s.id AS slot, s.organisation AS organisation, s.kind AS kind, s.starts AS starts, s.ends AS ends, \
                    s.place AS place, s.capacity AS capacity, s.taken AS taken";

const BOOKING: &str = "s.id AS slot, s.organisation AS organisation, s.kind AS kind, s.starts AS starts, s.ends AS ends, \
                       s.place AS place, s.capacity AS capacity, s.taken AS taken, b.id AS booking, b.owner AS owner, \
                       b.language AS language, b.state AS state, b.number AS number, b.matter AS matter \
                       FROM encounters_booking b JOIN encounters_slot s ON s.id = b.slot";

fn booking(row: &database::Row) -> Result<Booking, Error> {
    Ok(Booking {
        id: row.get("booking")?,
        slot: slot(row)?,
        state: BookingState::read(&row.get::<String>("state")?),
        language: row.get("language")?,
        matter: row.get("matter")?,
        has_number: row.get::<Option<Vec<u8>>>("number")?.is_some(),
        owner: row.get("owner")?,
    })
}

fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

fn slot(row: &database::Row) -> Result<Slot, Error> {
    let time = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
    let (capacity, taken): (i64, i64) = (row.get("capacity")?, row.get("taken")?);
    Ok(Slot {
        id: row.get("slot")?,
        organisation: row.get("organisation")?,
        kind: EncounterKind::read(&row.get::<String>("kind")?),
        starts: time(row.get("starts")?),
        ends: time(row.get("ends")?),
        place: row.get("place")?,
        capacity: u32::try_from(capacity).unwrap_or(0),
        free: u32::try_from(capacity - taken).unwrap_or(0),
    })
}

impl Store {
    /// Opens the store and brings its schema up to date.
    ///
    /// # Errors
    /// A database that cannot be opened.
    pub async fn open(address: &str, seal: Seal) -> Result<Self, Error> {
        let database = Database::open(address, &[MIGRATIONS]).await?;
        Ok(Self { database, seal })
    }

    /// Offers a time; its id is made here.
    ///
    /// # Errors
    /// The database fails.
    pub async fn offer(&self, mut offered: Slot) -> Result<Slot, Error> {
        offered.id = Uuid::now_v7().to_string();
        offered.free = offered.capacity;
        let insert = query(
            "INSERT INTO encounters_slot (id, organisation, kind, starts, ends, place, capacity) VALUES (?, ?, ?, ?, ?, ?, ?)",
        );
        let insert = insert
            .bind(&offered.id)
            .bind(&offered.organisation)
            .bind(offered.kind.word())
            .bind(micros(offered.starts))
            .bind(micros(offered.ends))
            .bind(offered.place.clone())
            .bind(offered.capacity);
        self.database.execute(insert).await?;
        Ok(offered)
    }

    /// Times of an agency that begin after `now` and have a place left, first one first; at most 500.
    ///
    /// # Errors
    /// The database fails.
    pub async fn offered(&self, organisation: &str, now: Timestamp) -> Result<Vec<Slot>, Error> {
        let find = query(format!(
            "SELECT {SLOT} FROM encounters_slot s WHERE s.organisation = ? AND s.starts > ? AND s.taken < s.capacity \
             ORDER BY s.starts, s.id LIMIT 500"
        ));
        let rows = self
            .database
            .fetch_all(find.bind(organisation).bind(micros(now)))
            .await?;
        rows.iter().map(slot).collect()
    }

    /// How people meet at a time; `None` when there is no such time.
    ///
    /// # Errors
    /// The database fails.
    pub async fn kind(&self, slot_id: &str) -> Result<Option<EncounterKind>, Error> {
        let find = query("SELECT kind FROM encounters_slot WHERE id = ?").bind(slot_id);
        let row = self.database.fetch_optional(find).await?;
        Ok(row
            .map(|row| row.get::<String>("kind"))
            .transpose()?
            .map(|word| EncounterKind::read(&word)))
    }

    /// Takes a place in a time.
    ///
    /// # Errors
    /// The time is full or over; or see [`BookingError`].
    pub async fn book(&self, owner: &Owner, wish: &Wish<'_>, now: Timestamp) -> Result<Booking, BookingError> {
        let id = Uuid::now_v7().to_string();
        let sealed = wish
            .number
            .map(|number| self.seal.close(number.as_bytes(), &id))
            .transpose()?;
        let mut transaction = self.database.begin().await?;
        let take = query(
            "UPDATE encounters_slot SET taken = taken + 1 WHERE id = ? AND taken < capacity AND starts > ? \
             RETURNING organisation, ends",
        );
        let Some(row) = transaction
            .fetch_optional(take.bind(wish.slot).bind(micros(now)))
            .await?
        else {
            transaction.rollback().await?;
            return Err(BookingError::NotOffered);
        };
        let insert = query(
            "INSERT INTO encounters_booking (id, slot, organisation, owner, language, number, state, ends, matter) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        );
        let insert = insert
            .bind(&id)
            .bind(wish.slot)
            .bind(row.get::<String>("organisation")?)
            .bind(&owner.0)
            .bind(wish.language)
            .bind(sealed)
            .bind(BookingState::Booked.word())
            .bind(row.get::<i64>("ends")?)
            .bind(wish.matter);
        transaction.execute(insert).await?;
        transaction.commit().await?;
        self.booking(&Asker::Owner(owner), &id, now).await
    }

    /// A booking of the asker's own.
    ///
    /// # Errors
    /// There is none, or it is another's.
    pub async fn booking(&self, asker: &Asker<'_>, id: &str, now: Timestamp) -> Result<Booking, BookingError> {
        self.forget_missed(now).await?;
        let find = query(format!("SELECT {BOOKING} WHERE b.id = ?")).bind(id);
        let row = self.database.fetch_optional(find).await?;
        let booking = booking(&row.ok_or(BookingError::NoBooking)?)?;
        let own = match asker {
            Asker::Owner(owner) => booking.owner == owner.0,
            Asker::Organisation(organisation) => booking.slot.organisation == **organisation,
        };
        if own { Ok(booking) } else { Err(BookingError::NoBooking) }
    }

    /// The asker's own bookings that have not ended a week ago, first one first; at most 500.
    ///
    /// # Errors
    /// The database fails.
    pub async fn bookings(&self, asker: &Asker<'_>, now: Timestamp) -> Result<Vec<Booking>, Error> {
        self.forget_missed(now).await?;
        let since = now.checked_sub(Span::new().hours(24 * SHOWN_DAYS)).unwrap_or(now);
        let (column, whose) = match asker {
            Asker::Owner(owner) => ("owner", owner.0.as_str()),
            Asker::Organisation(organisation) => ("organisation", *organisation),
        };
        let find = query(format!(
            "SELECT {BOOKING} WHERE b.{column} = ? AND b.ends > ? ORDER BY b.ends, b.id LIMIT 500"
        ));
        let rows = self.database.fetch_all(find.bind(whose).bind(micros(since))).await?;
        rows.iter().map(booking).collect()
    }

    /// Takes a time back: whoever has booked keeps it, nobody else gets it. Says whether there is such a time.
    ///
    /// # Errors
    /// The database fails.
    pub async fn withdraw(&self, organisation: &str, slot_id: &str) -> Result<bool, Error> {
        // A cancelled place lowers `taken`; below 1 no place is ever offered again.
        let end = query("UPDATE encounters_slot SET capacity = 0 WHERE id = ? AND organisation = ?");
        Ok(self.database.execute(end.bind(slot_id).bind(organisation)).await? > 0)
    }

    /// The number to call, for the agency that promised to, while the booking waits.
    ///
    /// # Errors
    /// It is another's, closed, or has no number.
    pub async fn number(&self, organisation: &str, id: &str, now: Timestamp) -> Result<String, BookingError> {
        self.booking(&Asker::Organisation(organisation), id, now).await?;
        let find = query("SELECT number FROM encounters_booking WHERE id = ?").bind(id);
        let sealed: Option<Vec<u8>> = self.database.fetch_one(find).await?.get("number")?;
        let number = self.seal.open(&sealed.ok_or(BookingError::Closed)?, id)?;
        Ok(String::from_utf8(number).map_err(|_| Broken)?)
    }

    /// Ends a booking as kept, missed or cancelled; its number is removed. A cancelled place is offered again.
    ///
    /// # Errors
    /// It is another's, or closed before.
    pub async fn close(
        &self,
        asker: &Asker<'_>,
        id: &str,
        state: BookingState,
        now: Timestamp,
    ) -> Result<Booking, BookingError> {
        self.booking(asker, id, now).await?;
        let mut transaction = self.database.begin().await?;
        let end =
            query("UPDATE encounters_booking SET state = ?, number = NULL WHERE id = ? AND state = ? RETURNING slot");
        let end = end.bind(state.word()).bind(id).bind(BookingState::Booked.word());
        let Some(row) = transaction.fetch_optional(end).await? else {
            transaction.rollback().await?;
            return Err(BookingError::Closed);
        };
        if state == BookingState::Cancelled {
            let free = query("UPDATE encounters_slot SET taken = taken - 1 WHERE id = ?");
            transaction.execute(free.bind(row.get::<String>("slot")?)).await?;
        }
        transaction.commit().await?;
        self.booking(asker, id, now).await
    }

    /// Bookings that nobody closed in time were missed; their numbers go. Called by whoever reads, and every minute.
    ///
    /// # Errors
    /// The database fails.
    pub async fn forget_missed(&self, now: Timestamp) -> Result<(), Error> {
        let limit = now.checked_sub(Span::new().hours(GRACE_HOURS)).unwrap_or(now);
        let due = query("SELECT id FROM encounters_booking WHERE state = ? AND ends < ? LIMIT 1");
        let due = due.bind(BookingState::Booked.word()).bind(micros(limit));
        if self.database.fetch_optional(due).await?.is_none() {
            return Ok(());
        }
        let end = query("UPDATE encounters_booking SET state = ?, number = NULL WHERE state = ? AND ends < ?");
        let end = end
            .bind(BookingState::Missed.word())
            .bind(BookingState::Booked.word())
            .bind(micros(limit));
        self.database.execute(end).await?;
        Ok(())
    }

    /// How many promises an agency has kept and missed.
    ///
    /// # Errors
    /// The database fails.
    pub async fn promises(&self, organisation: &str, now: Timestamp) -> Result<[i64; 3], Error> {
        self.forget_missed(now).await?;
        let mut counts = [0; 3];
        let states = [BookingState::Booked, BookingState::Kept, BookingState::Missed];
        for (count, state) in counts.iter_mut().zip(states) {
            let find = query("SELECT COUNT(*) AS many FROM encounters_booking WHERE organisation = ? AND state = ?");
            let row = self
                .database
                .fetch_one(find.bind(organisation).bind(state.word()))
                .await?;
            *count = row.get("many")?;
        }
        Ok(counts)
    }

    /// Counts a message in a matter; gives how many there are now.
    ///
    /// # Errors
    /// The database fails.
    pub async fn message(&self, owner: &Owner, organisation: &str, matter: &str) -> Result<i64, Error> {
        let count = query(
            "INSERT INTO encounters_thread (owner, organisation, matter, messages) VALUES (?, ?, ?, 1) \
             ON CONFLICT (owner, organisation, matter) DO UPDATE SET messages = encounters_thread.messages + 1 \
             RETURNING messages",
        );
        let mut transaction = self.database.begin().await?;
        let row = transaction
            .fetch_one(count.bind(&owner.0).bind(organisation).bind(matter))
            .await?;
        let messages = row.get("messages")?;
        transaction.commit().await?;
        Ok(messages)
    }
}
