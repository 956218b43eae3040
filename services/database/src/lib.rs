//! One query layer over SQLite and PostgreSQL.
