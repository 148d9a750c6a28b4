import { expect, it } from "vitest";
import { maskContacts, maskContactsIn, maskedPieces } from "../../src/core/text/masked-contacts.ts";

it.each([
  ["Call +49 170 1234567 today", "Call •••567 today"],
  ["whatsapp:+491701234567", "whatsapp:•••567"],
  ["0049 170 1234567.", "•••567."],
  ["Mine is 0170/1234567, hers 0170 7654321", "Mine is •••567, hers •••321"],
  ["(415) 523-8886 or 415-523-8886", "•••886 or •••886"],
  ["chat 1234567890 is gone", "chat •••890 is gone"],
  ["ada.lovelace+x@mail.example.org wrote", "a•••@••• wrote"],
  ["jürgen@bücher.example", "j•••@•••"],
])("masks the contact in %j", (text, masked) => {
  expect(maskContactsIn(text)).toBe(masked);
});

it.each([
  "2026-11-30T12:10:27.000Z",
  "2026-11-30 12:10",
  "on 01/02/2026 10:30",
  "Order 4711, 12.50 EUR, 3 x 1000000",
  "version 1.2.3 of @scope/package",
  "2vX0hYxk3mZ1Rz0A1b2c3d4e5f6",
  "192.168.100.200:3000",
])("leaves %j unchanged", (text) => {
  expect(maskContactsIn(text)).toBe(text);
});

it("masks fields that contain contacts in any form, and keeps our own ids and links", () => {
  const id = "2vX0hYxk3mZ1Rz0A1b2c3d4e5f6";
  const answer = {
    id,
    user_id: id,
    identifier: "777001",
    external_id: "C0123ABCD:1764500000.000100",
    name: "Ada",
    profile: { username: "ada_l", language: "en", phoneNumber: 491701234567 },
    participant_data: { "E-Mail": "ada@example.org", goals: ["call 0170 1234567"], age: 36 },
    external_ids: ["wamid.HBgLNDkxNzA"],
    user: { identifier: "anon:2vX0hYxk3mZ1", name: null },
    url: "/api/v1/attachments/1?expires=1764512345",
    created_at: "2026-11-30T12:10:27.000Z",
  };
  expect(maskContacts(answer)).toEqual({
    ...answer,
    identifier: "•••",
    external_id: "•••100",
    profile: { username: "•••", language: "en", phoneNumber: "•••567" },
    participant_data: { "E-Mail": "a•••@•••", goals: ["call •••567"], age: 36 },
    external_ids: ["•••NzA"],
  });
});

it("masks contacts that are split between two pieces of a text, and delays little else", () => {
  const text = "Ring +49 170 1234567, or write to ada@example.org. That is all of it.";
  for (const size of [1, 2, 3, 7, 100]) {
    const masked = maskedPieces();
    let shown = "";
    for (let at = 0; at < text.length; at += size) shown += masked.add(text.slice(at, at + size));
    expect(shown).toMatch(/^Ring •••567, or write to a•••@•••\. That is all of|^$/);
    expect(shown + masked.end()).toBe(maskContactsIn(text));
  }
  const endless = maskedPieces();
  expect(endless.add("x".repeat(1_000))).toHaveLength(800);
  // Code with quadratic time takes minutes for this text, and the test's time limit ends it.
  expect(endless.add(`${"x".repeat(500_000)}\n`)).toHaveLength(500_201);
});
