"""What every client is asked to do, and what a browser is then told: one table for all of them."""
import base64

from checks import Rule, ask, check, form, poll, preflight

RULES = [
    Rule(["https://app.example.com", "http://localhost:*"], ["GET", "PUT", "POST"], ["X-OSS-*", "Content-Type"],
         ["ETag", "x-oss-request-id"], 600),
    Rule(["https://*.example.com"], ["DELETE", "HEAD"], ["*"], [], 86400),
    Rule(["*"], ["GET"]),
]
OTHER_RULES = [Rule(["https://www.example.com"], ["GET"], [], ["Content-Length"])]
GET = ["GET"]
BY_APP = {"Origin": "https://app.example.com"}


def headers(origin, methods, expose=None, max_age=None):
    told = {"allow-origin": origin, "allow-methods": methods, "expose-headers": expose, "max-age": max_age}
    return {f"access-control-{name}": value for name, value in told.items() if value}


APP = headers("https://app.example.com", "GET, PUT, POST", "ETag, x-oss-request-id", "600")
LOCAL = headers("http://localhost:3000", "GET, PUT, POST", "ETag, x-oss-request-id", "600")
DEV = headers("https://dev.example.com", "DELETE, HEAD", None, "86400")
ANY = headers("*", "GET")
FORBIDDEN, GRANTED = (403, "AccessForbidden"), (200, b"")

PREFLIGHTS = [  # origin, method, requested headers, (status, code or body), CORS headers
    ("https://app.example.com", "PUT", "X-OSS-Meta-A,content-type", GRANTED,
     APP | {"access-control-allow-headers": "x-oss-meta-a, content-type"}),
    ("http://localhost:3000", "GET", None, GRANTED, LOCAL),
    ("https://dev.example.com", "DELETE", "Authorization", GRANTED, DEV | {"access-control-allow-headers": "authorization"}),
    ("https://dev.example.com", "GET", None, GRANTED, ANY),
    ("https://app.example.com", "PUT", "x-other", FORBIDDEN, {}),
    ("https://dev.example.com", "PUT", None, FORBIDDEN, {}),
    ("https://example.com.evil.org", "DELETE", None, FORBIDDEN, {}),
    ("null", "GET", None, GRANTED, ANY),
]

FAULTS = [  # what is wrong with the rules, the rules, the answer
    ("21 rules", OTHER_RULES * 21, (400, "CORSRuleBeyondLimit")),
    ("two * in an origin", [Rule(["https://*.*.example.com"], GET)], (400, "InvalidArgument")),
    ("two * in a header", [Rule(["*"], GET, ["x-*-*"])], (400, "InvalidArgument")),
    ("method PATCH", [Rule(["*"], ["GET", "PATCH"])], (400, "InvalidArgument")),
    ("method get", [Rule(["*"], ["get"])], (400, "InvalidArgument")),
    ("* in ExposeHeader", [Rule(["*"], GET, [], ["x-oss-*"])], (400, "InvalidArgument")),
    ("negative max age", [Rule(["*"], GET, [], [], -1)], (400, "InvalidArgument")),
    ("max age over the limit", [Rule(["*"], GET, [], [], 1_000_000_000)], (400, "InvalidArgument")),
]

# The MD5 of something else.
WRONG_MD5 = base64.b64encode(bytes(16)).decode()


def refusal(client, action, *arguments):
    """(status, code) as the client understands the refusal."""
    try:
        action(*arguments)
    except client.failures as error:
        return client.told(error)
    return "not refused"


def asked(answer):
    return (answer.status, answer.code() if answer.status >= 400 else answer.body), answer.cors()


def suite(label, client, bucket, address, strangers=()):
    """`address(bucket, key)` is the client's URL of an object; `strangers`: clients with keys the server does not take."""
    def expect(what, expected, got):
        check(f"{label}: {what}", expected, got)

    signs = hasattr(client, "sign")
    vary = True if client.keeps_vary else None
    varied = {"vary": "Origin"} if vary else {}

    def link(key, method="GET"):
        return client.sign(method, bucket, key, 600) if signs else address(bucket, key)

    client.create(bucket)
    expect("the bucket is listed", True, bucket in client.buckets())
    without_rules(client, bucket, address, expect)
    rules(client, bucket, expect, vary)
    objects(client, bucket, expect)
    preflights(client, bucket, address, expect, varied)
    actual_requests(link, expect, varied)
    anonymous = ask("GET" if signs else "PUT", address(bucket, "a.txt"))  # who cannot sign URLs has a public bucket
    expect("an anonymous request", (403, "AccessDenied"), (anonymous.status, anonymous.code()))
    if signs:
        uploads(client, bucket, link, expect, varied)
    if hasattr(client, "form"):
        forms(client, bucket, address, expect, varied, strangers)
    if strangers:
        wrong_signatures(client, bucket, strangers, expect, varied)
    client.delete_rules(bucket)
    client.delete_rules(bucket)
    without_rules(client, bucket, address, expect)
    expect("an actual request without rules", ((200, b"hello"), {}), asked(ask("GET", link("a.txt"), BY_APP)))

    keys, _ = client.list(bucket, "", 100)
    client.delete(bucket, keys + ["folder/c.txt", "folder/d e+f.txt", "form/a.txt"])
    client.remove(bucket)
    without_bucket(client, bucket, address, expect)


