import { describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/run-cli.ts";
import { startTestApp } from "../support/app.ts";

const unused = async () => {
  throw new Error("this command starts nothing");
};

/** An application with one user with a WhatsApp address and one user of the API. */
async function openWorld() {
  const app = await startTestApp({
    channels: {
      api: { kind: "api", agent: "echo" },
      wa: {
        kind: "whatsapp",
        agent: "echo",
        provider: "twilio",
        accountSid: `AC${"0".repeat(32)}`,
        authToken: "0123456789abcdef0123456789abcdef",
        from: "whatsapp:+14155238886",
        apiBaseUrl: "http://127.0.0.1:9",
      },
    },
  });
  const env = { CAUSEWAY_DATA_DIR: app.dataDir, CAUSEWAY_API_KEY: app.apiKey };
  async function run(...args: string[]): Promise<{ code: number | null; text: string }> {
    const lines: string[] = [];
    const print = (line: string) => void lines.push(line);
    const code = await runCli([...args, "--url", app.url], {
      print,
      env,
      start: unused,
    });
    return { code, text: lines.join("\n") };
  }
  const user = { identifier: "whatsapp:+491701234567", name: "Ada Lovelace" };
  const opened = await app.api("POST", "/chat/sessions", { agent_id: "echo", channel: "wa", user });
  expect(opened.status, JSON.stringify(opened.body)).toBe(201);
  const api = await app.api("POST", "/chat/sessions", {
    agent_id: "echo",
    user: { identifier: "bob", name: "Bob" },
  });
  await app.api("POST", `/chat/sessions/${api.body.id}/messages`, { content: "Where am I?" });
  return { app, run, session: api.body, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

describe("users", () => {
  it("are found over the API by a phone number in any common form", async () => {
    await using world = await openWorld();
    const find = async (query: string) =>
      (await world.app.api("GET", `/users?${query}`)).body.data.map((user: { name: string }) => user.name);
    for (const written of ["+491701234567", "+49 170 1234567", "whatsapp:+491701234567"]) {
      expect(await find(`identifier=${encodeURIComponent(written)}`), written).toEqual(["Ada Lovelace"]);
    }
    // A plus without encoding arrives as a space.
    expect(await find("channel=wa&identifier=+491701234567")).toEqual(["Ada Lovelace"]);
    expect(await find("q=lovelace")).toEqual(["Ada Lovelace"]);
    expect(await find("q=1701234")).toEqual(["Ada Lovelace"]);
    expect(await find("q=%25")).toEqual([]);
    expect(await find("identifier=%2B491701234568")).toEqual([]);
  });

  it("are found by the commands, with their messages and the reasons of the answers", async () => {
    await using world = await openWorld();
    const { run, session } = world;
    expect((await run("users", "+491701234567")).text).toContain("wa  whatsapp:+491701234567  Ada Lovelace");
    expect(await run("users", "nobody")).toMatchObject({ code: 1, text: "No user has the name nobody." });
    for (const about of ["bob", session.id]) {
      const { code, text } = await run("chat", about);
      expect(code).toBe(0);
      expect(text).toContain("user: Where am I?");
      expect(text).toContain("bot: You said: Where am I?");
    }
    expect((await run("chat", "nobody")).code).toBe(1);
    expect((await run("why", "bob")).text).toMatch(/^Answered/);
    expect((await run("why", "nobody")).code).toBe(1);
    // An unset variable of a script must not ask about everything.
    const empty = await run("why", "");
    expect([empty.code, empty.text]).toEqual([
      2,
      expect.stringMatching(/^causeway why takes <id>, and was given an empty/),
    ]);
  });

  it("cannot be listed with a wrong key, and the command says what to do", async () => {
    await using world = await openWorld();
    const lines: string[] = [];
    const options = {
      print: (line: string) => void lines.push(line),
      start: unused,
    };
    const env = { CAUSEWAY_DATA_DIR: world.app.dataDir, CAUSEWAY_API_KEY: "cw_another_key_of_some_length" };
    expect(await runCli(["users", "ada", "--url", world.app.url], { ...options, env })).toBe(1);
    expect(lines.join("\n")).toMatch(/refuses the key: set CAUSEWAY_API_KEY/);
  });
});
