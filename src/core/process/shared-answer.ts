/**
 * Shares one answer among everybody who asks at about the same time. It is for questions that cost something and that
 * anybody may ask. An answer is given again for `freshMs`. A failure is not.
 */
export function shareAnswer<T>(ask: () => Promise<T>, freshMs: number): () => Promise<T> {
  let given: { answer: Promise<T>; until: number } | null = null;
  return () => {
    if (given !== null && performance.now() < given.until) return given.answer;
    const asked = { answer: ask(), until: Number.POSITIVE_INFINITY };
    given = asked;
    asked.answer.then(
      () => {
        asked.until = performance.now() + freshMs;
      },
      () => {
        if (given === asked) given = null;
      },
    );
    return asked.answer;
  };
}
