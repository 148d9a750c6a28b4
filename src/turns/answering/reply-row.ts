import { newId } from "../../core/ids.ts";
import { prepareReply, type Reply } from "../../core/message/reply-parts.ts";
import type { ReplyRow } from "./turn-commit.ts";
import type { Answering } from "./turn-outcome.ts";

/** The row of a reply, with the parts for sending it. */
export function toReply(
  run: Answering,
  reply: Reply,
  origin: ReplyRow["origin"],
  executionId: string | null,
): ReplyRow {
  const { buttons, parts, files, choices } = prepareReply(reply, run.limits);
  return {
    id: newId(run.now()),
    role: "assistant",
    origin,
    content: reply.content,
    buttons,
    choices,
    files,
    metadata: {},
    executionId,
    deliveries: parts.map(({ content, buttons, attachmentId }) =>
      attachmentId === undefined
        ? { id: newId(run.now()), content, buttons }
        : { id: newId(run.now()), content, buttons, attachmentId },
    ),
  };
}
