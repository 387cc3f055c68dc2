"""What no client shows: answers asked for over plain HTTP and compared whole. The server takes any signature."""
import base64
import email.utils
import hashlib
import http.client
import re
import urllib.parse
import xml.etree.ElementTree as xml_tree

from checks import ask, check

RULE = "<AllowedOrigin>{origin}</AllowedOrigin><AllowedMethod>{method}</AllowedMethod>"
RULES = "<CORSConfiguration>{rules}</CORSConfiguration>"


def rules(origin="*", method="GET", more="", times=1):
    return RULES.format(rules=f"<CORSRule>{RULE.format(origin=origin, method=method)}{more}</CORSRule>" * times)


def argument(name, value):
    return {"ArgumentName": name, "ArgumentValue": value}


# What S3 clients send: a namespace, an ID, elements in another order. Written back in OSS's own form.
FROM_S3 = """<?xml version="1.0" encoding="UTF-8"?>
<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><CORSRule><ID>one</ID><MaxAgeSeconds> 0 </MaxAgeSeconds>
<ExposeHeader>ETag</ExposeHeader><AllowedHeader>X-OSS-*</AllowedHeader><AllowedMethod>HEAD</AllowedMethod>
<AllowedOrigin>https://*.example.com</AllowedOrigin></CORSRule></CORSConfiguration>"""
WRITTEN = """<?xml version="1.0" encoding="UTF-8"?>
<CORSConfiguration>
  <CORSRule>
    <AllowedOrigin>https://*.example.com</AllowedOrigin>
    <AllowedMethod>HEAD</AllowedMethod>
    <AllowedHeader>x-oss-*</AllowedHeader>
    <ExposeHeader>ETag</ExposeHeader>
    <MaxAgeSeconds>0</MaxAgeSeconds>
  </CORSRule>
  <ResponseVary>false</ResponseVary>
</CORSConfiguration>
"""

REFUSED_RULES = [  # body, code, x-oss-ec, further elements of the error
    ("", "MalformedXML", None, {}),
    ("<CORSConfiguration>", "MalformedXML", None, {}),
    ("<Rules/>", "MalformedXML", None, {}),
    (RULES.format(rules=""), "MalformedXML", None, {}),
    (RULES.format(rules="<CORSRule><AllowedMethod>GET</AllowedMethod></CORSRule>"), "MalformedXML", None, {}),
    (rules(more=" " * 16384), "EntityTooLarge", None, {}),
    (rules(times=21), "CORSRuleBeyondLimit", None, {}),
    (rules(method="PATCH"), "InvalidArgument", "0034-00000011", argument("AllowedMethod", "PATCH")),
    (rules(origin="https://*.*.com"), "InvalidArgument", None, argument("AllowedOrigin", "https://*.*.com")),
    (rules(more="<AllowedHeader>*-*</AllowedHeader>"), "InvalidArgument", None, argument("AllowedHeader", "*-*")),
    (rules(more="<ExposeHeader>x-*</ExposeHeader>"), "InvalidArgument", "0034-00000013", argument("ExposeHeader", "x-*")),
    (rules(more="<MaxAgeSeconds>-1</MaxAgeSeconds>"), "InvalidArgument", None, argument("MaxAgeSeconds", "-1")),
]

ORIGIN = {"Origin": "https://www.example.com"}
METHOD = {"Access-Control-Request-Method": "GET"}
REFUSED = [  # what, method, path, headers, status, code, x-oss-ec, message (None: any)
    ("no Origin", "OPTIONS", "/answers/a.txt", METHOD, 400, "BadRequest", None,
     "Insufficient information. Origin request header needed."),
    ("no method header", "OPTIONS", "/answers/a.txt", ORIGIN, 400, "BadRequest", None,
     "Insufficient information. Request Access-Control-Request-Method header needed."),
    ("no bucket comes first", "OPTIONS", "/no-bucket/a.txt", {}, 404, "NoSuchBucket", "0015-00000101",
     "The specified bucket does not exist."),
    ("no rules", "OPTIONS", "/no-rules/a.txt", ORIGIN | METHOD, 403, "AccessForbidden", "0034-00000001",
     "CORSResponse: CORS is not enabled for this bucket."),
    ("no rule matches", "OPTIONS", "/answers/a.txt", ORIGIN | {"Access-Control-Request-Method": "PUT"}, 403, "AccessForbidden",
     "0034-00000002",
     "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-"
     "Control-Request-Method or Access-Control-Requet-Headers are not whitelisted by the resource's CORS spec."),
    ("rules of none", "GET", "/no-rules/?cors", {}, 404, "NoSuchCORSConfiguration", None,
     "The CORS Configuration does not exist."),
    ("no object", "GET", "/answers/missing", {}, 404, "NoSuchKey", None, None),
    ("a bucket's name", "PUT", "/No_Bucket", {}, 400, "InvalidBucketName", None, None),
    ("unknown subresource of a bucket", "GET", "/answers/?lifecycle", {}, 501, "NotImplemented", None, None),
    ("unknown subresource to put", "PUT", "/answers/?website", {}, 501, "NotImplemented", None, None),
    ("unknown subresource of an object", "GET", "/answers/a.txt?torrent", {}, 501, "NotImplemented", None, None),
    ("a bucket with objects", "DELETE", "/answers", {}, 409, "BucketNotEmpty", None, None),
]


