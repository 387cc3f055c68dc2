//! Listings: of objects, in both versions of the API, and of versions, of which there is one each.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::answer::{Answer, xml};
use super::service::owner;
use crate::call::Call;
use crate::dates;
use crate::error::{ApiError, invalid_argument};
use crate::query::Query;
use crate::server::Server;
use crate::store::{Object, Page, Select};
use crate::xml::Xml;

/// The most entries of a page, and how many there are if the client does not say. Source: OSS and S3.
const MAX_PAGE: usize = 1000;

const URL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// How keys are written: `encoding-type=url` shows those that XML cannot.
#[derive(Clone, Copy)]
pub struct Encoding {
    url: bool,
}

impl Encoding {
    pub fn of(query: &Query) -> Result<Self, ApiError> {
        match query.filled("encoding-type") {
            None => Ok(Self { url: false }),
            Some("url") => Ok(Self { url: true }),
            Some(other) => Err(invalid_argument("encoding-type", other, "The encoding type can only be `url`.")),
        }
    }

    pub fn text(self, text: &str) -> String {
        if self.url { utf8_percent_encode(text, URL).to_string() } else { text.to_owned() }
    }

    pub fn write(self, xml: &mut Xml) {
        if self.url {
            xml.text("EncodingType", "url");
        }
    }
}

pub fn objects(server: &Server, call: &Call, bucket: &str) -> Answer {
    let query = &call.query;
    let text = |name| query.get(name).unwrap_or_default();
    let second = query.get("list-type") == Some("2");
    let token = query.filled("continuation-token").filter(|_| second).map(untoken).transpose()?;
    let after = match second {
        true => token.as_deref().unwrap_or(text("start-after")),
        false => text("marker"),
    };
    let most = query.number("max-keys", MAX_PAGE)?;
    let select = Select { prefix: text("prefix"), delimiter: text("delimiter"), after, most };
    let encoding = Encoding::of(query)?;
    let page = server.store.list(bucket, &select)?;
    Ok(xml(Xml::document("ListBucketResult", |xml| {
        head(xml, bucket, &select, encoding, &page);
        if second {
            xml.text("KeyCount", (page.objects.len() + page.prefixes.len()).to_string());
            xml.text("StartAfter", encoding.text(text("start-after")));
            if let Some(token) = query.filled("continuation-token") {
                xml.text("ContinuationToken", token);
            }
            if let Some(next) = &page.next {
                xml.text("NextContinuationToken", BASE64_URL_SAFE.encode(next));
            }
        } else {
            xml.text("Marker", encoding.text(text("marker")));
            if let Some(next) = &page.next {
                xml.text("NextMarker", encoding.text(next));
            }
        }
        let with_owner = !second || query.get("fetch-owner") == Some("true");
        for object in &page.objects {
            xml.element("Contents", |xml| entry(xml, object, encoding, with_owner));
        }
        prefixes(xml, &page, encoding);
    })))
}

/// Every object as its one version, which has no id.
pub fn versions(server: &Server, call: &Call, bucket: &str) -> Answer {
    let text = |name| call.query.get(name).unwrap_or_default();
    let most = call.query.number("max-keys", MAX_PAGE)?;
    let select = Select { prefix: text("prefix"), delimiter: text("delimiter"), after: text("key-marker"), most };
    let encoding = Encoding::of(&call.query)?;
    let page = server.store.list(bucket, &select)?;
    Ok(xml(Xml::document("ListVersionsResult", |xml| {
        head(xml, bucket, &select, encoding, &page);
        xml.text("KeyMarker", encoding.text(text("key-marker"))).text("VersionIdMarker", text("version-id-marker"));
        if let Some(next) = &page.next {
            xml.text("NextKeyMarker", encoding.text(next)).text("NextVersionIdMarker", "null");
        }
        for object in &page.objects {
            xml.element("Version", |xml| {
                xml.text("VersionId", "null").text("IsLatest", "true");
                entry(xml, object, encoding, true);
            });
        }
        prefixes(xml, &page, encoding);
    })))
}

fn head(xml: &mut Xml, bucket: &str, select: &Select<'_>, encoding: Encoding, page: &Page) {
    xml.text("Name", bucket).text("Prefix", encoding.text(select.prefix)).text("MaxKeys", select.most.to_string());
    if !select.delimiter.is_empty() {
        xml.text("Delimiter", encoding.text(select.delimiter));
    }
    encoding.write(xml);
    xml.text("IsTruncated", page.next.is_some().to_string());
}

fn entry(xml: &mut Xml, object: &Object, encoding: Encoding, with_owner: bool) {
    let record = &object.record;
    xml.text("Key", encoding.text(&record.key)).text("LastModified", dates::listed(record.modified()));
    xml.text("ETag", &record.etag).text("Type", if record.multipart { "Multipart" } else { "Normal" });
    xml.text("Size", object.size.to_string()).text("StorageClass", "Standard");
    if with_owner {
        owner(xml);
    }
}

fn prefixes(xml: &mut Xml, page: &Page, encoding: Encoding) {
    for prefix in &page.prefixes {
        xml.element("CommonPrefixes", |xml| {
            xml.text("Prefix", encoding.text(prefix));
        });
    }
}

fn untoken(token: &str) -> Result<String, ApiError> {
    let decoded = BASE64_URL_SAFE.decode(token).ok().and_then(|key| String::from_utf8(key).ok());
    decoded.ok_or_else(|| invalid_argument("continuation-token", token, "The continuation token is not one of ours."))
}
