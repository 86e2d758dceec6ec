// 拉平对齐: which side the map shows, the blink between both, the filter of the table of communities.
(() => {
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    pingqiAlign: {
      side: (sides, side) => (sides ? sides[side] : window.dash_clientside.no_update),
      // A click starts and stops; each tick turns to the other side.
      blink: (clicks, ticks, side, blinking) => {
        const none = window.dash_clientside.no_update;
        const asked = window.dash_clientside.callback_context.triggered.map((one) => one.prop_id.split(".")[0]);
        if (asked.includes("align-blink")) {
          return blinking ? ["after", true, false, "default"] : [side === "after" ? "before" : "after", false, true, "filled"];
        }
        return blinking ? [side === "after" ? "before" : "after", none, none, none] : [none, none, none, none];
      },
      filter: (text) => {
        window.dash_ag_grid?.getApiAsync("align-communities").then((api) => api.setGridOption("quickFilterText", text || ""));
        return window.dash_clientside.no_update;
      },
    },
  });

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "b" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable=true]")) return;
    document.getElementById("align-blink")?.click();
  });
})();
