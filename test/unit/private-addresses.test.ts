import { expect, test } from "vitest";
import { isPrivateHost, isPublicHost } from "../../src/core/network/private-addresses.ts";

test.each([
  ["https://127.0.0.1/", true],
  ["https://2130706433/", true],
  ["https://[::1]/", true],
  ["https://[::ffff:10.0.0.1]/", true],
  ["https://[::127.0.0.1]/", true],
  ["https://[64:ff9b::10.0.0.1]/", true],
  ["https://[64:ff9b:1::10.0.0.1]/", true],
  ["https://[::ffff:0:10.0.0.1]/", true],
  ["https://[2001::1]/", true],
  ["https://[2001:db8::1]/", true],
  ["https://168.63.129.16/", true],
  ["https://192.0.2.1/", true],
  ["https://198.51.100.7/", true],
  ["https://203.0.113.9/", true],
  ["https://[fec0::1]/", true],
  ["https://[fd00::1]/", true],
  ["https://8.8.8.8/", false],
  ["https://[::ffff:8.8.8.8]/", false],
  ["https://[2001:4860:4860::8888]/", false],
  // Names are checked when the connection is opened.
  ["https://localhost/", false],
])("whether %s is a private address: %s", (url, isPrivate) => {
  expect(isPrivateHost(new URL(url))).toBe(isPrivate);
});

test.each([
  ["http://127.0.0.1:3000", false],
  ["http://localhost:3000", false],
  ["http://10.0.0.5:3000", false],
  ["http://172.31.0.5", false],
  ["http://192.168.1.10:3000", false],
  ["http://[fd00::1]:3000", false],
  ["http://causeway:3000", false],
  ["https://chat.example.org", true],
  ["https://172.32.0.5", true],
  ["https://203.0.113.9", true],
  ["https://[2001:4860:4860::8888]", true],
])("whether people on the internet may reach %s: %s", (url, isPublic) => {
  expect(isPublicHost(new URL(url))).toBe(isPublic);
});
