import { isIP } from "node:net";

/** Prefixes of IPv4 addresses written as IPv6: mapped (`::ffff:a.b.c.d`), and translated (RFC 6052). */
const IPV4_PREFIXES = ["0:0:0:0:0:ffff", "64:ff9b:0:0:0:0"];

/**
 * An address in one spelling: an IPv4 address is always written as IPv4. Text that is not an address is returned
 * unchanged.
 */
export function plainAddress(address: string): string {
  if (isIP(address) !== 6) return address;
  const groups = groupsOf(address);
  if (!IPV4_PREFIXES.includes(groups.slice(0, 6).map(hex).join(":"))) return groups.map(hex).join(":");
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");
}

/**
 * The key under which limits count an address. The owner of one IPv6 address has all 2^64 addresses of its network. So
 * the network counts as one sender.
 */
export function senderName(address: string): string {
  const plain = plainAddress(address);
  return isIP(plain) === 6 ? `${plain.split(":").slice(0, 4).join(":")}::/64` : plain;
}

/** The eight 16-bit groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const [bare = ""] = address.split("%", 1);
  const [, before = bare, ...bytes] = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(bare) ?? [];
  const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number);
  const text = bytes.length === 0 ? bare : `${before}${hex(a * 256 + b)}:${hex(c * 256 + d)}`;
  const [left = [], right = []] = text.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}

const hex = (group: number) => group.toString(16);
