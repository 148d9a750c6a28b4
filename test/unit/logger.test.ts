import { open } from "node:fs/promises";
import { expect, test } from "vitest";
import { createLogger, createOutput } from "../../src/observability/logger.ts";
import { createRedactor } from "../../src/observability/redaction.ts";

function logged(secrets: string[] = []) {
  const lines: string[] = [];
  const redactor = createRedactor(secrets);
  const log = createLogger({
    level: "info",
    redactor,
    destination: { write: (line) => void lines.push(line) },
  });
  return { log, lines, redactor };
}

test("a line is one JSON object with level, time, ids of its parents and message", () => {
  const { log, lines } = logged();
  log.child({ session_id: "s1" }).info({ seq: 3 }, "message stored");
  const line: unknown = JSON.parse(lines.join(""));
  expect(line).toMatchObject({ level: "info", session_id: "s1", seq: 3, msg: "message stored" });
  expect(line).toHaveProperty("time", expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/));
});

test("lines below the level are not written", () => {
  const { log, lines } = logged();
  log.debug({}, "detail");
  expect(lines).toEqual([]);
});

test("a configured secret is hidden in every place: field, message, address, stack, cause", () => {
  const { log, lines } = logged(["123:AA-token", 'with "quotes" & space']);
  const cause = new Error("GET https://api.telegram.org/bot123:AA-token/getMe");
  log.error(
    { err: new Error("failed with 123:AA-token", { cause }), deep: { list: ["123:AA-token"] } },
    "x 123:AA-token",
  );
  log.info({ text: 'with "quotes" & space', url: `?s=${encodeURIComponent('with "quotes" & space')}` }, "y");
  expect(lines.join("")).not.toMatch(/AA-token|quotes/);
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  expect(lines[0]).toContain("[redacted]/getMe");
});

test("the value of a key with a secret's name is hidden without configuration", () => {
  const { log, lines } = logged();
  const body = JSON.stringify({ token: "abc\\", password: 'p"q', name: "Ann", access_token: "t" });
  log.info(
    { headers: { authorization: "Bearer k1" }, apiKey: "k2", body, maxTokens: 600, tokens: "3" },
    "request",
  );
  const line: Record<string, unknown> = JSON.parse(lines.join(""));
  expect(line).toMatchObject({
    headers: { authorization: "[redacted]" },
    apiKey: "[redacted]",
    maxTokens: 600,
    tokens: "3",
  });
  expect(JSON.parse(String(line.body))).toEqual({
    token: "[redacted]",
    password: "[redacted]",
    name: "Ann",
    access_token: "[redacted]",
  });
});

test("secrets added by a reload are hidden from then on, also by existing loggers", () => {
  const { log, lines, redactor } = logged(["first-secret"]);
  const child = log.child({ a: 1 });
  redactor.add(["later-secret", "first-secret-longer"]);
  child.info({}, "first-secret-longer later-secret first-secret");
  expect(JSON.parse(lines.join(""))).toMatchObject({ msg: "[redacted] [redacted] [redacted]" });
});

test("a line that cannot be written stops nothing, and the next lines are written", async () => {
  const full = await open("/dev/full", "w");
  const output = createOutput(full.fd);
  for (let n = 0; n < 3; n++) expect(() => output.write("a line\n")).not.toThrow();
  await full.close();
});
