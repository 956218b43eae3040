//! Subscriptions: signed webhooks and event streams to third-party channels.
