"""Every client against two servers: one that takes any signature and writes files, one that verifies them in memory."""
import os
import subprocess
import tempfile
import traceback

import client_ali_oss
import client_boto3
import client_oss2
import client_oss_v2
import client_s3cmd
from answers import answers
from checks import BINARY, DOMAIN, Server, check, finish, resolve_to_loopback
from facts import facts
from suite import refusal, suite

ANY_KEY = ("any", "thing")
KEYS = [("first-key", "first-secret"), ("second-key", "second-secret")]
WRONG = [("SignatureDoesNotMatch", ("first-key", "wrong-secret")), ("InvalidAccessKeyId", ("no-key", "first-secret"))]

OPEN = [  # name, client, options, whether the bucket is in the host name
    ("oss2 V4", client_oss2, {}, False),
    ("alibabacloud-oss-v2 V4", client_oss_v2, {}, False),
    ("ali-oss V1 by address", client_ali_oss, {"version": "v1", "address": "ip"}, True),
    ("boto3", client_boto3, {}, False),
    ("s3cmd", client_s3cmd, {}, False),
]
GUARDED = [
    ("oss2 V1", client_oss2, {"version": "v1"}, False),
    ("oss2 V4", client_oss2, {"version": "v4"}, False),
    ("oss2 V1 in hosts", client_oss2, {"version": "v1", "virtual_host": True}, True),
    ("oss2 V4 in hosts", client_oss2, {"version": "v4", "virtual_host": True}, True),
    ("alibabacloud-oss-v2 V1", client_oss_v2, {"version": "v1"}, False),
    ("alibabacloud-oss-v2 V4", client_oss_v2, {"version": "v4"}, False),
    ("alibabacloud-oss-v2 V1 in hosts", client_oss_v2, {"version": "v1", "virtual_host": True}, True),
    ("alibabacloud-oss-v2 V4 in hosts", client_oss_v2, {"version": "v4", "virtual_host": True}, True),
    ("ali-oss V1", client_ali_oss, {"version": "v1", "address": "path"}, False),
    ("ali-oss V4", client_ali_oss, {"version": "v4", "address": "path"}, False),
    ("ali-oss V1 in hosts", client_ali_oss, {"version": "v1"}, True),
    ("ali-oss V4 in hosts", client_ali_oss, {"version": "v4"}, True),
    ("boto3", client_boto3, {}, False),
    ("boto3 in hosts", client_boto3, {"virtual_host": True}, True),
    ("s3cmd", client_s3cmd, {}, False),
]


def run(server, table, keys, wrong):
    for number, (name, module, options, in_host) in enumerate(table):
        def address(bucket, key):
            return f"http://{bucket}.{DOMAIN}:{server.port}/{key}" if in_host else f"{server.url}/{bucket}/{key}"

        made = [module.Client(server, key, **options) for key in [keys[number % len(keys)], *(key for _, key in wrong)]]
        try:
            suite(name, made[0], f"bucket-{number}", address, list(zip((code for code, _ in wrong), made[1:])))
        except Exception:  # one client's trouble does not hide the others'
            check(f"{name}: to the end", None, traceback.format_exc())
        for client in made:
            getattr(client, "close", lambda: None)()


def clocks(server):
    """Fifteen minutes of difference are forgiven, no more."""
    for version in ["v1", "v4"]:
        client = client_oss2.Client(server, KEYS[0], version)
        for minutes in [-16, -14, 14, 16]:
            answer = "not refused" if abs(minutes) < 15 else (403, "RequestTimeTooSkewed")
            with client_oss2.clock_off(minutes):
                check(f"{version}, a clock off by {minutes} minutes", answer, refusal(client, client.create, "clocks"))


def loopback_only():
    """Without keys nobody else may reach it."""
    done = subprocess.run([BINARY, "--listen", "0.0.0.0:0"], capture_output=True, text=True, timeout=20)
    got = done.returncode > 0, "listening" in done.stdout + done.stderr
    check("an open server for everyone is refused", (True, False), got)


resolve_to_loopback()
loopback_only()
with tempfile.TemporaryDirectory(prefix="clients-") as folder, Server("--data", f"{folder}/data") as server:
    run(server, OPEN, [ANY_KEY], [])
    answers(server)
    check("nothing is written beside the data", ["data"], os.listdir(folder))
    check("the open server ends well after SIGTERM", 0, server.stop())
with Server(*(flag for key in KEYS for flag in ("--access-key", ":".join(key))), "--domain", DOMAIN) as server:
    run(server, GUARDED, KEYS, WRONG)
    clocks(server)
    facts(client_oss2.Client(server, KEYS[0]), server)
    check("the guarded server ends well after SIGTERM", 0, server.stop())
finish(at_least=1958)
