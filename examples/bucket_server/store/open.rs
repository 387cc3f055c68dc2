//! Reads the index from the files at start, and clears away what a crash left over.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::path::Path as Folder;
use std::sync::{Arc, RwLock};

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use oss_cors_tower::oss_cors_core::{CorsConfiguration, Format, Profile, RuleFile};
use oss_cors_tower::oss_cors_live::Buckets;
use tokio::sync::Mutex;

use super::index::{Bucket, Index};
use super::objects::Store;
use super::paths::{self, Kind};
use super::record::{MAX_RECORD_BYTES, Object, Record, Upload};
use crate::args::Limits;

/// Why a data folder cannot be used.
pub type OpenError = Box<dyn Error + Send + Sync>;

impl Store {
    /// In memory, or in `folder`, which is made if need be. The rules of its buckets go into `rules`.
    pub async fn open(folder: Option<&Folder>, rules: Buckets, limits: Limits) -> Result<Self, OpenError> {
        let (files, lock): (Arc<dyn ObjectStore>, _) = match folder {
            None => (Arc::new(InMemory::new()), None),
            Some(folder) => {
                fs::create_dir_all(folder.join("buckets"))?;
                let lock = lock(folder)?;
                remove_unfinished(&folder.join("buckets"))?;
                let files = LocalFileSystem::new_with_prefix(folder)?.with_automatic_cleanup(true).with_fsync(true);
                (Arc::new(files), Some(Arc::new(lock)))
            }
        };
        let index = Arc::new(RwLock::new(Index::default()));
        let store = Self { files, index, turn: Arc::new(Mutex::new(())), rules, limits, _lock: lock };
        store.read_files().await?;
        Ok(store)
    }

    async fn read_files(&self) -> Result<(), OpenError> {
        let mut files: Vec<ObjectMeta> = self.files.list(Some(&Path::from("buckets"))).try_collect().await?;
        // Buckets before what is in them, uploads before their parts: what comes without is left over.
        files.sort_by_cached_key(|file| match paths::parse(&file.location) {
            Some((_, Kind::Bucket)) => 0,
            Some((_, Kind::Upload(_))) => 1,
            _ => 2,
        });
        for file in files {
            let faulty = |what: &str| format!("`{}` in the data folder {what}; restore or delete it", file.location);
            let (bucket, kind) = paths::parse(&file.location).ok_or_else(|| faulty("is none of ours"))?;
            let known = self.read().buckets.contains_key(bucket);
            match kind {
                Kind::Bucket => {
                    let record =
                        serde_json::from_slice(&self.bytes(&file).await?).map_err(|_| faulty("is no record"))?;
                    self.write().buckets.insert(bucket.to_owned(), Bucket::new(record));
                    self.rules.set_without_rules(bucket)?;
                }
                Kind::Rules if known => {
                    let rules =
                        rules(&self.bytes(&file).await?).map_err(|errors| faulty(&format!("has faults: {errors}")))?;
                    self.rules.set(bucket, &rules, Profile::Oss)?;
                }
                Kind::Rules => self.files.delete(&file.location).await?,
                Kind::Object => {
                    let object = self.object_in(&file).await?.ok_or_else(|| faulty("is no object"))?;
                    if !known || paths::object(bucket, &object.record.key) != file.location {
                        return Err(faulty("does not belong there").into());
                    }
                    self.write().insert_object(bucket, object);
                }
                Kind::Upload(id) => {
                    let record = Record::read(&self.bytes(&file).await?).ok_or_else(|| faulty("is no upload"))?.0;
                    if let Some(bucket) = self.write().buckets.get_mut(bucket) {
                        bucket.uploads.insert(id.to_owned(), Upload { record, parts: BTreeMap::new() });
                    }
                }
                Kind::Part(id, number) => {
                    let begun = self.read().buckets.get(bucket).is_some_and(|bucket| bucket.uploads.contains_key(id));
                    if begun {
                        let part = self.object_in(&file).await?.ok_or_else(|| faulty("is no part"))?;
                        self.write().insert_part(bucket, id, number, part);
                    } else {
                        self.files.delete(&file.location).await?;
                    }
                }
            }
        }
        Ok(())
    }

    async fn bytes(&self, file: &ObjectMeta) -> object_store::Result<Bytes> {
        self.files.get(&file.location).await?.bytes().await
    }

    async fn object_in(&self, file: &ObjectMeta) -> object_store::Result<Option<Object>> {
        let begin = self.files.get_range(&file.location, 0..file.size.min(MAX_RECORD_BYTES as u64)).await?;
        Ok(Record::read(&begin).map(|(record, offset)| Object {
            record: Arc::new(record),
            size: file.size.saturating_sub(offset),
            offset,
            version: file.e_tag.clone(),
        }))
    }
}

fn rules(xml: &[u8]) -> Result<CorsConfiguration, oss_cors_tower::oss_cors_core::ConfigErrors> {
    RuleFile::parse(xml, Some(Format::Xml), Profile::Oss).map(RuleFile::into_configuration)
}

/// Two servers on one folder would not know of each other's changes.
fn lock(folder: &Folder) -> Result<File, OpenError> {
    let file = File::create(folder.join("lock"))?;
    file.try_lock().map_err(|error| format!("cannot lock the data folder; is another server using it? {error}"))?;
    Ok(file)
}

/// `object_store` writes `NAME#1`, then renames it to `NAME`. No name of ours has a `#`.
fn remove_unfinished(folder: &Folder) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_unfinished(&entry.path())?;
        } else if entry.file_name().to_string_lossy().contains('#') {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
