//! Everything that changes what is stored or who may read it, by every way of signing and every operation: it acts where
//! the signature covers it, and nowhere else.

mod signing;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::support::{BucketServer, SIGNED};
use super::{sha1, sha256};
use signing::{KEY, Unsigned, WAYS, Way};

/// Added to a request after it was signed.
const DOORS: [(&str, &str); 25] = [
    ("x-oss-acl", "public-read"),
    ("x-oss-object-acl", "public-read-write"),
    ("x-amz-acl", "public-read"),
    ("x-amz-grant-read", "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\""),
    ("x-oss-copy-source", "/photos/secret"),
    ("x-amz-copy-source", "/photos/secret"),
    ("x-oss-copy-source-range", "bytes=0-0"),
    ("x-amz-copy-source-range", "bytes=0-0"),
    ("x-oss-copy-source-if-match", "x"),
    ("x-amz-copy-source-if-none-match", "x"),
    ("x-oss-metadata-directive", "REPLACE"),
    ("x-amz-metadata-directive", "REPLACE"),
    ("x-oss-meta-a", "1"),
    ("x-amz-meta-a", "1"),
    ("x-oss-forbid-overwrite", "true"),
    ("x-amz-forbid-overwrite", "true"),
    ("x-oss-complete-all", "yes"),
    ("x-amz-complete-all", "yes"),
    ("x-oss-callback", "e30="),
    ("x-amz-callback", "e30="),
    ("x-amz-decoded-content-length", "1"),
    ("x-amz-trailer", "x-amz-checksum-crc32"),
    ("x-amz-checksum-crc32", "AAAAAA=="),
    ("x-oss-storage-class", "IA"),
    ("x-amz-storage-class", "GLACIER"),
];

/// Every operation that writes, and one that reads, each with its own headers in the spelling of `way`.
fn operations(way: Way, upload: &str) -> Vec<(&'static str, Unsigned)> {
    let new = format!("/photos/{way:?}").to_ascii_lowercase();
    let own = |name: &str, value: &str| (format!("{}{name}", way.prefix()), value.to_owned());
    let make = |method, path: &str, query: &[(&'static str, &str)], headers: Vec<_>, body: &str| Unsigned {
        method,
        path: path.to_owned(),
        query: query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        headers,
        body: body.to_owned(),
    };
    let part = ("uploadId", upload);
    let keys = "<Delete><Object><Key>none</Key></Object></Delete>";
    let md5 = |body: &str| BASE64_STANDARD.encode(<md5::Md5 as md5::Digest>::digest(body));
    vec![
        ("PutObject", make("PUT", &new, &[], vec![("content-type".into(), "text/x".into())], "new")),
        ("CopyObject", make("PUT", &new, &[], vec![own("copy-source", "/photos/secret")], "")),
        ("PutObjectAcl", make("PUT", "/photos/secret", &[("acl", "")], vec![own("acl", "private")], "")),
        ("PutBucketAcl", make("PUT", "/photos", &[("acl", "")], vec![own("acl", "private")], "")),
        ("PutBucketCors", make("PUT", "/photos", &[("cors", "")], vec![], super::RULES)),
        ("InitiateMultipartUpload", make("POST", &new, &[("uploads", "")], vec![], "")),
        ("UploadPart", make("PUT", "/photos/parts", &[("partNumber", "1"), part], vec![], "part")),
        ("DeleteObjects", make("POST", "/photos", &[("delete", "")], vec![("content-md5".into(), md5(keys))], keys)),
        ("GetObject", make("GET", "/photos/secret", &[], vec![], "")),
        (
            "GetObject, as another type",
            make("GET", "/photos/secret", &[("response-content-type", "text/y")], vec![], ""),
        ),
        ("DeleteObject", make("DELETE", "/photos/none", &[], vec![], "")),
    ]
}

struct Signed<'s> {
    server: &'s BucketServer,
}

impl Signed<'_> {
    /// The status of a request that is signed, then given `more`.
    fn ask(&self, way: Way, request: &Unsigned, more: Option<(&str, &str)>) -> super::support::Answer {
        let (line, mut headers) = way.sign(request, &self.server.address.to_string());
        headers.extend(more.map(|(name, value)| format!("{name}: {value}")));
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        self.server.ask(&line, &headers, request.body.as_bytes())
    }
}

