//! The store: buckets, their rules and their objects. Uploads in parts are in `uploads`.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectStore, ObjectStoreExt, PutPayload};
use oss_cors_tower::oss_cors_core::{CorsConfiguration, Profile};
use oss_cors_tower::oss_cors_live::{Buckets, SetBucketError};
use tokio::sync::Mutex;

use super::index::{Bucket, Index, Page, Select};
use super::paths;
use super::record::{BucketRecord, MAX_RECORD_BYTES, Object, Record, now};
use crate::acl::Acl;
use crate::args::Limits;
use crate::error::{
    ApiError, BUCKET_NOT_EMPTY, INTERNAL_ERROR, METADATA_TOO_LARGE, NO_SUCH_BUCKET, NO_SUCH_KEY, STORE_IS_FULL,
    TOO_MANY_BUCKETS,
};

pub type Result<T> = std::result::Result<T, ApiError>;

/// The bytes of an object.
pub type ByteStream = BoxStream<'static, object_store::Result<Bytes>>;

/// Clones share everything.
#[derive(Clone)]
pub struct Store {
    pub(super) files: Arc<dyn ObjectStore>,
    pub(super) index: Arc<RwLock<Index>>,
    /// Held by whoever changes something: one change at a time.
    pub(super) turn: Arc<Mutex<()>>,
    pub(super) rules: Buckets,
    pub(super) limits: Limits,
    /// Keeps other servers off the folder.
    pub(super) _lock: Option<Arc<File>>,
}

impl Store {
    /// Every bucket, by name.
    pub fn buckets(&self) -> BTreeMap<String, BucketRecord> {
        self.read().buckets.iter().map(|(name, bucket)| (name.clone(), bucket.record)).collect()
    }

    pub fn bucket(&self, bucket: &str) -> Result<BucketRecord> {
        Ok(self.read().bucket(bucket)?.record)
    }

    /// Makes a bucket, or gives one that is there `acl`.
    pub async fn create_bucket(&self, bucket: &str, acl: Option<Acl>) -> Result<()> {
        let bucket = bucket.to_owned();
        self.change(async move |store| {
            let known = store.bucket(&bucket).ok();
            if known.is_none() {
                if store.read().buckets.len() >= store.limits.max_buckets {
                    return Err(TOO_MANY_BUCKETS);
                }
                // Left over where a deletion was cut off: they must not come back to life.
                store.remove(&paths::rules(&bucket)).await?;
            }
            let record = known.unwrap_or(BucketRecord { created: now(), acl: Acl::default() });
            let record = BucketRecord { acl: acl.unwrap_or(record.acl), ..record };
            let json = serde_json::to_vec(&record).map_err(|_| INTERNAL_ERROR)?;
            store.files.put(&paths::bucket(&bucket), json.into()).await?;
            store.write().buckets.entry(bucket.clone()).or_insert_with(|| Bucket::new(record)).record = record;
            if known.is_none() {
                store.rules.set_without_rules(&bucket).map_err(|_| INTERNAL_ERROR)?;
            }
            Ok(())
        })
        .await
    }

    pub async fn delete_bucket(&self, bucket: &str) -> Result<()> {
        let bucket = bucket.to_owned();
        self.change(async move |store| {
            if !store.read().bucket(&bucket)?.is_empty() {
                return Err(BUCKET_NOT_EMPTY.detail("BucketName", bucket));
            }
            store.remove(&paths::bucket(&bucket)).await?;
            store.write().buckets.remove(&bucket);
            store.rules.remove(&bucket);
            store.remove(&paths::rules(&bucket)).await
        })
        .await
    }

    /// The rules in force: `None` for a bucket without.
    pub fn rules(&self, bucket: &str) -> Result<Option<CorsConfiguration>> {
        self.rules.configuration(bucket).ok_or(NO_SUCH_BUCKET)
    }

    /// Puts rules in force; `None` takes away those that there are. Kept first: what answers is what a restart finds.
    pub async fn set_rules(&self, bucket: &str, rules: Option<CorsConfiguration>) -> Result<()> {
        let bucket = bucket.to_owned();
        self.change(async move |store| {
            store.bucket(&bucket)?;
            let path = paths::rules(&bucket);
            let set = match &rules {
                Some(rules) => {
                    store.files.put(&path, rules.to_xml().into()).await?;
                    store.rules.set(&bucket, rules, Profile::Oss)
                }
                None => {
                    store.remove(&path).await?;
                    store.rules.set_without_rules(&bucket).map_err(SetBucketError::from)
                }
            };
            set.map_err(|errors| {
                eprintln!("rules that were checked are refused: {errors}");
                INTERNAL_ERROR
            })
        })
        .await
    }

    pub fn object(&self, bucket: &str, key: &str) -> Result<Object> {
        let index = self.read();
        index.bucket(bucket)?.objects.get(key).cloned().ok_or_else(|| NO_SUCH_KEY.detail("Key", key))
    }