def answers(server):
    def send(method, path, headers=None, body=None):
        return ask(method, server.url + path, {"Authorization": "OSS any:c2ln"} | (headers or {}), body)

    for bucket in ["answers", "no-rules"]:
        common(f"PUT /{bucket}", 200, send("PUT", f"/{bucket}"))
    meta = {"Content-Type": "text/plain", "x-oss-meta-color": "blue"}
    common("PUT object", 200, send("PUT", "/answers/a.txt", meta, b"hello"))
    answer = send("HEAD", "/answers/a.txt")
    names = ["Content-Length", "Content-Type", "ETag", "x-oss-meta-color"]
    check("HEAD object", ["5", "text/plain", f'"{hashlib.md5(b"hello").hexdigest().upper()}"', "blue"],
          [(answer.header(name) or "").upper() if name == "ETag" else answer.header(name) for name in names])

    stored_rules(send)
    for what, method, path, headers, status, code, ec, message in REFUSED:
        answer = send(method, path, headers)
        common(what, status, answer)
        refused(what, code, ec, message, {}, answer)

    listed = xml_tree.fromstring(send("GET", "/answers?versions").body)
    versions = [node.findtext("Key") for node in listed.iter("Version")]
    check("versions", ("ListVersionsResult", ["a.txt"]), (listed.tag, versions))
    refused_bodies(server)
    keys_that_climb(send)


def stored_rules(send):
    """PUT, GET and DELETE of ?cors, in every spelling of its URL."""
    for path, content_type in [("/answers?cors", "application/xml"), ("/answers/?cors=", "text/plain"), ("/answers/?cors", "")]:
        md5 = base64.b64encode(hashlib.md5(FROM_S3.encode()).digest()).decode()
        answer = send("PUT", path, {"Content-Type": content_type, "Content-MD5": md5}, FROM_S3)
        common(f"PUT {path}", 200, answer)
        check(f"PUT {path}: body", b"", answer.body)
        answer = send("GET", path)
        common(f"GET {path}", 200, answer)
        body = answer.body.decode().strip() + "\n"
        check(f"GET {path}: body", (WRITTEN, "application/xml"), (body, answer.header("Content-Type")))
        for _ in range(2):
            common(f"DELETE {path}", 204, send("DELETE", path))
    send("PUT", "/answers?cors", body=FROM_S3)
    for body, code, ec, more in REFUSED_RULES:
        what = f"rules {body[:90]}"
        answer = send("PUT", "/answers?cors", body=body)
        common(what, 400, answer)
        refused(what, code, ec, None, more, answer)
    check("refused rules change nothing", WRITTEN, send("GET", "/answers?cors").body.decode().strip() + "\n")


def refused_bodies(server):
    """A body that is refused unread, sent after its head, leaves the connection usable or says that it closes it."""
    broken = 0
    for _ in range(50):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.putrequest("PUT", "/no-bucket/a.txt")
        connection.putheader("Content-Length", "5")
        connection.endheaders()
        connection.send(b"hello")
        connection.getresponse().read()
        try:
            if connection.sock:  # not told to close
                connection.request("GET", "/no-bucket/a.txt")
                connection.getresponse().read()
        except OSError:
            broken += 1
        connection.close()
    check("connections broken by a refused body", 0, broken)


def keys_that_climb(send):
    """A key is a name, never a path: `..`, empty parts and odd bytes stay within their bucket."""
    keys = ["../no-rules/x", "a/../../x", "./x", "a//b", "..", "a/.", "%00", "nul\0byte", "back\\slash", "tab\tkey",
            "\u202ekey"]
    for key in keys:
        path = "/answers/" + urllib.parse.quote(key, safe="")
        stored = send("PUT", path, body=key.encode()).status
        got = send("GET", path)
        check(f"the key {key!r}", (200, key.encode()) if stored == 200 else (400, "InvalidObjectName"),
              (got.status, got.body if got.status == 200 else got.code()))
        check(f"the key {key!r} is stored or refused", True, stored in (200, 400))
        send("DELETE", path)
    check("the other bucket is empty", False, b"<Key>" in send("GET", "/no-rules").body)
    check("the other bucket can be deleted", 204, send("DELETE", "/no-rules").status)


def common(what, status, answer):
    """What every answer carries."""
    check(f"{what}: status", status, answer.status)
    check(f"{what}: Server", "AliyunOSS", answer.header("Server"))
    check(f"{what}: x-oss-request-id", True, bool(re.fullmatch("[0-9A-F]{24}", str(answer.header("x-oss-request-id")))))
    check(f"{what}: Date", True, email.utils.parsedate_to_datetime(answer.header("Date")) is not None)


def refused(what, code, ec, message, more, answer):
    """The whole error."""
    error = xml_tree.fromstring(answer.body)
    expected = {"Code": code, "RequestId": answer.header("x-oss-request-id")} | more
    expected |= {"Message": message} if message else {}
    expected |= {"EC": ec} if ec else {}
    check(f"{what}: error", expected, {name: error.findtext(name) for name in expected})
    named = {"Message", "HostId"}
    check(f"{what}: elements", ("Error", named), (error.tag, named & {node.tag for node in error}))
    check(f"{what}: type", "application/xml", answer.header("Content-Type"))
    if ec:
        check(f"{what}: x-oss-ec", ec, answer.header("x-oss-ec"))
