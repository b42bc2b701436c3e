//! A file per format; all read the same run report.