fn plain(method: &'static str, path: &str, query: &[(&'static str, &str)]) -> Unsigned {
    let query = query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Unsigned { method, path: path.to_owned(), query, headers: Vec::new(), body: String::new() }
}

#[test]
fn nothing_acts_that_is_not_signed() {
    let server = BucketServer::start(&["--access-key", KEY]);
    let signed = Signed { server: &server };
    let way = Way::Oss1Header;
    signed.ask(way, &plain("PUT", "/photos", &[]), None).is(200, "");
    signed.ask(way, &Unsigned { body: "secret".into(), ..plain("PUT", "/photos/secret", &[]) }, None).is(200, "");
    let begun = signed.ask(way, &plain("POST", "/photos/parts", &[("uploads", "")]), None);
    let upload = begun.element("UploadId");
    assert_eq!(upload.len(), 24);

    for way in WAYS {
        for (operation, request) in operations(way, &upload) {
            for door in DOORS {
                let refused = signed.ask(way, &request, Some(door));
                let code = refused.element("Code");
                assert_eq!(refused.status, 403, "{way:?} {operation} {door:?}: {code}");
                assert!(["AccessDenied", "SignatureDoesNotMatch"].contains(&code.as_str()), "{way:?} {door:?}: {code}");
            }
        }
    }
    // Nothing of it was done.
    let listed = signed.ask(way, &plain("GET", "/photos", &[]), None).text();
    assert_eq!(listed.matches("<Key>").count(), 1, "{listed}");
    // An object without a list of its own has its bucket's.
    for (path, grant) in [("/photos/secret", "default"), ("/photos", "private")] {
        assert_eq!(signed.ask(way, &plain("GET", path, &[("acl", "")]), None).element("Grant"), grant);
    }
    server.ask("GET /photos/secret", &[], b"").is(403, "AccessDenied");
    let parts = signed.ask(way, &plain("GET", "/photos/parts", &[("uploadId", &upload)]), None).text();
    assert!(!parts.contains("<Part>"), "{parts}");

    // What is refused above is refused for the door alone.
    for way in WAYS {
        for (operation, request) in operations(way, &upload) {
            let done = signed.ask(way, &request, None);
            assert!((200..300).contains(&done.status), "{way:?} {operation}: {}", done.text());
        }
    }
}

/// What the fourth signature lists by name is covered, of whichever family it is.
#[test]
fn a_listed_header_of_the_other_family_acts() {
    let server = BucketServer::start(&["--access-key", KEY]);
    let signed = Signed { server: &server };
    signed.ask(Way::Oss1Header, &plain("PUT", "/photos", &[]), None).is(200, "");
    let headers = vec![("x-oss-meta-a".to_owned(), "1".to_owned())];
    let put = Unsigned { headers, body: "a".into(), ..plain("PUT", "/photos/a", &[]) };
    let (line, mut headers) = signing::sign_listed(&put, &server.address.to_string(), "x-oss-meta-a");
    let ask = |headers: &[String]| {
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        server.ask(&line, &headers, b"a")
    };
    assert_eq!(ask(&headers).status, 200);
    assert_eq!(signed.ask(Way::Oss1Header, &plain("HEAD", "/photos/a", &[]), None).header("x-oss-meta-a"), "1");
    headers[0] = "x-oss-meta-a: 2".to_owned();
    assert_eq!(ask(&headers).element("Code"), "SignatureDoesNotMatch");
    headers.push("x-oss-acl: public-read".to_owned());
    assert_eq!(ask(&headers).element("Code"), "AccessDenied");
}

