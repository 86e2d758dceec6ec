// The camera: where Python wants to look, and where the user looks now.
import type { CameraOptions, FitBoundsOptions, LngLatBoundsLike, Map as GlMap } from "maplibre-gl";
import type { Outputs, View } from "./contract.ts";

/** Options of a new map that start it at the view, so that nothing is painted twice. */
export function startAt(view: View | null | undefined): {
  bounds?: LngLatBoundsLike;
  fitBoundsOptions?: FitBoundsOptions;
  center?: [number, number];
  zoom?: number;
} {
  if (view?.bounds) return { bounds: view.bounds, fitBoundsOptions: fitOptions(view) };
  if (view?.center) return { center: view.center, zoom: view.zoom ?? 12 };
  return { center: [104, 35], zoom: 3.5 };
}

function fitOptions(view: View): FitBoundsOptions {
  return { padding: view.padding ?? 24, maxZoom: view.max_zoom ?? 17, animate: view.animate ?? false };
}

export function goTo(map: GlMap, view: View): void {
  if (view.bounds) {
    map.fitBounds(view.bounds, fitOptions(view));
    return;
  }
  const camera: CameraOptions = {
    ...(view.center ? { center: view.center } : {}),
    ...(view.zoom === undefined ? {} : { zoom: view.zoom }),
  };
  if (view.animate) map.easeTo(camera);
  else map.jumpTo(camera);
}

export function viewState(map: GlMap): NonNullable<Outputs["view_state"]> {
  const round = (value: number) => Number(value.toFixed(6));
  const { lng, lat } = map.getCenter();
  const box = map.getBounds();
  return {
    center: [round(lng), round(lat)],
    zoom: Number(map.getZoom().toFixed(3)),
    bounds: [round(box.getWest()), round(box.getSouth()), round(box.getEast()), round(box.getNorth())],
  };
}
