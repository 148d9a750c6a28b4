import { describe, expect, it } from "vitest";
import { createClock } from "../../src/simulator/wire/clock.ts";
import { eventually } from "../support/eventually.ts";

describe("the clock of the simulated platforms", () => {
  it("runs only what is due when the clock moves, in order", async () => {
    const clock = createClock();
    const ran: string[] = [];
    clock.after(120_000, () => ran.push("later"));
    clock.after(60_000, () => ran.push("second"));
    clock.after(30_000, () => ran.push("first"));
    clock.forward(61);
    await eventually(() => expect(ran).toEqual(["first", "second"]));
    clock.forward(60);
    await eventually(() => expect(ran).toEqual(["first", "second", "later"]));
    clock.after(60_000, () => ran.push("never"));
    clock.stop();
    clock.forward(3_600);
    clock.after(0, () => ran.push("end"));
    await eventually(() => expect(ran.at(-1)).toBe("end"));
    expect(ran).not.toContain("never");
  });
});
