// The map writes with the same font files as the page: the @font-face rules of assets/fonts/fonts.css.

export const FONT = "Noto Sans SC";

export interface FontFile {
  url: string;
  "unicode-range": string[];
}

interface FaceRule {
  family: string;
  src: string;
  range: string;
  base: string;
}

/** MapLibre's `font-faces` from font rules; a rule without an address is left out. */
export function fontFiles(rules: FaceRule[]): FontFile[] {
  const files: FontFile[] = [];
  for (const { family, src, range, base } of rules) {
    const address = /url\(\s*["']?([^"')]+)["']?\s*\)/.exec(src)?.[1];
    if (family.replace(/["']/g, "") !== FONT || !address) continue;
    files.push({ url: new URL(address, base).href, "unicode-range": range.split(",").map((part) => part.trim()) });
  }
  return files;
}

/** The shipped font's files, as the page declares them; none where fonts.css is not loaded. */
export function pageFonts(): Record<string, FontFile[]> {
  const rules: FaceRule[] = [];
  for (const sheet of Array.from(document.styleSheets)) {
    const base = sheet.href ?? document.baseURI;
    if (new URL(base).origin !== window.location.origin) continue;
    for (const rule of Array.from(sheet.cssRules)) {
      if (!(rule instanceof CSSFontFaceRule)) continue;
      const read = (name: string) => rule.style.getPropertyValue(name);
      rules.push({ family: read("font-family"), src: read("src"), range: read("unicode-range"), base });
    }
  }
  const files = fontFiles(rules);
  return files.length ? { [FONT]: files } : {};
}
