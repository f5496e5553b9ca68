//! Leads a request through the rooms.
