import { describe, expect, test } from "vitest";
import { publishDefinition, unmaskDefinition } from "../../src/config/publish-agent.ts";
import { resolveReferences } from "../../src/config/references.ts";
import { maskDefinition } from "../../src/core/session/masked-definition.ts";
import type { JsonObject } from "../../src/core/text/json.ts";

const agent: JsonObject = {
  name: "Coach",
  bot: {
    type: "llm",
    baseUrl: "https://user:basicpw123@llm.example/v1?key=querykey123&stream=true#part",
    fallback: { baseUrl: "http://onlytoken@llm.example" },
    tools: [{ name: "weather", url: "https://tools.example/weather?code=toolcode%2F1&units=&bareparameter" }],
    mcpServers: {
      notes: { command: "notes", args: ["serve", "--api-key", "mcparg1", "--token=mcparg2", "-v"] },
    },
  },
  events: [
    {
      on: "session_ended",
      do: [{ action: "webhook", url: "https://hooks.example/services/T0001/pathsecret0123?x=eventquery" }],
    },
  ],
  messages: [{ role: "system", content: "See https://a.example/?page=12345678." }],
};
const secrets = [
  "basicpw123",
  "querykey123",
  "onlytoken",
  "toolcode%2F1",
  "toolcode/1",
  "bareparameter",
  "mcparg1",
  "mcparg2",
  "pathsecret0123",
  "eventquery",
  btoa("user:basicpw123"),
];

describe("secrets under ordinary names", () => {
  test("are masked in the shown definition of an agent, and the rest stays unchanged", () => {
    const shown = maskDefinition(agent);
    for (const secret of secrets) expect(JSON.stringify(shown)).not.toContain(secret);
    expect(shown).toMatchObject({
      bot: {
        baseUrl: "https://[secret]@llm.example/v1?key=[secret]&stream=[secret]#part",
        fallback: { baseUrl: "http://[secret]@llm.example" },
        tools: [{ url: "https://tools.example/weather?code=[secret]&units=&[secret]" }],
        mcpServers: {
          notes: { command: "notes", args: ["[secret]", "[secret]", "[secret]", "[secret]", "[secret]"] },
        },
      },
      events: [{ do: [{ url: "https://hooks.example/[secret]?x=[secret]" }] }],
      messages: agent.messages,
    });
  });

  test("are hidden in logs, and ordinary words are not", () => {
    const hidden = resolveReferences(agent, {}, { file: "f", path: [] }).secrets;
    for (const secret of secrets) expect(hidden).toContain(secret);
    for (const word of ["true", "serve", "-v", "services", "T0001", "llm.example"])
      expect(hidden).not.toContain(word);
  });

  test("are hidden if the address comes from the environment", () => {
    const env = { LLM_BASE_URL: "http://user:basicpw123@127.0.0.1/v1?key=querykey123" };
    const bot = { bot: { baseUrl: "$LLM_BASE_URL" } };
    const hidden = resolveReferences(bot, env, { file: "f", path: [] }).secrets;
    expect(hidden).toEqual(expect.arrayContaining(["basicpw123", "querykey123"]));
    expect(maskDefinition(bot)).toEqual(bot);
  });

  test("are restored for an earlier version, only for their original address", () => {
    const published = publishDefinition("coach", agent, {} as never);
    expect(unmaskDefinition(published, agent)).toEqual(agent);
    const moved = {
      ...agent,
      bot: { ...(agent.bot as JsonObject), baseUrl: "https://user:pw@other.example/v1?key=k" },
    };
    expect(unmaskDefinition(published, moved)).toMatchObject({
      bot: { baseUrl: "https://[secret]@llm.example/v1?key=[secret]&stream=[secret]#part" },
    });
  });
});
