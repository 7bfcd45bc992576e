// The design tokens for browsers that do not know light-dark(): they get the light theme.

/** The style sheet, followed by the light half of every light-dark() token under @supports. */
export function withoutLightDark(css) {
  const light = [...css.matchAll(/(--[\w-]+):\s*light-dark\(((?:[^(),]|\([^()]*\))+),/g)]
    .map(([, name, value]) => `    ${name}: ${value.trim()};`)
    .join("\n");
  return `${css}\n@supports not (color: light-dark(#000, #fff)) {\n  :root {\n${light}\n  }\n}\n`;
}
