// Tabler is large because it can do everything. This keeps the families that our pages are made of, by
// class name, so that what is there does not depend on which page happened to use it last.

const KEEP = [
  // Bones
  /^(container|row|col(-(sm|md|lg))?(-(auto|\d+))?)$/,
  /^g[xy]?-[0-5]$/,
  /^d(-(sm|md|lg))?-(none|block|flex|inline|inline-block|inline-flex|grid)$/,
  /^(flex-(wrap|nowrap|column|row|fill|grow-[01]|shrink-[01]))$/,
  /^(justify-content|align-items|align-self)-(start|end|center|between|baseline|stretch)$/,
  /^gap-[0-5]$/,
  /^[mp][tbsexy]?-(auto|[0-5])$/,
  /^(w|h)-(25|50|75|100|auto)$/,
  /^text-(start|end|center|nowrap|break|truncate|decoration-none|reset)$/,
  /^(fw-(normal|medium|bold)|small|lead|h[1-4]|mark|hr)$/,
  /^(position-(relative|absolute|sticky|static)|sticky-top|overflow-(auto|hidden))$/,
  /^(visually-hidden(-focusable)?|stretched-link|list-(unstyled|inline|inline-item))$/,
  // Parts
  /^btn(-(primary|sm|lg|icon))?$/,
  /^card(-(body|header|footer|title|subtitle))?$/,
  /^table(-(sm|hover|nowrap))?$/,
  /^form-(control|select|check|check-input|check-label|check-inline|label|text|hint|switch|range)(-(sm|lg))?$/,
  /^(input-group(-(text|sm|flat))?|is-invalid|required)$/,
  /^(nav|nav-(link|item|tabs))$/,
  // States that scripts and themes set
  /^(active|disabled|show|focus|hover)$/,
];

const keeps = (name) => KEEP.some((family) => family.test(name));

// Attributes of themes and widgets that we do not use.
const FOREIGN = /navbar-theme|\[data-vc|\[data-bs-theme-|\[data-theme/;

function keptSelectors(selectors) {
  return splitList(selectors).filter((selector) => {
    const names = [...selector.matchAll(/\.((?:\\.|[\w-])+)/g)].map(([, name]) => name.replace(/\\/g, ""));
    return names.every(keeps) && !FOREIGN.test(selector);
  });
}

/** Splits "a, :is(b, c)" at its outer commas. */
function splitList(text) {
  const parts = [""];
  let depth = 0;
  for (const character of text) {
    depth += { "(": 1, ")": -1 }[character] ?? 0;
    if (character === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts;
}

/** The end of the block that opens at `open`; strings and comments may hold braces. */
function closing(css, open) {
  const token = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/\*[^]*?\*\/|[{}]/g;
  token.lastIndex = open;
  let depth = 0;
  for (let match; (match = token.exec(css)); ) {
    depth += { "{": 1, "}": -1 }[match[0]] ?? 0;
    if (depth === 0) return match.index;
  }
  throw new Error("A block in Tabler's style sheet does not end");
}

const GROUP = /^@(media|supports|container|layer)/;

/** Tabler's style sheet without the rules that no page of ours can match. */
export function keptTabler(css) {
  const licence = css.match(/\/\*![^]*?\*\//)?.[0] ?? "";
  return licence + withoutIdleVariables(keptRules(css.replace(/\/\*[^]*?\*\//g, "").replace(/@charset[^;]*;/, "")));
}

function keptRules(css) {
  let kept = "";
  let at = 0;
  for (let open; (open = css.indexOf("{", at)) >= 0; ) {
    const end = closing(css, open);
    kept += keptBlock(css.slice(at, open).trim(), css.slice(open + 1, end));
    at = end + 1;
  }
  return kept;
}

function keptBlock(head, body) {
  if (GROUP.test(head)) {
    const inner = keptRules(body);
    return inner && `${head}{${inner}}\n`;
  }
  if (head.startsWith("@")) return "";
  const selectors = keptSelectors(head);
  return selectors.length ? `${selectors.join(",")}{${body}}\n` : "";
}

/** Drops variables that nothing reads, until none is left. */
function withoutIdleVariables(css) {
  const read = new Set([...css.matchAll(/var\(\s*(--tblr-[\w-]+)/g)].map(([, name]) => name));
  const lean = css.replace(/(--tblr-[\w-]+):(?:"[^"]*"|[^;"}])*;/g, (all, name) => (read.has(name) ? all : ""));
  return lean.length < css.length ? withoutIdleVariables(lean) : lean;
}
