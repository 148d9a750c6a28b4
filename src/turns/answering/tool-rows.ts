import { newId } from "../../core/ids.ts";
import { storableText } from "../../core/text/text.ts";
import type { ReplyRow } from "./turn-commit.ts";
import type { Answering } from "./turn-outcome.ts";

/**
 * The tools that a bot used for an answer, as messages before it. They show operators what the answer rests on. No user
 * and no bot gets them: bots have the results within their turn.
 */
export function toolRows({ stream, now }: Answering, executionId: string | null): ReplyRow[] {
  return stream.log.entries().flatMap(({ type, data }): ReplyRow[] => {
    if (type !== "tool_end") return [];
    const { id, name, summary } = data;
    return [
      {
        id: newId(now()),
        role: "tool",
        origin: "tool",
        content: typeof summary === "string" ? storableText(summary) : "",
        buttons: null,
        choices: null,
        files: [],
        metadata: { tool_call_id: id ?? null, name: name ?? null },
        executionId,
        deliveries: [],
      },
    ];
  });
}
