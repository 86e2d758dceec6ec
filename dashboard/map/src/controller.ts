// One map on the page: takes props, keeps MapLibre in step with them, and tells what happened.
import { Map as GlMap, type MapGeoJSONFeature, NavigationControl, type Point, ScaleControl } from "maplibre-gl";
import { isTiled } from "./addresses.ts";
import type { Outputs, Props, SourceSpec } from "./contract.ts";
import { Drag } from "./drag.ts";
import { pageFonts } from "./fonts.ts";
import { screenBox } from "./geometry.ts";
import { Handle } from "./handle.ts";
import { Hover, type Line } from "./hover.ts";
import { addImages } from "./images.ts";
import { mapLocale, texts } from "./locale.ts";
import { namesOf } from "./names.ts";
import { paintWhatIsNew } from "./painting.ts";
import { type Candidate, topmost } from "./picking.ts";
import { Sketch } from "./sketch.ts";
import { Recovery } from "./recovery.ts";
import { inStep } from "./step.ts";
import { buildStyle } from "./style.ts";
import { palette } from "./theme.ts";
import { absolute, prepare } from "./tiles.ts";
import { dress, paints, ValueTable, type Worn } from "./values.ts";
import { goTo, startAt, viewState } from "./view.ts";
import { isVisible, LABELS, zoomRange } from "./zooms.ts";

type Picked = Candidate & { point?: string; feature: MapGeoJSONFeature };

/** Props that the style is made of. */
const STYLED = ["theme", "colors", "sources", "visible", "zooms", "label_scale"] as const;
const VIEW_DELAY_MS = 250;
/** A whole city is seen at about this zoom. */
const FAR_ZOOM = 11;
/** A finger's or a mouse's imprecision when a point is meant. */
const REACH_PX = 5;

export class MapController {
  private readonly container: HTMLElement;
  private readonly map: GlMap;
  private readonly hover: Hover;
  private readonly status: HTMLElement;
  private readonly attribution: HTMLElement;
  private readonly recovery: Recovery;
  private readonly sketch: Sketch | null = null;
  private readonly handle: Handle | null = null;
  private readonly drag: Drag | null = null;
  private leaveGroup: (() => void) | null = null;
  private props: Props;
  private sources = new Map<string, SourceSpec>();
  private values: ValueTable | null = null;
  private readonly worn = new Map<string, Worn>();
  private hatched = false;
  private ready = false;
  private waiting: { why: "load" | "values"; since: number; set: number } | null;
  private viewTimer = 0;
  private pointer: Point | null = null;
  private frame = 0;

  constructor(container: HTMLElement, props: Props) {
    this.container = container;
    this.props = props;
    this.waiting = { why: "load", since: performance.now(), set: 0 };
    const t = texts(props.lang);
    const interactive = props.interactive ?? true;
    this.readValues();
    this.readSources();
    const room = document.createElement("div");
    container.append(room);
    this.map = new GlMap({
      container: room,
      style: this.style(),
      ...startAt(props.view),
      interactive,
      attributionControl: false,
      locale: mapLocale(t),
      fadeDuration: 0,
      validateStyle: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxPitch: 0,
      renderWorldCopies: false,
      refreshExpiredTiles: false,
      canvasContextAttributes: { antialias: false },
    });
    this.map.keyboard.disableRotation();
    this.map.touchZoomRotate.disableRotation();
    this.status = this.line("pingqi-map-status", "status");
    this.attribution = this.line("pingqi-map-attribution");
    this.hover = new Hover(container);
    this.recovery = new Recovery(this.map, t, () => this.sources, (text) => this.say(text));
    if (interactive) {
      this.sketch = new Sketch(this.map, container, (drawn) => this.tell({ drawn }));
      this.drag = new Drag(this.map, container, (drawn) => this.tell({ drawn }));
      this.draw();
      this.handle = new Handle(this.map, (moved) => this.tell({ moved }));
      this.handle.put(props.handle);
      this.map.addControl(new NavigationControl({ showCompass: false }), "top-right");
      this.map.addControl(new ScaleControl({ maxWidth: 110 }), "bottom-left");
    }
    if (props.group) this.leaveGroup = inStep(this.map, props.group);
    paintWhatIsNew(this.map);
    this.listen(interactive);
    this.dressPage();
  }

