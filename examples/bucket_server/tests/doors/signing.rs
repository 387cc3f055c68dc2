//! Signs requests in the eight ways that there are, by the letter of their documents and with nothing of the server's.

use std::time::SystemTime;

use super::super::{hex_of, sha1, sha256};

/// The key that the server knows.
pub(crate) const KEY: &str = "id:secret";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Oss1Header,
    Oss1Url,
    Oss4Header,
    Oss4Url,
    S3V2Header,
    S3V2Url,
    S3V4Header,
    S3V4Url,
}

use Way::{Oss1Header, Oss1Url, Oss4Header, Oss4Url, S3V2Header, S3V2Url, S3V4Header, S3V4Url};

pub(crate) const WAYS: [Way; 8] = [Oss1Header, Oss1Url, Oss4Header, Oss4Url, S3V2Header, S3V2Url, S3V4Header, S3V4Url];

/// A request before it is signed.
#[derive(Clone, Debug)]
pub(crate) struct Unsigned {
    pub(crate) method: &'static str,
    /// Needs no encoding.
    pub(crate) path: String,
    /// The sub-resource and its like: what every version signs.
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Way {
    pub(crate) fn is_oss(self) -> bool {
        matches!(self, Oss1Header | Oss1Url | Oss4Header | Oss4Url)
    }

    /// What the names of its own headers begin with.
    pub(crate) fn prefix(self) -> &'static str {
        if self.is_oss() { "x-oss-" } else { "x-amz-" }
    }

    /// The line of the request, and its headers.
    pub(crate) fn sign(self, request: &Unsigned, host: &str) -> (String, Vec<String>) {
        let mut request = request.clone();
        match self {
            Oss1Header | S3V2Header | Oss1Url | S3V2Url => self.first(&mut request),
            Oss4Header | S3V4Header | Oss4Url | S3V4Url => self.fourth(&mut request, host, ""),
        }
        written(&request)
    }

    fn first(self, request: &mut Unsigned) {
        let in_url = matches!(self, Oss1Url | S3V2Url);
        let date = if in_url { (seconds() + 600).to_string() } else { httpdate::fmt_http_date(SystemTime::now()) };
        let line = |name: &str| value(&request.headers, name);
        let own = own_lines(&request.headers, self.prefix());
        let mut resource = request.path.clone();
        if resource.matches('/').count() == 1 {
            resource.push('/');
        }
        let mut parameters = request.query.clone();
        parameters.sort();
        for (index, (name, value)) in parameters.iter().enumerate() {
            let value = if value.is_empty() { String::new() } else { format!("={value}") };
            resource.push_str(&format!("{}{name}{value}", if index == 0 { '?' } else { '&' }));
        }
        let text =
            format!("{}\n{}\n{}\n{date}\n{own}{resource}", request.method, line("content-md5"), line("content-type"));
        let signature = sha1("secret", &text);
        let (scheme, id) = if self.is_oss() { ("OSS", "OSSAccessKeyId") } else { ("AWS", "AWSAccessKeyId") };
        if in_url {
            request.query.extend([(id, "id".to_owned()), ("Expires", date), ("Signature", signature)]);
        } else {
            request.headers.push(("date".into(), date));
            request.headers.push(("authorization".into(), format!("{scheme} id:{signature}")));
        }
    }

