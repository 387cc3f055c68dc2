"""ali-oss, the Node library of OSS, driven through ali_oss.js: signatures V1 and V4. It sends no ResponseVary."""
import base64
import json
import os
import pathlib
import subprocess
import time

from checks import DOMAIN, Rule

FIELDS = "allowedOrigin allowedMethod allowedHeader exposeHeader maxAgeSeconds".split()


class Refused(Exception):
    pass


def text(content):
    return base64.b64encode(content).decode()


class Client:
    keeps_vary = False
    failures = (Refused,)

    def __init__(self, server, key, version="v4", address="virtual host"):
        named = f"http://{DOMAIN}:{server.port}"
        # Given an IP, it sends `Host: bucket.oss-cn-hangzhou.aliyuncs.com`, and cannot sign URLs.
        settings = {"domain": DOMAIN, "endpoint": server.url if address == "ip" else named, "signingEndpoint": named,
                    "sldEnable": address == "path", "region": "oss-cn-hangzhou", "authorizationV4": version == "v4",
                    "accessKeyId": key[0], "accessKeySecret": key[1]}
        script = pathlib.Path(__file__).with_name("ali_oss.js")
        self.node = subprocess.Popen(["node", str(script), os.environ["CLIENTS_NPM"], json.dumps(settings)],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def call(self, *question):
        self.node.stdin.write(json.dumps(question) + "\n")
        self.node.stdin.flush()
        answer = json.loads(self.node.stdout.readline())
        if "text" in answer:
            raise Refused(answer)
        return answer.get("value")

    def close(self):
        self.node.stdin.close()
        self.node.wait(20)

    def told(self, error):
        answer = error.args[0]
        return (answer["status"], answer["code"]) if "status" in answer else answer["text"]

    def create(self, bucket):
        self.call("create", bucket)

    def remove(self, bucket):
        self.call("remove", bucket)

    def buckets(self):
        return self.call("buckets")

    def put_rules(self, bucket, rules, vary=None, md5=None):
        self.call("putRules", bucket, [dict(zip(FIELDS, rule)) for rule in rules], {"Content-MD5": md5} if md5 else {})

    def rules(self, bucket):
        def listed(value):  # one entry comes as a string
            return value if isinstance(value, list) else [value]

        def read(rule):
            max_age = int(rule["maxAgeSeconds"]) if "maxAgeSeconds" in rule else None
            return Rule(*(listed(rule.get(field, [])) for field in FIELDS[:4]), max_age)

        return [read(rule) for rule in self.call("rules", bucket)], None

    def delete_rules(self, bucket):
        self.call("deleteRules", bucket)

    def put(self, bucket, key, content, meta=None, md5=None):
        self.call("put", bucket, key, text(content), meta or {}, {"Content-MD5": md5} if md5 else {})

    def get(self, bucket, key):
        return base64.b64decode(self.call("get", bucket, key))

    def head(self, bucket, key):
        return tuple(self.call("head", bucket, key))

    def list(self, bucket, prefix, page):
        keys, prefixes, token = [], [], None
        while True:
            query = {"prefix": prefix, "delimiter": "/", "max-keys": page, "continuation-token": token}
            query = {name: value for name, value in query.items() if value}  # it signs an empty one as `name=`
            more_keys, more_prefixes, token = self.call("list", bucket, query)
            keys, prefixes = keys + more_keys, prefixes + more_prefixes
            if not token:
                return keys, prefixes

    def multipart(self, bucket, key, parts):
        self.call("multipart", bucket, key, text(b"".join(parts)), len(parts[0]))

    def abort(self, bucket, key):
        self.call("abort", bucket, key)

    def delete(self, bucket, keys):
        return self.call("delete", bucket, keys)

    def sign(self, method, bucket, key, seconds):
        return self.call("sign", method, bucket, key, seconds)

    def form(self, bucket, key, most, seconds):
        """It signs a policy that the page's own code has written."""
        until = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds))
        conditions = [{"bucket": bucket}, ["eq", "$key", key], ["content-length-range", 0, most]]
        return {"key": key, **self.call("form", {"expiration": until, "conditions": conditions})}