  private listen(interactive: boolean): void {
    const { map } = this;
    map.on("style.load", () => {
      this.ready = true;
      addImages(map, this.colors());
      this.worn.clear();
      this.applyValues();
    });
    map.on("idle", () => this.painted());
    map.on("moveend", () => {
      window.clearTimeout(this.viewTimer);
      this.viewTimer = window.setTimeout(() => this.tell({ view_state: viewState(map) }), VIEW_DELAY_MS);
    });
    if (!interactive) return;
    map.on("click", (event) => {
      if (!this.sketch?.active) this.click(event.point, event.lngLat);
    });
    map.on("mousemove", (event) => {
      this.pointer = event.point;
      this.frame ||= requestAnimationFrame(() => this.point());
    });
    map.on("mouseout", () => this.leave());
    map.on("movestart", () => this.leave());
  }

  /** Take new props; Dash keeps what did not change identical, so identity tells what did. */
  update(props: Props): void {
    const before = this.props;
    this.props = props;
    const changed = (name: keyof Props) => props[name] !== before[name];
    let restyle = STYLED.some(changed);
    const values = changed("values");
    if (values) restyle = this.readValues() || restyle;
    if (changed("sources")) this.readSources();
    if (values || changed("sources")) {
      this.waiting = { why: values ? "values" : "load", since: performance.now(), set: 0 };
    }
    if (restyle || changed("overlays")) this.restyle();
    if (this.ready && (values || restyle)) this.applyValues();
    this.draw();
    if (changed("group")) {
      this.leaveGroup?.();
      this.leaveGroup = props.group ? inStep(this.map, props.group) : null;
    }
    if (changed("handle")) this.handle?.put(props.handle);
    if (changed("view") && props.view && props.view.key !== before.view?.key) goTo(this.map, props.view);
    this.dressPage();
  }

  remove(): void {
    window.clearTimeout(this.viewTimer);
    cancelAnimationFrame(this.frame);
    this.recovery.stop();
    this.leaveGroup?.();
    this.sketch?.remove();
    this.handle?.remove();
    this.drag?.remove();
    this.map.remove();
    this.container.replaceChildren();
  }

  private draw(): void {
    const { draw, knots } = this.props;
    this.sketch?.use(!draw || draw === "vertex" ? null : draw);
    this.drag?.use(draw === "vertex" ? (knots ?? null) : null);
  }

  private colors() {
    return palette(this.props.theme ?? "light", this.props.colors);
  }

  private style() {
    const { props } = this;
    return buildStyle({
      sources: props.sources ?? [],
      colors: this.colors(),
      ...(props.visible ? { visible: props.visible } : {}),
      ...(props.zooms ? { zooms: props.zooms } : {}),
      valued: props.values?.layer ?? "compound",
      hatched: this.hatched,
      overlays: props.overlays ?? [],
      labelScale: (props.label_scale ?? 1) * this.pageScale(),
      fonts: pageFonts(),
      address: absolute,
    });
  }

  /** By how much the page around the map is enlarged: the map's own pixels are not. */
  private pageScale(): number {
    return Number(getComputedStyle(this.container).getPropertyValue("--map-scale")) || 1;
  }

  private restyle(): void {
    this.map.setStyle(this.style(), { diff: true, validate: false });
    if (this.ready) addImages(this.map, this.colors());
  }

  private readSources(): void {
    this.sources = new Map((this.props.sources ?? []).map((source) => [source.id, source]));
    for (const source of this.sources.values()) if (isTiled(source)) prepare(source, this.seenFirst(source));
    for (const id of this.worn.keys()) if (!this.sources.has(id)) this.worn.delete(id);
  }

