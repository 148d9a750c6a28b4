import { request } from "undici";
import { z } from "zod";
import { errorFinding, type Finding, okFinding, warningFinding } from "../../core/faults/finding.ts";
import type { LlmConfig } from "./config.ts";
import { providerPlace } from "./model.ts";

const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

/** Asks the provider for its list of models. That costs nothing and shows if the key and the address are right. */
export async function diagnose(config: LlmConfig, signal: AbortSignal): Promise<Finding[]> {
  const { url: shown, query, authorization } = providerPlace(config);
  try {
    // One page is enough.
    if (config.provider === "anthropic") query.set("limit", "1000");
    const search = query.size === 0 ? "" : `?${query}`;
    const { statusCode, body } = await request(`${shown}/models${search}`, {
      headers: { ...(authorization && { authorization }), ...keyHeaders(config), ...config.headers },
      signal,
    });
    const text = await body.text();
    return statusCode === 200 ? modelFindings(config, shown, text) : [refused(config, shown, statusCode)];
  } catch {
    // The error's own text may quote the request.
    return [
      errorFinding(
        "baseUrl",
        `Nothing answers at ${shown}.`,
        "check `baseUrl`, the network, and that the server runs",
      ),
    ];
  }
}

function keyHeaders({ provider, apiKey }: LlmConfig): Record<string, string> {
  if (apiKey === undefined) return {};
  if (provider === "anthropic") return { "x-api-key": apiKey, "anthropic-version": "2023-06-01" };
  if (provider === "google") return { "x-goog-api-key": apiKey };
  return { authorization: `Bearer ${apiKey}` };
}

function refused(config: LlmConfig, shown: string, status: number): Finding {
  if (status === 401 || status === 403)
    return config.apiKey === undefined
      ? errorFinding("apiKey", `${shown} wants a key (HTTP ${status}).`, "set `apiKey`")
      : errorFinding(
          "apiKey",
          `${shown} refuses the key (HTTP ${status}).`,
          "copy it again from the provider",
        );
  if (status === 429)
    return warningFinding(
      "apiKey",
      `${shown} limits this key (HTTP 429).`,
      "wait, or check the account's quota",
    );
  if (status >= 500)
    return errorFinding(
      "baseUrl",
      `${shown} answers HTTP ${status}.`,
      "check the status page of the provider",
    );
  return warningFinding(
    "baseUrl",
    `${shown}/models answers HTTP ${status}, so neither key nor model could be looked at.`,
    "check that `baseUrl` ends with the version (https://host/v1); some servers have no list of models",
  );
}

function modelFindings({ model, provider }: LlmConfig, shown: string, text: string): Finding[] {
  const reached = okFinding("baseUrl", `${shown} answers and takes the key.`);
  const listed = provider === "google" ? null : readModels(text);
  if (listed === null) return [reached];
  if (listed.includes(model)) return [reached, okFinding("model", `It has the model ${model}.`)];
  const some = listed.slice(0, 8).join(", ") || "none";
  return [
    reached,
    warningFinding(
      "model",
      `Its list of models lacks ${model}.`,
      `write one it has (${some}); aliases may work all the same`,
    ),
  ];
}

function readModels(text: string): string[] | null {
  try {
    const parsed = modelsSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.data.map(({ id }) => id) : null;
  } catch {
    return null;
  }
}
