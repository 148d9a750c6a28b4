import { lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { Agent } from "undici";
import { isLoopback } from "./loopback.ts";

const RANGES: [network: string, prefix: number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  // An Azure server that Azure machines trust.
  ["168.63.129.16", 32],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
  // IPv6 ranges with an IPv4 address in the last four bytes. Some network stacks still accept them.
  ["::", 96],
  ["::ffff:0:0:0", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 32],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
  ["5f00::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
];

const blocked = new BlockList();
for (const [network, prefix] of RANGES)
  blocked.addSubnet(network, prefix, network.includes(":") ? "ipv6" : "ipv4");

/** Returns true if an address is on this machine, in a private network, or otherwise not on the internet. */
export function isPrivateAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  return blocked.check(plain, isIP(plain) === 6 ? "ipv6" : "ipv4");
}

/**
 * Resolves names and refuses private addresses. The check runs while the connection is made. A name checked earlier can
 * resolve to another address a moment later.
 */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, "", 0);
    const [first] = addresses;
    if (first === undefined || addresses.some(({ address }) => isPrivateAddress(address))) {
      return callback(new Error(`${hostname} is a private address`), "", 0);
    }
    if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

/** Connections that lead to the internet only. Names are checked here, literal addresses by `isPrivateHost`. */
export const publicConnections = new Agent({ connect: { lookup: publicLookup } });

/** Returns true if a URL's host is itself a private address. A lookup never sees literal addresses. */
export function isPrivateHost({ hostname }: URL): boolean {
  const literal = hostname.replace(/^\[|\]$/g, "");
  return isIP(literal) !== 0 && isPrivateAddress(literal);
}

/** Networks of one house or company, for addresses that people may reach without being on the internet. */
const house = new BlockList();
for (const [network, prefix] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
] as const)
  house.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of [
  ["fc00::", 7],
  ["fe80::", 10],
] as const)
  house.addSubnet(network, prefix, "ipv6");

/**
 * Returns true if people on the internet may reach a host. They cannot reach this machine's own addresses, private
 * networks, and names without a dot.
 */
export function isPublicHost({ hostname }: URL): boolean {
  if (isLoopback(hostname)) return false;
  const literal = hostname.replace(/^\[|\]$/g, "");
  const family = isIP(literal);
  if (family === 0) return hostname.includes(".");
  return !house.check(literal, family === 6 ? "ipv6" : "ipv4");
}
