import type { AnswerDecision, Decider } from "./decide-access.ts";

/** The text of the card about a request. */
export function cardWords(request: {
  channel: string;
  identifier: string;
  name: string | null;
  text: string;
}): string {
  return `${nameOf(request)} wants to talk to the bot on ${request.channel} and wrote:\n\n${request.text}`;
}

/** The text below a card that tells the result of a request. */
export function answerWords(
  request: { identifier: string; name: string | null },
  answer: "approved" | "denied",
  by: Decider,
): string {
  const verb = answer === "approved" ? "let in" : "did not let in";
  return `${by.name} (${by.via}) ${verb} ${nameOf(request)}.`;
}

/** The words for an approver whose press came too late. */
export function lateWords(outcome: Exclude<AnswerDecision, { kind: "counts" }>, by: Decider): string {
  switch (outcome.kind) {
    case "expired":
      return `${by.name}: the time of this request is over. Whoever asked may write again.`;
    case "repeated":
      return `${by.name}: the same answer was given before.`;
    case "decided":
      return `${by.name}: this request was ${outcome.state} before, and that stays.`;
  }
}

function nameOf({ identifier, name }: { identifier: string; name: string | null }): string {
  return name === null ? identifier : `${name} (${identifier})`;
}
