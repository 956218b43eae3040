//! The gateway's services as tools of the Model Context Protocol, so that a chat assistant is a channel like any other.
