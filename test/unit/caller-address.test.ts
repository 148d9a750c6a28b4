import { expect, test } from "vitest";
import { plainAddress, senderName } from "../../src/core/network/network-address.ts";
import { createProxyTrust, trustedProxyProblem } from "../../src/core/network/trusted-proxies.ts";
import { callerAddress } from "../../src/http/server/caller-address.ts";

test.each([
  ["who calls directly", "203.0.113.9", "", "203.0.113.9"],
  ["who calls directly and makes up a header", "203.0.113.9", "198.51.100.1", "203.0.113.9"],
  ["whom a proxy on this machine saw", "127.0.0.1", "203.0.113.9", "203.0.113.9"],
  ["whom a proxy in a private network saw", "::ffff:172.18.0.1", "203.0.113.9", "203.0.113.9"],
  ["whom the outer of two proxies saw", "10.0.0.7", "203.0.113.9, 10.0.0.3", "203.0.113.9"],
  ["not whom the caller says to be", "10.0.0.7", "198.51.100.1, 203.0.113.9", "203.0.113.9"],
  ["whom the proxy saw in the same network", "127.0.0.1", "192.168.1.4, 192.168.1.5", "192.168.1.5"],
  ["the proxy, where it says nothing of use", "10.0.0.7", "unknown, a:1", "10.0.0.7"],
  ["whom the proxy saw, without the port", "10.0.0.7", "203.0.113.9:50123", "203.0.113.9"],
  ["whom the proxy saw over IPv6, without the port", "::1", "[2001:db8::9]:50123", "2001:db8:0:0:0:0:0:9"],
  ["nothing that stands before what is no address", "10.0.0.7", "203.0.113.9, unknown", "10.0.0.7"],
  [
    "whom the proxy saw behind many made-up ones",
    "10.0.0.7",
    `${"1.2.3.4, ".repeat(2_000)}203.0.113.9`,
    "203.0.113.9",
  ],
  [
    "who calls over 6to4 and makes up a header",
    "2002:cb00:7109::1",
    "198.51.100.1",
    "2002:cb00:7109:0:0:0:0:1",
  ],
  ["nobody, where the connection is gone", "", "", ""],
])("limits per address count %s", (_, peer, forwardedFor, caller) => {
  expect(callerAddress(peer, forwardedFor, createProxyTrust(["private"]))).toBe(caller);
});

test.each([
  ["a proxy that is named", "10.0.0.7", "203.0.113.9", "203.0.113.9"],
  ["a proxy of a network that is named", "::ffff:192.0.2.77", "203.0.113.9", "203.0.113.9"],
  ["a proxy that is named over IPv6", "2001:db8::1", "203.0.113.9", "203.0.113.9"],
  ["two of them", "192.0.2.77", "203.0.113.9, 10.0.0.7", "203.0.113.9"],
  ["no other private address", "10.0.0.8", "203.0.113.9", "10.0.0.8"],
  ["no private address that a proxy saw", "10.0.0.7", "203.0.113.9, 192.168.1.5", "192.168.1.5"],
])("where proxies are listed, the header counts of %s", (_, peer, forwardedFor, caller) => {
  const isTrusted = createProxyTrust(["10.0.0.7", "192.0.2.0/24", "2001:db8::/64"]);
  expect(callerAddress(peer, forwardedFor, isTrusted)).toBe(caller);
});

test("where nobody is trusted, the header counts of nobody", () => {
  expect(callerAddress("127.0.0.1", "203.0.113.9", createProxyTrust([]))).toBe("127.0.0.1");
});

test("a list of proxies takes addresses, networks and the word for private ones", () => {
  const problems = ["private", "10.0.0.7", "10.0.0.0/8", "::1", "2001:db8::/48"].map(trustedProxyProblem);
  expect(problems).toEqual([null, null, null, null, null]);
  for (const entry of ["10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/8/8", "nginx", "10.0.0.0/"])
    expect([entry, trustedProxyProblem(entry)]).toEqual([entry, expect.stringContaining("10.0.0.0/8")]);
});

test.each([
  ["203.0.113.9", "203.0.113.9", "203.0.113.9"],
  ["::ffff:203.0.113.9", "203.0.113.9", "203.0.113.9"],
  ["::FFFF:cb00:7109", "203.0.113.9", "203.0.113.9"],
  ["64:ff9b::203.0.113.9", "203.0.113.9", "203.0.113.9"],
  ["2001:DB8::1", "2001:db8:0:0:0:0:0:1", "2001:db8:0:0::/64"],
  ["2001:db8:0:0:ffff::2", "2001:db8:0:0:ffff:0:0:2", "2001:db8:0:0::/64"],
  ["2001:db8:0:1::1", "2001:db8:0:1:0:0:0:1", "2001:db8:0:1::/64"],
  ["fe80::1%eth0", "fe80:0:0:0:0:0:0:1", "fe80:0:0:0::/64"],
  ["::", "0:0:0:0:0:0:0:0", "0:0:0:0::/64"],
  ["unknown", "unknown", "unknown"],
])("%s is written %s, and limits name it %s", (address, plain, name) => {
  expect([plainAddress(address), senderName(address)]).toEqual([plain, name]);
});
