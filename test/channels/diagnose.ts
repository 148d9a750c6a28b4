import type { Channel } from "../../src/channels/channel.ts";
import type { ChannelDefinition, DiagnoseOptions } from "../../src/channels/channel-definition.ts";
import type { Finding } from "../../src/core/faults/finding.ts";

export const PUBLIC = { url: "https://chat.example.org", isPublic: true };
export const LOOPBACK = { url: "http://127.0.0.1:3000", isPublic: false };

/**
 * The findings of a channel's own diagnosis, as lines: `error token: What is so. -> What to do`.
 * @param running the channel that answers at the public URL; null if the service does not run.
 */
export async function diagnosis<Config>(
  definition: ChannelDefinition<Config>,
  config: Record<string, unknown>,
  running: Channel | null = null,
  overrides: Partial<DiagnoseOptions<Config>> = {},
): Promise<string[]> {
  if (definition.diagnose === undefined) throw new Error("the kind looks at nothing");
  const findings = await definition.diagnose({
    name: definition.kind,
    config: definition.configSchema.parse(config),
    publicUrl: PUBLIC,
    async callWebhook({ headers, body }) {
      if (running === null) return null;
      const url = `/webhooks/${definition.kind}`;
      const received = await running.receive({ method: "POST", url, headers, body: Buffer.from(body) });
      if (received.kind === "later") return { status: 503, body: received.reason };
      if (received.kind === "rejected") return { status: received.status, body: received.code };
      if (received.events.length > 0) throw new Error("the question was taken for a message");
      return received.response ?? { status: 200, body: "" };
    },
    checkClock: async () => [],
    signal: AbortSignal.timeout(10_000),
    ...overrides,
  });
  return findings.map(lineOf);
}

const lineOf = ({ severity, key, what, fix }: Finding) =>
  `${severity}${key === "" ? "" : ` ${key}`}: ${what}${fix === null ? "" : ` -> ${fix}`}`;
