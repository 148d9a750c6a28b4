import { Markdown } from "../../web-chat/markdown/markdown.tsx";
import type { Draft } from "./use-draft.ts";

/** The answer that is being written. */
export function DraftView({ draft, bot }: { draft: Draft; bot: string }) {
  return (
    <article class="message ours assistant bot first" aria-label={`${bot} is writing`} aria-busy="true">
      <p class="author">{bot}</p>
      {draft.text === "" ? (
        <p class="writing-dots">
          <span>{draft.tool === null ? "Writing…" : `Using ${draft.tool}…`}</span>
        </p>
      ) : (
        <div class="body" dir="auto">
          <Markdown text={draft.text} growing />
        </div>
      )}
    </article>
  );
}