def without_rules(client, bucket, address, expect):
    expect("no rules", (404, "NoSuchCORSConfiguration"), refusal(client, client.rules, bucket))
    answer = preflight(address(bucket, "a.txt"), "https://app.example.com", "GET")
    expect("a preflight without rules", (FORBIDDEN, {}), asked(answer))


def rules(client, bucket, expect, vary):
    client.put_rules(bucket, OTHER_RULES, False if vary else None)
    expect("one rule", (OTHER_RULES, False if vary else None), client.rules(bucket))
    client.put_rules(bucket, OTHER_RULES * 20)
    expect("20 rules", OTHER_RULES * 20, client.rules(bucket)[0])
    client.put_rules(bucket, RULES, vary)
    for what, wrong, answer in FAULTS:
        expect(what, answer, refusal(client, client.put_rules, bucket, wrong))
    if not hasattr(client, "always_right_md5_of_rules"):
        expect("rules, MD5 mismatch", (400, "InvalidDigest"),
               refusal(client, client.put_rules, bucket, OTHER_RULES, vary, WRONG_MD5))
    expect("the rules before the refused ones", ([rule.read_back() for rule in RULES], vary), client.rules(bucket))


def objects(client, bucket, expect):
    client.put(bucket, "a.txt", b"hello", {"color": "blue"})
    expect("an object", b"hello", client.get(bucket, "a.txt"))
    if hasattr(client, "head"):
        expect("head", (5, {"color": "blue"}), client.head(bucket, "a.txt"))
    expect("no object", getattr(client, "no_object", (404, "NoSuchKey")), refusal(client, client.get, bucket, "missing"))
    expect("an object, MD5 mismatch", (400, "InvalidDigest"),
           refusal(client, client.put, bucket, "a.txt", b"other", None, WRONG_MD5))
    expect("the object before the refused one", b"hello", client.get(bucket, "a.txt"))
    # Two parts, the first of the smallest size a part may have (S3 clients: 5 MiB).
    parts = [b"1" * (5 << 20), b"2" * 1000]
    client.multipart(bucket, "parts", parts)
    expect("an object of two parts", True, b"".join(parts) == client.get(bucket, "parts"))
    if hasattr(client, "abort"):
        expect("a part after the abort", (404, "NoSuchUpload"), refusal(client, client.abort, bucket, "aborted"))
    odd = "gr\u00fc\u00df/%41&=?.txt"
    for key in ["b.txt", "folder/c.txt", "folder/d e+f.txt", odd]:
        client.put(bucket, key, key.encode())
        expect(f"the key {key}", key.encode(), client.get(bucket, key))
    found = ["a.txt", "b.txt", "parts"], ["folder/", "gr\u00fc\u00df/"]
    expect("a listing by pages of two", found, client.list(bucket, "", 2))
    expect("a listing below a prefix", (["folder/c.txt", "folder/d e+f.txt"], []), client.list(bucket, "folder/", 1))
    expect("several deleted", ["b.txt", odd], sorted(client.delete(bucket, ["b.txt", odd])))
    expect("a deleted object", getattr(client, "no_object", (404, "NoSuchKey")), refusal(client, client.get, bucket, "b.txt"))


def preflights(client, bucket, address, expect, varied):
    """Unsigned, for an object that exists and for one that does not."""
    for origin, method, requested, answer, cors in PREFLIGHTS:
        for key in ["a.txt", "missing"]:
            expect(f"preflight {origin} {method} {requested} {key}", (answer, cors | varied),
                   asked(preflight(address(bucket, key), origin, method, requested)))
    if hasattr(client, "option_object"):
        expect("OptionObject", ["https://app.example.com", "GET, PUT, POST", "x-oss-a", "ETag, x-oss-request-id", 600],
               client.option_object(bucket, "a.txt", "https://app.example.com", "PUT", "X-Oss-A"))
        expect("OptionObject refused", FORBIDDEN,
               refusal(client, client.option_object, bucket, "a.txt", "https://dev.example.com", "PUT", "x-a"))


