// A place that the reader moves about: a handle above the canvas, so that dragging it repaints nothing.
import { type Map as GlMap, Marker } from "maplibre-gl";
import type { Moved, Place } from "./contract.ts";

/** So often, at most, where it is now is told while it is dragged. */
const TELL_MS = 150;
/** So long after the last arrow key it is let go. */
const REST_MS = 400;
/** So far an arrow key moves it. */
const STEP_PX = 10;
const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-STEP_PX, 0],
  ArrowRight: [STEP_PX, 0],
  ArrowUp: [0, -STEP_PX],
  ArrowDown: [0, STEP_PX],
};

export class Handle {
  private readonly map: GlMap;
  private readonly tell: (moved: Moved) => void;
  private marker: Marker | null = null;
  private dragged = false;
  private timer = 0;

  constructor(map: GlMap, tell: (moved: Moved) => void) {
    this.map = map;
    this.tell = tell;
  }

  /** Put the handle at a place, or away; what the reader has in hand stays there. */
  put(place: Place | null | undefined): void {
    if (this.dragged) return;
    if (!place) {
      this.remove();
      return;
    }
    if (this.marker) this.marker.setLngLat([place.lng, place.lat]);
    else this.marker = this.made(place);
    this.marker.getElement().setAttribute("aria-label", place.label ?? "");
    this.marker.getElement().title = place.label ?? "";
  }

  remove(): void {
    window.clearTimeout(this.timer);
    this.timer = 0;
    this.marker?.remove();
    this.marker = null;
  }

  private made({ lng, lat }: Place): Marker {
    const element = document.createElement("button");
    element.type = "button";
    element.className = "pingqi-map-handle";
    const marker = new Marker({ element, draggable: true }).setLngLat([lng, lat]).addTo(this.map);
    marker.on("dragstart", () => {
      this.dragged = true;
      element.focus({ preventScroll: true }); // keys go on from here, not into a field
    });
    marker.on("drag", () => {
      this.timer ||= window.setTimeout(() => {
        this.timer = 0;
        this.say(false);
      }, TELL_MS);
    });
    marker.on("dragend", () => {
      this.dragged = false;
      this.say(true);
    });
    element.addEventListener("keydown", (event) => this.key(event, marker));
    element.addEventListener("click", (event) => event.stopPropagation()); // it means the handle, no place below
    return marker;
  }

  private key(event: KeyboardEvent, marker: Marker): void {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const { x, y } = this.map.project(marker.getLngLat());
    marker.setLngLat(this.map.unproject([x + step[0], y + step[1]]));
    this.dragged = true;
    this.say(false);
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.dragged = false;
      this.say(true);
    }, REST_MS);
  }

  private say(done: boolean): void {
    if (!this.marker) return;
    if (done) {
      window.clearTimeout(this.timer);
      this.timer = 0;
    }
    const { lng, lat } = this.marker.getLngLat();
    this.tell({ lng, lat, done, at: Date.now() });
  }
}