    fn fourth(self, request: &mut Unsigned, host: &str, listed: &str) {
        let (oss, in_url) = (self.is_oss(), matches!(self, Oss4Url | S3V4Url));
        let date = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let (algorithm, secret, last) = match oss {
            true => ("OSS4-HMAC-SHA256", "aliyun_v4secret", "oss/aliyun_v4_request"),
            false => ("AWS4-HMAC-SHA256", "AWS4secret", "s3/aws4_request"),
        };
        let scope = format!("{}/here/{last}", &date[..8]);
        let key = scope.split('/').fold(secret.as_bytes().to_vec(), |key, part| sha256(&key, part));
        if !in_url {
            request.headers.push((format!("{}date", self.prefix()), date.clone()));
            request.headers.push((format!("{}content-sha256", self.prefix()), "UNSIGNED-PAYLOAD".into()));
        }
        let mut names: Vec<String> = request
            .headers
            .iter()
            .map(|(name, _)| name.clone())
            .filter(|name| name.starts_with(self.prefix()) || name == listed)
            .collect();
        if oss {
            let always = ["content-type", "content-md5"].map(str::to_owned);
            names.extend(always.into_iter().filter(|name| !value(&request.headers, name).is_empty()));
        } else {
            names.push("host".into());
        }
        names.sort();
        let signed = if oss { String::new() } else { names.join(";") };
        if in_url {
            let fields: [(&'static str, String); 5] = match oss {
                true => [
                    ("x-oss-signature-version", algorithm.into()),
                    ("x-oss-credential", format!("id/{scope}")),
                    ("x-oss-date", date.clone()),
                    ("x-oss-expires", "600".into()),
                    ("x-oss-additional-headers", String::new()),
                ],
                false => [
                    ("X-Amz-Algorithm", algorithm.into()),
                    ("X-Amz-Credential", format!("id/{scope}")),
                    ("X-Amz-Date", date.clone()),
                    ("X-Amz-Expires", "600".into()),
                    ("X-Amz-SignedHeaders", signed.clone()),
                ],
            };
            request.query.extend(fields.into_iter().filter(|(_, value)| !value.is_empty()));
        }
        let headers: String = names
            .iter()
            .map(|name| {
                format!("{name}:{}\n", if name == "host" { host.into() } else { value(&request.headers, name) })
            })
            .collect();
        let mut query: Vec<_> = request
            .query
            .iter()
            .map(|(name, value)| {
                let bare = oss && value.is_empty();
                if bare { encode(name) } else { format!("{}={}", encode(name), encode(value)) }
            })
            .collect();
        query.sort();
        let mut path = request.path.clone();
        if oss && path.matches('/').count() == 1 {
            path.push('/');
        }
        let canonical =
            format!("{}\n{path}\n{}\n{headers}\n{signed}\nUNSIGNED-PAYLOAD", request.method, query.join("&"));
        let text = format!("{algorithm}\n{date}\n{scope}\n{}", hex_of(&canonical));
        let signature = hex::encode(sha256(&key, &text));
        if in_url {
            request.query.push((if oss { "x-oss-signature" } else { "X-Amz-Signature" }, signature));
        } else {
            let names = if oss { String::new() } else { format!(",SignedHeaders={signed}") };
            let value = format!("{algorithm} Credential=id/{scope}{names},Signature={signature}");
            request.headers.push(("authorization".into(), value));
        }
    }
}

/// As S3's fourth version signs it in a header, with the header `listed` besides.
pub(crate) fn sign_listed(request: &Unsigned, host: &str, listed: &str) -> (String, Vec<String>) {
    let mut request = request.clone();
    S3V4Header.fourth(&mut request, host, listed);
    written(&request)
}

fn written(request: &Unsigned) -> (String, Vec<String>) {
    let query: Vec<_> = request.query.iter().map(|(name, value)| pair(name, value)).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    let line = format!("{} {}{mark}{}", request.method, request.path, query.join("&"));
    (line, request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect())
}

fn own_lines(headers: &[(String, String)], prefix: &str) -> String {
    let mut own: Vec<_> = headers.iter().filter(|(name, _)| name.starts_with(prefix)).collect();
    own.sort();
    own.iter().map(|(name, value)| format!("{name}:{value}\n")).collect()
}

fn value(headers: &[(String, String)], name: &str) -> String {
    headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

fn pair(name: &str, value: &str) -> String {
    if value.is_empty() { name.to_owned() } else { format!("{name}={}", encode(value)) }
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock").as_secs()
}
