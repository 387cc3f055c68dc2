"""What all suites here share: checks that are counted, rules, a browser's questions, and the server as a process."""
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import xml.etree.ElementTree as xml_tree
from typing import NamedTuple

BINARY = os.environ["BUCKET_SERVER"]
# Buckets as host names below it; every client here resolves them to 127.0.0.1 (see `resolve_to_loopback`).
DOMAIN = "oss.test"

passed, failures = 0, []


def check(what, expected, got):
    """Counts a check; a failure is printed at once and the suites go on."""
    global passed
    if expected == got:
        passed += 1
    else:
        failures.append(what)
        print(f"FAILED: {what}\n  expected: {expected!r}\n  got:      {got if isinstance(got, str) else repr(got)}", flush=True)


def finish(at_least):
    """Ends the process: with an error if a check failed or fewer ran than there are."""
    if passed + len(failures) < at_least:
        failures.append("count")
        print(f"only {passed} checks ran, {at_least} are expected")
    print(f"{passed} checks passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


# --- rules

class Rule(NamedTuple):
    origins: list
    methods: list
    headers: list = []
    expose: list = []
    max_age: int | None = None

    def read_back(self):
        """As the service answers it: AllowedHeader in lower case, everything else as written."""
        return self._replace(headers=[header.lower() for header in self.headers])


ELEMENTS = [("AllowedOrigin", "origins"), ("AllowedMethod", "methods"), ("AllowedHeader", "headers"), ("ExposeHeader", "expose")]


def to_xml(rules, vary=None):
    root = xml_tree.Element("CORSConfiguration")
    for rule in rules:
        node = xml_tree.SubElement(root, "CORSRule")
        for element, field in ELEMENTS:
            for value in getattr(rule, field):
                xml_tree.SubElement(node, element).text = value
        if rule.max_age is not None:
            xml_tree.SubElement(node, "MaxAgeSeconds").text = str(rule.max_age)
    if vary is not None:
        xml_tree.SubElement(root, "ResponseVary").text = str(vary).lower()
    return xml_tree.tostring(root, encoding="unicode")


def from_xml(text):
    root = xml_tree.fromstring(text)
    rules = []
    for node in root.findall("CORSRule"):
        lists = [[entry.text for entry in node.findall(element)] for element, _ in ELEMENTS]
        max_age = node.findtext("MaxAgeSeconds")
        rules.append(Rule(*lists, None if max_age is None else int(max_age)))
    return rules, {"true": True, "false": False, None: None}[root.findtext("ResponseVary")]


# --- a browser's questions

class Answer(NamedTuple):
    status: int
    fields: list
    body: bytes

    def header(self, name):
        values = [value for field, value in self.fields if field.lower() == name.lower()]
        return values[0] if len(values) == 1 else values or None

    def cors(self):
        """Every CORS header and Vary; a header sent twice shows as a list."""
        names = {field.lower() for field, _ in self.fields}
        return {name: self.header(name) for name in names if name.startswith("access-control-") or name == "vary"}

    def code(self):
        """The code of an XML error, or the body itself where it is none."""
        try:
            return xml_tree.fromstring(self.body).findtext("Code")
        except xml_tree.ParseError:
            return self.body


def ask(method, url, headers=None, body=None):
    """One request as a plain HTTP client sends it. The name in the URL goes into Host; the connection is to loopback."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=20)
    try:
        target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        connection.request(method, target, body, {"Host": parts.netloc, **(headers or {})})
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())
    finally:
        connection.close()


def preflight(url, origin, method, headers=None):
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = headers
    return ask("OPTIONS", url, asked)


def form(fields, content):
    """(Content-Type, body) of a form as a page sends it, the file last."""
    boundary = "----form-of-a-page"
    head = f"--{boundary}\r\nContent-Disposition: form-data; name="
    text = "".join(f'{head}"{name}"\r\n\r\n{value}\r\n' for name, value in fields.items())
    text += f'{head}"file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n'
    return f"multipart/form-data; boundary={boundary}", text.encode() + content + f"\r\n--{boundary}--\r\n".encode()


def poll(what, question, expect=check):
    """Asks until the answer is true; a failed check if it never is."""
    deadline = time.monotonic() + 10
    while not (answer := question()) and time.monotonic() < deadline:
        time.sleep(0.05)
    expect(what, True, bool(answer))


def resolve_to_loopback():
    """Bucket host names below DOMAIN lead to 127.0.0.1 in this process, without any change to the machine."""
    lookup = socket.getaddrinfo
    socket.getaddrinfo = lambda host, *rest, **named: lookup(
        "127.0.0.1" if host and str(host).endswith(DOMAIN) else host, *rest, **named)


# --- the server

class Server:
    """The bucket server on a free port of loopback, stopped by its process id."""

    def __init__(self, *flags):
        self.log = tempfile.NamedTemporaryFile(mode="r", prefix="bucket-server-")
        with open(self.log.name, "w") as out:
            self.process = subprocess.Popen([BINARY, "--listen", "127.0.0.1:0", *flags], stdout=out, stderr=out)
        deadline = time.monotonic() + 20
        while not (lines := [line for line in self.said() if line.startswith("listening on http://")]):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                sys.exit(f"{BINARY} {' '.join(flags)} does not listen:\n{''.join(self.said())}")
            time.sleep(0.02)
        self.url = lines[0].split()[2].rstrip("/")
        self.port = urllib.parse.urlsplit(self.url).port

    def said(self):
        self.log.seek(0)
        return [line for line in self.log.readlines() if line.endswith("\n")]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            return "killed"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
