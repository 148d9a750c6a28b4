import type { ContextRepository } from "./context-repository.ts";
import type { TokenCounter } from "./count-tokens.ts";
import type { HistoryMessage } from "./prompt-session.ts";
import { type HistoryPolicy, promptTokens } from "./select-history.ts";

/** Number of messages read at once. */
export const HISTORY_PAGE = 100;

/**
 * The newest messages that the summary does not cover, oldest first. It starts with `newest`, the first page, and reads
 * more pages until they exceed the prompt's limit. So it costs the same for a conversation of a hundred messages and of
 * ten thousand.
 */
export async function recentHistory(question: {
  repository: Pick<ContextRepository, "history">;
  session: { id: string; summarySeq: number };
  newest: HistoryMessage[];
  policy: HistoryPolicy;
  count: TokenCounter;
}): Promise<HistoryMessage[]> {
  const { repository, session, policy, count } = question;
  let page = question.newest;
  let history = page;
  let tokens = promptTokens(page, count);
  for (;;) {
    const [oldest] = page;
    const enough =
      tokens > policy.maxTokens || (policy.mode === "last_n" && history.length >= policy.keepMessages);
    if (oldest === undefined || page.length < HISTORY_PAGE || enough) return history;
    page = await repository.history(session.id, {
      afterSeq: session.summarySeq,
      before: { turnSeq: oldest.turnSeq, seq: oldest.seq },
      limit: HISTORY_PAGE,
    });
    history = [...page, ...history];
    tokens += promptTokens(page, count);
  }
}
