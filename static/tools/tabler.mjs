// Tabler is large because it can do everything. This keeps the families that our pages are made of, by
// class name, so that what is there does not depend on which page happened to use it last.

const KEEP = [
  // Bones
  /^(container(-fluid|-xl|-lg|-md|-sm)?|row(-cols-\d|-deck|-cards)?|col(-(sm|md|lg|xl))?(-(auto|\d+))?)$/,
  /^g[xy]?(-(sm|md|lg))?-[0-5]$/,
  /^(d|flex|justify-content|align-(items|self|content)|order|gap|column-gap|row-gap)(-|$)/,
  /^[mp][tbsexy]?(-(sm|md|lg|xl))?-(auto|[0-6])$/,
  /^(w|h)-(25|50|75|100|auto)$/,
  /^text-(start|end|center|nowrap|break|truncate|wrap|decoration-none|reset)$/,
  /^(fw-(normal|medium|bold|semibold)|lh-1|fst-normal|font-monospace|small|lead|h[1-6])$/,
  /^(position-(relative|absolute|sticky|static)|sticky-top|overflow-(auto|hidden)|float-(start|end))$/,
  /^(visually-hidden(-focusable)?|stretched-link|list-(unstyled|inline|inline-item)|vr|hr|mark)$/,
  /^(border(-(top|bottom|start|end))?(-0)?|rounded(-(0|1|2|3|circle|pill))?)$/,
  // Parts
  /^btn(-(primary|link|sm|lg|icon|close|list|group))?$/,
  /^card(-(body|header|footer|title|subtitle|actions|link|table|sm))?$/,
  /^table(-(responsive(-(sm|md|lg))?|sm|hover|vcenter|nowrap|active|light))?$/,
  /^(thead|tbody|caption)-/,
  /^form-(control|select|check|label|text|hint|switch|range|floating|fieldset|help|file|group)/,
  /^(input-(group|icon)|col-form-label|is-(in)?valid|(in)?valid-feedback|was-validated|required)/,
  /^(nav|nav-(link|item|tabs|pills|underline)|tab-(content|pane)|active|disabled|show)$/,
  /^(list-group|progress|spinner-border|page-item|page-link|pagination|breadcrumb)/,
  // States that scripts and themes set
  /^(fade|collapsed|focus|hover|first|last|icon)$/,
];

// Hues and brands of the large palette; ours is in tokens.css.
const HUES =
  /-(blue|azure|indigo|purple|pink|red|orange|yellow|lime|green|teal|cyan|gray|x|facebook|twitter|linkedin|google|youtube|vimeo|dribbble|github|instagram|pinterest|vk|rss|flickr|bitbucket|tabler|success|info|warning|danger|light|dark|muted)(-|$)/;

const keeps = (name) => KEEP.some((family) => family.test(name)) && !HUES.test(name);

function keptSelectors(selectors) {
  return splitList(selectors).filter((selector) => {
    const names = [...selector.matchAll(/\.((?:\\.|[\w-])+)/g)].map(([, name]) => name.replace(/\\/g, ""));
    return names.every(keeps) && !selector.includes("navbar-theme");
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
  let kept = "";
  let at = 0;
  const source = css.replace(/\/\*[^]*?\*\//g, "").replace(/@charset[^;]*;/, "");
  for (let open; (open = source.indexOf("{", at)) >= 0; ) {
    const head = source.slice(at, open).trim();
    const end = closing(source, open);
    const body = source.slice(open + 1, end);
    kept += keptBlock(head, body);
    at = end + 1;
  }
  return kept;
}

function keptBlock(head, body) {
  if (GROUP.test(head)) {
    const inner = keptTabler(body);
    return inner && `${head}{${inner}}\n`;
  }
  if (head.startsWith("@")) return /^@keyframes (spinner-border|progress)/.test(head) ? `${head}{${body}}\n` : "";
  const selectors = keptSelectors(head);
  return selectors.length ? `${selectors.join(",")}{${body}}\n` : "";
}
