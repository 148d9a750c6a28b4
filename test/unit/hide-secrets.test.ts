import { expect, test } from "vitest";
import { hideSecrets } from "../../src/core/text/hide-secrets.ts";

test.each<[string, string[], string, string]>([
  ["one letter", ["k"], "unknown key max_tokens: k", "unknown key max_tokens: k"],
  ["nothing", [""], "a text", "a text"],
  ["three letters", ["max"], "max_tokens is over the max", "max_tokens is over the max"],
  ["a word", ["token"], "max_tokens, token-limit; bad token.", "max_tokens, token-limit; bad [secret]."],
  ["a short value beside a colon", ["user"], "no user:x for users", "no [secret]:x for users"],
  ["a key", ["sk-0123456789"], "not sk-0123456789x, xsk-0123456789", "not [secret]x, x[secret]"],
  ["pattern characters", ["a.c+(d)e"], "a.c+(d)e, abc+(d)e", "[secret], abc+(d)e"],
  ["a secret inside another", ["abcdefgh", "abcdefgh-ijk"], "abcdefgh-ijk abcdefgh", "[secret] [secret]"],
])("a secret of %s is hidden if it can be distinguished from the text", (_, secrets, text, shown) => {
  expect(hideSecrets(text, secrets)).toBe(shown);
});
