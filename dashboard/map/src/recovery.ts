// What to do when data cannot be read or the graphics card gives up: say so, and go on when it is back.
import type { GeoJSONSource, Map as GlMap } from "maplibre-gl";
import type { SourceSpec } from "./contract.ts";
import type { Texts } from "./locale.ts";
import { absolute, onTrouble } from "./tiles.ts";

const DOCUMENT_WAIT_S = 4;

export class Recovery {
  private readonly map: GlMap;
  private readonly texts: Texts;
  private readonly sources: () => Map<string, SourceSpec>;
  private readonly say: (message: string | null) => void;
  private readonly failing = new Set<string>();
  private readonly unsubscribe: () => void;
  private readonly timers = new Map<string, number>();

  constructor(
    map: GlMap,
    texts: Texts,
    sources: () => Map<string, SourceSpec>,
    say: (message: string | null) => void,
  ) {
    this.map = map;
    this.texts = texts;
    this.sources = sources;
    this.say = say;
    this.unsubscribe = onTrouble((archive, wait) => this.heard(archive, wait));
    map.on("error", (event) => {
      const { sourceId } = event as unknown as { sourceId?: string };
      if (sourceId) this.documentFailed(sourceId);
      else console.error(event.error);
    });
    map.on("sourcedata", ({ sourceId, isSourceLoaded }) => {
      if (isSourceLoaded && sourceId && !this.timers.has(sourceId)) this.heard(sourceId, null);
    });
    map.on("webglcontextlost", () => this.say(this.texts.context));
    map.on("webglcontextrestored", () => this.say(null));
  }

  private heard(what: string, wait: number | null): void {
    if (wait !== null) {
      this.failing.add(what);
      this.say(this.texts.tiles(wait));
    } else if (this.failing.delete(what) && !this.failing.size) {
      this.say(null);
    }
  }

  /** A GeoJSON document: tiles try again by themselves. */
  private documentFailed(id: string): void {
    if (this.timers.has(id)) return;
    this.heard(id, DOCUMENT_WAIT_S);
    const again = () => {
      this.timers.delete(id);
      const url = this.sources().get(id)?.url;
      if (url) this.map.getSource<GeoJSONSource>(id)?.setData?.(absolute(url));
    };
    this.timers.set(id, window.setTimeout(again, DOCUMENT_WAIT_S * 1000));
  }

  stop(): void {
    this.unsubscribe();
    for (const timer of this.timers.values()) window.clearTimeout(timer);
  }
}
