import type { AnyChunk, TaskUpdateChunk } from "@slack/web-api";
import type { ToolStep } from "../../core/message/live-stream.ts";
import { shortened } from "../../core/text/text.ts";

/** Maximum number of cards of one answer. */
const MOST_CARDS = 20;
/** Slack allows 256 characters. */
const TITLE_LIMIT = 100;
const STATUSES = { running: "in_progress", done: "complete", failed: "error" } as const;

/** The tools of one answer, each as a card. Only their names are shown, because results are for the bot. */
export function createToolCards() {
  const newest = new Map<string, ToolStep>();
  const shown = new Map<string, ToolStep["state"]>();
  return {
    note(step: ToolStep): void {
      if (newest.has(step.id) || newest.size < MOST_CARDS) newest.set(step.id, step);
    },
    /** The steps that the stream does not show in their newest state. */
    changes: (): ToolStep[] => [...newest.values()].filter(({ id, state }) => shown.get(id) !== state),
    shows(steps: readonly ToolStep[]): void {
      for (const { id, state } of steps) shown.set(id, state);
    },
    /** The cards that must change once the answer is complete: no tool works any more. */
    ends: (): TaskUpdateChunk[] =>
      [...newest.values()]
        .filter(({ id }) => shown.get(id) === "running")
        .map((step) => cardOf(step.state === "running" ? { ...step, state: "done" } : step)),
  };
}

export function cardOf({ id, name, state }: ToolStep): TaskUpdateChunk {
  const title = shortened(name.replaceAll("_", " "), TITLE_LIMIT);
  return { type: "task_update", id, title, status: STATUSES[state] };
}

/** A text as a chunk; none if it is empty. */
export const textChunks = (text: string): AnyChunk[] =>
  text === "" ? [] : [{ type: "markdown_text", text }];
