// Builds bundle/ (what Dash serves) and ../assets/fonts/ (what the page and the map write Chinese with).
// The output depends on the locked packages and src/ alone, so that CI can compare a rebuild byte by byte.
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const bundle = join(here, "bundle");
const fonts = join(here, "..", "assets", "fonts");

async function buildScripts() {
  await rm(bundle, { recursive: true, force: true });
  await build({
    absWorkingDir: here,
    entryPoints: { pingqi_map: "src/index.ts" },
    outdir: bundle,
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    legalComments: "inline",
    // MapLibre asks for its own address only to find its worker, which index.ts names.
    define: { "import.meta.url": '"about:blank"' },
  });
  const worker = await readFile(join(modules, "maplibre-gl/dist/maplibre-gl-worker.mjs"), "utf8");
  await writeFile(join(bundle, "maplibre-gl-worker.mjs"), worker.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"));
}

async function copyFonts() {
  const from = join(modules, "@fontsource-variable/noto-sans-sc");
  await rm(fonts, { recursive: true, force: true });
  await mkdir(fonts, { recursive: true });
  for (const name of (await readdir(join(from, "files"))).sort()) {
    await copyFile(join(from, "files", name), join(fonts, name));
  }
  await copyFile(join(from, "LICENSE"), join(fonts, "LICENSE"));
  const css = await readFile(join(from, "index.css"), "utf8");
  await writeFile(
    join(fonts, "fonts.css"),
    css.replaceAll("Noto Sans SC Variable", "Noto Sans SC").replaceAll("url(./files/", "url(./"),
  );
}

await Promise.all([buildScripts(), copyFonts()]);
