/** An S3-compatible bucket and who may use it. */
export interface BucketSettings {
  bucket: string;
  /** Before every key; empty, or with a slash at its end. */
  prefix: string;
  /** Where the service is, without a trailing slash; the bucket is named in the path, which all of them understand. */
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string | null;
}
