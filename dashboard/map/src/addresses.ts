// Which address answers for which tile.
import type { SourceSpec } from "./contract.ts";

/** An overview holds simplified geometry for the zooms up to this one, where the full detail is below a pixel. */
export const OVERVIEW_MAXZOOM = 11;

export function isTiled(source: SourceSpec): boolean {
  return source.url.split("?")[0]!.endsWith(".pmtiles");
}

/** The address of a tile for MapLibre; the overview rides along in the fragment before the tile's number. */
export function tileTemplate(source: SourceSpec, address: (url: string) => string): string {
  const detail = address(source.url);
  if (!source.overview_url) return `pmtiles://${detail}/{z}/{x}/{y}`;
  const last = source.overview_maxzoom ?? OVERVIEW_MAXZOOM;
  return `pmtiles://${detail}#${last}#${address(source.overview_url)}/{z}/{x}/{y}`;
}

/** Which archive answers: `pmtiles://detail#11#overview/9/1/2` is a tile of the overview. */
export function route(url: string): string {
  const parts = /^pmtiles:\/\/([^#]+)#(\d+)#(.+)\/(\d+)\/(\d+)\/(\d+)$/.exec(url);
  if (!parts) return url;
  const [, detail, last, overview, z, x, y] = parts;
  return `pmtiles://${Number(z) <= Number(last) ? overview : detail}/${z}/${x}/${y}`;
}
