import { describe, expect, it } from "vitest";
import { startSimulator } from "../support/simulator.ts";

describe("the simulator's control API", () => {
  it("explains what is wrong with a request", async () => {
    await using simulator = await startSimulator("telegram");
    const wrong: [string, string, unknown, number, string][] = [
      ["POST", "/faults", { platform: "telegram", fault: "rain" }, 422, "rate_limit"],
      ["POST", "/faults", { platform: "fax", fault: "cut" }, 422, "telegram, slack, whatsapp, sms"],
      ["POST", "/faults", { platform: "telegram", fault: "cut", times: 0 }, 422, "times must be at least 1"],
      ["POST", "/faults", { platform: "telegram", fault: "answer" }, 422, "needs it"],
      [
        "POST",
        "/faults",
        { platform: "telegram", fault: "cut", answer: { status: 200, body: {} } },
        422,
        "answer",
      ],
      ["POST", "/clock", { forward_seconds: -1 }, 422, "forward_seconds"],
      ["POST", "/clock", {}, 422, "forward_seconds expected number"],
      ["POST", "/telegram/chats/1/messages", {}, 422, "text is required"],
      ["POST", "/telegram/chats/1/messages", { text: "a", volume: 11 }, 422, "volume is not known here"],
      ["POST", "/telegram/chats/1/messages", { text: "a", bot: "other" }, 404, "There is no bot"],
      ["POST", "/fax/chats/1/messages", { text: "a" }, 404, "There is no platform"],
      ["POST", "/telegram/chats/1/press", { label: "Yes", form: {} }, 409, "opens a form"],
      ["POST", "/slack/chats/1/messages", { text: "a" }, 404, "No bot of slack"],
      ["POST", "/dance", {}, 404, "no such call"],
    ];
    for (const [method, path, body, status, words] of wrong) {
      const answer = await simulator.control(method, path, body);
      expect(answer.status, `${path} ${JSON.stringify(body)}`).toBe(status);
      expect(answer.body.error.message).toContain(words);
    }
  });

  it("answers single calls as told, drops them, refuses a token, and logs answers that were lost", async () => {
    await using simulator = await startSimulator("telegram");
    const { TELEGRAM_BOT_TOKEN: token, TELEGRAM_API_ROOT: root } = simulator.settings;
    const call = (method: string, query = "") => fetch(`${root}/bot${token}/${method}${query}`);
    const fault = (body: object) => simulator.control("POST", "/faults", { platform: "telegram", ...body });
    const page = { status: 502, headers: { "content-type": "text/html" }, body: "<html>a proxy</html>" };
    await fault({ fault: "answer", answer: page, call: "GetMe" });
    expect((await call("getWebhookInfo")).status).toBe(200);
    const odd = await call("getMe");
    expect([odd.status, odd.headers.get("content-type"), await odd.text()]).toEqual([
      502,
      "text/html",
      "<html>a proxy</html>",
    ]);
    expect((await call("getMe")).status).toBe(200);
    await fault({ fault: "revoke_token" });
    for (const method of ["getMe", "getMe"]) expect((await call(method)).status).toBe(401);
    await simulator.control("DELETE", "/faults");
    await simulator.control("POST", "/telegram/chats/7/messages", { text: "hello" });
    for (const name of ["drop", "cut"]) {
      await fault({ fault: name, times: 1, call: "sendMessage" });
      await expect(call("sendMessage", `?chat_id=7&text=${name}`)).rejects.toThrow("fetch failed");
    }
    const { body: seen } = await simulator.control("GET", "/telegram/chats/7");
    expect(seen.map(({ text }: { text: string }) => text)).toEqual(["hello", "cut"]);
    const { body: log } = await simulator.control("GET", "/log");
    expect(log.slice(-2)).toMatchObject([
      { trouble: "drop", answer: null },
      { trouble: "cut", answer: { status: 200, body: expect.stringContaining('"text":"cut"') } },
    ]);
  });

  it("accepts only JSON", async () => {
    await using simulator = await startSimulator("telegram");
    const url = `${simulator.origin}/simulator/v1/telegram/chats/1/messages`;
    const form = await fetch(url, { method: "POST", body: new URLSearchParams({ text: "a" }) });
    expect(form.status).toBe(415);
    const headers = { "content-type": "application/json" };
    expect((await fetch(url, { method: "POST", headers, body: "{" })).status).toBe(400);
  });

  it("accepts browsers only from its own page", async () => {
    await using simulator = await startSimulator("telegram");
    const ask = (headers: Record<string, string>) => simulator.control("GET", "/log", undefined, headers);
    expect((await ask({})).status).toBe(200);
    expect((await ask({ origin: simulator.origin })).status).toBe(200);
    expect((await ask({ origin: "https://evil.example" })).status).toBe(403);
    expect((await ask({ origin: "null" })).status).toBe(403);
    expect((await ask({ "sec-fetch-site": "cross-site" })).status).toBe(403);
  });

  it("clears everything on a reset, including the moved clock", async () => {
    await using simulator = await startSimulator("telegram");
    await simulator.control("POST", "/telegram/chats/1/messages", { text: "a" });
    await simulator.control("POST", "/faults", { platform: "telegram", fault: "cut" });
    const { body: moved } = await simulator.control("POST", "/clock", { forward_seconds: 86_400 });
    expect(Date.parse(moved.now) - Date.now()).toBeGreaterThan(86_000_000);
    const { body: said } = await simulator.control("POST", "/telegram/chats/1/messages", { text: "b" });
    expect(Date.parse(said.at) - Date.now()).toBeGreaterThan(86_000_000);
    expect((await simulator.control("POST", "/reset")).body).toEqual({ reset: true });
    expect((await simulator.control("GET", "/telegram/chats/1")).body).toEqual([]);
    expect((await simulator.control("GET", "/")).body).toMatchObject({ ahead_seconds: 0, faults: [] });
  });
});
