"""oss2, the first Python library of OSS: signatures V1 and V4."""
import contextlib
import datetime
import email.utils
from unittest import mock

import oss2

from checks import DOMAIN, Rule

oss2.defaults.request_retries = 0


@contextlib.contextmanager
def clock_off(minutes):
    """Requests are dated as by a machine whose clock is wrong."""
    def wrong():
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)

    with mock.patch("oss2.auth.datetime", mock.Mock(utcnow=wrong)), \
         mock.patch("oss2.auth.utils.http_date", lambda: email.utils.format_datetime(wrong(), usegmt=True)):
        yield


class Client:
    keeps_vary = True
    failures = (oss2.exceptions.OssError,)

    def __init__(self, server, key, version="v4", virtual_host=False):
        auth = {"v1": oss2.Auth, "v4": oss2.AuthV4}[version]
        self.auth, self.region = auth(*key), "cn-hangzhou"
        self.endpoint = f"http://{DOMAIN}:{server.port}" if virtual_host else server.url
        self.path_style = not virtual_host

    def bucket(self, name):
        return oss2.Bucket(self.auth, self.endpoint, name, region=self.region, is_path_style=self.path_style)

    def told(self, error):
        return error.status, error.code

    def create(self, bucket):
        self.bucket(bucket).create_bucket()

    def remove(self, bucket):
        self.bucket(bucket).delete_bucket()

    def buckets(self):
        return [found.name for found in oss2.BucketIterator(oss2.Service(self.auth, self.endpoint, region=self.region))]

    def put_rules(self, bucket, rules, vary=None, md5=None):
        rules = [oss2.models.CorsRule(*rule) for rule in rules]
        configuration = oss2.models.BucketCors(rules, vary)
        if md5 is None:
            self.bucket(bucket).put_bucket_cors(configuration)
        else:  # not a parameter of put_bucket_cors
            data = oss2.xml_utils.to_put_bucket_cors(configuration)
            self.bucket(bucket)._do("PUT", bucket, "", data=data, params={"cors": ""}, headers={"Content-MD5": md5})

    def rules(self, bucket):
        read = self.bucket(bucket).get_bucket_cors()
        fields = "allowed_origins allowed_methods allowed_headers expose_headers max_age_seconds".split()
        return [Rule(*(getattr(rule, field) for field in fields)) for rule in read.rules], read.response_vary

    def delete_rules(self, bucket):
        self.bucket(bucket).delete_bucket_cors()

    def put(self, bucket, key, content, meta=None, md5=None):
        headers = {f"x-oss-meta-{name}": value for name, value in (meta or {}).items()}
        self.bucket(bucket).put_object(key, content, headers=headers | ({"Content-MD5": md5} if md5 else {}))

    def get(self, bucket, key):
        return self.bucket(bucket).get_object(key).read()

    def head(self, bucket, key):
        found = self.bucket(bucket).head_object(key)
        named = {name.lower(): value for name, value in found.headers.items()}
        return found.content_length, {name[11:]: value for name, value in named.items() if name.startswith("x-oss-meta-")}

    def list(self, bucket, prefix, page):
        found = list(oss2.ObjectIteratorV2(self.bucket(bucket), prefix=prefix, delimiter="/", max_keys=page))
        return [one.key for one in found if not one.is_prefix()], [one.key for one in found if one.is_prefix()]

    def multipart(self, bucket, key, parts):
        bucket = self.bucket(bucket)
        upload = bucket.init_multipart_upload(key).upload_id
        done = []
        for number, part in enumerate(parts, 1):
            done.append(oss2.models.PartInfo(number, bucket.upload_part(key, upload, number, part).etag))
        bucket.complete_multipart_upload(key, upload, done)

    def abort(self, bucket, key):
        bucket = self.bucket(bucket)
        upload = bucket.init_multipart_upload(key).upload_id
        bucket.upload_part(key, upload, 1, b"part")
        bucket.abort_multipart_upload(key, upload)
        bucket.upload_part(key, upload, 2, b"part")

    def delete(self, bucket, keys):
        return self.bucket(bucket).batch_delete_objects(keys).deleted_keys

    def sign(self, method, bucket, key, seconds):
        return self.bucket(bucket).sign_url(method, key, seconds, slash_safe=True)
