//! DeleteMultipleObjects.

use super::answer::{Answer, may, xml};
use super::list::Encoding;
use crate::acl::Permission;
use crate::call::Call;
use crate::error::{ACCESS_DENIED, ApiError, INVALID_OBJECT_NAME, NO_SUCH_VERSION, malformed_xml};
use crate::server::Server;
use crate::target::is_key;
use crate::xml::Xml;
use crate::xml_body;

/// The most keys of one request. Source: OSS and S3.
const MAX_KEYS: usize = 1000;

/// The most bytes of the list.
const MAX_LIST_BYTES: u64 = 2 << 20;

pub async fn delete(server: &Server, call: &mut Call, bucket: &str) -> Answer {
    let encoding = Encoding::of(&call.query)?;
    let body = call.body(server, MAX_LIST_BYTES).await?;
    let (keys, quiet) = list(&body.bytes)?;
    let mut deleted = Vec::new();
    let mut failed = Vec::new();
    for (key, version) in keys {
        match delete_one(server, call, bucket, &key, &version).await {
            Ok(()) => deleted.push((key, version)),
            Err(error) => failed.push((key, error)),
        }
    }
    Ok(xml(Xml::document("DeleteResult", |xml| {
        encoding.write(xml);
        for (key, version) in deleted.iter().filter(|_| !quiet) {
            xml.element("Deleted", |xml| {
                xml.text("Key", encoding.text(key));
                if !version.is_empty() {
                    xml.text("VersionId", version);
                }
            });
        }
        for (key, error) in &failed {
            xml.element("Error", |xml| {
                xml.text("Key", encoding.text(key));
                error.describe(xml);
            });
        }
    })))
}

async fn delete_one(server: &Server, call: &Call, bucket: &str, key: &str, version: &str) -> Result<(), ApiError> {
    if !is_key(key) {
        return Err(INVALID_OBJECT_NAME);
    }
    if !matches!(version, "" | "null") {
        return Err(NO_SUCH_VERSION);
    }
    // The object's own list counts before the bucket's, which was asked already.
    if !may(server, call.caller, bucket, key, Permission::Write) {
        return Err(ACCESS_DENIED);
    }
    server.store.delete(bucket, key).await
}

/// The keys with their versions, and whether only failures are to be reported.
fn list(body: &[u8]) -> Result<(Vec<(String, String)>, bool), ApiError> {
    let document = xml_body::parse(body, "Delete")?;
    let root = document.root_element();
    let text = |node, name| xml_body::child_text(node, name).unwrap_or_default().to_owned();
    let nodes = xml_body::children(root, "Object");
    let keys: Vec<_> = nodes.map(|node| (text(node, "Key"), text(node, "VersionId"))).collect();
    if !(1..=MAX_KEYS).contains(&keys.len()) {
        return Err(malformed_xml("A list has 1 to 1000 objects."));
    }
    Ok((keys, text(root, "Quiet").trim() == "true"))
}
