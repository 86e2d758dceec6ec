// Links to what a page shows: which one was pressed (dashboard/components/links.py).
(() => {
  // Presses are counted, so that the same link can be pressed again.
  let presses = 0;
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    pingqiLinks: {
      pressed: () => {
        // Links that were but put on the page have no press yet.
        const link = window.dash_clientside.callback_context.triggered.find(({ value }) => value);
        if (!link) throw window.dash_clientside.PreventUpdate;
        const { key } = JSON.parse(link.prop_id.slice(0, link.prop_id.lastIndexOf(".")));
        return { key, press: (presses += 1) };
      },
    },
  });
})();
