import { writeFileSync } from "node:fs";
import { describe, test } from "vitest";
import { kindSamples } from "../channels/samples.ts";
import { ATTACKS } from "../security/attacks.ts";
import { PUBLIC_URL } from "../security/secrets.ts";
import { whileWatched } from "../security/watch.ts";
import { serviceDirectory, startProcess } from "../support/process.ts";

const report = process.env["CAUSEWAY_ATTACK_REPORT"];
const API_KEY = "cw_attack_operator_key_0123456789";

// `npm run attack` runs this. The figures depend on the machine, so there are no expectations.
describe.skipIf(report === undefined)("attacks on a service in a process of its own", () => {
  test("are measured", { timeout: 600_000 }, async () => {
    const channels = Object.fromEntries(
      kindSamples.flatMap(([kind, samples]) =>
        samples.channels.map(({ name, config }) => [name, { kind, agent: "echo", ...config }]),
      ),
    );
    const agents = { echo: { bot: { type: "echo" } } };
    await using directory = await serviceDirectory({ agents, channels });
    const env = { CAUSEWAY_PUBLIC_URL: PUBLIC_URL, CAUSEWAY_API_KEY: API_KEY, LOG_LEVEL: "fatal" };
    await using service = await startProcess({ directory, env });
    const target = { url: service.url, apiKey: API_KEY };
    const nothing = async () => ({ [Symbol.asyncDispose]: async () => undefined });
    const rows = [];
    for (const { name, begin } of [{ name: "none", begin: nothing }, ...ATTACKS])
      rows.push({ name, ...(await whileWatched(target, () => begin(target), 100)) });
    const lines = rows.map(({ name, longest, refused }) => [
      name,
      `${Math.round(longest.livez)} ms`,
      `${Math.round(longest.webhook)} ms`,
      refused.length,
    ]);
    const head = ["attack", "longest wait of `/livez`", "of a signed webhook", "refused"];
    const table = [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`);
    writeFileSync(report ?? "", `${table.join("\n")}\n`);
  });
});
