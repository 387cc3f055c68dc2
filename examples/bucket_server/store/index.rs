//! What there is, in memory and in order.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::record::{BucketRecord, Object, Upload};
use crate::error::{ApiError, NO_SUCH_BUCKET};

#[derive(Default)]
pub struct Index {
    pub buckets: BTreeMap<String, Bucket>,
    /// Of all objects and parts, with their records.
    pub bytes: u64,
}

pub struct Bucket {
    pub record: BucketRecord,
    /// By key, in the order of its bytes, which is how listings are sorted.
    pub objects: BTreeMap<String, Object>,
    /// By id.
    pub uploads: BTreeMap<String, Upload>,
}

/// What a page of a listing is to show.
pub struct Select<'a> {
    pub prefix: &'a str,
    /// Keys that have it after the prefix are shown as one.
    pub delimiter: &'a str,
    /// Begins after this.
    pub after: &'a str,
    /// The most keys and common prefixes.
    pub most: usize,
}

/// A page of a listing.
#[derive(Default)]
pub struct Page {
    pub objects: Vec<Object>,
    pub prefixes: BTreeSet<String>,
    /// What to begin the next page after, if there is one.
    pub next: Option<String>,
}

impl Object {
    /// How many bytes it takes.
    pub fn footprint(&self) -> u64 {
        self.offset + self.size
    }
}

impl Index {
    pub fn bucket(&self, bucket: &str) -> Result<&Bucket, ApiError> {
        self.buckets.get(bucket).ok_or_else(|| NO_SUCH_BUCKET.detail("BucketName", bucket))
    }

    pub fn insert_object(&mut self, bucket: &str, object: Object) {
        let Some(found) = self.buckets.get_mut(bucket) else { return };
        self.bytes += object.footprint();
        let old = found.objects.insert(object.record.key.clone(), object);
        self.bytes -= old.map_or(0, |old| old.footprint());
    }

    pub fn remove_object(&mut self, bucket: &str, key: &str) {
        let old = self.buckets.get_mut(bucket).and_then(|bucket| bucket.objects.remove(key));
        self.bytes -= old.map_or(0, |old| old.footprint());
    }

    pub fn insert_part(&mut self, bucket: &str, id: &str, number: u16, part: Object) {
        let upload = self.buckets.get_mut(bucket).and_then(|bucket| bucket.uploads.get_mut(id));
        let Some(upload) = upload else { return };
        self.bytes += part.footprint();
        let old = upload.parts.insert(number, part);
        self.bytes -= old.map_or(0, |old| old.footprint());
    }

    pub fn remove_upload(&mut self, bucket: &str, id: &str) -> Option<Upload> {
        let upload = self.buckets.get_mut(bucket)?.uploads.remove(id)?;
        self.bytes -= upload.parts.values().map(Object::footprint).sum::<u64>();
        Some(upload)
    }
}

impl Bucket {
    pub fn new(record: BucketRecord) -> Self {
        Self { record, objects: BTreeMap::new(), uploads: BTreeMap::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.uploads.is_empty()
    }

    pub fn page(&self, select: &Select<'_>) -> Page {
        let mut page = Page::default();
        if select.most == 0 {
            return page;
        }
        let from =
            if select.after < select.prefix { Bound::Included(select.prefix) } else { Bound::Excluded(select.after) };
        let mut last = "";
        for (key, object) in self.objects.range::<str, _>((from, Bound::Unbounded)) {
            let Some(rest) = key.strip_prefix(select.prefix) else { break };
            let group = match rest.find(select.delimiter) {
                Some(at) if !select.delimiter.is_empty() => {
                    key.get(..select.prefix.len() + at + select.delimiter.len())
                }
                _ => None,
            };
            // The page before ended with this group, or it is in this one already.
            if group.is_some_and(|group| group == select.after || page.prefixes.contains(group)) {
                continue;
            }
            if page.objects.len() + page.prefixes.len() == select.most {
                page.next = Some(last.to_owned());
                break;
            }
            match group {
                Some(group) => {
                    page.prefixes.insert(group.to_owned());
                }
                None => page.objects.push(object.clone()),
            }
            last = group.unwrap_or(key);
        }
        page
    }
}
