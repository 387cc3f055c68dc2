//! The service itself: ListBuckets.

use super::answer::{Answer, xml};
use crate::call::Call;
use crate::dates;
use crate::server::Server;
use crate::store::BucketRecord;
use crate::xml::Xml;

/// The one account.
pub const OWNER: &str = "owner";

/// What stands where OSS tells a region.
pub const LOCATION: &str = "oss-local";

pub fn list_buckets(server: &Server, call: &Call) -> Answer {
    let prefix = call.query.get("prefix").unwrap_or_default();
    let marker = call.query.get("marker").or_else(|| call.query.get("continuation-token")).unwrap_or_default();
    let most = call.query.number("max-keys", 1000)?;
    let most = call.query.number("max-buckets", most)?;
    let all = server.store.buckets();
    let mut found = all.iter().filter(|(name, _)| name.starts_with(prefix) && name.as_str() > marker);
    let page: Vec<_> = found.by_ref().take(most).collect();
    let next = page.last().map(|(name, _)| name.as_str()).filter(|_| found.next().is_some());
    Ok(xml(Xml::document("ListAllMyBucketsResult", |xml| {
        xml.text("Prefix", prefix).text("Marker", marker).text("MaxKeys", most.to_string());
        xml.text("IsTruncated", next.is_some().to_string());
        if let Some(next) = next {
            xml.text("NextMarker", next).text("ContinuationToken", next);
        }
        owner(xml);
        xml.element("Buckets", |xml| {
            for (name, record) in page {
                xml.element("Bucket", |xml| {
                    xml.text("Name", name).text("CreationDate", created(record)).text("Location", LOCATION);
                    xml.text("Region", LOCATION).text("StorageClass", "Standard");
                    xml.text("ExtranetEndpoint", &call.host).text("IntranetEndpoint", &call.host);
                });
            }
        });
    })))
}

pub fn owner(xml: &mut Xml) {
    xml.element("Owner", |xml| {
        xml.text("ID", OWNER).text("DisplayName", OWNER);
    });
}

pub fn created(record: &BucketRecord) -> String {
    dates::listed(dates::recorded(record.created))
}