/// A type that is signed cannot be followed by another, and a sub-resource that is not signed asks for nothing.
#[test]
fn a_second_line_and_an_unsigned_parameter() {
    let server = BucketServer::start(&["--access-key", KEY]);
    let signed = Signed { server: &server };
    signed.ask(Way::Oss1Header, &plain("PUT", "/photos", &[]), None).is(200, "");
    let headers = vec![("content-type".to_owned(), "text/x".to_owned())];
    let put = Unsigned { headers, body: "a".into(), ..plain("PUT", "/photos/a", &[]) };
    for way in WAYS {
        let twice = signed.ask(way, &put, Some(("content-type", "text/html")));
        assert!([400, 403].contains(&twice.status), "{way:?}: {}", twice.status);
    }
    server.ask("GET /photos/a", &[], b"").is(403, "AccessDenied");
    for way in WAYS {
        for parameter in ["acl", "bucketInfo", "cors", "delete", "location", "uploads", "versions"] {
            let (line, headers) = way.sign(&plain("GET", "/photos", &[]), &server.address.to_string());
            let line = format!("{line}{}{parameter}", if line.contains('?') { '&' } else { '?' });
            let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
            let refused = server.ask(&line, &headers, b"");
            assert_eq!(refused.status, 403, "{way:?} {parameter}: {}", refused.text());
        }
    }
}

/// A condition acts, or is answered with 501.
#[test]
fn no_condition_is_passed_over() {
    let server = BucketServer::start(&[]);
    server.make("photos", &[]);
    server.ask("PUT /photos/there", &[SIGNED], b"old").is(200, "");
    let begin = |key: &str| server.ask(&format!("POST /photos/{key}?uploads"), &[SIGNED], b"").element("UploadId");
    let (upload, other) = (begin("there"), begin("gone"));
    let etag =
        server.ask(&format!("PUT /photos/there?partNumber=1&uploadId={upload}"), &[SIGNED], b"new").header("etag");
    let parts = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    );
    let complete = format!("POST /photos/there?uploadId={upload}");
    server.ask("PUT /photos/source", &[SIGNED], b"new").is(200, "");
    let (copy, acl) = ("x-oss-copy-source: /photos/source", "x-oss-acl: private");
    let part = format!("PUT /photos/gone?partNumber=1&uploadId={other}");
    let abort = format!("DELETE /photos/gone?uploadId={other}");
    let keys = b"<Delete><Object><Key>there</Key></Object></Delete>";
    let operations: [(&str, &str, &[u8], bool); 13] = [
        ("PUT /photos/there", "x-a: b", b"new", true),
        ("PUT /photos/there", copy, b"", true),
        ("POST /photos/there?uploads", "x-a: b", b"", true),
        (&complete, "x-a: b", parts.as_bytes(), true),
        (&part, "x-a: b", b"part", false),
        (&abort, "x-a: b", b"", false),
        ("PUT /photos/there?acl", acl, b"", false),
        ("DELETE /photos/there", "x-a: b", b"", false),
        ("POST /photos?delete", "x-a: b", keys, false),
        ("PUT /photos", acl, b"", false),
        ("PUT /photos?acl", acl, b"", false),
        ("PUT /photos?cors", "x-a: b", super::RULES.as_bytes(), false),
        ("DELETE /photos?cors", "x-a: b", b"", false),
    ];
    let etag = server.ask("HEAD /photos/there", &[SIGNED], b"").header("etag");
    for (line, header, body, obeys) in operations {
        for (condition, obeyed) in [
            ("x-oss-forbid-overwrite: true", Some((409, "FileAlreadyExists"))),
            ("x-amz-forbid-overwrite: true", Some((409, "FileAlreadyExists"))),
            ("if-none-match: *", Some((412, "PreconditionFailed"))),
            ("if-match: \"x\"", None),
            ("if-unmodified-since: Thu, 01 Jan 2026 00:00:00 GMT", None),
            ("if-none-match: \"x\"", None),
        ] {
            let (status, code) = obeyed.filter(|_| obeys).unwrap_or((501, "NotImplemented"));
            let refused = server.ask(line, &[SIGNED, header, condition], body);
            assert_eq!((refused.status, refused.element("Code").as_str()), (status, code), "{line} {condition}");
        }
        let refused = server.ask(line, &[SIGNED, header, "x-oss-forbid-overwrite: perhaps"], body);
        assert_eq!((refused.status, refused.element("Code").as_str()), (400, "InvalidArgument"), "{line}");
    }
    server.ask("GET /photos/there", &[SIGNED], b"").is(200, "old");
    assert_eq!(server.ask("HEAD /photos/there", &[SIGNED], b"").header("etag"), etag);
    let form =
        |condition: &str, key: &str| post(&server, "photos", &signed_form(&[("key", key), (condition, "true")]), "new");
    form("x-oss-forbid-overwrite", "there").is(409, "FileAlreadyExists");
    form("x-oss-forbid-overwrite", "new").is(204, "");
    form("if-match", "there").is(501, "NotImplemented");
    // Of what is not there, all of them hold.
    server.ask("PUT /photos/fresh", &[SIGNED, "if-none-match: *", "x-oss-forbid-overwrite: true"], b"a").is(200, "");
    let done = server.ask(&complete, &[SIGNED, "x-oss-forbid-overwrite: false"], parts.as_bytes());
    assert_eq!(done.status, 200, "{}", done.text());
    server.ask("GET /photos/there", &[SIGNED], b"").is(200, "new");
}

