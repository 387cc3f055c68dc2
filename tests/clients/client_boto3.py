"""boto3, the Python library of S3: AWS signature V4. It knows no ResponseVary."""
import boto3
import botocore.config
import botocore.exceptions

from checks import DOMAIN, Rule

FIELDS = "AllowedOrigins AllowedMethods AllowedHeaders ExposeHeaders MaxAgeSeconds".split()


class Client:
    keeps_vary = False
    failures = (botocore.exceptions.ClientError,)

    def __init__(self, server, key, virtual_host=False):
        self.s3 = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id=key[0], aws_secret_access_key=key[1],
            endpoint_url=f"http://{DOMAIN}:{server.port}" if virtual_host else server.url,
            config=botocore.config.Config(signature_version="s3v4", retries={"total_max_attempts": 1},
                                          s3={"addressing_style": "virtual" if virtual_host else "path"}))

    def told(self, error):
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]

    def create(self, bucket):
        self.s3.create_bucket(Bucket=bucket)

    def remove(self, bucket):
        self.s3.delete_bucket(Bucket=bucket)

    def buckets(self):
        return [found["Name"] for found in self.s3.list_buckets()["Buckets"]]

    def put_rules(self, bucket, rules, vary=None, md5=None):
        rules = [{field: value for field, value in zip(FIELDS, rule) if value not in ([], None)} for rule in rules]
        self.s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules}, **({"ContentMD5": md5} if md5 else {}))

    def rules(self, bucket):
        rules = self.s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
        return [Rule(*(rule.get(field, []) for field in FIELDS[:4]), rule.get("MaxAgeSeconds")) for rule in rules], None

    def delete_rules(self, bucket):
        self.s3.delete_bucket_cors(Bucket=bucket)

    def put(self, bucket, key, content, meta=None, md5=None):
        self.s3.put_object(Bucket=bucket, Key=key, Body=content, Metadata=meta or {}, **({"ContentMD5": md5} if md5 else {}))

    def get(self, bucket, key):
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def head(self, bucket, key):
        found = self.s3.head_object(Bucket=bucket, Key=key)
        return found["ContentLength"], found["Metadata"]

    def list(self, bucket, prefix, page):
        pages = list(self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix, Delimiter="/", PaginationConfig={"PageSize": page}))
        return ([found["Key"] for page in pages for found in page.get("Contents", [])],
                [found["Prefix"] for page in pages for found in page.get("CommonPrefixes", [])])

    def multipart(self, bucket, key, parts):
        upload = self.s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        done = []
        for number, part in enumerate(parts, 1):
            answer = self.s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=part)
            done.append({"PartNumber": number, "ETag": answer["ETag"]})
        self.s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": done})

    def abort(self, bucket, key):
        upload = self.s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        self.s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
        self.s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"part")

    def delete(self, bucket, keys):
        objects = [{"Key": key} for key in keys]
        return [gone["Key"] for gone in self.s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})["Deleted"]]

    def sign(self, method, bucket, key, seconds):
        operation = {"GET": "get_object", "PUT": "put_object"}[method]
        return self.s3.generate_presigned_url(operation, Params={"Bucket": bucket, "Key": key}, ExpiresIn=seconds)

    def form(self, bucket, key, most, seconds):
        conditions = [["content-length-range", 0, most]]
        return self.s3.generate_presigned_post(bucket, key, Conditions=conditions, ExpiresIn=seconds)["fields"]
