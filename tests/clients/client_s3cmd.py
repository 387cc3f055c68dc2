"""s3cmd, a command: AWS signature V4, and V2 after an InvalidArgument. Path style.

It signs no URL to put to; so its buckets are public, and a page asks without a signature.
"""
import os
import pathlib
import re
import subprocess
import tempfile

from checks import from_xml, to_xml


# It asks by HEAD whether an object exists before it gets it, so all it can tell is this.
MISSING = "does not exist"


class Refused(Exception):
    pass


class Client:
    keeps_vary = True
    failures = (Refused,)
    no_object = MISSING
    always_right_md5_of_rules = True

    def __init__(self, server, key):
        self.folder = tempfile.TemporaryDirectory(prefix="s3cmd-")
        address = f"127.0.0.1:{server.port}"
        self.file("config").write_text(
            f"[default]\naccess_key = {key[0]}\nsecret_key = {key[1]}\nuse_https = False\nmax_retries = 1\n"
            f"host_base = {address}\nhost_bucket = {address}\nmultipart_chunk_size_mb = 5\n")

    def file(self, name):
        return pathlib.Path(self.folder.name, name)

    def run(self, *arguments):
        command = ["s3cmd", "--config", str(self.file("config")), "--no-progress", *map(str, arguments)]
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, env=environment)
        if done.returncode:
            raise Refused(done.stderr)
        return done.stdout, done.stderr

    def told(self, error):
        found = re.findall(r"S3 error: (\d+) \((\w+)\)|(Source object) .* does not exist", str(error))
        return (MISSING if found[-1][2] else (int(found[-1][0]), found[-1][1])) if found else str(error)

    def create(self, bucket):
        self.run("mb", "--acl-public", f"s3://{bucket}")

    def remove(self, bucket):
        self.run("rb", f"s3://{bucket}")

    def buckets(self):
        return re.findall(r"s3://(\S+)", self.run("ls")[0])

    def put_rules(self, bucket, rules, vary=None):
        self.file("rules.xml").write_text(to_xml(rules, vary))
        self.run("setcors", self.file("rules.xml"), f"s3://{bucket}")

    def rules(self, bucket):
        told, debug = self.run("info", f"s3://{bucket}", "--debug")
        text = re.search(r"CORS: +(.*?)\s*(?:ACL:|\Z)", told, re.DOTALL).group(1)
        if text == "none":  # so it tells every 404 and 501; its debug output has the code of the last
            raise Refused("S3 error: 404 (" + re.findall(r"ErrorXML: Code: '(\w+)'", debug)[-1] + ")")
        return from_xml(text)

    def delete_rules(self, bucket):
        self.run("delcors", f"s3://{bucket}")

    def put(self, bucket, key, content, meta=None, md5=None):
        self.file("content").write_bytes(content)
        headers = [f"--add-header=x-oss-meta-{name}:{value}" for name, value in (meta or {}).items()]
        headers += [f"--add-header=content-md5:{md5}"] if md5 else []
        self.run("put", *headers, self.file("content"), f"s3://{bucket}/{key}")

    def get(self, bucket, key):
        self.run("get", "--force", f"s3://{bucket}/{key}", self.file("got"))
        return self.file("got").read_bytes()

    def list(self, bucket, prefix, page):
        told = self.run("ls", f"s3://{bucket}/{prefix}")[0].splitlines()
        names = [re.search(r"s3://[^/]+/(.*)", line).group(1) for line in told]
        return [name for name in names if not name.endswith("/")], [name for name in names if name.endswith("/")]

    def multipart(self, bucket, key, parts):
        self.put(bucket, key, b"".join(parts))

    def delete(self, bucket, keys):
        told = self.run("del", *(f"s3://{bucket}/{key}" for key in keys))[0]
        return re.findall(r"delete: 's3://[^/]+/(.*)'", told)
