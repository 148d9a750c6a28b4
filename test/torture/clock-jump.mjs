// Loaded before the service. On SIGUSR2 its wall clock jumps: an hour ahead, an hour behind, and back, in turns. Timers
// are not affected, as on a machine whose clock is set.
const RealDate = Date;
const jumps = [3_600_000, -3_600_000, 0];
let at = -1;
let offset = 0;
process.on("SIGUSR2", () => {
  at = (at + 1) % jumps.length;
  offset = jumps[at];
});
globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offset);
    else super(...args);
  }
  static now() {
    return RealDate.now() + offset;
  }
};
