import type { BotDefinition } from "../../bots/bot.ts";
import { configSchema as webhookSchema } from "../../bots/webhook/config.ts";
import type { ChannelDefinition } from "../../channels/channel.ts";
import type { Registries } from "../../config/config-file.ts";
import { pathText } from "../../config/json-path.ts";
import type { ChannelConfig } from "../../config/load-channel.ts";
import type { WorkspaceConfig } from "../../config/load-workspace.ts";
import { broken, type Finding, well } from "../../core/finding.ts";
import { timeLimit } from "../../core/time-limit.ts";
import { toObjection } from "../bot-check.ts";
import { endpointChecks } from "../endpoint-checks.ts";
import { createProbe } from "../endpoint-probe.ts";
import type { PlacedFinding } from "./report.ts";
import { callWebhook, clockFindings } from "./service-address.ts";

/** The longest one channel or bot is looked at, milliseconds. */
const PATIENCE_MS = 45_000;

export interface WorkspaceLook extends Registries {
  publicUrl: { url: string; isPublic: boolean };
  /** Whether a running service answers at the public URL: only then can its webhooks be asked. */
  serviceAnswers: boolean;
}

/** Looks at every channel and every bot of a configuration file, all at once. */
export async function workspaceFindings(
  workspace: WorkspaceConfig,
  look: WorkspaceLook,
): Promise<PlacedFinding[]> {
  const { file, agents, channels } = workspace;
  const looked = [
    ...Object.entries(agents).map(([slug, { bot }]) =>
      place(file, ["agents", slug, "bot"], botFindings(look.bots[bot.type], bot.config)),
    ),
    ...Object.values(channels).map((channel) =>
      place(file, ["channels", channel.name], channelFindings(look.channels[channel.kind], channel, look)),
    ),
  ];
  return (await Promise.all(looked)).flat();
}

async function place(
  file: string,
  path: readonly string[],
  looking: Promise<Finding[]>,
): Promise<PlacedFinding[]> {
  const findings = await looking.catch((error: unknown) => [
    broken(
      "",
      `It could not be looked at: ${error instanceof Error ? error.message : String(error)}.`,
      "report this",
    ),
  ]);
  return findings.map(({ key, ...finding }) => ({
    where: pathText(file, key === "" ? path : [...path, ...key.split(".")]),
    ...finding,
  }));
}

async function channelFindings(
  definition: ChannelDefinition | undefined,
  { name, config, enabled }: ChannelConfig,
  look: WorkspaceLook,
): Promise<Finding[]> {
  if (!enabled || config === null) return [well("enabled", "Switched off: not looked at.")];
  if (definition?.diagnose === undefined) return [well("", "Nothing outside to ask.")];
  const webhookUrl = `${look.publicUrl.url}/webhooks/${encodeURIComponent(name)}`;
  return definition.diagnose({
    name,
    config,
    publicUrl: look.publicUrl,
    callWebhook: async (request) => (look.serviceAnswers ? callWebhook(webhookUrl, request) : null),
    checkClock: clockFindings,
    signal: timeLimit(PATIENCE_MS),
  });
}

async function botFindings(definition: BotDefinition | undefined, config: unknown): Promise<Finding[]> {
  if (definition?.type === "webhook") return endpointFindings(config);
  return (
    (await definition?.diagnose?.(config, timeLimit(PATIENCE_MS))) ?? [well("", "Nothing outside to ask.")]
  );
}

/** Two of the questions of `causeway bot check`: one that it must answer, and one that it must refuse. */
async function endpointFindings(config: unknown): Promise<Finding[]> {
  const { url, secret, headers, timeoutMs } = webhookSchema.parse(config);
  const options = { url, secret, headers, timeoutMs: Math.min(timeoutMs, PATIENCE_MS) };
  const probe = createProbe(options);
  try {
    const findings: Finding[] = [];
    for (const check of endpointChecks.filter(({ vital }) => vital)) {
      const found = await check.run(probe).catch((error: unknown) => toObjection(error, options));
      findings.push(
        found === null
          ? well("url", `The endpoint ${check.name}.`)
          : { severity: found.severity, key: "url", what: found.problem, fix: found.fix },
      );
      if (found?.severity === "error") break;
    }
    return findings;
  } finally {
    await probe.close();
  }
}
