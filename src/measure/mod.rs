//! Series names, label escaping, the cap on series.
