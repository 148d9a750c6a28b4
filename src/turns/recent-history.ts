import type { ContextRepository, HistoryMessage } from "./context-repository.ts";
import type { TokenCounter } from "./count-tokens.ts";
import { type HistoryPolicy, promptTokens } from "./select-history.ts";

/** Rows read at once. */
const PAGE = 100;

/**
 * The newest messages that the summary does not cover, oldest first: read page by page until there are more than could
 * be sent. So it costs the same for a conversation of a hundred messages and of ten thousand.
 */
export async function recentHistory(question: {
  repository: Pick<ContextRepository, "history">;
  session: { id: string; summarySeq: number };
  beforeSeq: number;
  policy: HistoryPolicy;
  count: TokenCounter;
}): Promise<HistoryMessage[]> {
  const { repository, session, policy, count } = question;
  let history: HistoryMessage[] = [];
  let tokens = 0;
  let before = { turnSeq: question.beforeSeq, seq: 0 };
  for (;;) {
    const page = await repository.history(session.id, { afterSeq: session.summarySeq, before, limit: PAGE });
    history = [...page, ...history];
    tokens += promptTokens(page, count);
    const [oldest] = page;
    const enough =
      tokens > policy.maxTokens || (policy.mode === "last_n" && history.length >= policy.keepMessages);
    if (oldest === undefined || page.length < PAGE || enough) return history;
    before = { turnSeq: oldest.turnSeq, seq: oldest.seq };
  }
}
