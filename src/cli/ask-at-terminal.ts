import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

/** Asks the person at the terminal. An answer to a secret question does not appear on the screen. */
export async function askAtTerminal(question: string, { secret }: { secret: boolean }): Promise<string> {
  process.stderr.write(question);
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
  const input = createInterface({
    input: process.stdin,
    output: secret ? hidden : process.stderr,
    terminal: true,
  });
  try {
    return (await input.question("")).trim();
  } finally {
    input.close();
    if (secret) process.stderr.write("\n");
  }
}
