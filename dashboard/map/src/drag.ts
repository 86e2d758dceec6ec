// Dragging a boundary from one vertex to another. Like a sketch it is drawn beside the map's canvas; between
// which vertices it went is told to the server, which moves the cells between.
import type { Map as GlMap, MapMouseEvent, Point } from "maplibre-gl";
import type { Drawn, KnotsSpec } from "./contract.ts";
import { type Knots, knotsOf, type Place } from "./knots.ts";

const SVG = "http://www.w3.org/2000/svg";
/** How near the pointer takes a handle, finds where to drop it, and shows what could be taken. */
const TAKE_PX = 10;
const DROP_PX = 16;
const SHOW_PX = 110;

export class Drag {
  private readonly map: GlMap;
  private readonly svg: SVGElement;
  private readonly dots: SVGElement;
  private readonly path: SVGElement;
  private readonly done: (drawn: Drawn) => void;
  private spec: KnotsSpec | null = null;
  private knots: Knots | null = null;
  private pointer: Point | null = null;
  private held: number | null = null;
  private marked: number | null = null;

  constructor(map: GlMap, container: HTMLElement, done: (drawn: Drawn) => void) {
    this.map = map;
    this.done = done;
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.setAttribute("class", "pingqi-map-drag");
    this.svg.setAttribute("aria-hidden", "true");
    this.dots = document.createElementNS(SVG, "path");
    this.dots.setAttribute("class", "pingqi-map-drag-dots");
    this.path = document.createElementNS(SVG, "path");
    this.svg.append(this.dots, this.path);
    container.append(this.svg);
    map.on("mousedown", (event) => this.press(event));
    map.on("mousemove", (event) => this.move(event.point));
    map.on("mouseout", () => this.held === null && this.move(null));
    map.on("move", () => this.show());
    document.addEventListener("mouseup", this.release);
    document.addEventListener("keydown", this.key);
  }

  /** What the pointer looks like; nothing where the boundary is not meant. */
  get cursor(): string | null {
    return this.held !== null ? "grabbing" : this.marked !== null ? "grab" : null;
  }

  get holding(): boolean {
    return this.held !== null;
  }

  /** Let boundaries be dragged by these vertices, or not. What was shown stays until new ones have come. */
  use(spec: KnotsSpec | null): void {
    if (spec?.handles_url === this.spec?.handles_url) return;
    this.spec = spec;
    this.let();
    if (!spec) {
      this.knots = null;
      this.show();
      return;
    }
    knotsOf(spec).then(
      (knots) => {
        if (this.spec !== spec) return;
        this.knots = knots;
        this.move(this.pointer);
      },
      (error: unknown) => console.warn(error),
    );
  }

  remove(): void {
    document.removeEventListener("mouseup", this.release);
    document.removeEventListener("keydown", this.key);
    this.svg.remove();
  }

  private press(event: MapMouseEvent): void {
    if (event.originalEvent.button !== 0 || !this.knots) return;
    this.move(event.point);
    if (this.marked === null) return;
    event.preventDefault();
    this.held = this.marked;
    this.marked = null;
    this.show();
  }

  private move(pointer: Point | null): void {
    this.pointer = pointer;
    const { knots, held } = this;
    if (!knots || !pointer) this.marked = null;
    else if (held === null) this.marked = knots.near(pointer, TAKE_PX, this.map)[0] ?? null;
    else this.marked = knots.near(pointer, DROP_PX, this.map, true).find((one) => one !== held) ?? null;
    this.show();
  }

  private readonly release = (): void => {
    const { held, marked, knots } = this;
    if (held === null || !knots) return;
    this.let();
    this.show();
    if (marked === null) return;
    this.done({ mode: "vertex", coordinates: [knots.at(held), knots.at(marked)], at: Date.now() });
  };

  private readonly key = (event: KeyboardEvent): void => {
    if (this.held === null || event.key !== "Escape") return;
    this.let();
    this.show();
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  private let(): void {
    this.held = null;
    this.marked = null;
  }

  private show(): void {
    const { knots, pointer, held, marked } = this;
    const at = (place: Place) => this.map.project(place);
    const ring = (knot: number, r: number) => {
      const { x, y } = at(knots!.at(knot));
      return `M${(x - r).toFixed(1)} ${y.toFixed(1)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
    };
    const some = knots && pointer && held === null ? knots.near(pointer, SHOW_PX, this.map) : [];
    this.dots.setAttribute("d", some.map((one) => ring(one, 2)).join(""));
    let drawn = knots && marked !== null ? ring(marked, 6) : "";
    if (knots && held !== null && pointer) {
      const from = at(knots.at(held));
      const to = marked === null ? pointer : at(knots.at(marked));
      drawn += `${ring(held, 4)}M${from.x.toFixed(1)} ${from.y.toFixed(1)}L${to.x.toFixed(1)} ${to.y.toFixed(1)}`;
    }
    this.path.setAttribute("d", drawn);
  }
}
