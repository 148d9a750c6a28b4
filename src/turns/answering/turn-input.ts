import type { Turn, TurnInput } from "../../bots/bot.ts";
import type { Stop } from "../../core/process/stop.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import type { Lane } from "../lanes/turn-repository.ts";
import type { TurnLookups } from "../prompt/turn-context.ts";
import type { LoadedAgent, TurnEngineDeps, TurnFiles } from "./turn-deps.ts";

const NO_FILES: TurnFiles = new Map();

/** The input of the turn. Files that are still loading are waited for, for a limited time. */
export async function inputOf(
  messages: readonly PendingMessage[],
  attachments: TurnEngineDeps["input"]["attachments"],
  stop: Stop,
): Promise<TurnInput[]> {
  const withFiles = messages.filter((message) => message.hasAttachments).map(({ id }) => id);
  const files = withFiles.length === 0 ? NO_FILES : await attachments(withFiles, stop.signal);
  return messages.map((message) => ({
    messageId: message.id,
    text: message.content,
    // A visitor's instruction is a user's request, so it never gets an operator's authority.
    instruction: message.origin === "instruction" && message.role === "system",
    ...(message.origin === "instruction" && message.role === "user" && { isOpeningRequest: true }),
    ...(message.context === null ? {} : { context: message.context }),
    ...(message.details === null ? {} : { details: message.details }),
    ...(message.payload === null ? {} : { payload: message.payload }),
    attachments: files.get(message.id) ?? [],
  }));
}

/**
 * The request to the bot. Lists every property, as all code for each message does. Copying an object's properties one by
 * one is slow.
 */
export function describeTurn(
  { lane, executionId, channel }: { lane: Lane; executionId: string; channel: string },
  { id, definition, version }: LoadedAgent,
  input: readonly TurnInput[],
  { prompt, history, participantData, language, coming, overhead }: TurnLookups,
): Turn {
  return {
    executionId,
    session: { id: lane.sessionId, channel, metadata: lane.metadata },
    agent: { id, slug: definition.slug, version },
    user: lane.user,
    input,
    prompt,
    history,
    participantData,
    language,
    coming,
    overhead,
  };
}