  /** Whether a view of the city shows the source: what shows when one is closer is read when one gets there. */
  private seenFirst({ layer }: SourceSpec): boolean {
    const { zooms, visible } = this.props;
    const parts = LABELS[layer]?.map((kind) => `label.${kind}`) ?? [layer];
    return parts.some((part) => isVisible(visible, part) && zoomRange(zooms, part)[0] <= FAR_ZOOM);
  }

  /** Decode new values; true if they need another style: another layer, or the first hatch. */
  private readValues(): boolean {
    const { values } = this.props;
    const layer = this.values?.values.layer ?? "compound";
    this.values = values ? new ValueTable(values) : null;
    const hatched = this.hatched || Boolean(values?.hatched?.length);
    const other = hatched !== this.hatched || (values?.layer ?? "compound") !== layer;
    this.hatched = hatched;
    return other;
  }

  private target(source: SourceSpec) {
    return isTiled(source) ? { source: source.id, sourceLayer: source.layer } : { source: source.id };
  }

  private applyValues(): void {
    const start = performance.now();
    const groups = this.values?.groups;
    for (const [id, worn] of this.worn) {
      const source = this.sources.get(id);
      if (!worn.size || groups?.has(id) || !source || !this.map.getSource(id)) continue;
      this.map.removeFeatureState(this.target(source));
      this.worn.delete(id);
    }
    let features = 0;
    if (this.values && groups) {
      const table = paints(this.values.values);
      for (const group of groups.values()) {
        features += group.ids.length;
        const source = this.sources.get(group.source);
        if (!source || !this.map.getSource(source.id)) continue;
        const target = this.target(source);
        const now = dress(
          group,
          table,
          this.worn.get(source.id) ?? new Map(),
          (id, paint) => this.map.setFeatureState({ ...target, id }, paint),
          (id) => this.map.removeFeatureState({ ...target, id }),
        );
        this.worn.set(source.id, now);
      }
    }
    const set = performance.now() - start;
    if (this.waiting) this.waiting.set = set;
    this.container.dataset.features = String(features);
    this.container.dataset.setMs = set.toFixed(1);
    this.map.triggerRepaint();
  }

  private painted(): void {
    if (!this.waiting || !this.ready) return;
    const { why, since, set } = this.waiting;
    this.waiting = null;
    const ms = Math.round(performance.now() - since);
    const { dataset } = this.container;
    dataset.painted = String(Number(dataset.painted ?? 0) + 1);
    dataset.paintedMs = String(ms);
    this.tell({ painted: { at: Date.now(), ms, set_ms: Math.round(set * 10) / 10, why } });
  }

  private pick(point: Point): Picked[] {
    const near = this.candidates([
      [point.x - REACH_PX, point.y - REACH_PX],
      [point.x + REACH_PX, point.y + REACH_PX],
    ], true);
    return near.length ? near : this.candidates([point.x, point.y], false);
  }

  private candidates(where: [number, number] | [[number, number], [number, number]], points: boolean): Picked[] {
    const layers = this.map
      .getLayersOrder()
      .filter((id) => (points ? id.includes("/point.") : id.endsWith("/fill") && !id.startsWith("overlay.")));
    if (!layers.length) return [];
    return this.map.queryRenderedFeatures(where, { layers }).flatMap((feature) => {
      const source = this.sources.get(feature.source);
      if (!source || typeof feature.id !== "number") return [];
      const { layer, tier } = feature.properties as { layer?: string; tier?: string };
      const point = points ? { point: tier ? `${layer}.${tier}` : String(layer) } : {};
      return [{ layer: source.layer, source: source.id, id: feature.id, feature, ...point }];
    });
  }

