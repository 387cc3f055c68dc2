"""alibabacloud-oss-v2, the second Python library of OSS: signatures V1 and V4, and OptionObject."""
import datetime

import alibabacloud_oss_v2 as oss

from checks import DOMAIN, Rule

FIELDS = "allowed_origins allowed_methods allowed_headers expose_headers max_age_seconds".split()


class Client:
    keeps_vary = True
    failures = (oss.exceptions.OperationError,)

    def __init__(self, server, key, version="v4", virtual_host=False):
        config = oss.config.load_default()
        config.credentials_provider = oss.credentials.StaticCredentialsProvider(*key)
        config.region, config.signature_version, config.retry_max_attempts = "cn-hangzhou", version, 1
        config.endpoint = f"http://{DOMAIN}:{server.port}" if virtual_host else server.url
        self.oss = oss.Client(config)

    def told(self, error):
        cause = error.unwrap()
        return (cause.status_code, cause.code) if isinstance(cause, oss.exceptions.ServiceError) else str(cause)

    def create(self, bucket):
        self.oss.put_bucket(oss.PutBucketRequest(bucket=bucket))

    def remove(self, bucket):
        self.oss.delete_bucket(oss.DeleteBucketRequest(bucket=bucket))

    def buckets(self):
        pages = self.oss.list_buckets_paginator().iter_page(oss.ListBucketsRequest())
        return [found.name for page in pages for found in page.buckets or []]

    def put_rules(self, bucket, rules, vary=None, md5=None):
        rules = [oss.CORSRule(**dict(zip(FIELDS, rule))) for rule in rules]
        configuration = oss.CORSConfiguration(cors_rules=rules, response_vary=vary)
        headers = {"headers": {"Content-MD5": md5}} if md5 else {}
        self.oss.put_bucket_cors(oss.PutBucketCorsRequest(bucket=bucket, cors_configuration=configuration, **headers))

    def rules(self, bucket):
        read = self.oss.get_bucket_cors(oss.GetBucketCorsRequest(bucket=bucket)).cors_configuration
        rules = [[getattr(rule, field) for field in FIELDS] for rule in read.cors_rules]
        return [Rule(*(entries or [] for entries in lists), max_age) for *lists, max_age in rules], read.response_vary

    def delete_rules(self, bucket):
        self.oss.delete_bucket_cors(oss.DeleteBucketCorsRequest(bucket=bucket))

    def option_object(self, bucket, key, origin, method, headers):
        told = self.oss.option_object(oss.OptionObjectRequest(
            bucket=bucket, key=key, origin=origin, access_control_request_method=method, access_control_request_headers=headers))
        names = "allow_origin allow_methods allow_headers expose_headers max_age".split()
        return [getattr(told, f"access_control_{name}") for name in names]

    def put(self, bucket, key, content, meta=None, md5=None):
        self.oss.put_object(oss.PutObjectRequest(bucket=bucket, key=key, body=content, metadata=meta, content_md5=md5))

    def get(self, bucket, key):
        return self.oss.get_object(oss.GetObjectRequest(bucket=bucket, key=key)).body.read()

    def head(self, bucket, key):
        found = self.oss.head_object(oss.HeadObjectRequest(bucket=bucket, key=key))
        return found.content_length, dict(found.metadata or {})

    def list(self, bucket, prefix, page):
        request = oss.ListObjectsV2Request(bucket=bucket, prefix=prefix, delimiter="/", max_keys=page)
        pages = list(self.oss.list_objects_v2_paginator().iter_page(request))
        return ([found.key for page in pages for found in page.contents or []],
                [found.prefix for page in pages for found in page.common_prefixes or []])

    def multipart(self, bucket, key, parts):
        upload = self.oss.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=bucket, key=key)).upload_id
        done = []
        for number, part in enumerate(parts, 1):
            request = oss.UploadPartRequest(bucket=bucket, key=key, upload_id=upload, part_number=number, body=part)
            done.append(oss.UploadPart(part_number=number, etag=self.oss.upload_part(request).etag))
        complete = oss.CompleteMultipartUpload(parts=done)
        self.oss.complete_multipart_upload(oss.CompleteMultipartUploadRequest(
            bucket=bucket, key=key, upload_id=upload, complete_multipart_upload=complete))

    def abort(self, bucket, key):
        upload = self.oss.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=bucket, key=key)).upload_id
        self.oss.abort_multipart_upload(oss.AbortMultipartUploadRequest(bucket=bucket, key=key, upload_id=upload))
        self.oss.upload_part(oss.UploadPartRequest(bucket=bucket, key=key, upload_id=upload, part_number=1, body=b"part"))

    def delete(self, bucket, keys):
        objects = [oss.DeleteObject(key=key) for key in keys]
        request = oss.DeleteMultipleObjectsRequest(bucket=bucket, objects=objects)
        return [gone.key for gone in self.oss.delete_multiple_objects(request).deleted_objects]

    def sign(self, method, bucket, key, seconds):
        request = {"GET": oss.GetObjectRequest, "PUT": oss.PutObjectRequest}[method](bucket=bucket, key=key)
        return self.oss.presign(request, expires=datetime.timedelta(seconds=seconds)).url
