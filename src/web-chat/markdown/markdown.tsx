import type { Token, Tokens } from "marked";
import { Component, type ComponentChild } from "preact";
import { useMemo } from "preact/hooks";
import { type Block, createGrowingReader, readBlocks } from "./blocks.ts";
import { CodeBlock } from "./code-block.tsx";
import { decodeEntities } from "./entities.ts";
import { heldBack } from "./hold-back.ts";
import { Inline } from "./inline.tsx";

/** Formatted text. While it grows, only its end is parsed and drawn again. Once complete it is parsed as a whole. */
export function Markdown({ text, growing = false }: { text: string; growing?: boolean }) {
  const readGrowing = useMemo(createGrowingReader, []);
  const blocks = useMemo(() => (growing ? readGrowing(heldBack(text)) : readBlocks(text)), [text, growing]);
  return (
    <>
      {blocks.map((block, index) => (
        <BlockView key={index} block={block} />
      ))}
    </>
  );
}

/** Drawn again only if its text changes. */
class BlockView extends Component<{ block: Block }> {
  override shouldComponentUpdate({ block }: { block: Block }): boolean {
    return block.raw !== this.props.block.raw;
  }

  override render({ block }: { block: Block }) {
    return blockOf(block.token as Tokens.Generic, 0);
  }
}

function Blocks({ tokens }: { tokens: readonly Token[] }) {
  return <>{tokens.map((token, index) => blockOf(token as Tokens.Generic, index))}</>;
}

function blockOf(token: Tokens.Generic, key: number): ComponentChild {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "paragraph":
      return (
        <p key={key}>
          <Inline tokens={token.tokens} />
        </p>
      );
    case "heading":
      return headingOf(token, key);
    case "code":
      return <CodeBlock key={key} language={token.lang ?? ""} text={token.text} />;
    case "blockquote":
      return (
        <blockquote key={key}>
          <Blocks tokens={token.tokens ?? []} />
        </blockquote>
      );
    case "hr":
      return <hr key={key} />;
    case "list":
      return listOf(token as Tokens.List, key);
    case "table":
      return <Table key={key} table={token as Tokens.Table} />;
    case "text":
      return token.tokens ? (
        <Inline key={key} tokens={token.tokens} />
      ) : (
        <p key={key}>{decodeEntities(token.text)}</p>
      );
    case "html":
      return <p key={key}>{token.raw.trim()}</p>;
    default:
      return <Inline key={key} tokens={[token]} />;
  }
}

/** The page and the transcript use the first two levels. */
function headingOf(token: Tokens.Generic, key: number): ComponentChild {
  const Level = `h${Math.min(6, token.depth + 2)}` as "h3";
  return (
    <Level key={key}>
      <Inline tokens={token.tokens} />
    </Level>
  );
}

function listOf(list: Tokens.List, key: number): ComponentChild {
  const items = list.items.map((item, index) => (
    <li key={index}>
      <Blocks tokens={item.tokens} />
    </li>
  ));
  if (!list.ordered) return <ul key={key}>{items}</ul>;
  return (
    <ol key={key} start={list.start === "" || list.start === 1 ? undefined : list.start}>
      {items}
    </ol>
  );
}

function Table({ table }: { table: Tokens.Table }) {
  return (
    <div class="table" role="group" tabIndex={0} aria-label={table.header.map(({ text }) => text).join(", ")}>
      <table>
        <thead>
          <tr>{table.header.map((cell, index) => cellOf("th", cell, index))}</tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            <tr key={index}>{row.map((cell, at) => cellOf("td", cell, at))}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function cellOf(Cell: "th" | "td", cell: Tokens.TableCell, key: number): ComponentChild {
  return (
    <Cell key={key} class={cell.align ?? undefined}>
      <Inline tokens={cell.tokens} />
    </Cell>
  );
}
