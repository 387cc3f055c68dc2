//! Multipart uploads.

use axum::response::IntoResponse;
use http::StatusCode;

use super::answer::{Answer, no_content, xml};
use super::conditions::refusal;
use super::copy;
use super::kept::{record, written};
use super::list::Encoding;
use super::service::owner;
use crate::call::Call;
use crate::dates;
use crate::error::{ApiError, INVALID_PART_ORDER, invalid_argument, malformed_xml};
use crate::server::Server;
use crate::store::{MAX_PARTS, Record};
use crate::xml::Xml;
use crate::xml_body;

/// The most bytes of a list of parts.
const MAX_LIST_BYTES: u64 = 2 << 20;

/// The most entries of a page.
const MAX_PAGE: usize = 1000;

pub async fn begin(server: &Server, call: &Call, bucket: &str, key: &str) -> Answer {
    let record = Record { key: key.to_owned(), ..record(&call.headers)? };
    let encoding = Encoding::of(&call.query)?;
    if let Some(refusal) = refusal(&call.headers)?.filter(|_| server.store.object(bucket, key).is_ok()) {
        return Err(refusal);
    }
    let id = server.store.begin_upload(bucket, record).await?;
    Ok(xml(Xml::document("InitiateMultipartUploadResult", |xml| {
        encoding.write(xml);
        xml.text("Bucket", bucket).text("Key", encoding.text(key)).text("UploadId", id);
    })))
}

pub async fn put_part(server: &Server, call: &mut Call, bucket: &str, key: &str) -> Answer {
    let text = call.query.get("partNumber").unwrap_or_default();
    let number = text.parse().ok().filter(|number| (1..=MAX_PARTS).contains(number));
    let number = number.ok_or_else(|| invalid_argument("partNumber", text, "A part is numbered from 1 to 10000."))?;
    let id = call.query.get("uploadId").unwrap_or_default().to_owned();
    server.store.has_upload(bucket, key, &id)?;
    if call.own_header("copy-source").is_some() {
        let bytes = copy::source(server, call).await?.bytes;
        let part = server.store.put_part(bucket, key, &id, number, bytes).await?;
        return Ok(xml(copy::result("CopyPartResult", &part)));
    }
    let body = call.body(server, server.limits.max_object_bytes).await?;
    let part = server.store.put_part(bucket, key, &id, number, body.bytes.clone()).await?;
    Ok((written(&part)?, StatusCode::OK).into_response())
}

pub async fn complete(server: &Server, call: &mut Call, bucket: &str, key: &str) -> Answer {
    let id = call.query.get("uploadId").unwrap_or_default().to_owned();
    let encoding = Encoding::of(&call.query)?;
    let refusal = refusal(&call.headers)?;
    server.store.has_upload(bucket, key, &id)?;
    let body = call.body(server, MAX_LIST_BYTES).await?;
    let parts = match call.own_header("complete-all").is_some_and(|all| all == "yes") {
        true => server
            .store
            .upload(bucket, key, &id)?
            .parts
            .iter()
            .map(|(number, part)| (*number, part.record.etag.clone()))
            .collect(),
        false => parts(&body.bytes)?,
    };
    if parts.is_empty() {
        return Err(malformed_xml("The list of parts is empty."));
    }
    if !parts.is_sorted_by(|(one, _), (next, _)| one < next) {
        return Err(INVALID_PART_ORDER);
    }
    let object = server.store.complete_upload(bucket, key, &id, parts, refusal).await?;
    let location = format!("http://{}/{key}", call.host);
    let body = Xml::document("CompleteMultipartUploadResult", |xml| {
        encoding.write(xml);
        xml.text("Location", encoding.text(&location)).text("Bucket", bucket).text("Key", encoding.text(key));
        xml.text("ETag", &object.record.etag);
    });
    let mut headers = written(&object)?;
    headers.remove("content-md5");
    Ok((headers, xml(body)).into_response())
}

pub async fn abort(server: &Server, call: &Call, bucket: &str, key: &str) -> Answer {
    server.store.abort_upload(bucket, key, call.query.get("uploadId").unwrap_or_default()).await?;
    Ok(no_content())
}

