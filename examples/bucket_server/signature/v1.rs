//! The first signature of OSS, and the second of S3, from which it came: HMAC-SHA1 over a few lines.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::Hmac;
use http::header;
use sha1::Sha1;

use super::claim::{Claim, Family, Subject, Validity, text};
use super::v4::values;
use crate::dates;
use crate::digest::mac;
use crate::error::{ApiError, access_denied};
use crate::query::Query;

/// The parameters that OSS signs. Source: its SDKs.
const OSS_SIGNED: &str = "acl append bucketInfo callback callback-var comp continuation-token cors delete encryption \
    inventory inventoryId lifecycle live location logging objectMeta partNumber policy position qos referer \
    replication requestPayment restore security-token sequential stat style symlink tagging uploadId uploads versionId \
    versioning versions website worm x-oss-process x-oss-request-payer x-oss-traffic-limit";

/// The parameters that S3 signs (its signature version 2). Source: its SDKs.
const S3_SIGNED: &str = "accelerate acl analytics cors defaultObjectAcl delete inventory lifecycle location logging \
    metrics notification object-lock partNumber policy replication requestPayment restore select select-type tagging \
    torrent uploadId uploads versionId versioning versions website";

/// Signed by both: what the answer's headers are to be.
const RESPONSE: &str = "response-";

pub struct Claimed {
    pub family: Family,
    /// The date, or when the URL expires.
    date: String,
}

pub fn in_header<'a>(family: Family, rest: &'a str, subject: &Subject<'a>) -> Result<Claim<'a, Claimed>, ApiError> {
    let (key_id, signature) =
        rest.split_once(':').ok_or_else(|| access_denied("The Authorization header is not `ID:SIGNATURE`."))?;
    let own = text(subject.headers, &format!("{}date", family.prefix()));
    let date = own.or_else(|| text(subject.headers, header::DATE.as_str()));
    let time = date.and_then(|date| dates::mail(date).or_else(|| dates::compact(date)));
    let time = time.ok_or_else(|| access_denied("Authentication requires a valid Date."))?;
    // S3 leaves the line empty where its own header, which is signed anyway, has the date.
    let date = if family == Family::S3 && own.is_some() { "" } else { date.unwrap_or_default() };
    let scheme = Claimed { family, date: date.to_owned() };
    Ok(Claim { key_id, signature: signature.trim(), validity: Validity::At(time), scheme })
}

pub fn in_query<'a>(family: Family, query: &'a Query) -> Result<Claim<'a, Claimed>, ApiError> {
    let key_id = query.get("OSSAccessKeyId").or_else(|| query.get("AWSAccessKeyId"));
    let (Some(key_id), Some(signature), Some(expires)) = (key_id, query.get("Signature"), query.get("Expires")) else {
        return Err(access_denied("A presigned URL needs an access key id, Expires and Signature."));
    };
    let until = dates::seconds(expires).ok_or_else(|| access_denied("Expires is not a number of seconds."))?;
    let scheme = Claimed { family, date: expires.to_owned() };
    Ok(Claim { key_id, signature, validity: Validity::Until { from: None, until }, scheme })
}

impl Claimed {
    /// One that the signature does not cover could have been added to a URL.
    pub fn check_sub_resource(&self, subject: &Subject<'_>) -> Result<(), ApiError> {
        match subject.query.sub_resource() {
            Ok(name) if !name.is_empty() && !self.signs(name) => Err(access_denied(format!(
                "The parameter `{name}` is not covered by this signature; sign with version 4."
            ))),
            // What the server has not is reported to whom the signature admits.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn signs(&self, parameter: &str) -> bool {
        let signed = if self.family == Family::Oss { OSS_SIGNED } else { S3_SIGNED };
        parameter.starts_with(RESPONSE) || signed.split(' ').any(|signed| signed == parameter)
    }

    pub fn string_to_sign(&self, subject: &Subject<'_>) -> String {
        let line = |name| text(subject.headers, name).unwrap_or_default();
        format!(
            "{}\n{}\n{}\n{}\n{}{}",
            subject.method,
            line("content-md5"),
            line("content-type"),
            self.date,
            self.own_headers(subject),
            self.resource(subject)
        )
    }

    fn own_headers(&self, subject: &Subject<'_>) -> String {
        let prefix = self.family.prefix();
        let mut names: Vec<&str> = subject.headers.keys().map(header::HeaderName::as_str).collect();
        names.sort_unstable();
        let own = names.into_iter().filter(|name| name.starts_with(prefix));
        own.map(|name| format!("{name}:{}\n", values(self.family, subject, name))).collect()
    }

    fn resource(&self, subject: &Subject<'_>) -> String {
        let bucket = subject.target.bucket.as_deref().unwrap_or_default();
        let mut resource = match self.family {
            Family::S3 if subject.target.virtual_host => format!("/{bucket}{}", subject.uri.path()),
            // Clients end a bucket with `/` here, whatever they end its path with.
            Family::S3 if subject.target.key.is_none() && !bucket.is_empty() => format!("/{bucket}/"),
            Family::S3 => subject.uri.path().to_owned(),
            Family::Oss if bucket.is_empty() => "/".to_owned(),
            Family::Oss => format!("/{bucket}/{}", subject.target.key.as_deref().unwrap_or_default()),
        };
        let mut parameters: Vec<_> = subject.query.iter().filter(|(name, _)| self.signs(name)).collect();
        parameters.sort_unstable();
        for (index, (name, value)) in parameters.into_iter().enumerate() {
            resource.push(if index == 0 { '?' } else { '&' });
            resource.push_str(name);
            if !value.is_empty() {
                resource.extend(["=", value]);
            }
        }
        resource
    }
}

pub fn sign(secret: &str, text: &str) -> String {
    BASE64_STANDARD.encode(mac::<Hmac<Sha1>>(secret.as_bytes(), text.as_bytes()))
}
