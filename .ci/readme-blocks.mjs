// Prints the blocks of README.md whose fence says `<language> <word>`: `readme-blocks.mjs sh run`, one after the other, or
// with a directory behind it writes each into a file there. `PORT` takes the place of the default port.
import { readFileSync, writeFileSync } from "node:fs";

const [language, word, directory] = process.argv.slice(2);
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const blocks = [...readme.matchAll(/^```(\w+) (\w+)\n([\s\S]*?)^```$/gm)]
  .filter((block) => block[1] === language && block[2] === word)
  .map((block) => block[3].replaceAll("127.0.0.1:3000", `127.0.0.1:${process.env.PORT ?? 3000}`));
if (blocks.length === 0) throw new Error(`README.md has no block marked "${language} ${word}"`);
if (directory === undefined) process.stdout.write(blocks.join("\n"));
else
  for (const [index, text] of blocks.entries()) writeFileSync(`${directory}/readme-${index + 1}.mjs`, text);
