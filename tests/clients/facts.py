"""service-facts.jsonl: what the tests and the manual of the official OSS libraries say the service answers.

`seen` says who told: the live `service`, its `manual`, or a check that a `library` makes before it sends anything.
Where a library is stricter than the service, `instead` says so, and the service's answer is expected. `times` repeats
the rule. Every fact holds for a local server; none needs a region.
"""
import json
import pathlib
import xml.etree.ElementTree as xml_tree

import oss2

from checks import Rule, ask, check, to_xml

FACTS = pathlib.Path(__file__).with_name("service-facts.jsonl")


def facts(client, server):
    read = [json.loads(line) for line in FACTS.read_text().splitlines()]
    for number, fact in enumerate(read):
        one_fact(client, server, f"fact-{number}", fact)
    instead = sum("instead" in fact for fact in read)
    print(f"{len(read)} facts, {instead} of them a library's own limit that the service does not have")
    check("facts", (84, 8), (len(read), instead))


def one_fact(client, server, name, fact):
    def expect(what, expected, got):
        check(f"fact {fact['fact']}: {what}", expected, got)

    bucket = client.bucket(name)
    rules = [Rule(**rule) for rule in fact.get("rules", [])] * fact.get("times", 1)
    text = to_xml(rules or [Rule(["*"], ["GET"])], fact.get("vary"))
    if fact.get("bucket", True):
        bucket.create_bucket(oss2.BUCKET_ACL_PUBLIC_READ_WRITE)
        bucket.put_object("a.txt", b"hello")
        if "rules" in fact and fact["ask"] != "put rules":
            if rules:
                bucket.put_bucket_cors(text)
            else:  # ResponseVary alone is no configuration
                expect("rules of none", "MalformedXML", told(bucket.put_bucket_cors, to_xml([], True))["code"])
    if fact["ask"].startswith(("put", "get", "delete")):
        action, arguments = {"put": (bucket.put_bucket_cors, [text]), "get": (bucket.get_bucket_cors, []),
                             "delete": (bucket.delete_bucket_cors, [])}[fact["ask"].split()[0]]
        if fact["ask"].endswith("twice"):
            action(*arguments)
        expect("answer", stated(fact), stated(fact, told(action, *arguments)))
        if (fact["ask"], fact["status"]) == ("put rules", 200):
            expect("read back", ([rule.read_back() for rule in rules], bool(fact.get("vary"))), client.rules(name))
        return
    method, resource = fact["ask"].split()
    url = f"{server.url}/{name}/{'a.txt' if resource == 'object' else ''}"
    answer = ask(method, url, fact["headers"], b"hello" if method == "PUT" else None)
    expect("CORS headers", fact["cors"], answer.cors())
    error = {"code": answer.code(), "ec": answer.header("x-oss-ec"),
             "message": xml_tree.fromstring(answer.body).findtext("Message")} if answer.status >= 400 else {}
    expect("answer", stated(fact), stated(fact, {"status": answer.status, **error}))


def told(action, *arguments):
    try:
        return {"status": action(*arguments).status}
    except oss2.exceptions.OssError as error:
        return {"status": error.status, "code": error.code, "ec": error.headers.get("x-oss-ec"), "message": error.message}


def stated(fact, got=None):
    """What the fact says of an answer, or the same parts of the answer that was got."""
    return {part: (got or fact).get(part) for part in ["status", "code", "ec", "message"] if part in fact}
