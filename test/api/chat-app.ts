import { startTestApp, type TestAppOptions } from "../support/app.ts";

/** The seeds' wellness coach, with variables in its system message and an example exchange. */
export const COACH = {
  name: "Wellness coach",
  bot: { type: "echo" },
  messages: [
    {
      role: "system",
      content: "You are a wellness coach.\nUser name: {user_name}\nPreferred exercise: {preferred_exercise}",
    },
    { role: "user", content: "I feel tired." },
    { role: "assistant", content: "Then let us breathe, {user_name}." },
  ],
  variables: { user_name: { default: "friend" }, preferred_exercise: { required: true } },
  seedMessage: "Greet the user.",
};

/** Replies with scripted lines that contain every kind of stream event. */
const ACTOR = {
  bot: {
    type: "script",
    replies: [
      {
        match: "think",
        thinking: "Let me see.",
        tools: [{ name: "search", summary: "3 results" }],
        say: "Here it is.",
      },
      { match: "slowly", say: "one two three four five six", wordDelayMs: 150 },
      { match: "wait", say: "at last", delayMs: 60_000 },
      { match: "hold", say: "held", delayMs: 400 },
      { match: "fail", fail: { code: "script_failed", reason: "as the script says" } },
      { match: "silence", silent: true },
      { match: "bye", say: "Goodbye.", endSession: true },
    ],
    sequence: [{ say: "first" }, { say: "second" }, { say: "third" }],
  },
  turns: { attempts: 1, apology: "Sorry." },
};

/** The application with the agents of the API tests. */
export function startChatApp(options: Partial<TestAppOptions> = {}) {
  return startTestApp({
    channels: { api: { kind: "api", agent: "echo" }, other: { kind: "api", agent: "echo" } },
    ...options,
    agents: { echo: { bot: { type: "echo" } }, coach: COACH, actor: ACTOR, ...options.agents },
  });
}
