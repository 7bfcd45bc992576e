// Builds the front end: static/src → static/build, under names that carry a hash of the content.
// Usage: npm run build. The application reads build/manifest.json: {"app.css": "app-1A2B3C4D.css", …}.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import esbuild from "esbuild";
import { sprite } from "./tools/icons.mjs";
import { keptTabler } from "./tools/tabler.mjs";
import { withoutLightDark } from "./tools/tokens.mjs";

const ROOT = dirname(fileURLToPath(new URL(".", import.meta.url)));
const SOURCE = join(ROOT, "static", "src");
const TARGET = join(ROOT, "static", "build");

// app and charts share chunks and are loaded as modules; boot runs before the first paint.
const MODULES = { app: join(SOURCE, "app.js"), charts: join(SOURCE, "charts.js") };
const CLASSIC = { boot: join(SOURCE, "boot.js"), app: join(SOURCE, "app.css") };

const shared = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  sourcemap: false,
  write: false,
  metafile: true,
  legalComments: "eof",
  outdir: TARGET,
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  assetNames: "[name]-[hash]",
  target: ["es2020", "chrome90", "firefox90", "safari14.1"],
  loader: { ".svg": "file" },
};

/** Reads a style sheet through a function that rewrites it. */
function rewrite(name, filter, change) {
  return {
    name,
    setup(build) {
      build.onLoad({ filter }, ({ path }) => ({ loader: "css", contents: change(readFileSync(path, "utf8")) }));
    },
  };
}

async function bundles() {
  const modules = esbuild.build({ ...shared, entryPoints: MODULES, format: "esm", splitting: true });
  const classic = esbuild.build({
    ...shared,
    entryPoints: CLASSIC,
    format: "iife",
    plugins: [
      rewrite("tabler", /tabler\.css$/, keptTabler),
      rewrite("tokens", /tokens\.css$/, withoutLightDark),
    ],
  });
  return Promise.all([modules, classic]);
}

function named(results) {
  const manifest = {};
  const files = new Map();
  for (const { outputFiles, metafile } of results) {
    for (const file of outputFiles) files.set(basename(file.path), file.contents);
    for (const [path, output] of Object.entries(metafile.outputs)) {
      if (output.entryPoint?.startsWith("static/src/")) manifest[basename(output.entryPoint)] = basename(path);
    }
  }
  return { manifest, files };
}

function addHashed({ manifest, files }, name, text) {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8).toUpperCase();
  const [stem, extension] = name.split(".");
  manifest[name] = `${stem}-${hash}.${extension}`;
  files.set(manifest[name], Buffer.from(text));
}

/** Complete or not at all: whoever reads while we write finds the old files or the new ones. */
function put(name, contents) {
  const draft = join(TARGET, `.${name}.${process.pid}`);
  writeFileSync(draft, contents);
  renameSync(draft, join(TARGET, name));
}

function write({ manifest, files }) {
  mkdirSync(TARGET, { recursive: true });
  for (const [name, contents] of files) put(name, contents);
  put("manifest.json", `${JSON.stringify(manifest, null, 2)}\n`);
  for (const name of readdirSync(TARGET)) {
    if (!files.has(name) && name !== "manifest.json" && !name.startsWith(".")) rmSync(join(TARGET, name));
  }
}

function report({ files }) {
  for (const [name, contents] of files) {
    const [plain, packed] = [contents.length, gzipSync(contents).length].map((n) => (n / 1024).toFixed(1));
    console.log(`${relative(ROOT, join(TARGET, name)).padEnd(44)} ${plain.padStart(7)} KB  gzip ${packed} KB`);
  }
}

const built = named(await bundles());
addHashed(built, "icons.svg", sprite(ROOT));
for (const image of ["favicon.svg"]) {
  addHashed(built, image, readFileSync(join(SOURCE, "img", image), "utf8"));
}
write(built);
report(built);
