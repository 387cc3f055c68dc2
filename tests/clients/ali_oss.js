// ali-oss, asked by client_ali_oss.py: each line of standard input is a question, each line of standard output its answer.
'use strict';

const dns = require('dns');
const readline = require('readline');

const [moduleFolder, settings] = process.argv.slice(2);
const OSS = require(require.resolve('ali-oss', { paths: [moduleFolder] }));
const { domain, endpoint, signingEndpoint, ...options } = JSON.parse(settings);

// Bucket host names lead to loopback, in this process alone.
const lookup = dns.lookup;
dns.lookup = (host, ...rest) => lookup(host.endsWith(domain) ? '127.0.0.1' : host, ...rest);

const client = new OSS({ ...options, endpoint });
const signer = new OSS({ ...options, endpoint: signingEndpoint });
const bytes = text => Buffer.from(text, 'base64');

const actions = {
  create: bucket => client.putBucket(bucket),
  remove: bucket => client.deleteBucket(bucket),
  buckets: async () => (await client.listBuckets()).buckets.map(bucket => bucket.name),
  putRules: (bucket, rules, headers) => client.putBucketCORS(bucket, rules, { headers }),
  rules: async bucket => (await client.getBucketCORS(bucket)).rules,
  deleteRules: bucket => client.deleteBucketCORS(bucket),
  put: (bucket, key, content, meta, headers) => client.useBucket(bucket).put(key, bytes(content), { meta, headers }),
  get: async (bucket, key) => (await client.useBucket(bucket).get(key)).content.toString('base64'),
  head: async (bucket, key) => {
    const { meta, res } = await client.useBucket(bucket).head(key);
    return [Number(res.headers['content-length']), meta || {}];
  },
  list: async (bucket, query) => {
    const { objects, prefixes, nextContinuationToken } = await client.useBucket(bucket).listV2(query);
    return [(objects || []).map(object => object.name), prefixes || [], nextContinuationToken || null];
  },
  multipart: (bucket, key, content, partSize) =>
    client.useBucket(bucket).multipartUpload(key, bytes(content), { partSize }),
  abort: async (bucket, key) => {
    const { uploadId } = await client.useBucket(bucket).initMultipartUpload(key);
    await client.abortMultipartUpload(key, uploadId);
    await client.uploadPart(key, uploadId, 1, bytes('cGFydA=='), 0, 4);
  },
  delete: async (bucket, keys) => (await client.useBucket(bucket).deleteMulti(keys)).deleted.map(object => object.Key),
  sign: (method, bucket, key, expires) => {
    signer.useBucket(bucket);
    return options.authorizationV4
      ? signer.signatureUrlV4(method, expires, undefined, key)
      : signer.signatureUrl(key, { method, expires });
  },
  form: policy => client.calculatePostSignature(policy)
};

readline.createInterface({ input: process.stdin }).on('line', async line => {
  const [action, ...values] = JSON.parse(line);
  let answer;
  try {
    answer = { value: await actions[action](...values) };
    if (['create', 'remove', 'putRules', 'deleteRules', 'put', 'multipart', 'abort'].includes(action)) answer = {};
  } catch (error) {
    answer = { status: error.status, code: error.code, text: String(error.stack) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
