import type { Replay } from "../client/replays.ts";
import type { Environment } from "../config/env.ts";
import { counted } from "../core/text/counted.ts";
import { askService, type Print, type ServiceCommand } from "./service-client.ts";
import { answerLines, sums } from "./side-by-side.ts";

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
  const recorded = sums(data.map((turn) => turn.recorded));
  const replayed = sums(data.map((turn) => turn.replayed));
  return [
    ...data.flatMap((turn, index) => [
      `${index + 1}. ${turn.content}`,
      ...answerLines("recorded", turn.recorded),
      ...answerLines("replayed", turn.replayed),
    ]),
    `${agent} version ${version}: ${counted(turns, "turn")}, ${failures} not answered${complete ? "" : ", and more that were not replayed"}.`,
    `Recorded: ${recorded}. Replayed: ${replayed}.`,
  ];
}
