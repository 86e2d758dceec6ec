// What the benchmark asks of a page, whichever map is on it, and the functions that dash-leaflet's props name.
(() => {
  const LONG_MS = 50; // a task longer than this is one that a user feels (W3C Long Tasks)
  const QUIET_MS = 200;
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
    .getContext("2d", { willReadFrequently: true });

  // Wait until what was drawn on the map's canvases is there: reading a pixel blocks until the GPU has done it.
  function readBack() {
    for (const canvas of document.querySelectorAll("canvas")) {
      if (!canvas.width) continue;
      const gl = canvas.classList.contains("maplibregl-canvas") && (canvas.getContext("webgl2") ?? canvas.getContext("webgl"));
      if (gl) gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
      else {
        pixel.drawImage(canvas, 0, 0, 1, 1, 0, 0, 1, 1);
        pixel.getImageData(0, 0, 1, 1);
      }
    }
  }

  const leaflet = {
    styled: 0,
    last: null,
    style: ({ properties }, { hideout }) => ({
      fillColor: hideout.colors[Math.min(Math.floor(hideout.values[properties.i] / hideout.step), hideout.colors.length - 1)],
      fillOpacity: 1,
      stroke: false,
    }),
    hovered: () => ({ color: "#d4380d", weight: 3, stroke: true }),
    each: (_feature, layer, { hideout }) => {
      leaflet.styled++;
      leaflet.last = layer;
      leaflet.size = hideout.values.length;
    },
    over: (event, { hideout }) => {
      const { code, i } = event.layer.feature.properties;
      const tip = document.querySelector("#tip");
      tip.textContent = `${code} ${hideout.values[i]}`;
      tip.style.transform = `translate(${event.originalEvent.clientX + 12}px, ${event.originalEvent.clientY + 12}px)`;
    },
    out: () => {
      document.querySelector("#tip").textContent = "";
    },
  };

  // Each candidate's own word: how often everything has been drawn, 0 while it has not.
  const generations = {
    pingqi: () => Number(document.querySelector(".pingqi-map")?.dataset.painted ?? 0),
    plotly: () => {
      const graph = document.querySelector(".js-plotly-plot");
      const inner = graph?._fullLayout?.map?._subplot?.map;
      if (!inner) return 0;
      graph.benchPlots ??= (graph.on("plotly_afterplot", () => graph.benchPlots++), 1);
      const drawn = inner.isStyleLoaded() && inner.getStyle().layers.length > 1;
      return drawn && inner.loaded() && inner.areTilesLoaded() && !inner._frameRequest ? graph.benchPlots : 0;
    },
    leaflet: () => {
      const { styled, size, last } = leaflet;
      const renderer = last?._renderer;
      return styled && styled % size === 0 && last._map && renderer && !renderer._redrawRequest ? styled / size : 0;
    },
  };
  generations.plotly_url = generations.plotly;
  const tips = {
    pingqi: ".pingqi-map-tip:not([hidden])",
    plotly: ".hoverlayer .hovertext",
    plotly_url: ".hoverlayer .hovertext",
    leaflet: "#tip",
  };

  // Resolve with the time of the last drawing or long round, once there has been none for a while.
  async function quiet(generation = () => 0) {
    let last = performance.now();
    let seen = generation();
    while (performance.now() - last < QUIET_MS) {
      const start = performance.now();
      readBack();
      await frame();
      const now = performance.now();
      const current = generation();
      if (now - start > LONG_MS || current !== seen) last = now;
      seen = current;
    }
    return last;
  }

  // Resolve with the ms from `since` to the end point of a drawing later than the one `before`.
  async function settled(candidate, since, before) {
    const generation = generations[candidate];
    while (generation() <= before) await new Promise((resolve) => setTimeout(resolve, 10));
    return (await quiet(generation)) - since;
  }

  async function loaded(candidate) {
    return settled(candidate, 0, 0);
  }

  // Press the button; the end point, and how long after the server's answer Pingqi's state was set.
  async function change(candidate) {
    const map = document.querySelector(".pingqi-map");
    let setAt = 0;
    const observer = new MutationObserver(() => (setAt = performance.now()));
    if (map) observer.observe(map, { attributes: true, attributeFilter: ["data-set-ms"] });
    const before = generations[candidate]();
    const start = performance.now();
    document.querySelector("#change").click();
    const idle_ms = await settled(candidate, start, before);
    observer.disconnect();
    const answer = performance.getEntriesByType("resource").findLast(({ name }) => name.includes("_dash-update-component"));
    const answered = answer.responseEnd;
    return { idle_ms, server_ms: answered - start, set_ms: map ? setAt - answered : null };
  }

  // The time from the browser's receiving an input to what `holds`, and the frame that shows it.
  let watched = null;
  function watch(type, holds, patience) {
    watched = new Promise((resolve) => {
      let received = null;
      const hear = (event) => (received ??= event.timeStamp);
      window.addEventListener(type, hear, { capture: true });
      const end = performance.now() + patience;
      const look = async () => {
        while (!(received !== null && holds()) && performance.now() < end) await frame();
        window.removeEventListener(type, hear, { capture: true });
        const found = received !== null && holds();
        await frame();
        resolve(found ? performance.now() - received : null);
      };
      look();
    });
  }
  function expectHover(candidate, code, patience) {
    watch("mousemove", () => document.querySelector(tips[candidate])?.textContent.includes(code) ?? false, patience);
  }
  function expectClick(id, patience) {
    watch("click", () => document.querySelector("#answer").textContent === id, patience);
  }

  performance.setResourceTimingBufferSize(10_000);
  window.bench ??= { leaflet, loaded, quiet: () => quiet(), change, expectHover, expectClick, answered: () => watched };
})();