    /// The bytes `range` of `object`; `None` if it is no longer the one that the file holds.
    pub async fn stream(&self, bucket: &str, object: &Object, range: Range<u64>) -> Result<Option<ByteStream>> {
        self.stream_file(&paths::object(bucket, &object.record.key), object, range).await
    }

    /// A whole object, of at most `max_object_bytes`, as all are.
    pub async fn load(&self, bucket: &str, key: &str) -> Result<(Object, Bytes)> {
        // Replaced between lookup and reading: look again, but not for ever.
        for _ in 0..8 {
            let object = self.object(bucket, key)?;
            if let Some(stream) = self.stream(bucket, &object, 0..object.size).await? {
                let bytes = object_store::collect_bytes(stream, Some(object.size)).await?;
                return Ok((object, bytes));
            }
        }
        Err(INTERNAL_ERROR)
    }

    /// Puts an object in the place of any that has its key. With `refusal`, only if there is none.
    pub async fn put(&self, bucket: &str, record: Record, bytes: Bytes, refusal: Option<ApiError>) -> Result<Object> {
        let bucket = bucket.to_owned();
        self.change(async move |store| store.put_now(&bucket, record, bytes, refusal).await).await
    }

    /// Gives an object another access control list.
    pub async fn set_acl(&self, bucket: &str, key: &str, acl: Option<Acl>) -> Result<()> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        self.change(async move |store| {
            let (object, bytes) = store.load(&bucket, &key).await?;
            let record = Record { acl, ..Record::clone(&object.record) };
            store.put_now(&bucket, record, bytes, None).await.map(drop)
        })
        .await
    }

    /// Deletes an object, if there is one.
    pub async fn delete(&self, bucket: &str, key: &str) -> Result<()> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        self.change(async move |store| {
            if !store.read().bucket(&bucket)?.objects.contains_key(&key) {
                return Ok(());
            }
            store.remove(&paths::object(&bucket, &key)).await?;
            store.write().remove_object(&bucket, &key);
            Ok(())
        })
        .await
    }

    /// One page of a listing.
    pub fn list(&self, bucket: &str, select: &Select<'_>) -> Result<Page> {
        Ok(self.read().bucket(bucket)?.page(select))
    }

    /// Runs a change when it is its turn, and to its end: a client that goes away in the middle must not leave the
    /// index behind the files.
    pub(super) async fn change<T, F>(&self, change: impl FnOnce(Self) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let change = change(self.clone());
        let turn = Arc::clone(&self.turn);
        let done = tokio::spawn(async move {
            let _turn = turn.lock().await;
            change.await
        });
        done.await.unwrap_or(Err(INTERNAL_ERROR))
    }

    /// Within a change.
    pub(super) async fn put_now(
        &self,
        bucket: &str,
        record: Record,
        bytes: Bytes,
        refusal: Option<ApiError>,
    ) -> Result<Object> {
        let path = paths::object(bucket, &record.key);
        let old = {
            let index = self.read();
            index.bucket(bucket)?.objects.get(&record.key).map_or(0, Object::footprint)
        };
        if let Some(refusal) = refusal.filter(|_| old > 0) {
            return Err(refusal);
        }
        let object = self.put_file(&path, record, bytes, old).await?;
        self.write().insert_object(bucket, object.clone());
        Ok(object)
    }

    /// Writes a record and its bytes, if with them and without `old` bytes the store is not too full.
    pub(super) async fn put_file(&self, path: &Path, record: Record, bytes: Bytes, old: u64) -> Result<Object> {
        let line = record.line();
        if line.len() > MAX_RECORD_BYTES {
            return Err(METADATA_TOO_LARGE);
        }
        let (offset, size) = (line.len() as u64, bytes.len() as u64);
        if self.read().bytes.saturating_sub(old) + offset + size > self.limits.max_total_bytes {
            return Err(STORE_IS_FULL);
        }
        let put = self.files.put(path, PutPayload::from_iter([line, bytes])).await?;
        Ok(Object { record: Arc::new(record), size, offset, version: put.e_tag })
    }

    pub(super) async fn stream_file(
        &self,
        path: &Path,
        object: &Object,
        range: Range<u64>,
    ) -> Result<Option<ByteStream>> {
        if range.is_empty() {
            return Ok(Some(stream::empty().boxed()));
        }
        let range = object.offset + range.start..object.offset + range.end;
        let options =
            GetOptions { if_match: object.version.clone(), range: Some(range.into()), ..GetOptions::default() };
        match self.files.get_opts(path, options).await {
            Ok(found) => Ok(Some(found.into_stream())),
            Err(Error::Precondition { .. } | Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes a file, if there is one.
    pub(super) async fn remove(&self, path: &Path) -> Result<()> {
        match self.files.delete(path).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Every change of the index is one call, so a panic elsewhere leaves it whole.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }
}
