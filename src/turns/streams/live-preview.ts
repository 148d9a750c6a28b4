import type { LiveStream, StreamTarget, ToolStep } from "../../core/message/live-stream.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { TurnCommit } from "../answering/turn-commit.ts";

/** Delay before an answer is shown, milliseconds. Most short answers are complete by then. */
const PREVIEW_DELAY_MS = 500;

/** The preview of one turn: the part of its answer that the platform shows before the answer is committed. */
export interface LivePreview {
  /** Adds text that the bot wrote. */
  add(text: string): void;
  /** Adds a tool that the bot uses, or its end. */
  step(step: ToolStep): void;
  /** Stops showing text. Returns the preview that the platform shows now; null: none. Safe to call again. */
  end(): Promise<StandingPreview | null>;
}

export interface StandingPreview {
  /** The channel's own id of the preview. */
  id: string;
  /** False if the preview may still change by itself. Then no delivery can replace it. */
  still: boolean;
}

export interface LivePreviewDeps {
  /** The preview of this same answer that a dead process left on the platform; null: none. */
  left: string | null;
  /** Null: the channel shows nothing before it is sent. */
  open: ((onStanding: StreamTarget["onStanding"]) => LiveStream | null) | null;
  /** Returns true if everything before this answer is delivered, because a preview must not overtake it. */
  isClear(): Promise<boolean>;
  /**
   * Stores the preview's id for the process that finishes it. False: that is another process by now, and the preview is
   * removed, because no other process knows it.
   */
  record(preview: string): Promise<boolean>;
  /** Fields of every log line. */
  ids: Readonly<Record<string, string>>;
  log: Logger;
}

/**
 * Shows an answer while it is written, only as a preview. The bot's text is committed and delivered in any case. No
 * error here fails a turn.
 */
export function createLivePreview(deps: LivePreviewDeps): LivePreview {
  const { ids, log } = deps;
  let text = "";
  /** The newest state of each tool. */
  const steps = new Map<string, ToolStep>();
  let stream: LiveStream | null = null;
  let standing = deps.left;
  let timer: NodeJS.Timeout | null = null;
  let opening: Promise<void> = Promise.resolve();
  let recording: Promise<void> = Promise.resolve();
  let ended: Promise<StandingPreview | null> | null = null;

  async function begin(): Promise<void> {
    if (ended || !(await deps.isClear()) || ended) return;
    const opened = deps.open?.(onStanding) ?? null;
    if (text === "" && opened?.step === undefined) {
      // Without a text there is nothing to show yet.
      timer = null;
      return;
    }
    stream = opened;
    for (const step of steps.values()) stream?.step?.(step);
    if (text !== "") stream?.show(text);
  }

  /** Opens the stream after a while, unless it is open. */
  function openSoon(): void {
    // The delivery replaces the preview of a dead process; a second preview would appear beside it.
    if (timer || deps.left !== null || !deps.open) return;
    timer = setTimeout(() => {
      opening = begin().catch((error: unknown) => log.debug({ ...ids, err: error }, "no preview is shown"));
    }, PREVIEW_DELAY_MS);
  }

  function onStanding(preview: string): void {
    standing = preview;
    recording = record(preview);
  }

  async function record(preview: string): Promise<void> {
    try {
      if (!(await deps.record(preview))) standing = null;
    } catch (error) {
      // This process still knows the preview, and the turn very probably ends here.
      log.warn({ ...ids, err: error }, "a preview could not be stored");
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
      if (stream) stream.show(text);
      else openSoon();
    },
    step(step) {
      steps.set(step.id, step);
      if (stream) stream.step?.(step);
      else openSoon();
    },
    end() {
      ended ??= close();
      return ended;
    },
  };
}

/** Passes a preview to the first delivery of a commit. False: no delivery can replace it. */
export function handOver(
  { executions, replies }: Pick<TurnCommit, "executions" | "replies">,
  preview: StandingPreview,
): boolean {
  const own = executions.at(-1);
  const first = replies.flatMap((reply) => reply.deliveries)[0];
  // A text can replace another text, but a file is a separate message.
  if (!preview.still || !own || !first || "attachmentId" in first) return false;
  first.preview = preview.id;
  own.previewTaken = true;
  return true;
}
