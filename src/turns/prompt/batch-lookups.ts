import { inWords } from "../../core/message/button.ts";
import { withContextInWords } from "../../core/message/message-in-words.ts";
import { openingRequest } from "../../core/message/opening-request.ts";
import type { TurnEngineDeps } from "../answering/turn-deps.ts";
import type { TurnContexts } from "./turn-context.ts";

/** The data that a bot may request while it answers a batch of messages. The prompt has the messages in words. */
export function createBatchLookups(
  contexts: Pick<TurnContexts, "forTurn">,
): TurnEngineDeps["input"]["context"] {
  return (lane, agent, messages, input) =>
    contexts.forTurn({
      sessionId: lane.sessionId,
      agent: { id: agent.id, definition: agent.definition },
      input: input.map((each) => ({
        ...each,
        text: each.isOpeningRequest
          ? openingRequest(each.text)
          : withContextInWords(inWords({ content: each.text, payload: each.payload }), each.context),
      })),
      beforeSeq: Math.min(...messages.map((message) => message.seq)),
      userId: lane.user?.id ?? null,
      bot: agent.bot,
    });
}
