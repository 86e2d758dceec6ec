// Choices of a page: what the address says, but for what was chosen since (dashboard/components/choices.py).
(() => {
  let shown = [];
  const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    pingqiChoices: {
      remember: () => {
        shown = window.dash_clientside.callback_context.states_list.map(({ value }) => value);
      },
      follow: (wanted, ...values) =>
        values.map((value, at) =>
          same(value, shown[at]) && !same(value, wanted[at]) ? wanted[at] : window.dash_clientside.no_update,
        ),
    },
  });
})();
