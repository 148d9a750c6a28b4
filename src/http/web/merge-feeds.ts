import { createBell } from "./bell.ts";

/**
 * Several feeds as one: whatever comes first, each in its own order. None is read further than the reader of the whole
 * takes, so a slow client slows them all. Ends when one has ended, fails when one fails; leaving closes every feed.
 */
export async function* mergeFeeds<T>(feeds: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const offers: { value: T; taken: (goOn: boolean) => void }[] = [];
  const bell = createBell();
  let ended = false;
  let left = false;
  let failure = null as { error: unknown } | null;

  async function read(feed: AsyncIterable<T>): Promise<void> {
    for await (const value of feed) {
      if (left) return;
      const goOn = await new Promise<boolean>((taken) => {
        offers.push({ value, taken });
        bell.ring();
      });
      if (!goOn) return;
    }
  }

  for (const feed of feeds) {
    read(feed)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => {
        ended = true;
        bell.ring();
      });
  }
  let current: ((goOn: boolean) => void) | null = null;
  try {
    for (;;) {
      if (failure) throw failure.error;
      const offer = offers.shift();
      if (offer) {
        current = offer.taken;
        yield offer.value;
        current = null;
        offer.taken(true);
      } else if (ended) return;
      else await bell.rung();
    }
  } finally {
    left = true;
    current?.(false);
    for (const { taken } of offers) taken(false);
  }
}
