/** An S3-compatible bucket and the credentials for it. */
export interface BucketSettings {
  bucket: string;
  /** Prefix of every key: empty, or with a slash at its end. */
  prefix: string;
  /** URL of the service, without a trailing slash. The path names the bucket, because every service supports that. */
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string | null;
}
