import { expect, test } from "vitest";
import { CallError } from "../../src/web-chat/chat/call-error.ts";
import { en, type Words } from "../../src/web-chat/locales/en.ts";
import { reasonOf } from "../../src/web-chat/view/reason.ts";

const SERVER = "details for developers";

test.each<[string, number, string, keyof Words]>([
  ["a failed server", 500, "internal", "trouble"],
  ["a failed server behind a proxy", 502, "http_502", "trouble"],
  ["a proxy that gave up waiting", 504, "http_504", "trouble"],
  ["an unknown status", 599, "http_599", "trouble"],
  ["an overloaded server", 503, "overloaded", "busy"],
  ["too many messages", 429, "rate_limited", "tooFast"],
  ["an expired token", 401, "unauthorized", "gone"],
  ["an erased chat", 404, "session_not_found", "gone"],
  ["an unlisted site", 403, "origin_not_allowed", "notHere"],
  ["an unknown channel", 404, "channel_not_found", "notHere"],
  ["no connection", 0, "unreached", "noConnection"],
  ["a browser that stores nothing", -1, "local", "local"],
])("%s is explained in plain words", (_, status, code, words) => {
  expect(reasonOf(new CallError(status, code, SERVER), en)).toBe(en[words]);
});

test("an error that the visitor can fix is shown in the server's words", () => {
  expect(reasonOf(new CallError(422, "too_long", "The message is too long."), en)).toBe(
    "The message is too long.",
  );
});
