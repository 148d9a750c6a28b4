import type { BotDefinition } from "../../bots/bot.ts";
import { configSchema as webhookSchema } from "../../bots/webhook/config.ts";
import type { ChannelDefinition } from "../../channels/channel-definition.ts";
import { checkChannel, checkDesk } from "../../channels/check-channel.ts";
import type { Registries } from "../../config/config-file.ts";
import { pathText } from "../../config/json-path.ts";
import type { ChannelConfig } from "../../config/load-channel.ts";
import type { WorkspaceConfig } from "../../config/load-workspace.ts";
import { errorFinding, type Finding, okFinding } from "../../core/faults/finding.ts";
import { timeLimit } from "../../core/time/time-limit.ts";
import { toProblem } from "../bot-check.ts";
import { endpointChecks } from "../endpoint-checks.ts";
import { createProbe } from "../endpoint-probe.ts";
import type { PlacedFinding } from "./report.ts";

/** Time limit for the checks of one channel or bot, in milliseconds. */
const TIMEOUT_MS = 45_000;

export interface WorkspaceCheckOptions extends Registries {
  publicUrl: { url: string; isPublic: boolean };
  /** True if a running service answers at the public URL. Only then can its webhooks be tested. */
  serviceAnswers: boolean;
}

/** Checks every channel, every bot and every desk of a configuration file, all at once. */
export async function workspaceFindings(
  workspace: WorkspaceConfig,
  options: WorkspaceCheckOptions,
): Promise<PlacedFinding[]> {
  const { file, agents, channels, desks } = workspace;
  const checks = [
    ...Object.keys(agents).map((slug) => findingsOfAgent(workspace, slug, options)),
    ...Object.keys(channels).map((name) => findingsOfChannel(workspace, name, options)),
    ...Object.entries(desks).map(([name, { channel, conversation }]) =>
      place(file, ["desks", name], deskFindings(channels[channel], conversation, options)),
    ),
  ];
  return (await Promise.all(checks)).flat();
}

/** Checks one channel of a configuration file. */
export async function findingsOfChannel(
  { file, channels }: WorkspaceConfig,
  name: string,
  options: WorkspaceCheckOptions,
): Promise<PlacedFinding[]> {
  const channel = channels[name];
  if (channel === undefined) return [];
  const findings = channelFindings(options.channels[channel.kind], channel, options);
  return await place(file, ["channels", name], findings);
}

/** Checks the bot of one agent of a configuration file. */
export async function findingsOfAgent(
  { file, agents }: WorkspaceConfig,
  slug: string,
  options: Pick<WorkspaceCheckOptions, "bots">,
): Promise<PlacedFinding[]> {
  const bot = agents[slug]?.bot;
  if (bot === undefined) return [];
  return await place(file, ["agents", slug, "bot"], botFindings(options.bots[bot.type], bot.config));
}

async function place(
  file: string,
  path: readonly string[],
  running: Promise<Finding[]>,
): Promise<PlacedFinding[]> {
  const findings = await running.catch((error: unknown) => [
    errorFinding(
      "",
      `The check failed: ${error instanceof Error ? error.message : String(error)}.`,
      "report this as a bug",
    ),
  ]);
  return findings.map(({ key, ...finding }) => ({
    where: pathText(file, key === "" ? path : [...path, ...key.split(".")]),
    ...finding,
  }));
}

async function channelFindings(
  definition: ChannelDefinition | undefined,
  { name, config, enabled, simulated }: ChannelConfig,
  { publicUrl, serviceAnswers }: WorkspaceCheckOptions,
): Promise<Finding[]> {
  const isSimulated = enabled && simulated !== null;
  if (!enabled || (config === null && !isSimulated))
    return [okFinding("enabled", "Disabled, so not checked.")];
  return checkChannel({ name, config, definition, isSimulated, publicUrl, serviceAnswers });
}

async function deskFindings(
  channel: ChannelConfig | undefined,
  conversation: string,
  options: WorkspaceCheckOptions,
): Promise<Finding[]> {
  const isSimulated = channel?.simulated !== undefined && channel.simulated !== null;
  if (!channel?.enabled || (channel.config === null && !isSimulated))
    return [
      errorFinding("channel", "Its channel is disabled, so no person is asked here.", "enable the channel"),
    ];
  const { config, kind } = channel;
  return checkDesk({ config, definition: options.channels[kind], isSimulated }, conversation);
}

async function botFindings(definition: BotDefinition | undefined, config: unknown): Promise<Finding[]> {
  if (definition?.type === "webhook") return endpointFindings(config);
  return (
    (await definition?.diagnose?.(config, timeLimit(TIMEOUT_MS))) ?? [
      okFinding("", "It uses no outside service."),
    ]
  );
}

/**
 * Runs two of the checks of `causeway bot check`: a request that the endpoint must answer, and one that it must refuse.
 */
async function endpointFindings(config: unknown): Promise<Finding[]> {
  const { url, secret, headers, timeoutMs } = webhookSchema.parse(config);
  const options = { url, secret, headers, timeoutMs: Math.min(timeoutMs, TIMEOUT_MS) };
  const probe = createProbe(options);
  try {
    const findings: Finding[] = [];
    for (const check of endpointChecks.filter(({ vital }) => vital)) {
      const found = await check.run(probe).catch((error: unknown) => toProblem(error, options));
      findings.push(
        found === null
          ? okFinding("url", `The endpoint ${check.name}.`)
          : { severity: found.severity, key: "url", what: found.what, fix: found.fix },
      );
      if (found?.severity === "error") break;
    }
    return findings;
  } finally {
    await probe.close();
  }
}
