//! Buckets themselves.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use super::answer::{Answer, no_content, xml};
use super::service::{LOCATION, OWNER, created, owner};
use crate::acl::{Acl, Permission};
use crate::call::Call;
use crate::error::ApiError;
use crate::server::Server;
use crate::signature::Family;
use crate::xml::Xml;
use crate::xml_body;

/// The most bytes of a CreateBucketConfiguration, and of an AccessControlPolicy.
const MAX_CONFIGURATION_BYTES: u64 = 16 << 10;

/// Of a bucket that is there already, only the access control list changes, if one is given.
pub async fn put(server: &Server, call: &mut Call, bucket: &str) -> Answer {
    let acl = Acl::from_headers(&call.headers)?;
    // Regions and storage classes are all the same here, but what is no XML is a mistake.
    let body = call.body(server, MAX_CONFIGURATION_BYTES).await?;
    if !body.bytes.trim_ascii().is_empty() {
        xml_body::parse(&body.bytes, "CreateBucketConfiguration")?;
    }
    server.store.create_bucket(bucket, acl).await?;
    Ok([(header::LOCATION, format!("/{bucket}"))].into_response())
}

pub async fn delete(server: &Server, bucket: &str) -> Answer {
    server.store.delete_bucket(bucket).await?;
    Ok(no_content())
}

pub fn head() -> Response {
    [("x-oss-bucket-region", LOCATION)].into_response()
}

pub fn info(server: &Server, call: &Call, bucket: &str) -> Answer {
    let record = server.store.bucket(bucket)?;
    Ok(xml(Xml::document("BucketInfo", |xml| {
        xml.element("Bucket", |xml| {
            xml.text("Name", bucket).text("CreationDate", created(&record)).text("Location", LOCATION);
            xml.text("StorageClass", "Standard").text("DataRedundancyType", "LRS");
            xml.text("ExtranetEndpoint", &call.host).text("IntranetEndpoint", &call.host);
            owner(xml);
            xml.element("AccessControlList", |xml| {
                xml.text("Grant", record.acl.name());
            });
        });
    })))
}

pub fn location() -> Response {
    xml(Xml::document("LocationConstraint", |xml| xml.put(LOCATION)))
}

pub fn acl(server: &Server, call: &Call, bucket: &str) -> Answer {
    let acl = server.store.bucket(bucket)?.acl;
    Ok(acl_answer(call.family, acl.name(), acl))
}

pub async fn put_acl(server: &Server, call: &mut Call, bucket: &str) -> Answer {
    let acl = asked_acl(server, call).await?.unwrap_or_default();
    server.store.create_bucket(bucket, Some(acl)).await?;
    Ok(StatusCode::OK.into_response())
}

/// The list that a request puts, by its header or else by its body. `None` for an object's `default`.
pub async fn asked_acl(server: &Server, call: &mut Call) -> Result<Option<Acl>, ApiError> {
    if ["acl", "object-acl"].iter().any(|name| call.own_header(name).is_some()) {
        return Acl::from_headers(&call.headers);
    }
    let body = call.body(server, MAX_CONFIGURATION_BYTES).await?;
    Acl::from_xml(&body.bytes).map(Some)
}

/// An access control list: its name for OSS, and who may do what for S3.
pub fn acl_answer(family: Family, name: &str, acl: Acl) -> Response {
    let grants = [
        ("FULL_CONTROL", "CanonicalUser", true),
        ("READ", "Group", acl.allows(Permission::Read)),
        ("WRITE", "Group", acl.allows(Permission::Write)),
    ];
    xml(Xml::document("AccessControlPolicy", |xml| {
        owner(xml);
        xml.element("AccessControlList", |xml| {
            if family == Family::Oss {
                xml.text("Grant", name);
                return;
            }
            for (permission, grantee, _) in grants.iter().filter(|(_, _, granted)| *granted) {
                xml.element("Grant", |xml| {
                    xml.grantee(grantee, OWNER).text("Permission", permission);
                });
            }
        });
    }))
}