#[test]
fn a_form_is_judged_before_its_file() {
    let server = BucketServer::start(&["--access-key", KEY]);
    let signed = Signed { server: &server };
    signed.ask(Way::Oss1Header, &plain("PUT", "/photos", &[]), None).is(200, "");
    let fields = "--b\r\ncontent-disposition: form-data; name=\"key\"\r\n\r\nx\r\n--b\r\ncontent-disposition: form-data; \
                  name=\"file\"; filename=\"x\"\r\n\r\n";
    let head = format!(
        "POST /photos HTTP/1.1\r\nhost: {}\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n",
        server.address,
        10 << 20
    );
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    // More than fields may take, and far less than was announced.
    stream.write_all(&[head.as_bytes(), fields.as_bytes(), &vec![b'x'; 256 << 10]].concat()).unwrap();
    let begun = Instant::now();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(std::str::from_utf8(&answer), Ok("HTTP/1.1 403"));
    assert!(begun.elapsed() < Duration::from_secs(4));
}

#[test]
fn an_object_s_own_list_holds_for_forms() {
    let server = BucketServer::start(&[]);
    server.make("open", &["x-oss-acl: public-read-write"]);
    server.ask("PUT /open/kept", &[SIGNED, "x-oss-object-acl: public-read"], b"old").is(200, "");
    post(&server, "open", &[("key".into(), "kept".into())], "new").is(403, "AccessDenied");
    // By the name of the file, too.
    let by_name = [("key".to_owned(), "${filename}".to_owned())];
    server.ask("PUT /open/cat.txt", &[SIGNED, "x-oss-object-acl: private"], b"old").is(200, "");
    post(&server, "open", &by_name, "new").is(403, "AccessDenied");
    server.ask("GET /open/kept", &[], b"").is(200, "old");
    post(&server, "open", &[("key".into(), "free".into())], "new").is(204, "");
    server.ask("GET /open/free", &[], b"").is(200, "new");
}

