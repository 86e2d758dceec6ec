// Archives of tiles, read over range requests of the page's own server.
import { addProtocol } from "maplibre-gl";
import { FetchSource, PMTiles, Protocol, type Source } from "pmtiles";
import { route } from "./addresses.ts";
import type { SourceSpec } from "./contract.ts";

const FIRST_WAIT_S = 2;
const LONGEST_WAIT_S = 16;

/** Told when an archive cannot be read, with the seconds to the next try, and with null when it can again. */
type Listener = (archive: string, wait: number | null) => void;

const protocol = new Protocol();
const failing = new Set<string>();
const listeners = new Set<Listener>();
/** Addresses of archives that are read whole. */
const wholes = new Set<string>();

export function absolute(url: string): string {
  return new URL(url, window.location.href).href;
}

/** Listen to archives that fail and recover; the answer stops it. */
export function onTrouble(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function report(archive: string, wait: number | null): void {
  if (wait === null && !failing.delete(archive)) return;
  if (wait !== null) failing.add(archive);
  for (const listener of listeners) listener(archive, wait);
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      window.clearTimeout(timer);
      resolve();
    });
  });
}

/** Read a tile, and try for as long as it is wanted: MapLibre does not ask again for a tile that failed. */
export function registerProtocol(): void {
  addProtocol("pmtiles", async (parameters, abort) => {
    const url = route(parameters.url);
    const archive = url.replace(/^pmtiles:\/\//, "").replace(/\/\d+\/\d+\/\d+$/, "");
    for (let wait = FIRST_WAIT_S; ; wait = Math.min(wait * 2, LONGEST_WAIT_S)) {
      const opened = protocol.get(archive);
      try {
        const tile = await protocol.tile({ ...parameters, url }, abort);
        report(archive, null);
        return tile as { data: ArrayBuffer };
      } catch (error) {
        if (abort.signal.aborted) throw error;
        // pmtiles keeps a failed directory for ever, so the archive is opened anew.
        if (protocol.get(archive) === opened) open(archive);
        report(archive, wait);
        await pause(wait, abort.signal);
        abort.signal.throwIfAborted();
      }
    }
  });
}

/** An archive that is small and used all over: one request, which the browser keeps as one document. */
class WholeSource implements Source {
  private readonly address: string;
  private content: Promise<ArrayBuffer> | null = null;

  constructor(address: string) {
    this.address = address;
  }

  getKey(): string {
    return this.address;
  }

  async getBytes(offset: number, length: number): Promise<{ data: ArrayBuffer }> {
    this.content ??= this.read();
    return { data: (await this.content).slice(offset, offset + length) };
  }

  private async read(): Promise<ArrayBuffer> {
    const response = await fetch(this.address);
    if (!response.ok) throw new Error(`${this.address}: ${response.status}`);
    return response.arrayBuffer();
  }
}

function ranges(address: string): Source {
  const source = new FetchSource(address);
  // An archive's address holds its hash, so the browser may keep what it read, also on Windows.
  source.chromeWindowsNoCache = false;
  return source;
}

function open(address: string): PMTiles {
  const archive = new PMTiles(wholes.has(address) ? new WholeSource(address) : ranges(address));
  protocol.add(archive);
  return archive;
}

/** Make a source's archives known, and start to read the one that a first view needs, if it is to be seen. */
export function prepare(source: SourceSpec, seen: boolean): void {
  const detail = absolute(source.url);
  const overview = source.overview_url && absolute(source.overview_url);
  if (overview) wholes.add(overview);
  if (source.whole) wholes.add(detail);
  for (const address of [detail, overview]) {
    if (!address || protocol.get(address)) continue;
    const archive = open(address);
    const early = seen && address === (overview || detail);
    if (early) archive.getHeader().catch(() => undefined); // reported by the first tile that needs it
  }
}
