// One sprite with the icons that static/src/icons.txt names, from Tabler's outline set.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const LITERAL = /\b(?:icon|draw)\(\s*["']([a-z0-9-]+)["']|\bicon\s*=\s*["']([a-z0-9-]+)["']/g;

function drawn(root, name) {
  const file = join(root, "node_modules", "@tabler", "icons", "icons", "outline", `${name}.svg`);
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => /^\s+<(?!path stroke="none")/.test(line)).map((line) => line.trim()).join("");
}

function listed(root) {
  const text = readFileSync(join(root, "static", "src", "icons.txt"), "utf8");
  return text.split("\n").map((line) => line.replace(/#.*/, "").trim()).filter(Boolean).flatMap((line) => line.split(/\s+/));
}

/** Icon names written out in templates that the list lacks. */
function missing(root, names) {
  const folder = join(root, "templates");
  const pages = readdirSync(folder, { recursive: true }).filter((path) => path.endsWith(".html"));
  const used = pages.flatMap((page) =>
    [...readFileSync(join(folder, page), "utf8").matchAll(LITERAL)].map((match) => match[1] ?? match[2]),
  );
  return [...new Set(used)].filter((name) => !names.includes(name));
}

/** The sprite's source: one symbol per icon, to be used as icons.svg#name. */
export function sprite(root) {
  const names = listed(root);
  const unknown = missing(root, names);
  if (unknown.length) throw new Error(`Add to static/src/icons.txt: ${unknown.join(" ")}`);
  const symbols = names.map((name) => `<symbol id="${name}" viewBox="0 0 24 24">${drawn(root, name)}</symbol>`);
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}
