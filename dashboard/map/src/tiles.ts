// Archives of tiles, read over range requests of the page's own server.
import { addProtocol } from "maplibre-gl";
import { FetchSource, PMTiles, Protocol } from "pmtiles";
import { route } from "./addresses.ts";
import type { SourceSpec } from "./contract.ts";

const protocol = new Protocol();
const known = new Set<string>();

export function absolute(url: string): string {
  return new URL(url, window.location.href).href;
}

export function registerProtocol(): void {
  addProtocol("pmtiles", (parameters, abort) => protocol.tile({ ...parameters, url: route(parameters.url) }, abort));
}

function open(url: string): PMTiles {
  const source = new FetchSource(url);
  // An archive's address holds its hash, so the browser may keep what it read, also on Windows.
  source.chromeWindowsNoCache = false;
  const archive = new PMTiles(source);
  protocol.add(archive);
  return archive;
}

function archives(source: SourceSpec): string[] {
  return [source.url, ...(source.overview_url ? [source.overview_url] : [])].map(absolute);
}

/** Make a source's archives known, and start to read their directories while the map is being set up. */
export function prepare(source: SourceSpec): void {
  for (const address of archives(source)) {
    if (known.has(address)) continue;
    known.add(address);
    open(address)
      .getHeader()
      .catch(() => undefined); // reported by the first tile that needs it
  }
}

/** Forget what was read of a source, failures among it: pmtiles keeps a failed directory for ever. */
export function reopen(source: SourceSpec): void {
  archives(source).forEach(open);
}
