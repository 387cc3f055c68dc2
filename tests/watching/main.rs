//! Rules that are watched while they change: a file, a folder, and both adapters on a file.

#![cfg(unix)]

mod support;

mod adapters;
mod file;
mod folder;
