import type { Shadow } from "../client/shadows.ts";
import type { Environment } from "../config/env.ts";
import { counted } from "../core/text/counted.ts";
import { askService, type Print, type ServiceCommand } from "./service-client.ts";
import { answerLines, sums } from "./side-by-side.ts";

/** The newest turns that are shown. */
const SHOWN = 100;

/**
 * `causeway shadows <agent>`: prints what its shadow would have answered, beside what was sent. False if it left a turn
 * unanswered, or if there is nothing to compare.
 */
export function printShadows(command: ServiceCommand, env: Environment, print: Print): Promise<boolean> {
  return askService(command, env, print, async (client) => {
    const { data, meta } = await client.shadows.list({ agentId: command.subject, limit: SHOWN });
    if (command.json) print(JSON.stringify(data));
    else for (const line of lines(data.toReversed(), meta.total)) print(line);
    return data.some(isCompared) && !data.some(({ status }) => status === "failed");
  });
}

function isCompared({ status }: Shadow): boolean {
  return status === "answered" || status === "failed";
}

function lines(shadows: readonly Shadow[], total: number): string[] {
  const compared = shadows.filter(isCompared);
  const count = (status: Shadow["status"]) => shadows.filter((shadow) => shadow.status === status).length;
  const pairs = compared.flatMap(({ recorded, answer }) =>
    recorded && answer ? [{ recorded, answer }] : [],
  );
  return [
    ...compared.flatMap(({ content, recorded, answer, errorCode }, index) => [
      `${index + 1}. ${content ?? "(erased)"}`,
      ...(recorded ? answerLines("sent", recorded) : []),
      ...(answer ? answerLines("shadow", answer) : [`   shadow (not answered: ${errorCode})`]),
    ]),
    `${counted(compared.length, "turn")}, ${count("failed")} not answered, ${count("skipped")} skipped, ${count("waiting") + count("running")} waiting${total > shadows.length ? `; the newest ${shadows.length} of ${total}` : ""}.`,
    `Sent: ${sums(pairs.map(({ recorded }) => recorded))}. Shadow: ${sums(pairs.map(({ answer }) => answer))}.`,
  ];
}
