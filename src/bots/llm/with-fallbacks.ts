import type { Logger } from "../../core/process/logger.ts";
import { refusesContent, refusesSystemRole } from "./bot-error.ts";
import type { ConfiguredModel } from "./model.ts";
import { type ShownMessage, withoutFiles } from "./show-files.ts";

/**
 * Retries if a model refuses the form of a request, not its content. It retries without the system role, and remembers
 * a success, or without files. It happens only before any part of an answer was shown.
 */
export async function withFallbacks<Reply>(asking: {
  model: ConfiguredModel;
  log: Logger;
  messages: readonly ShownMessage[];
  ask(messages: readonly ShownMessage[]): Promise<Reply>;
  /** True if an answer has begun, or nobody waits for one any more. */
  begun(): boolean;
}): Promise<Reply> {
  const { model, log, messages, ask, begun } = asking;
  const { habits } = model;
  try {
    return await ask(messages);
  } catch (error) {
    if (begun()) throw error;
    if (!habits.systemAsUser && !habits.systemRoleIsSet && refusesSystemRole(error)) {
      habits.systemAsUser = true;
      try {
        const reply = await withFallbacks(asking);
        log.info(
          { model: model.name },
          "the model accepts no system messages: their text is sent as a user message",
        );
        return reply;
      } catch (other) {
        // The system role was not the cause.
        habits.systemAsUser = false;
        throw other;
      }
    }
    const hasFiles = messages.some(({ files }) => files !== undefined);
    if (!hasFiles || !refusesContent(error)) throw error;
    // An answer to the text is better than none. The user does not know which files the model can read.
    log.warn({ model: model.name }, 'the model refused files; set `"attachments": "words"` if it takes none');
    return ask(withoutFiles(messages));
  }
}
