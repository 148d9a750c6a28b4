import type { Token, Tokens } from "marked";
import type { ComponentChild } from "preact";
import { decodeEntities } from "./entities.ts";
import { GrowingText } from "./growing-text.tsx";
import { destinationOf, safeUrl } from "./links.ts";

/** Formatted text within a line. Unknown content, above all HTML, is shown as typed. */
export function Inline({ tokens }: { tokens: readonly Token[] | undefined }) {
  return <>{(tokens ?? []).map((token, index) => inlineOf(token as Tokens.Generic, index))}</>;
}

function inlineOf(token: Tokens.Generic, key: number): ComponentChild {
  switch (token.type) {
    case "text":
      return token.tokens ? (
        <Inline key={key} tokens={token.tokens} />
      ) : (
        <GrowingText key={key} text={decodeEntities(token.text)} />
      );
    case "escape":
      return <GrowingText key={key} text={decodeEntities(token.text)} />;
    case "codespan":
      return <code key={key}>{token.text}</code>;
    case "strong":
      return (
        <strong key={key}>
          <Inline tokens={token.tokens} />
        </strong>
      );
    case "em":
      return (
        <em key={key}>
          <Inline tokens={token.tokens} />
        </em>
      );
    case "del":
      return (
        <del key={key}>
          <Inline tokens={token.tokens} />
        </del>
      );
    case "br":
      return <br key={key} />;
    case "checkbox":
      return <span key={key}>{token.checked ? "☑ " : "☐ "}</span>;
    case "link":
      return <Link key={key} href={token.href} tokens={token.tokens} words={token.text} />;
    case "image":
      // A picture would be fetched from any URL in the text, so it is shown as a link.
      return <Link key={key} href={token.href} tokens={token.tokens} words={token.text} />;
    default:
      return <GrowingText key={key} text={token.raw} />;
  }
}

function Link({ href, tokens, words }: { href: string; tokens: Token[] | undefined; words: string }) {
  const url = safeUrl(href);
  const content =
    words === "" ? href : <Inline tokens={tokens ?? [{ type: "text", raw: words, text: words }]} />;
  if (url === null) return <>{content}</>;
  const destination = destinationOf(url, words === "" ? href : words);
  return (
    <a href={url} target="_blank" rel="noopener noreferrer nofollow" title={url}>
      {content}
      {destination !== null && <span class="destination"> ({destination})</span>}
    </a>
  );
}
