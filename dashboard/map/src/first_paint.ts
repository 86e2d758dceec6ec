// The first view is painted once, when its tiles are there, and not again for each of them.
import type { Map as GlMap } from "maplibre-gl";

/** After this the map shows what it has, tile by tile. */
const PATIENCE_MS = 3000;

/**
 * Leave out the painting, and nothing else, of the frames in which tiles are still on their way.
 * Without a graphics card such a frame costs as much as the finished one.
 */
export function paintOnceLoaded(map: GlMap): void {
  const { painter } = map;
  const render = painter.render.bind(painter);
  const deadline = performance.now() + PATIENCE_MS;
  const impatient = window.setTimeout(() => map.triggerRepaint(), PATIENCE_MS + 1);
  painter.render = (...frame) => {
    if (performance.now() < deadline && !(map.isStyleLoaded() && map.areTilesLoaded())) return;
    window.clearTimeout(impatient);
    painter.render = render;
    render(...frame);
  };
}
