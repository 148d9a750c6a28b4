import { BlockList, isIP } from "node:net";
import { plainAddress } from "./network-address.ts";

/** Stands for this machine and every private network. */
const PRIVATE = "private";
/**
 * A shorter list than the addresses from which nothing may be fetched: people on the internet also have 6to4 addresses.
 */
const PRIVATE_NETWORKS = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "100.64.0.0/10",
  "::1",
  "fc00::/7",
  "fe80::/10",
];

/** The problem of an entry in the list of trusted proxies; null: none. */
export function trustedProxyProblem(entry: string): string | null {
  if (entry === PRIVATE) return null;
  const [address = "", prefix, ...rest] = entry.split("/");
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  const fits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
  if (bits > 0 && fits && rest.length === 0) return null;
  return "write addresses or networks, such as 10.1.2.3 or 10.0.0.0/8, or private, or none";
}

/** Returns a test for the operator's own proxies, from the list in the settings. */
export function createProxyTrust(entries: readonly string[]): (address: string) => boolean {
  const trusted = new BlockList();
  for (const entry of entries.flatMap((each) => (each === PRIVATE ? PRIVATE_NETWORKS : [each]))) {
    const [address = "", prefix] = entry.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (prefix === undefined)
      trusted.addAddress(plainAddress(address), isIP(plainAddress(address)) === 6 ? "ipv6" : "ipv4");
    else trusted.addSubnet(address, Number(prefix), family);
  }
  return (address) => {
    const plain = plainAddress(address);
    const version = isIP(plain);
    return version !== 0 && trusted.check(plain, version === 6 ? "ipv6" : "ipv4");
  };
}
