//! Multipart uploads: parts, and the object that they become.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use object_store::ObjectStoreExt;

use super::objects::{Result, Store};
use super::paths;
use super::record::{Object, Record, Upload, now};
use crate::digest::{crc64, md5};
use crate::error::{
    ApiError, ENTITY_TOO_LARGE, ENTITY_TOO_SMALL, INTERNAL_ERROR, INVALID_PART, NO_SUCH_UPLOAD, TOO_MANY_UPLOADS,
};

/// The most parts of an upload. Source: OSS and S3.
pub const MAX_PARTS: u16 = 10_000;

/// The least bytes of a part, the last one excepted. Source: OSS.
const MIN_PART_BYTES: u64 = 100 << 10;

impl Store {
    /// Begins an upload, and tells its id.
    pub async fn begin_upload(&self, bucket: &str, record: Record) -> Result<String> {
        let bucket = bucket.to_owned();
        self.change(async move |store| {
            store.bucket(&bucket)?;
            if store.read().buckets.values().map(|bucket| bucket.uploads.len()).sum::<usize>()
                >= store.limits.max_uploads
            {
                return Err(TOO_MANY_UPLOADS);
            }
            let id = oss_cors_tower::oss_cors_live::request_id();
            store.files.put(&paths::upload(&bucket, &id), record.line().into()).await?;
            let upload = Upload { record, parts: BTreeMap::new() };
            if let Some(bucket) = store.write().buckets.get_mut(&bucket) {
                bucket.uploads.insert(id.clone(), upload);
            }
            Ok(id)
        })
        .await
    }

    /// The upload of this id, if it is for `key`.
    pub fn upload(&self, bucket: &str, key: &str, id: &str) -> Result<Upload> {
        let index = self.read();
        let upload = index.bucket(bucket)?.uploads.get(id).filter(|upload| upload.record.key == key);
        upload.cloned().ok_or_else(|| NO_SUCH_UPLOAD.detail("UploadId", id))
    }

    /// Whether there is one: without copying the list of its parts.
    pub fn has_upload(&self, bucket: &str, key: &str, id: &str) -> Result<()> {
        self.footprint_of_part(bucket, key, id, 0).map(drop)
    }

    /// What a part takes; none if it is not there.
    fn footprint_of_part(&self, bucket: &str, key: &str, id: &str, number: u16) -> Result<u64> {
        let index = self.read();
        let upload = index.bucket(bucket)?.uploads.get(id).filter(|upload| upload.record.key == key);
        let upload = upload.ok_or_else(|| NO_SUCH_UPLOAD.detail("UploadId", id))?;
        Ok(upload.parts.get(&number).map_or(0, Object::footprint))
    }

    /// What every upload is for, by id.
    pub fn uploads(&self, bucket: &str) -> Result<BTreeMap<String, Record>> {
        let index = self.read();
        Ok(index.bucket(bucket)?.uploads.iter().map(|(id, upload)| (id.clone(), upload.record.clone())).collect())
    }

    pub async fn put_part(&self, bucket: &str, key: &str, id: &str, number: u16, bytes: Bytes) -> Result<Object> {
        let (bucket, key, id) = (bucket.to_owned(), key.to_owned(), id.to_owned());
        self.change(async move |store| {
            let old = store.footprint_of_part(&bucket, &key, &id, number)?;
            let etag = format!("\"{}\"", hex::encode(md5(&bytes)));
            let record = Record { etag, crc64: crc64(&bytes), modified: now(), ..Record::default() };
            let part = store.put_file(&paths::part(&bucket, &id, number), record, bytes, old).await?;
            store.write().insert_part(&bucket, &id, number, part.clone());
            Ok(part)
        })
        .await
    }

    /// Makes the object of the parts with these numbers and entity tags, in this order. With `refusal`, only if there is
    /// none.
    pub async fn complete_upload(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
        parts: Vec<(u16, String)>,
        refusal: Option<ApiError>,
    ) -> Result<Object> {
        let (bucket, key, id) = (bucket.to_owned(), key.to_owned(), id.to_owned());
        self.change(async move |store| {
            let upload = store.upload(&bucket, &key, &id)?;
            let bare = |etag: &str| etag.trim_matches('"').to_ascii_lowercase();
            let mut bytes = BytesMut::new();
            let mut digests = Vec::new();
            for (index, (number, etag)) in parts.iter().enumerate() {
                let part = upload.parts.get(number).filter(|part| bare(&part.record.etag) == bare(etag));
                let part = part.ok_or_else(|| INVALID_PART.detail("PartNumber", number.to_string()))?;
                if part.size < MIN_PART_BYTES && index + 1 < parts.len() {
                    return Err(ENTITY_TOO_SMALL.detail("PartNumber", number.to_string()));
                }
                if bytes.len() as u64 + part.size > store.limits.max_object_bytes {
                    return Err(ENTITY_TOO_LARGE);
                }
                let path = paths::part(&bucket, &id, *number);
                let stream = store.stream_file(&path, part, 0..part.size).await?.ok_or(INTERNAL_ERROR)?;
                bytes.extend_from_slice(&object_store::collect_bytes(stream, Some(part.size)).await?);
                digests.extend(hex::decode(bare(&part.record.etag)).map_err(|_| INTERNAL_ERROR)?);
            }
            let bytes = bytes.freeze();
            let etag = format!("\"{}-{}\"", hex::encode(md5(&digests)), parts.len());
            let record = Record { etag, crc64: crc64(&bytes), modified: now(), multipart: true, ..upload.record };
            let object = store.put_now(&bucket, record, bytes, refusal).await?;
            store.remove_upload(&bucket, &id).await?;
            Ok(object)
        })
        .await
    }

    pub async fn abort_upload(&self, bucket: &str, key: &str, id: &str) -> Result<()> {
        let (bucket, key, id) = (bucket.to_owned(), key.to_owned(), id.to_owned());
        self.change(async move |store| {
            store.has_upload(&bucket, &key, &id)?;
            store.remove_upload(&bucket, &id).await
        })
        .await
    }

    /// First the file without which its parts are left over.
    async fn remove_upload(&self, bucket: &str, id: &str) -> Result<()> {
        self.remove(&paths::upload(bucket, id)).await?;
        let upload = self.write().remove_upload(bucket, id);
        for number in upload.iter().flat_map(|upload| upload.parts.keys()) {
            self.remove(&paths::part(bucket, id, *number)).await?;
        }
        Ok(())
    }
}
