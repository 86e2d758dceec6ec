// What to do when tiles cannot be read or the graphics card gives up: say so, and try again.
import type { Map as GlMap } from "maplibre-gl";
import { isTiled } from "./addresses.ts";
import type { SourceSpec } from "./contract.ts";
import type { Texts } from "./locale.ts";
import { absolute, reopen } from "./tiles.ts";

const FIRST_WAIT_S = 2;
const LONGEST_WAIT_S = 16;

export class Recovery {
  private readonly map: GlMap;
  private readonly texts: Texts;
  private readonly sources: () => SourceSpec[];
  private readonly say: (message: string | null) => void;
  private readonly broken = new Set<string>();
  private wait = FIRST_WAIT_S;
  private timer = 0;

  constructor(map: GlMap, texts: Texts, sources: () => SourceSpec[], say: (message: string | null) => void) {
    this.map = map;
    this.texts = texts;
    this.sources = sources;
    this.say = say;
    map.on("error", (event) => {
      const { sourceId } = event as unknown as { sourceId?: string };
      if (sourceId) this.failed(sourceId);
      else console.error(event.error);
    });
    map.on("webglcontextlost", () => this.say(this.texts.context));
    map.on("webglcontextrestored", () => this.say(null));
  }

  private failed(source: string): void {
    this.broken.add(source);
    if (this.timer) return;
    this.say(this.texts.tiles(this.wait));
    this.timer = window.setTimeout(() => this.retry(), this.wait * 1000);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_S);
  }

  private retry(): void {
    this.timer = 0;
    const again = this.sources().filter((source) => this.broken.has(source.id));
    this.broken.clear();
    for (const source of again) {
      if (isTiled(source)) {
        reopen(source);
        this.map.refreshTiles(source.id);
      } else {
        this.map.getSource<import("maplibre-gl").GeoJSONSource>(source.id)?.setData(absolute(source.url));
      }
    }
  }

  /** All that was asked for has been painted. */
  settled(): void {
    if (this.timer || this.broken.size || this.wait === FIRST_WAIT_S) return;
    this.wait = FIRST_WAIT_S;
    this.say(null);
  }

  stop(): void {
    window.clearTimeout(this.timer);
  }
}
