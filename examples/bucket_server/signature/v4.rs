//! The fourth signature, of OSS and of S3: HMAC-SHA256 over a canonical request, with a key for one day, one region and
//! one product. Any region is taken: it is the client's business.

use std::fmt;
use std::time::Duration;

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::claim::{Claim, Family, Subject, Validity, text};
use crate::dates;
use crate::digest::{hmac_sha256, sha256_hex};
use crate::error::{ApiError, access_denied};
use crate::query::Query;

/// The longest that a URL may be good, in seconds. Source: OSS and S3, presigned URLs.
const MAX_EXPIRES: u64 = 7 * 24 * 60 * 60;

/// What stays as it is in a canonical query; a path keeps its `/` as well.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &QUERY.remove(b'/');

pub struct Claimed<'a> {
    pub family: Family,
    pub scope: Scope<'a>,
    pub time: &'a str,
    /// In lower case: for S3 all signed headers, for OSS those beyond the ones that it always signs.
    pub headers: Vec<String>,
    in_query: bool,
}

/// What a key is good for: `DATE/REGION/PRODUCT/REQUEST`.
pub struct Scope<'a> {
    family: Family,
    date: &'a str,
    region: &'a str,
    product: &'a str,
}

pub fn in_header<'a>(family: Family, rest: &'a str, subject: &Subject<'a>) -> Result<Claim<'a, Claimed<'a>>, ApiError> {
    let field = |name: &str| rest.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
    let (Some(credential), Some(signature)) = (field("Credential"), field("Signature")) else {
        return Err(access_denied("The Authorization header needs Credential and Signature."));
    };
    let headers = field(if family == Family::Oss { "AdditionalHeaders" } else { "SignedHeaders" });
    let (key_id, scope) = Scope::parse(family, credential)?;
    let time = text(subject.headers, &format!("{}date", family.prefix())).unwrap_or_default();
    let validity = Validity::At(scope.time(time)?);
    let claimed = Claimed { family, scope, time, headers: names(headers), in_query: false };
    Ok(Claim { key_id, signature, validity, scheme: claimed })
}

pub fn in_query(family: Family, query: &Query) -> Result<Claim<'_, Claimed<'_>>, ApiError> {
    let field = |oss: &str, s3: &str| query.get(if family == Family::Oss { oss } else { s3 });
    let credential = field("x-oss-credential", "X-Amz-Credential").unwrap_or_default();
    let time = field("x-oss-date", "X-Amz-Date").unwrap_or_default();
    let signature = field("x-oss-signature", "X-Amz-Signature").unwrap_or_default();
    let headers = field("x-oss-additional-headers", "X-Amz-SignedHeaders");
    let expires = field("x-oss-expires", "X-Amz-Expires").and_then(|expires| expires.parse().ok());
    let expires = expires.filter(|expires| (1..=MAX_EXPIRES).contains(expires));
    let expires = expires.ok_or_else(|| access_denied("A URL is good for 1 to 604800 seconds."))?;
    let (key_id, scope) = Scope::parse(family, credential)?;
    let from = scope.time(time)?;
    let validity = Validity::Until { from: Some(from), until: from + Duration::from_secs(expires) };
    let claimed = Claimed { family, scope, time, headers: names(headers), in_query: true };
    Ok(Claim { key_id, signature, validity, scheme: claimed })
}

impl<'a> Scope<'a> {
    /// `ID/DATE/REGION/PRODUCT/REQUEST`.
    pub fn parse(family: Family, credential: &'a str) -> Result<(&'a str, Self), ApiError> {
        let mut parts = credential.rsplitn(5, '/');
        let fields = (parts.next(), parts.next(), parts.next(), parts.next(), parts.next());
        let (Some(request), Some(product), Some(region), Some(date), Some(key_id)) = fields else {
            return Err(access_denied("The credential is not `ID/DATE/REGION/PRODUCT/REQUEST`."));
        };
        let scope = Self { family, date, region, product };
        if request != scope.request() {
            return Err(access_denied(format!("The credential must end in {}.", scope.request())));
        }
        Ok((key_id, scope))
    }

    fn time(&self, time: &str) -> Result<std::time::SystemTime, ApiError> {
        let parsed = dates::compact(time).filter(|_| time.starts_with(self.date));
        parsed.ok_or_else(|| {
            access_denied("The date of the request is missing, malformed, or not that of its credential.")
        })
    }

