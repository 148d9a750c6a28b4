import type { LiveStream, StreamTarget } from "../core/live-stream.ts";
import type { Logger } from "../core/logger.ts";
import type { TurnCommit } from "./finish-repository.ts";

/** How long a bot writes before it is worth showing, milliseconds: most short answers are over by then. */
const PREVIEW_DELAY_MS = 500;

/** The preview of one turn: what of its answer is on the platform before the answer is committed. */
export interface LivePreview {
  /** The bot wrote more. */
  add(text: string): void;
  /** Shows nothing more. What stands on the platform now; null for nothing. Safe to call again. */
  end(): Promise<StandingPreview | null>;
}

export interface StandingPreview {
  /** The channel's own name for it. */
  id: string;
  /** False where it may still change although nobody changes it: no delivery can take its place. */
  still: boolean;
}

export interface LivePreviewDeps {
  /** What a process that died has left standing of this same answer; null for nothing. */
  left: string | null;
  /** Null where the channel shows nothing before it is sent. */
  open: ((onStanding: StreamTarget["onStanding"]) => LiveStream | null) | null;
  /** Whether everything before this answer is delivered: a preview must not overtake it. */
  isClear(): Promise<boolean>;
  /** Puts down what stands, for whoever has to finish it; false where that is another process by now. */
  record(preview: string): Promise<boolean>;
  /** Takes away what nobody else knows of. */
  remove(preview: string): void;
  /** What every line in the log says. */
  ids: Readonly<Record<string, string>>;
  log: Logger;
}

/**
 * Shows an answer while it is written, as a preview only: what the bot said is committed and delivered whatever becomes
 * of it. Nothing here ever fails a turn.
 */
export function createLivePreview(deps: LivePreviewDeps): LivePreview {
  const { ids, log } = deps;
  let text = "";
  let stream: LiveStream | null = null;
  let standing = deps.left;
  let timer: NodeJS.Timeout | null = null;
  let opening: Promise<void> = Promise.resolve();
  let recording: Promise<void> = Promise.resolve();
  let ended: Promise<StandingPreview | null> | null = null;

  async function begin(): Promise<void> {
    if (ended || !(await deps.isClear()) || ended) return;
    stream = deps.open?.(onStanding) ?? null;
    stream?.show(text);
  }

  function onStanding(preview: string): void {
    standing = preview;
    recording = record(preview);
  }

  async function record(preview: string): Promise<void> {
    try {
      if (await deps.record(preview)) return;
      standing = null;
      deps.remove(preview);
    } catch (error) {
      // Still known here, where the turn ends in all likelihood.
      log.warn({ ...ids, err: error }, "a preview could not be put down");
    }
  }

  async function close(): Promise<StandingPreview | null> {
    if (timer) clearTimeout(timer);
    await opening;
    const still = (await stream?.close()) ?? true;
    await recording;
    return standing === null ? null : { id: standing, still };
  }

  return {
    add(delta) {
      text += delta;
      if (stream) return stream.show(text);
      // What a process that died has left is finished by the delivery; a second one would stand beside it.
      if (timer || deps.left !== null || !deps.open) return;
      timer = setTimeout(() => {
        opening = begin().catch((error: unknown) => log.debug({ ...ids, err: error }, "no preview is shown"));
      }, PREVIEW_DELAY_MS);
    },
    end() {
      ended ??= close();
      return ended;
    },
  };
}

/** Gives a preview to the first delivery of what is about to be committed. False where none can take its place. */
export function handOver(
  { executions, replies }: Pick<TurnCommit, "executions" | "replies">,
  preview: StandingPreview,
): boolean {
  const own = executions.at(-1);
  const first = replies.flatMap((reply) => reply.deliveries)[0];
  // Words become other words; a file is a message of its own.
  if (!preview.still || !own || !first || "attachmentId" in first) return false;
  first.preview = preview.id;
  own.previewTaken = true;
  return true;
}
