import { expect, test } from "vitest";
import { aFile, load, problemsOf } from "./config-support.ts";

const LISTEN = { baseUrl: "$STT_BASE_URL", apiKey: "$STT_KEY", model: "whisper-1" };
const SPEAK = { baseUrl: "https://speech.example.org/v1/", model: "tts-1", voice: "alloy" };
const env = { STT_BASE_URL: "http://127.0.0.1:9000/v1", STT_KEY: "stt-secret-key" };

const agents = (speech: object) => ({ echo: { bot: { type: "echo" }, speech: { ...speech } } });

test("an agent without speech settings neither hears nor speaks, and its version omits them", () => {
  const agent = load(aFile()).workspaces[0]?.agents["echo"];
  expect(agent?.speech).toEqual({ listen: null, speak: null });
  expect(agent?.published).not.toHaveProperty("speech");
});

test("both servers have their own address, and the version keeps only a reference to the key", () => {
  const agent = load(aFile({ agents: agents({ listen: LISTEN, speak: SPEAK }) }), env).workspaces[0]?.agents[
    "echo"
  ];
  expect(agent?.speech).toEqual({
    listen: {
      baseUrl: "http://127.0.0.1:9000/v1",
      apiKey: "stt-secret-key",
      model: "whisper-1",
      language: null,
      prompt: null,
      maxSeconds: 900,
    },
    speak: {
      ...SPEAK,
      when: "reply",
      baseUrl: "https://speech.example.org/v1",
      apiKey: null,
      instructions: null,
    },
  });
  expect(agent?.published).toMatchObject({ speech: { listen: { apiKey: "$STT_KEY" } } });
});

test.each([
  [{}, "speech", "write `listen`, `speak` or both"],
  [{ listen: { ...LISTEN, model: undefined } }, "speech.listen.model", "is missing"],
  [{ listen: { ...LISTEN, baseUrl: "ftp://x" } }, "speech.listen.baseUrl", "http://"],
  [{ listen: { ...LISTEN, maxSeconds: 0 } }, "speech.listen.maxSeconds", "1"],
  [{ speak: { ...SPEAK, when: "sometimes" } }, "speech.speak.when", "always"],
  [{ speak: { ...SPEAK, voise: "x" } }, "speech.speak.voise", "voice"],
])("%j is a problem", (speech, path, said) => {
  const problems = problemsOf(aFile({ agents: agents(speech) }), env);
  expect(problems).toHaveLength(1);
  expect(problems[0]?.path).toBe(`channels.config.json: agents.echo.${path}`);
  expect(`${problems[0]?.problem} ${problems[0]?.fix}`).toContain(said);
});