#[test]
fn a_field_is_there_once_and_of_the_family_that_signs() {
    let server = BucketServer::start(&["--access-key", KEY]);
    let signed = Signed { server: &server };
    signed.ask(Way::Oss1Header, &plain("PUT", "/photos", &[]), None).is(200, "");
    for twice in ["key", "policy", "x-oss-object-acl", "X-OSS-Object-ACL", "content-type", "x-oss-meta-a", "Signature"]
    {
        let mut fields = signed_form(&[
            ("key", "a"),
            ("x-oss-object-acl", "private"),
            ("content-type", "a/b"),
            ("x-oss-meta-a", "1"),
        ]);
        fields.push((twice.to_owned(), "public-read".to_owned()));
        let refused = post(&server, "photos", &fields, "x");
        assert_eq!((refused.status, refused.element("Code").as_str()), (400, "MalformedPOSTRequest"), "{twice}");
    }
    for foreign in ["acl", "x-amz-acl", "x-amz-meta-a"] {
        post(&server, "photos", &signed_form(&[("key", "a"), (foreign, "public-read")]), "x").is(403, "AccessDenied");
    }
    post(&server, "photos", &signed_form(&[("key", "a"), ("x-oss-object-acl", "private")]), "x").is(204, "");

    // S3's policy names every field.
    let key = "[\"starts-with\",\"$key\",\"\"]";
    for (conditions, field, status) in [
        (key.to_owned(), ("x-ignore-a", "1"), 204),
        (key.to_owned(), ("acl", "public-read"), 403),
        (key.to_owned(), ("x-amz-meta-a", "1"), 403),
        (key.to_owned(), ("Content-Type", "text/html"), 403),
        (format!("{key},{{\"acl\":\"public-read\"}}"), ("acl", "public-read"), 204),
        (format!("{key},{{\"acl\":\"private\"}}"), ("acl", "public-read"), 403),
        (key.to_owned(), ("x-oss-object-acl", "public-read"), 403),
    ] {
        let policy = policy(&conditions);
        let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut fields = vec![own("key", "b"), own("AWSAccessKeyId", "id"), own("signature", &sha1("secret", &policy))];
        fields.extend([own("policy", &policy), own(field.0, field.1)]);
        let posted = post(&server, "photos", &fields, "x");
        assert_eq!(posted.status, status, "{conditions} {field:?}: {}", posted.text());

        let date = jiff::Timestamp::now().strftime("%Y%m%d").to_string();
        let scope = format!("{date}/here/s3/aws4_request");
        let secret = scope.split('/').fold(b"AWS4secret".to_vec(), |key, part| sha256(&key, part));
        let conditions = format!("{conditions},[\"starts-with\",\"$x-amz-credential\",\"\"]");
        let policy = self::policy(&conditions);
        let fields = [
            own("key", "b"),
            own("x-amz-credential", &format!("id/{scope}")),
            own("x-amz-signature", &hex::encode(sha256(&secret, &policy))),
            own("policy", &policy),
            own(field.0, field.1),
        ];
        let posted = post(&server, "photos", &fields, "x");
        assert_eq!(posted.status, status, "version 4: {conditions} {field:?}: {}", posted.text());
    }
}

#[test]
fn trailers_without_end_are_an_error() {
    let server = BucketServer::start(&[]);
    server.make("photos", &[]);
    for count in [17, 40_000] {
        let trailers: String = (0..count).map(|at| format!("x-a{at}:1\r\n")).collect();
        let body = format!("1\r\na\r\n0\r\n{trailers}\r\n");
        let payload = "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER";
        server.ask("PUT /photos/a", &[SIGNED, payload], body.as_bytes()).is(400, "IncompleteBody");
    }
    server.ask("GET /photos/a", &[SIGNED], b"").is(404, "NoSuchKey");
}

/// A part costs what a part costs, however many there are.
#[test]
fn parts_are_put_in_linear_time() {
    let server = BucketServer::start(&[]);
    server.make("photos", &[]);
    let upload = server.ask("POST /photos/a?uploads", &[SIGNED], b"").element("UploadId");
    let put = |numbers: std::ops::Range<u32>| {
        let begun = Instant::now();
        for number in numbers {
            server.ask(&format!("PUT /photos/a?partNumber={number}&uploadId={upload}"), &[SIGNED], b"x").is(200, "");
        }
        begun.elapsed()
    };
    let first = put(1..501);
    put(501..5000);
    let last = put(5000..5500);
    assert!(last < 3 * first, "the first 500 parts took {first:?}, the last {last:?}");
}

fn policy(conditions: &str) -> String {
    BASE64_STANDARD.encode(format!("{{\"expiration\":\"2100-01-01T00:00:00.000Z\",\"conditions\":[{conditions}]}}"))
}

/// Fields with a signature of OSS's first version, whose policy allows any.
fn signed_form(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let any = policy("");
    let signature = [("OSSAccessKeyId", "id".to_owned()), ("Signature", sha1("secret", &any)), ("policy", any)];
    let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned()));
    fields.chain(signature).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn post(server: &BucketServer, bucket: &str, fields: &[(String, String)], file: &str) -> super::support::Answer {
    let fields: String = fields
        .iter()
        .map(|(name, value)| format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"))
        .collect();
    let body = format!(
        "{fields}--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"cat.txt\"\r\n\r\n{file}\r\n--b--\r\n"
    );
    let kind = "content-type: multipart/form-data; boundary=b";
    server.ask(&format!("POST /{bucket}"), &[kind], body.as_bytes())
}
