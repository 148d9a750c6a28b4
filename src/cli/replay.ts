import type { Replay, ReplayAnswer } from "../client/replays.ts";
import type { Environment } from "../config/env.ts";
import { askService, type Print, type ServiceCommand } from "./service-client.ts";

/** A whole replay may take this long, milliseconds. */
const TIMEOUT_MS = 15 * 60_000;

/**
 * `causeway replay <session> --agent coach@5`: prints what another version would have answered. False if it left a turn
 * unanswered, or if there was nothing to replay.
 */
export function printReplay(
  command: ServiceCommand & { agent: string },
  env: Environment,
  print: Print,
): Promise<boolean> {
  const [, agentId = "", version] = /^(.+?)(?:@(\d+))?$/.exec(command.agent) ?? [];
  return askService(command, env, print, async (client) => {
    const replay = await client.replay(
      { sessionId: command.subject, agentId, ...(version !== undefined && { version: Number(version) }) },
      { timeoutMs: TIMEOUT_MS },
    );
    if (command.json) print(JSON.stringify(replay));
    else for (const line of lines(replay, agentId)) print(line);
    return replay.turns > 0 && replay.failures === 0;
  });
}

function lines({ data, version, turns, failures, complete }: Replay, agent: string): string[] {
  const total = (side: "recorded" | "replayed", of: "totalTokens" | "seconds") =>
    data.reduce((sum, turn) => sum + (turn[side][of] ?? 0), 0);
  const sums = (side: "recorded" | "replayed") =>
    `${total(side, "seconds").toFixed(1)} s, ${total(side, "totalTokens")} tokens`;
  return [
    ...data.flatMap(({ content, recorded, replayed }, index) => [
      `${index + 1}. ${content}`,
      `   recorded ${facts(recorded)}`,
      ...said(recorded),
      `   replayed ${facts(replayed)}`,
      ...said(replayed),
    ]),
    `${agent} version ${version}: ${turns} turns, ${failures} not answered${complete ? "" : ", and more that were not replayed"}.`,
    `Recorded: ${sums("recorded")}. Replayed: ${sums("replayed")}.`,
  ];
}

function facts({ seconds, totalTokens, tools, errorCode }: ReplayAnswer): string {
  const parts = [
    ...(seconds === null ? [] : [`${seconds.toFixed(1)} s`]),
    ...(totalTokens === null ? [] : [`${totalTokens} tokens`]),
    ...(tools.length === 0 ? [] : [`tools: ${tools.join(", ")}`]),
    ...(errorCode === null ? [] : [`not answered: ${errorCode}`]),
  ];
  return `(${parts.join("; ")})`;
}

function said({ replies }: ReplayAnswer): string[] {
  return replies.flatMap((reply) => reply.split("\n").map((line) => `     ${line}`));
}
