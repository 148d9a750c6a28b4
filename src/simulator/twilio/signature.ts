import { createHmac } from "node:crypto";

/** Twilio's signature: the URL and every field, sorted by name (Twilio, "Webhooks security"). */
export function signatureOf(authToken: string, url: string, params: Record<string, string>): string {
  const fields = Object.keys(params).sort();
  const data = fields.reduce((text, name) => `${text}${name}${params[name] ?? ""}`, url);
  return createHmac("sha1", authToken).update(data, "utf8").digest("base64");
}
