// Contrast of every pair of colours that meet on a page, in both themes, against WCAG 2.2 AA.
// Usage: npm run contrast. Prints the table; exits with 1 if a pair is too faint.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const TEXT = 4.5; // 1.4.3 Contrast (minimum)
const PART = 3; // 1.4.11 Non-text contrast: borders of controls, focus, icons that say something

const GROUNDS = ["paper", "surface", "surface-sunk", "surface-raised"];
const PAIRS = [
  ...on(GROUNDS, ["text", "text-soft", "text-faint", "ink", "ink-strong", "seal", "ok", "warn"], TEXT),
  ...on(["ink-wash"], ["text", "text-soft", "ink", "ink-strong"], TEXT),
  ...on(["seal-wash"], ["text", "seal"], TEXT),
  ...on(["ok-wash"], ["text", "ok"], TEXT),
  ...on(["warn-wash"], ["text", "warn"], TEXT),
  ...on(["mark"], ["text"], TEXT),
  ...on(["ink-solid", "ink-solid-hover", "ink-deep"], ["on-ink"], TEXT),
  ...on(["ink-deep"], ["on-ink-soft"], TEXT),
  ...on(["seal-solid", "seal-solid-hover"], ["on-seal"], TEXT),
  ...on(GROUNDS, ["line-strong", "ink"], PART),
];

function on(grounds, inks, least) {
  return grounds.flatMap((ground) => inks.map((ink) => ({ ground, ink, least })));
}

/** Token name → [light, dark], for tokens that are plain hexadecimal colours. */
function colours(css) {
  const found = new Map();
  const pattern = /--([\w-]+):\s*(?:light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)|(#[0-9a-f]{6}));/g;
  for (const [, name, light, dark, both] of css.matchAll(pattern)) found.set(name, [light ?? both, dark ?? both]);
  return found;
}

function luminance(hex) {
  const [r, g, b] = [1, 3, 5]
    .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const tokens = colours(readFileSync(fileURLToPath(new URL("../src/tokens.css", import.meta.url)), "utf8"));
let faint = 0;
for (const { ground, ink, least } of PAIRS) {
  const ratios = [0, 1].map((theme) => contrast(tokens.get(ink)[theme], tokens.get(ground)[theme]));
  const ok = ratios.every((ratio) => ratio >= least);
  faint += ok ? 0 : 1;
  const [light, dark] = ratios.map((ratio) => ratio.toFixed(2).padStart(6));
  console.log(`${ok ? "ok  " : "LOW "} ${ink.padEnd(12)} on ${ground.padEnd(16)} light ${light}  dark ${dark}  needs ${least}`);
}
console.log(faint ? `${faint} of ${PAIRS.length} pairs too faint` : `all ${PAIRS.length} pairs pass`);
process.exitCode = faint ? 1 : 0;
