import { z } from "zod";
import { parseJson } from "../../core/text/json.ts";
import { type Block, readBlocks } from "./blocks.ts";
import type { ToolCard } from "./conversation.ts";

const chunkSchema = z.union([
  z.object({ type: z.literal("markdown_text"), text: z.string() }),
  z.object({
    type: z.literal("task_update"),
    id: z.string().min(1),
    title: z.string().min(1).max(256),
    status: z.enum(["pending", "in_progress", "complete", "error"]),
  }),
  z.object({ type: z.literal("plan_update"), title: z.string().max(256) }),
  z.object({ type: z.literal("blocks"), blocks: z.array(z.unknown()) }),
]);

/** The part of a stream that one call adds. */
export interface Added {
  text: string;
  cards: Map<string, ToolCard>;
  blocks: Block[];
}

/** Reads the `chunks` of a call; null without them. A text is Slack's error. */
export function readChunks(given: unknown): Added | string | null {
  if (given === undefined) return null;
  const parsed = z.array(chunkSchema).safeParse(typeof given === "string" ? parseJson(given) : given);
  if (!parsed.success) return "invalid_arguments";
  const added: Added = { text: "", cards: new Map(), blocks: [] };
  for (const chunk of parsed.data) {
    if (chunk.type === "markdown_text") added.text += chunk.text;
    else if (chunk.type === "task_update")
      added.cards.set(chunk.id, { title: chunk.title, status: chunk.status });
    else if (chunk.type === "blocks") {
      const blocks = readBlocks(chunk.blocks);
      if (typeof blocks === "string") return blocks;
      added.blocks.push(...blocks);
    }
  }
  return added;
}
