/** The texts of the messages in a TwiML answer. */
export function readTwiml(xml: string): string[] {
  if (!xml.includes("<Message")) return [];
  return [...xml.matchAll(/<Message\b[^>]*>([\s\S]*?)<\/Message>/g)].map(([, inner = ""]) => {
    const body =
      /<Body>([\s\S]*?)<\/Body>/.exec(inner)?.[1] ?? inner.replace(/<Media>[\s\S]*?<\/Media>/g, "");
    return body
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&apos;", "'")
      .replaceAll("&amp;", "&")
      .trim();
  });
}
