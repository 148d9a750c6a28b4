import { z } from "zod";
import { defineBot } from "../../src/bots/bot.ts";
import { eventually } from "./eventually.ts";

/** An answer that is written at the test's pace. */
export interface PacedAnswer {
  question: string;
  write(text: string): void;
  /** Ends the answer with everything written, or with a failure. */
  end(failure?: Error): void;
}

export interface PacedBot {
  /** For `startTestApp({ bots: { paced: bot.definition } })` with an agent `{ bot: { type: "paced" } }`. */
  definition: ReturnType<typeof definePaced>;
  /** Waits for a question. */
  asked(question: string): Promise<PacedAnswer>;
  /** Counts how often a question was asked. */
  count(question: string): number;
}

/** A bot that streams word by word at the test's pace, for checks in the middle of an answer. */
export function createPacedBot(): PacedBot {
  const answers: PacedAnswer[] = [];
  const of = (question: string) => answers.filter((answer) => answer.question === question);
  return {
    definition: definePaced(answers),
    asked: (question) =>
      eventually(() => {
        const answer = of(question).at(-1);
        if (!answer) throw new Error(`nobody asked "${question}"`);
        return answer;
      }),
    count: (question) => of(question).length,
  };
}

function definePaced(answers: PacedAnswer[]) {
  return defineBot({
    type: "paced",
    configSchema: z.strictObject({}),
    create: () => ({
      answer(turn, output) {
        const written: string[] = [];
        return new Promise((resolve, reject) => {
          output.signal.addEventListener("abort", () => reject(output.signal.reason), { once: true });
          answers.push({
            question: turn.input.map(({ text }) => text).join("\n"),
            write(text) {
              written.push(text);
              output.emit({ type: "content", content: text });
            },
            end(failure) {
              if (failure) reject(failure);
              else resolve({ replies: [{ content: written.join("") }] });
            },
          });
        });
      },
    }),
  });
}
