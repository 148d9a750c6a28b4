/** Sent messages and their answers. Every message must get one answer, and a chat's answers must keep their order. */
export function createLedger() {
  const messages = new Map();
  const newest = new Map();
  const faults = { doubled: 0, reordered: 0, strange: 0, refused: 0 };
  let open = 0;
  let lastAnswerAt = 0;
  let settled = () => undefined;

  return {
    faults,
    /** Records a message that is about to be posted. Its latencies count from `dueAt`. */
    sent(chatId, number, dueAt) {
      messages.set(`${chatId}/${number}`, { dueAt, ackMs: null, replyMs: null });
      open += 1;
    },
    acknowledged(chatId, number, status) {
      const message = messages.get(`${chatId}/${number}`);
      if (status === 200) message.ackMs = performance.now() - message.dueAt;
      else faults.refused += 1;
    },
    /** Records a text that the Bot API was told to send. */
    answered(chatId, text) {
      const number = Number(/#(\d+)$/.exec(text)?.[1]);
      const message = messages.get(`${chatId}/${number}`);
      if (!message) faults.strange += 1;
      else if (message.replyMs !== null) faults.doubled += 1;
      else {
        if (number < (newest.get(chatId) ?? 0)) faults.reordered += 1;
        newest.set(chatId, number);
        lastAnswerAt = performance.now();
        message.replyMs = lastAnswerAt - message.dueAt;
        open -= 1;
        if (open === 0) settled();
      }
    },
    /** Waits until every message is answered. False: no answer came for `quietMs`. */
    async allAnswered(quietMs = 30_000) {
      let before;
      while (open > 0 && open !== before) {
        before = open;
        await new Promise((resolve) => {
          const timer = setTimeout(resolve, quietMs);
          settled = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return open === 0;
    },
    lost: () => open,
    lastAnswerAt: () => lastAnswerAt,
    /** In milliseconds, sorted. */
    times(kind) {
      return [...messages.values()]
        .map((message) => message[kind])
        .filter((ms) => ms !== null)
        .sort((a, b) => a - b);
    },
  };
}

/** The value below which the given share of the sorted values lies. */
export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
