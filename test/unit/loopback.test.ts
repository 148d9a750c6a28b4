import { expect, test } from "vitest";
import { canCallUs } from "../../src/core/network/loopback.ts";

test("any platform can call a public address; only one on this machine can call a loopback address", () => {
  for (const api of ["https://api.telegram.org", "http://127.0.0.1:8081"])
    expect(canCallUs({ isPublic: true }, api)).toBe(true);
  for (const api of ["http://127.0.0.1:8081", "http://localhost:8081", "http://[::1]:8081/bot"])
    expect(canCallUs({ isPublic: false }, api)).toBe(true);
  for (const api of ["https://api.telegram.org", "http://10.0.0.7:8081", "https://127.0.0.1.example.org"])
    expect(canCallUs({ isPublic: false }, api)).toBe(false);
});
