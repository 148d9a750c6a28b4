import type { ReplayAnswer } from "../client/replays.ts";

/** The lines of an answer: its result, and its text. */
export function answerLines(name: string, answer: ReplayAnswer): string[] {
  return [`   ${name} ${facts(answer)}`, ...said(answer)];
}

/** The time and the tokens of all answers: `4.2 s, 1200 tokens`. */
export function sums(answers: readonly ReplayAnswer[]): string {
  const total = (of: "totalTokens" | "seconds") =>
    answers.reduce((sum, answer) => sum + (answer[of] ?? 0), 0);
  return `${total("seconds").toFixed(1)} s, ${total("totalTokens")} tokens`;
}

function facts({ seconds, totalTokens, tools, errorCode }: ReplayAnswer): string {
  const parts = [
    ...(seconds === null ? [] : [`${seconds.toFixed(1)} s`]),
    ...(totalTokens === null ? [] : [`${totalTokens} tokens`]),
    ...(tools.length === 0 ? [] : [`tools: ${tools.join(", ")}`]),
    ...(errorCode === null ? [] : [`not answered: ${errorCode}`]),
  ];
  return `(${parts.join("; ")})`;
}

function said({ replies }: ReplayAnswer): string[] {
  return replies.flatMap((reply) => reply.split("\n").map((line) => `     ${line}`));
}
