import { endingOf } from "./finish.ts";
import type { StreamingModel } from "./model.ts";
import { createThinkingSplitter, type Stretch, type ThinkingSplitter } from "./split-thinking.ts";

type Generated = Awaited<ReturnType<StreamingModel["doGenerate"]>>;
type Content = Generated["content"];
type Part =
  Awaited<ReturnType<StreamingModel["doStream"]>>["stream"] extends ReadableStream<infer P> ? P : never;

/**
 * Known facts about a model's thinking. `unopened`: its text begins with thinking that has no opening tag. It would be
 * the first one of the tags.
 */
export interface ThinkingHabit {
  tags: readonly [string, ...string[]];
  unopened: boolean;
}

/** Marks the text that replaces all earlier text, because the earlier text was thinking. */
const RETRACTION = { causeway: { retracts: true } };

export function isRetraction(part: {
  providerMetadata?: Record<string, Record<string, unknown>> | undefined;
}): boolean {
  return part.providerMetadata?.["causeway"]?.["retracts"] === true;
}

/** The same model, with tagged thinking reported as thinking. It stores what it learns in `habit`. */
export function withThinking(model: StreamingModel, habit: ThinkingHabit): StreamingModel {
  return {
    specificationVersion: model.specificationVersion,
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    async doGenerate(options) {
      const result = await model.doGenerate(options);
      return { ...result, content: splitContent(result, habit) };
    },
    async doStream(options) {
      const result = await model.doStream(options);
      return { ...result, stream: result.stream.pipeThrough(splitStream(habit)) };
    },
  };
}

function splitContent({ content, finishReason }: Generated, habit: ThinkingHabit): Content {
  const splitter = splitterFor(
    habit,
    content.some(({ type }) => type === "reasoning"),
  );
  const isWhole = isEnd(finishReason);
  const split: Content = [];
  for (const part of content) {
    if (part.type !== "text") {
      split.push(part);
      continue;
    }
    const isLast = part === content.findLast(({ type }) => type === "text");
    for (const stretch of [...splitter.push(part.text), ...(isLast ? splitter.end(isWhole) : [])]) {
      if (stretch.kind === "retract") {
        habit.unopened = true;
        split.splice(0, split.length, ...split.filter(({ type }) => type !== "text"));
      } else {
        split.push({ type: stretch.kind === "text" ? "text" : "reasoning", text: stretch.text });
      }
    }
  }
  return split;
}

function splitStream(habit: ThinkingHabit): TransformStream<Part, Part> {
  let splitter: ThinkingSplitter | null = null;
  let reasons = false;
  let open: { kind: "text" | "thinking"; id: string } | null = null;
  let count = 0;

  function close(controller: TransformStreamDefaultController<Part>): void {
    if (open) controller.enqueue({ type: open.kind === "text" ? "text-end" : "reasoning-end", id: open.id });
    open = null;
  }

  function begin(
    controller: TransformStreamDefaultController<Part>,
    kind: "text" | "thinking",
    retracts = false,
  ) {
    close(controller);
    count += 1;
    open = { kind, id: `${kind}-${count}` };
    const type = kind === "text" ? "text-start" : "reasoning-start";
    controller.enqueue({ type, id: open.id, ...(retracts && { providerMetadata: RETRACTION }) });
    return open;
  }

  function show(controller: TransformStreamDefaultController<Part>, stretches: Stretch[]): void {
    for (const stretch of stretches) {
      if (stretch.kind === "retract") {
        habit.unopened = true;
        begin(controller, "text", true);
        continue;
      }
      const { kind, text } = stretch;
      const { id } = open?.kind === kind ? open : begin(controller, kind);
      controller.enqueue({ type: kind === "text" ? "text-delta" : "reasoning-delta", id, delta: text });
    }
  }

  return new TransformStream<Part, Part>({
    transform(part, controller) {
      switch (part.type) {
        // The kind of a text is known only from its words.
        case "text-start":
        case "text-end":
          return;
        case "text-delta":
          splitter ??= splitterFor(habit, reasons);
          return show(controller, splitter.push(part.delta));
        case "reasoning-start":
          reasons = true;
          close(controller);
          break;
        case "finish":
          show(controller, splitter?.end(isEnd(part.finishReason)) ?? []);
          close(controller);
          break;
      }
      controller.enqueue(part);
    },
  });
}

/** A server that separates thinking itself leaves none in the text. */
function splitterFor({ tags, unopened }: ThinkingHabit, reasons: boolean): ThinkingSplitter {
  return createThinkingSplitter({ tags, open: unopened && !reasons });
}

function isEnd(finish: Generated["finishReason"]): boolean {
  const ending = endingOf(finish);
  return ending === "whole" || ending === "tool_calls";
}
