import { Pool } from "undici";

/** Calls the API over kept connections. Every answer that is not a success ends the measurement. */
export function createApiCaller(url, key) {
  const pools = new Map();
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };

  function request(address, options) {
    const { origin, pathname, search } = new URL(address, `${url}/`);
    const pool = pools.get(origin) ?? new Pool(origin);
    pools.set(origin, pool);
    return pool.request({ path: `${pathname}${search}`, headers, ...options });
  }

  async function call(method, path, body) {
    const answer = await request(`/api/v1${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text}`);
    return JSON.parse(text);
  }

  return {
    get: (path) => call("GET", path),
    post: (path, body) => call("POST", path, body),
    /** Milliseconds until the first text of a stream. The rest of the stream is read too. */
    async firstText(address, body) {
      const startedAt = performance.now();
      const path = address.startsWith("/") ? `/api/v1${address}` : address;
      const answer = await request(path, { method: "POST", body: JSON.stringify(body) });
      let first = null;
      let read = "";
      for await (const chunk of answer.body) {
        read += chunk;
        if (first === null && /"content":"[^"]/.test(read)) first = performance.now() - startedAt;
      }
      if (first === null) throw new Error(`a stream without text: ${read}`);
      return first;
    },
    close: () => Promise.all([...pools.values()].map((pool) => pool.close())),
  };
}
