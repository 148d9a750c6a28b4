import { errorFinding, type Finding, okFinding, warningFinding } from "../../core/faults/finding.ts";
import { newId } from "../../core/ids.ts";
import type { DiagnoseOptions } from "../channel-definition.ts";
import { createHttpClient, type HttpOutcome } from "../http-client.ts";
import type { ApiConfig, ReplyWebhook } from "./config.ts";
import { describeOutcome } from "./errors.ts";
import { postSigned } from "./outbound.ts";

/** Tests the endpoint for replies: once with the correct secret, and once with a wrong one. */
export async function diagnose({ name, config, signal }: DiagnoseOptions<ApiConfig>): Promise<Finding[]> {
  const { webhook } = config;
  if (webhook === undefined)
    return [okFinding("webhook", "Replies are read from the API, nothing is posted.")];
  const client = createHttpClient();
  const ping = (secret: string) =>
    postSigned(
      client,
      { ...webhook, secret },
      { version: 1, type: "ping", delivery_id: newId(), channel: name },
      signal,
    );
  try {
    const signed = signedFinding(await ping(webhook.secret), webhook);
    if (signed.severity === "error") return [signed];
    return [signed, forgedFinding(await ping(`${webhook.secret}-not`))];
  } finally {
    await client.close();
  }
}

function signedFinding(outcome: HttpOutcome, { url }: ReplyWebhook): Finding {
  const { host } = new URL(url);
  if (outcome.kind !== "answered" || outcome.status < 400) {
    if (outcome.kind === "answered" && outcome.status < 300)
      return okFinding("webhook.url", `${host} takes posts.`);
    return errorFinding(
      "webhook.url",
      `Nothing can be posted: ${describeOutcome(outcome)}.`,
      "start the endpoint, and check the address",
    );
  }
  if (outcome.status === 401 || outcome.status === 403)
    return errorFinding(
      "webhook.secret",
      `${host} refuses the signature (HTTP ${outcome.status}).`,
      "give both sides the same secret",
    );
  return warningFinding(
    "webhook.url",
    `${host} answers a signed ping with HTTP ${outcome.status}.`,
    "answer 2xx to a `type` you do not know",
  );
}

function forgedFinding(outcome: HttpOutcome): Finding {
  const isTaken = outcome.kind === "answered" && outcome.status < 300;
  if (!isTaken) return okFinding("webhook.secret", "It refuses posts that are signed with another secret.");
  return errorFinding(
    "webhook.secret",
    "It accepts posts that are signed with another secret: anybody can post to it.",
    "compute HMAC-SHA256 of `<t>.<raw body>` with the secret and answer 401 if it does not match",
  );
}