    pub fn signing_key(&self, secret: &str) -> Vec<u8> {
        let first = match self.family {
            Family::Oss => format!("aliyun_v4{secret}"),
            Family::S3 => format!("AWS4{secret}"),
        };
        let parts = [self.date, self.region, self.product, self.request()];
        parts.iter().fold(first.into_bytes(), |key, part| hmac_sha256(&key, part.as_bytes()))
    }

    fn request(&self) -> &'static str {
        match self.family {
            Family::Oss => "aliyun_v4_request",
            Family::S3 => "aws4_request",
        }
    }
}

impl fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.date, self.region, self.product, self.request())
    }
}

impl Claimed<'_> {
    pub fn string_to_sign(&self, subject: &Subject<'_>) -> Result<String, ApiError> {
        let algorithm = if self.family == Family::Oss { "OSS4-HMAC-SHA256" } else { "AWS4-HMAC-SHA256" };
        let request = self.canonical_request(subject)?;
        Ok(format!("{algorithm}\n{}\n{}\n{}", self.time, self.scope, sha256_hex(request.as_bytes())))
    }

    fn canonical_request(&self, subject: &Subject<'_>) -> Result<String, ApiError> {
        let prefix = self.family.prefix();
        let mut names: Vec<&str> = self.headers.iter().map(String::as_str).collect();
        let own = subject.headers.keys().map(http::HeaderName::as_str).filter(|name| name.starts_with(prefix));
        match self.family {
            Family::Oss => {
                names.extend(own);
                names
                    .extend(["content-type", "content-md5"].iter().filter(|name| subject.headers.contains_key(**name)));
            }
            // What is not signed could have been added on the way.
            Family::S3 => {
                if let Some(unsigned) = own.chain(["host"]).find(|name| !names.contains(name)) {
                    return Err(access_denied(format!("The header {unsigned} is not signed.")));
                }
            }
        }
        names.sort_unstable();
        names.dedup();
        let headers: String =
            names.iter().map(|name| format!("{name}:{}\n", values(self.family, subject, name))).collect();
        let hash = text(subject.headers, &format!("{prefix}content-sha256"));
        let hash = match hash {
            None if self.family == Family::S3 && !self.in_query => {
                return Err(access_denied("The header x-amz-content-sha256 is missing."));
            }
            hash => hash.unwrap_or("UNSIGNED-PAYLOAD"),
        };
        let signed = self.headers.join(";");
        let (path, query) = (self.path(subject), self.query(subject.query));
        Ok(format!("{}\n{path}\n{query}\n{headers}\n{signed}\n{hash}", subject.method))
    }

    fn path(&self, subject: &Subject<'_>) -> String {
        let encode = |bytes: &[u8]| percent_encode(bytes, PATH).to_string();
        match (self.family, &subject.target.bucket) {
            (Family::S3, _) => encode(&percent_decode_str(subject.uri.path()).collect::<Vec<u8>>()),
            (Family::Oss, None) => "/".to_owned(),
            (Family::Oss, Some(bucket)) => {
                let key = subject.target.key.as_deref().unwrap_or_default();
                encode(format!("/{bucket}/{key}").as_bytes())
            }
        }
    }

    fn query(&self, query: &Query) -> String {
        let encode = |text: &str| percent_encode(text.as_bytes(), QUERY).to_string();
        let signature = if self.family == Family::Oss { "x-oss-signature" } else { "X-Amz-Signature" };
        let others = query.iter().filter(|(name, _)| *name != signature);
        let mut pairs: Vec<_> = others.map(|(name, value)| (encode(name), encode(value))).collect();
        pairs.sort_unstable();
        let written: Vec<_> = pairs
            .into_iter()
            .map(|(name, value)| match value.is_empty() && self.family == Family::Oss {
                true => name,
                false => format!("{name}={value}"),
            })
            .collect();
        written.join("&")
    }
}

/// All lines of a header as one, blanks around them gone; S3 also makes one of several blanks.
pub fn values(family: Family, subject: &Subject<'_>, name: &str) -> String {
    if name == "host" {
        return subject.host.to_owned();
    }
    let lines = subject.headers.get_all(name).iter().map(HeaderValue::as_bytes).map(String::from_utf8_lossy);
    let lines: Vec<String> = lines
        .map(|line| match family {
            Family::Oss => line.trim_ascii().to_owned(),
            Family::S3 => line.split_ascii_whitespace().collect::<Vec<_>>().join(" "),
        })
        .collect();
    lines.join(",")
}

fn names(list: Option<&str>) -> Vec<String> {
    let names = list.unwrap_or_default().split(';').filter(|name| !name.is_empty());
    names.map(str::to_ascii_lowercase).collect()
}
