//! Verifies the signature of a request, in any of the ways of OSS and S3.

use std::time::SystemTime;

use http::HeaderName;
use http::header;

use super::claim::{Caller, Claim, Family, Subject, Validity, matches, only_of};
use super::keys::Keys;
use super::{v1, v4};
use crate::chunked::{self, ChunkKey};
use crate::digest::hmac_sha256;
use crate::error::{ApiError, access_denied};

/// Finds out who asks. Also, where the chunks of the body are signed, what with.
pub fn verify(keys: &Keys, subject: &Subject<'_>) -> Result<(Caller, Option<ChunkKey>), ApiError> {
    let now = SystemTime::now();
    let found = claim(subject).transpose();
    if keys.is_empty() {
        return match found {
            // No signature is verified, but a URL expires all the same, and must say when.
            Some(Ok(Claim { validity: validity @ Validity::Until { .. }, .. })) => {
                validity.check(now).map(|()| (Caller::Owner, None))
            }
            Some(Err(error)) if !subject.headers.contains_key(header::AUTHORIZATION) => Err(error),
            Some(_) => Ok((Caller::Owner, None)),
            None => Ok((Caller::Anonymous, None)),
        };
    }
    let Some(claim) = found.transpose()? else { return Ok((Caller::Anonymous, None)) };
    let secret = keys.secret(claim.key_id)?;
    claim.validity.check(now)?;
    let (family, signed) = match &claim.scheme {
        Scheme::First(claimed) => (claimed.family, &[][..]),
        Scheme::Fourth(claimed) => (claimed.family, claimed.headers.as_slice()),
    };
    let names = subject.headers.keys().map(HeaderName::as_str);
    only_of(family, names.filter(|name| !signed.iter().any(|signed| signed == name)))?;
    let chunk_key = match &claim.scheme {
        Scheme::First(claimed) => {
            claimed.check_sub_resource(subject)?;
            let text = claimed.string_to_sign(subject);
            matches(claim.signature, &v1::sign(secret, &text), &text)?;
            None
        }
        Scheme::Fourth(claimed) => {
            let text = claimed.string_to_sign(subject)?;
            let signing_key = claimed.scope.signing_key(secret);
            matches(claim.signature, &hex::encode(hmac_sha256(&signing_key, text.as_bytes())), &text)?;
            chunked::is_signed(subject.headers).then(|| ChunkKey {
                signing_key,
                date: claimed.time.to_owned(),
                scope: claimed.scope.to_string(),
                signature: claim.signature.to_owned(),
            })
        }
    };
    Ok((Caller::Owner, chunk_key))
}

enum Scheme<'a> {
    First(v1::Claimed),
    Fourth(v4::Claimed<'a>),
}

fn claim<'a>(subject: &Subject<'a>) -> Result<Option<Claim<'a, Scheme<'a>>>, ApiError> {
    let (first, fourth) =
        (|claim: Claim<'a, _>| claim.map(Scheme::First), |claim: Claim<'a, _>| claim.map(Scheme::Fourth));
    if let Some(value) = subject.headers.get(header::AUTHORIZATION) {
        let value = value.to_str().map_err(|_| access_denied("The Authorization header is not text."))?;
        let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
        return match scheme {
            "OSS" => v1::in_header(Family::Oss, rest, subject).map(first),
            "AWS" => v1::in_header(Family::S3, rest, subject).map(first),
            "OSS4-HMAC-SHA256" => v4::in_header(Family::Oss, rest, subject).map(fourth),
            "AWS4-HMAC-SHA256" => v4::in_header(Family::S3, rest, subject).map(fourth),
            _ => Err(access_denied("The authorization type you have provided is not supported.")),
        }
        .map(Some);
    }
    let query = subject.query;
    if query.has("x-oss-signature") {
        v4::in_query(Family::Oss, query).map(fourth).map(Some)
    } else if query.has("X-Amz-Signature") {
        v4::in_query(Family::S3, query).map(fourth).map(Some)
    } else if query.has("OSSAccessKeyId") {
        v1::in_query(Family::Oss, query).map(first).map(Some)
    } else if query.has("AWSAccessKeyId") {
        v1::in_query(Family::S3, query).map(first).map(Some)
    } else if query.has("Signature") {
        Err(access_denied("The query has a signature and no access key id."))
    } else {
        Ok(None)
    }
}