  private click(point: Point, { lng, lat }: { lng: number; lat: number }): void {
    const where = { lng, lat, at: Date.now() };
    const picked = topmost(this.pick(point));
    if (!picked) {
      this.tell({ clicked: { layer: null, ...where } });
      return;
    }
    const { layer, id, source } = picked;
    this.tell({ clicked: { layer, id, source, ...(picked.point ? { point: picked.point } : {}), ...where } });
  }

  private point(): void {
    this.frame = 0;
    if (!this.pointer || this.map.isMoving()) return;
    if (this.drag?.cursor) {
      this.map.getCanvas().style.cursor = this.drag.cursor;
      this.hover.hide();
      delete this.container.dataset.hover;
      return;
    }
    const under = this.pick(this.pointer);
    const top = topmost(under);
    this.map.getCanvas().style.cursor = this.sketch?.active ? "crosshair" : top ? "pointer" : "";
    if (!top) {
      this.hover.hide();
      delete this.container.dataset.hover;
      return;
    }
    const key = `${top.source}/${top.id}`;
    if (this.container.dataset.hover !== key) {
      this.container.dataset.hover = key;
      this.hover.highlight(this.map, this.pieces(top));
      const valued = under.find((one) => one.layer === this.values?.values.layer && one !== top);
      this.describe(key, top, valued);
    }
    this.hover.place(this.pointer.x, this.pointer.y);
  }

  /** The parts of a feature in the tiles in view: look around what is known until nothing new is found. */
  private pieces(picked: Picked): MapGeoJSONFeature[] {
    if (picked.layer === "point") return [];
    const layers = [picked.feature.layer.id];
    let found = [picked.feature];
    for (;;) {
      const box = screenBox(
        found.map((piece) => piece.geometry),
        (position) => this.map.project(position),
      );
      const more = this.map.queryRenderedFeatures(box, { layers }).filter(({ id }) => id === picked.id);
      if (more.length <= found.length) return more.length ? more : found;
      found = more;
    }
  }

  /** Write the tooltip at once with what is known, and again when the names have come. */
  private describe(key: string, top: Picked, valued: Picked | undefined): void {
    const shown = valued ? [top, valued] : [top];
    const write = (names: string[]) => {
      if (this.container.dataset.hover !== key) return;
      const lines: Line[] = shown.map((one, i) => ({
        name: names[i] || String(one.feature.properties.name ?? ""),
        value: this.values?.text(one.source, one.id) ?? null,
      }));
      this.hover.write(lines, this.values?.values.label);
      if (this.pointer) this.hover.place(this.pointer.x, this.pointer.y);
    };
    write([]);
    const lookups = shown.map(async ({ source, id }) => {
      const url = this.sources.get(source)?.names_url;
      return url ? ((await namesOf(url)).get(id) ?? "") : "";
    });
    Promise.all(lookups).then(write, (error: unknown) => console.warn(error));
  }

  private leave(): void {
    this.pointer = null;
    delete this.container.dataset.hover;
    this.hover.hide();
  }

  private line(className: string, role?: string): HTMLElement {
    const element = document.createElement("div");
    element.className = className;
    element.hidden = true;
    if (role) element.setAttribute("role", role);
    this.container.append(element);
    return element;
  }

  private say(message: string | null): void {
    this.status.textContent = message;
    this.status.hidden = !message;
    this.tell({ failed: message ? { message, at: Date.now() } : null });
  }

  private dressPage(): void {
    this.container.dataset.theme = this.props.theme ?? "light";
    const colors = this.colors();
    this.container.style.setProperty("--map-hover", colors.hover!);
    this.container.style.setProperty("--map-draft", colors.draft!);
    this.container.style.setProperty("--map-halo", colors.label_halo!);
    this.container.style.backgroundColor = colors.background!;
    this.attribution.textContent = this.props.attribution ?? "";
    this.attribution.hidden = !this.props.attribution;
  }

  private tell(outputs: Outputs): void {
    this.props.setProps?.(outputs);
  }
}
