import { describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/run-cli.ts";

async function run(args: string[], env = {}) {
  let output = "";
  const notes: string[] = [];
  const print = (line: string) => {
    output += `${line}\n`;
  };
  const code = await runCli(["slack", "manifest", ...args], {
    print,
    note: (line) => void notes.push(line),
    start: async () => undefined,
    env,
  });
  return { code, output, notes };
}

describe("causeway slack manifest", () => {
  it("prints an app that posts its events to the channel's webhook", async () => {
    const { code, output } = await run(["--channel", "slack eu", "--name", "Coach"], {
      CAUSEWAY_PUBLIC_URL: "https://chat.example.org/",
    });
    expect(code).toBe(0);
    const manifest = JSON.parse(output);
    expect(manifest).toMatchObject({
      display_information: { name: "Coach" },
      features: { bot_user: { display_name: "Coach" } },
      settings: {
        event_subscriptions: { request_url: "https://chat.example.org/webhooks/slack%20eu" },
        socket_mode_enabled: false,
      },
    });
    const events = manifest.settings.event_subscriptions.bot_events;
    expect(events).toEqual(expect.arrayContaining(["app_mention", "message.im", "message.channels"]));
    expect(manifest.oauth_config.scopes.bot).toEqual(expect.arrayContaining(["chat:write", "users:read"]));
  });

  it("prints an app for Socket Mode, which has no URL", async () => {
    const { code, output } = await run(["--socket"]);
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ settings: { socket_mode_enabled: true } });
    expect(output).not.toContain("request_url");
  });

  it("prints a note beside the manifest if Slack could not reach the service", async () => {
    for (const [given, url] of [
      [[], "https://chat.example.org"],
      [["--url", "http://127.0.0.1:3000"], "http://127.0.0.1:3000"],
    ] as const) {
      const { code, output, notes } = await run([...given]);
      const { request_url } = JSON.parse(output).settings.event_subscriptions;
      expect([code, request_url]).toEqual([0, `${url}/webhooks/slack`]);
      expect(notes.join()).toContain("--socket");
    }
    expect((await run([], { CAUSEWAY_PUBLIC_URL: "https://chat.example.org" })).notes).toEqual([]);
    expect((await run(["--socket", "--name", "x".repeat(36)])).code).toBe(1);
  });
});
