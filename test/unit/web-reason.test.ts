import { expect, test } from "vitest";
import { CallError } from "../../src/web-chat/chat/call-error.ts";
import { en, type Words } from "../../src/web-chat/locales/en.ts";
import { reasonOf } from "../../src/web-chat/view/reason.ts";

const SERVER = "details for developers";

test.each<[string, number, string, keyof Words]>([
  ["a server that fails", 500, "internal", "trouble"],
  ["a server behind a proxy that fails", 502, "http_502", "trouble"],
  ["a proxy that gave up waiting", 504, "http_504", "trouble"],
  ["a status of the future", 599, "http_599", "trouble"],
  ["a server with too much to do", 503, "overloaded", "busy"],
  ["too many messages", 429, "rate_limited", "tooFast"],
  ["a token that is over", 401, "unauthorized", "gone"],
  ["a chat that was erased", 404, "session_not_found", "gone"],
  ["a page that may not chat here", 403, "origin_not_allowed", "notHere"],
  ["a channel that is not there", 404, "channel_not_found", "notHere"],
  ["no connection", 0, "unreached", "noConnection"],
  ["a browser that stores nothing", -1, "local", "local"],
])("%s is said in words for people", (_, status, code, words) => {
  expect(reasonOf(new CallError(status, code, SERVER), en)).toBe(en[words]);
});

test("what the visitor can change is said as the server says it", () => {
  expect(reasonOf(new CallError(422, "too_long", "The message is too long."), en)).toBe(
    "The message is too long.",
  );
});
