import { expect, test } from "vitest";
import { plainAddress, senderName } from "../../src/core/network/network-address.ts";
import { createProxyTrust, trustedProxyProblem } from "../../src/core/network/trusted-proxies.ts";
import { callerAddress } from "../../src/http/server/caller-address.ts";

test.each([
  ["a direct caller", "203.0.113.9", "", "203.0.113.9"],
  ["a direct caller with a false header", "203.0.113.9", "198.51.100.1", "203.0.113.9"],
  ["a caller behind a proxy on this machine", "127.0.0.1", "203.0.113.9", "203.0.113.9"],
  ["a caller behind a proxy in a private network", "::ffff:172.18.0.1", "203.0.113.9", "203.0.113.9"],
  ["a caller behind two proxies", "10.0.0.7", "203.0.113.9, 10.0.0.3", "203.0.113.9"],
  ["a caller behind a proxy, with a false header", "10.0.0.7", "198.51.100.1, 203.0.113.9", "203.0.113.9"],
  ["a caller in the proxy's own network", "127.0.0.1", "192.168.1.4, 192.168.1.5", "192.168.1.5"],
  ["a proxy with a useless header", "10.0.0.7", "unknown, a:1", "10.0.0.7"],
  ["a caller with a port in the header", "10.0.0.7", "203.0.113.9:50123", "203.0.113.9"],
  ["an IPv6 caller with a port in the header", "::1", "[2001:db8::9]:50123", "2001:db8:0:0:0:0:0:9"],
  ["a header with an invalid address", "10.0.0.7", "203.0.113.9, unknown", "10.0.0.7"],
  [
    "a caller with many false addresses in the header",
    "10.0.0.7",
    `${"1.2.3.4, ".repeat(2_000)}203.0.113.9`,
    "203.0.113.9",
  ],
  ["a 6to4 caller with a false header", "2002:cb00:7109::1", "198.51.100.1", "2002:cb00:7109:0:0:0:0:1"],
  ["a closed connection", "", "", ""],
])("limits per address count the right address: %s", (_, peer, forwardedFor, caller) => {
  expect(callerAddress(peer, forwardedFor, createProxyTrust(["private"]))).toBe(caller);
});

test.each([
  ["a listed proxy", "10.0.0.7", "203.0.113.9", "203.0.113.9"],
  ["a proxy in a listed network", "::ffff:192.0.2.77", "203.0.113.9", "203.0.113.9"],
  ["a listed IPv6 proxy", "2001:db8::1", "203.0.113.9", "203.0.113.9"],
  ["two listed proxies", "192.0.2.77", "203.0.113.9, 10.0.0.7", "203.0.113.9"],
  ["no other private address", "10.0.0.8", "203.0.113.9", "10.0.0.8"],
  ["no private address that a proxy saw", "10.0.0.7", "203.0.113.9, 192.168.1.5", "192.168.1.5"],
])("if proxies are listed, the header is used from %s", (_, peer, forwardedFor, caller) => {
  const isTrusted = createProxyTrust(["10.0.0.7", "192.0.2.0/24", "2001:db8::/64"]);
  expect(callerAddress(peer, forwardedFor, isTrusted)).toBe(caller);
});

test("if no proxy is trusted, the header is ignored", () => {
  expect(callerAddress("127.0.0.1", "203.0.113.9", createProxyTrust([]))).toBe("127.0.0.1");
});

test("a list of proxies accepts addresses, networks and the word for private ones", () => {
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
])("%s is written as %s, and limits use %s", (address, plain, name) => {
  expect([plainAddress(address), senderName(address)]).toEqual([plain, name]);
});
