import { expect, test } from "vitest";
import { callerAddress } from "../../src/http/web/caller-address.ts";

test.each([
  ["who calls directly", "203.0.113.9", "", "203.0.113.9"],
  ["who calls directly and makes up a header", "203.0.113.9", "198.51.100.1", "203.0.113.9"],
  ["whom a proxy on this machine saw", "127.0.0.1", "203.0.113.9", "203.0.113.9"],
  ["whom a proxy in a private network saw", "::ffff:172.18.0.1", "203.0.113.9", "203.0.113.9"],
  ["whom the outer of two proxies saw", "10.0.0.7", "203.0.113.9, 10.0.0.3", "203.0.113.9"],
  ["not whom the caller says to be", "10.0.0.7", "198.51.100.1, 203.0.113.9", "203.0.113.9"],
  ["whom the proxy saw in the same network", "127.0.0.1", "192.168.1.4, 192.168.1.5", "192.168.1.5"],
  ["the proxy, where it says nothing of use", "10.0.0.7", "unknown, a:1", "10.0.0.7"],
  ["nobody, where the connection is gone", "", "", ""],
])("limits per address count %s", (_, peer, forwardedFor, caller) => {
  expect(callerAddress(peer, forwardedFor)).toBe(caller);
});
