import { errorFinding, type Finding, okFinding, weakSecretFindings } from "../../core/faults/finding.ts";
import { systemClock } from "../../core/time/clock.ts";
import type { DiagnoseOptions } from "../channel-definition.ts";
import { createHttpClient } from "../http-client.ts";
import { createAccessTokens } from "./access-token.ts";
import type { SureadhereConfig } from "./config.ts";
import { describeTokenFault } from "./errors.ts";

/** Requests a token from the authorization server, and tests the webhook's secret against the running service. */
export async function diagnose(options: DiagnoseOptions<SureadhereConfig>): Promise<Finding[]> {
  const { config } = options;
  const client = createHttpClient();
  try {
    const answer = await createAccessTokens({ client, config, clock: systemClock, shared: null }).current();
    const token =
      answer.kind === "token"
        ? okFinding("clientId", "The authorization server gives a token.")
        : errorFinding(
            answer.fault.kind === "refused" ? "clientSecret" : "authUrl",
            `There is no token: ${describeTokenFault(answer.fault)}.`,
            "compare `authUrl`, `clientId`, `clientSecret` and `clientScope` with the values from SureAdhere",
          );
    return [
      token,
      ...weakSecretFindings("webhookSecret", config.webhookSecret),
      ...(await webhookFindings(options)),
      ...(await options.checkClock(config.authUrl)),
    ];
  } finally {
    await client.close();
  }
}

async function webhookFindings(options: DiagnoseOptions<SureadhereConfig>): Promise<Finding[]> {
  const { config, publicUrl, callWebhook } = options;
  if (!publicUrl.isPublic)
    return [
      errorFinding(
        "",
        "SureAdhere posts to a public https address, and CAUSEWAY_PUBLIC_URL names none.",
        "set CAUSEWAY_PUBLIC_URL to the public address of this service",
      ),
    ];
  // This body is not a message, so it has no effect.
  const headers = { "content-type": "application/json", "x-webhook-secret": config.webhookSecret };
  const answer = await callWebhook({ headers, body: "{}" });
  if (answer === null) return [];
  if (answer.status === 400) return [okFinding("webhookSecret", "The running service has this secret.")];
  return [
    errorFinding(
      "webhookSecret",
      `The running service answers ${answer.status} to a request with this secret: it runs with another one, or another service answers there.`,
      "restart the service with this configuration",
    ),
  ];
}