def actual_requests(link, expect, varied):
    etag = ask("GET", link("a.txt")).header("ETag")
    for what, key, sent, answer, cors in [
        ("by rule 1", "a.txt", BY_APP, (200, b"hello"), APP),
        ("by rule 3", "a.txt", {"Origin": "https://dev.example.com"}, (200, b"hello"), ANY),
        ("without Origin", "a.txt", {}, (200, b"hello"), {}),
        ("missing", "missing", BY_APP, (404, "NoSuchKey"), APP),
        ("206", "a.txt", {"Origin": "http://localhost:3000", "Range": "bytes=1-2"}, (206, b"el"), LOCAL),
        ("304", "a.txt", BY_APP | {"If-None-Match": etag}, (304, b""), APP),
        ("412", "a.txt", BY_APP | {"If-Match": '"0"'}, (412, "PreconditionFailed"), APP),
        ("416", "a.txt", BY_APP | {"Range": "bytes=9-"}, (416, "InvalidRange"), APP),
    ]:
        expect(f"actual request, {what}", (answer, cors | varied), asked(ask("GET", link(key), sent)))


def uploads(client, bucket, link, expect, varied):
    """A page puts to a signed URL."""
    answer = ask("PUT", link("from-page", "PUT"), BY_APP, b"from a page")
    expect("a signed PUT", (200, APP | varied), (answer.status, answer.cors()))
    answer = ask("PUT", link("from-page", "PUT"), {"Origin": "https://dev.example.com"}, b"from another page")
    expect("a signed PUT that no rule matches", (200, varied), (answer.status, answer.cors()))
    expect("the second is written too: CORS never blocks it", b"from another page", client.get(bucket, "from-page"))


def forms(client, bucket, address, expect, varied, strangers):
    """A page posts a form with a signed policy."""
    for what, signer, seconds, most, status, cors in [
        ("a form", client, 600, 100, 204, APP),
        ("a form too large for its policy", client, 600, 3, 400, APP),
        ("an expired form", client, -60, 100, 403, APP),
        *((f"a form, {code}", stranger, 600, 100, 403, {}) for code, stranger in strangers),
    ]:
        kind, body = form(signer.form(bucket, "form/a.txt", most, seconds), b"from a form")
        answer = ask("POST", address(bucket, ""), BY_APP | {"Content-Type": kind}, body)
        expect(what, (status, cors | varied), (answer.status, answer.cors()))
    expect("the form's object", b"from a form", client.get(bucket, "form/a.txt"))


def wrong_signatures(client, bucket, strangers, expect, varied):
    """Refused, without any Access-Control header."""
    for code, stranger in strangers:
        expect(f"put, {code}", (403, code), refusal(stranger, stranger.put, bucket, "a.txt", b"stranger"))
        expect(f"rules, {code}", (403, code), refusal(stranger, stranger.put_rules, bucket, OTHER_RULES))
    expect("strangers change nothing", b"hello", client.get(bucket, "a.txt"))
    if not hasattr(client, "sign"):
        return
    urls = [(code, stranger.sign("GET", bucket, "a.txt", 600)) for code, stranger in strangers]
    urls.append(("SignatureDoesNotMatch", client.sign("GET", bucket, "a.txt", 600).replace("/a.txt?", "/b.txt?")))
    expiring = client.sign("GET", bucket, "a.txt", 2)
    expect("a URL for two seconds", 200, ask("GET", expiring).status)
    poll("it expires", lambda: ask("GET", expiring).status != 200, expect)
    for code, url in [*urls, ("AccessDenied", expiring)]:
        expect(f"a signed URL, {code}", ((403, code), varied), asked(ask("GET", url, BY_APP)))


def without_bucket(client, bucket, address, expect):
    for what, action, arguments in [
        ("rules", client.rules, []), ("put rules", client.put_rules, [OTHER_RULES]),
        ("delete rules", client.delete_rules, []), ("put", client.put, ["a.txt", b"hello"]),
    ]:
        expect(f"no bucket: {what}", (404, "NoSuchBucket"), refusal(client, action, bucket, *arguments))
    missing = getattr(client, "no_object", (404, "NoSuchBucket"))
    expect("no bucket: get", missing, refusal(client, client.get, bucket, "a.txt"))
    answer = preflight(address(bucket, "a.txt"), "https://app.example.com", "GET")
    expect("no bucket: preflight", ((404, "NoSuchBucket"), {}), asked(answer))
