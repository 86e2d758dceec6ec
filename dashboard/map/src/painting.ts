// Which of MapLibre's frames are painted. Without a graphics card every one costs as much as the first.
import type { Map as GlMap } from "maplibre-gl";

/** After this the map shows what it has, tile by tile. */
const PATIENCE_MS = 3000;

type Render = GlMap["painter"]["render"];

/**
 * Leave out the painting, and nothing else, of two kinds of frame: those of the first view in which tiles
 * are still on their way, and those in which nothing has changed. MapLibre asks for one of these after every
 * press of a mouse button.
 */
export function paintWhatIsNew(map: GlMap): void {
  const { painter } = map;
  const render = painter.render.bind(painter);
  const update = map._update.bind(map);
  let patient = true;
  let changed = true;
  let camera = "";
  const show = () => {
    patient = false;
    map.triggerRepaint();
  };
  const patience = window.setTimeout(show, PATIENCE_MS);
  map.once("remove", () => window.clearTimeout(patience));
  map.on("resize", () => (changed = true));
  // Everything that alters what is drawn goes through here: style, tiles, feature state, a restored context.
  map._update = (styleToo) => {
    changed = true;
    return update(styleToo);
  };
  painter.render = (...[style, transform, options]: Parameters<Render>) => {
    if (patient && !(map.isStyleLoaded() && map.areTilesLoaded())) return;
    patient = false;
    const { zoom, center, width, height } = transform;
    const seen = [zoom, center.lng, center.lat, width, height].join();
    if (!changed && seen === camera) return;
    camera = seen;
    // Names that are not placed yet come in the next frame.
    changed = map._placementDirty || style.hasTransitions();
    render(style, transform, options);
  };
}
