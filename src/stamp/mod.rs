//! Request IDs and task headers, in and out.
