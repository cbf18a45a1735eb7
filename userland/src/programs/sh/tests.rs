//! The shell against a scripted kernel.
