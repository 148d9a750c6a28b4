import { expect, test } from "vitest";
import { type ConfiguredChannel, reloadDifference } from "../../src/workspaces/reload-difference.ts";

const running = { kind: "web", config: { allowedOrigins: ["https://a.example"], title: "Chat" } };
const configured = (over: Partial<ConfiguredChannel> = {}): ConfiguredChannel => ({
  enabled: true,
  kind: "web",
  config: { ...running.config },
  ...over,
});

const ONLY_ADA = {
  policy: "allowlist",
  allow: new Set(["ada"]),
  text: null,
  codeText: "{code}",
  approvers: [],
} as const;

test.each<[string, typeof running | null, ConfiguredChannel | null, string | null]>([
  ["equal settings", running, configured(), null],
  [
    "other keys",
    running,
    configured({ config: { title: "Help", theme: "dark" } }),
    "allowedOrigins, title, theme",
  ],
  ["the access settings", running, configured({ access: ONLY_ADA }), "access"],
  ["another kind", running, configured({ kind: "api" }), "kind"],
  ["a removed channel", running, null, "removed"],
  ["a disabled channel", running, configured({ enabled: false }), "switched off"],
  ["a new channel", null, configured(), "new"],
  ["a new disabled channel", null, configured({ enabled: false }), null],
])("the difference of %s is shown by keys, never by values", (_name, now, file, expected) => {
  expect(reloadDifference(now, file)).toBe(expected);
});
