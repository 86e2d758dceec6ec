// The clockwork of the wall: it tells the time, turns to the next view, and asks again when the store has changed.
// The server may be gone for a while: the view stays, /healthz is tried until it answers, and all goes on.
(() => {
  const POLL_S = 10;
  const RETRY_S = 2;
  const SILENCE_S = 10;
  const ANSWER_S = 30;
  const TRIES = 3;
  const HEALTH_MS = 5000;
  const USUAL_HEIGHT = 1080;
  const LABEL_SCALE = 1.6;

  let wall = null;
  const seconds = () => performance.now() / 1000;

  const start = () => ({
    number: 0, turn: 0, index: 0, since: seconds(),
    asked: null, tries: 0,
    health: null, checked: -Infinity, checking: false, lost: false,
    minute: "", day: "", scale: 0, shownLost: null,
  });

  // What a failed answer had been waited for is forgotten: it is asked for anew when the server is back.
  const failed = (state) => { state.lost = true; state.asked = null; };

  const check = async (state) => {
    if (state.checking) return;
    state.checking = true;
    try {
      const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(HEALTH_MS) });
      if (!answer.ok) throw new Error(String(answer.status));
      const health = await answer.json();
      if (state.health && state.health.version !== health.version) window.location.reload();
      state.health = health;
      state.lost = false;
    } catch {
      failed(state);
    } finally {
      state.checked = seconds();
      state.checking = false;
    }
  };

  // Returns the next question, null where there is none now.
  const next = (state, shown) => {
    const now = seconds();
    if (shown && state.asked?.number === shown.number) {
      if (shown.turn !== state.answered) state.since = now;
      Object.assign(state, { asked: null, tries: 0, answered: shown.turn, index: shown.index });
    }
    const due = Boolean(shown?.turning) && now - state.since >= shown.seconds;
    const fresh = state.checked >= state.since + (shown?.seconds ?? 0);
    if (now - state.checked >= (state.lost ? RETRY_S : POLL_S) || (due && !fresh && !state.lost)) check(state);
    if (state.lost) return null;
    if (state.asked) {
      if (now - state.asked.at < ANSWER_S) return null;
      // The server is well but does not answer this page: its session may have ended.
      if (++state.tries >= TRIES) window.location.reload();
      return { index: state.asked.index, turn: state.asked.turn };
    }
    if (!shown) return { index: state.index, turn: state.turn };
    if (due) return fresh ? { index: shown.index + 1, turn: state.turn + 1 } : null;
    const resized = state.width !== window.innerWidth || state.height !== window.innerHeight;
    const changed = state.health && state.health.revision !== shown.revision;
    return resized || changed ? { index: shown.index, turn: state.turn } : null;
  };

  const tick = (beats, shown) => {
    const keep = window.dash_clientside.no_update;
    if (!wall || !beats) wall = start();
    const state = wall;
    const once = (name, value) => (state[name] === value ? keep : (state[name] = value));

    const locale = document.documentElement.lang || "zh-CN";
    const now = new Date();
    const minute = now.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit", hour12: false });
    const date = now.toLocaleDateString(locale, { year: "numeric", month: "long", day: "numeric" });
    const day = `${date} ${now.toLocaleDateString(locale, { weekday: "long" })}`;
    const scale = Math.round((10 * LABEL_SCALE * window.innerHeight) / USUAL_HEIGHT) / 10;

    const question = next(state, shown);
    let asked = keep;
    if (question) {
      const { index, turn } = question;
      Object.assign(state, { turn, width: window.innerWidth, height: window.innerHeight });
      state.asked = { number: ++state.number, index, turn, at: seconds() };
      asked = {
        number: state.number, turn, index, width: state.width, height: state.height, sources: shown?.sources ?? null,
      };
    }
    const silent = state.asked !== null && seconds() - state.asked.at > SILENCE_S;
    const lost = once("shownLost", state.lost || silent);
    return [
      once("minute", minute), once("day", day), lost === keep ? keep : !lost, lost, once("scale", scale), asked,
    ];
  };

  window.dash_clientside = Object.assign(window.dash_clientside || {}, { wall: { tick } });
})();
