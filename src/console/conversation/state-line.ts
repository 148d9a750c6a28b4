import type { Delivery, Execution, Feedback, Message } from "../server/wire.ts";
import { durationOf } from "../shell/ages.ts";

/** The state of a message, in a few words. */
export interface StateLine {
  text: string;
  tone: "quiet" | "good" | "wait" | "bad";
}

/** The records that determine the state of a message. */
export interface Records {
  /** The deliveries of this message to the user. */
  deliveries: readonly Delivery[];
  /** The turn that answers it, or that wrote it. Null if none is known. */
  execution: Execution | null;
  /** The ratings by people. */
  feedback: readonly Feedback[];
}

/** Describes the state of a message. Pure. */
export function stateLine(
  message: Pick<Message, "role" | "origin">,
  records: Omit<Records, "feedback">,
): StateLine {
  if (message.role === "user" || message.origin === "instruction") return answeredLine(message, records);
  return deliveredLine(records);
}

function answeredLine(
  { origin }: Pick<Message, "origin">,
  { execution }: Pick<Records, "execution">,
): StateLine {
  if (execution === null) return { text: origin === "command" ? "A command" : "Stored", tone: "quiet" };
  const reason = execution.error?.message ?? "";
  switch (execution.status) {
    case "completed":
      return {
        text: execution.merged_into === null ? "Answered" : "Answered together with the next message",
        tone: "quiet",
      };
    case "failed":
      return { text: because("Not answered", reason), tone: "bad" };
    case "cancelled":
      return execution.error?.code === "handoff"
        ? { text: "A person answers", tone: "quiet" }
        : { text: because("Not answered", reason), tone: "wait" };
    case "running":
      return { text: "The bot is answering", tone: "wait" };
    default:
      return { text: "Waits for its turn", tone: "wait" };
  }
}

function deliveredLine({ deliveries, execution }: Omit<Records, "feedback">): StateLine {
  const took = execution?.duration_ms ?? null;
  const after = took === null ? "" : `, written in ${durationOf(took)}`;
  if (deliveries.length === 0) return { text: `Stored${after}`, tone: "quiet" };
  const failed = deliveries.find(({ status }) => status === "failed");
  if (failed) return { text: because("Not delivered", failed.error ?? failed.error_code ?? ""), tone: "bad" };
  if (deliveries.some(({ status }) => status === "unknown")) {
    return { text: "Sent, but it is unknown if it arrived", tone: "bad" };
  }
  const waiting = deliveries.find(({ status }) => status === "queued" || status === "sending");
  if (waiting) {
    const isRepeated = waiting.attempts > 0 && waiting.error !== null;
    return { text: isRepeated ? because("Trying again", waiting.error ?? "") : "On its way", tone: "wait" };
  }
  const parts = deliveries.length > 1 ? ` in ${deliveries.length} parts` : "";
  const twice = deliveries.some((one) => one.possible_duplicate) ? ", perhaps twice" : "";
  return { text: `${furthest(deliveries)}${parts}${twice}${after}`, tone: "good" };
}

/** The state that all parts have reached. */
function furthest(deliveries: readonly Delivery[]): string {
  if (deliveries.every(({ status }) => status === "read")) return "Read";
  if (deliveries.every(({ status }) => status !== "sent")) return "Delivered";
  return "Sent";
}

const because = (text: string, reason: string) => (reason === "" ? text : `${text}: ${reason}`);