pub fn list_parts(server: &Server, call: &Call, bucket: &str, key: &str) -> Answer {
    let id = call.query.get("uploadId").unwrap_or_default();
    let encoding = Encoding::of(&call.query)?;
    let most = call.query.number("max-parts", MAX_PAGE)?;
    let after = match call.query.filled("part-number-marker") {
        Some(_) => call.query.number("part-number-marker", usize::from(MAX_PARTS))?,
        None => 0,
    };
    let upload = server.store.upload(bucket, key, id)?;
    let mut rest = upload.parts.iter().filter(|(number, _)| usize::from(**number) > after);
    let page: Vec<_> = rest.by_ref().take(most).collect();
    let last = page.last().map_or(after, |(number, _)| usize::from(**number));
    Ok(xml(Xml::document("ListPartsResult", |xml| {
        encoding.write(xml);
        xml.text("Bucket", bucket).text("Key", encoding.text(key)).text("UploadId", id);
        xml.text("PartNumberMarker", after.to_string()).text("NextPartNumberMarker", last.to_string());
        xml.text("MaxParts", most.to_string()).text("IsTruncated", rest.next().is_some().to_string());
        xml.text("StorageClass", "Standard");
        owner(xml);
        for (number, part) in page {
            xml.element("Part", |xml| {
                xml.text("PartNumber", number.to_string()).text("ETag", &part.record.etag);
                xml.text("LastModified", dates::listed(part.record.modified())).text("Size", part.size.to_string());
                xml.text("HashCrc64ecma", &part.record.crc64);
            });
        }
    })))
}

/// ListMultipartUploads, by key and then by id.
pub fn list(server: &Server, call: &Call, bucket: &str) -> Answer {
    let text = |name| call.query.get(name).unwrap_or_default();
    let encoding = Encoding::of(&call.query)?;
    let most = call.query.number("max-uploads", MAX_PAGE)?;
    let (prefix, after) = (text("prefix"), (text("key-marker"), text("upload-id-marker")));
    let uploads = server.store.uploads(bucket)?;
    let mut found: Vec<_> = uploads.iter().map(|(id, record)| (record.key.as_str(), id.as_str(), record)).collect();
    found.retain(|(key, id, _)| {
        // A key marker without an id is after all uploads of that key.
        let begun = if after.1.is_empty() { *key > after.0 } else { (*key, *id) > after };
        key.starts_with(prefix) && begun
    });
    found.sort_unstable_by_key(|(key, id, _)| (*key, *id));
    let truncated = found.len() > most;
    found.truncate(most);
    Ok(xml(Xml::document("ListMultipartUploadsResult", |xml| {
        encoding.write(xml);
        xml.text("Bucket", bucket).text("Prefix", encoding.text(prefix)).text("MaxUploads", most.to_string());
        xml.text("KeyMarker", encoding.text(after.0)).text("UploadIdMarker", after.1);
        if let Some((key, id, _)) = found.last() {
            xml.text("NextKeyMarker", encoding.text(key)).text("NextUploadIdMarker", id);
        }
        xml.text("IsTruncated", truncated.to_string());
        for (key, id, record) in &found {
            xml.element("Upload", |xml| {
                xml.text("Key", encoding.text(key)).text("UploadId", id).text("StorageClass", "Standard");
                xml.text("Initiated", dates::listed(record.modified()));
            });
        }
    })))
}

fn parts(body: &[u8]) -> Result<Vec<(u16, String)>, ApiError> {
    let document = xml_body::parse(body, "CompleteMultipartUpload")?;
    let part = |node| {
        let number = xml_body::child_text(node, "PartNumber")?.trim().parse().ok()?;
        Some((number, xml_body::child_text(node, "ETag")?.trim().to_owned()))
    };
    let nodes = xml_body::children(document.root_element(), "Part");
    nodes.map(|node| part(node).ok_or_else(|| malformed_xml("A Part needs PartNumber and ETag."))).collect()
}
