// Pointer and keys.

const NEAR = 4;

// The slice of a lane at a moment, or the nearest within a few pixels.
function near(lane, value, tolerance) {
  const from = lane.from[view.axis], to = lane.to[view.axis];
  const k = find(to, value);
  let best = -1, distance = tolerance;
  for (const at of [k - 1, k, k + 1]) {
    if (at < 0 || at >= from.length) continue;
    const away = Math.max(from[at] - value, value - to[at], 0);
    if (away < distance || (away === distance && best < 0)) [best, distance] = [at, away];
  }
  return best < 0 ? null : [lane.ids[best], distance];
}

// What is at a point of the chart. A turn that is hardly wider than a pixel is found from a little away.
function sliceAt(x, y) {
  const task = rowAt(y);
  if (task === undefined || x < LABELS) return null;
  const value = fromX(x), pixel = perPixel();
  const found = (kind, lane, pixels) => {
    const hit = near(lane, value, pixels * pixel);
    return hit && { task, kind, id: hit[0] };
  };
  const isHigh = (y - rowsTop + view.top) % ROW < 6;
  return (isHigh && found("mark", marksOf[task], NEAR)) || found("turn", lanesOf.turn[task], 0.5) || found("ready", lanesOf.ready[task], 0) ||
    found("turn", lanesOf.turn[task], NEAR / 2) || found("wait", lanesOf.wait[task], 1) ||
    found("mark", marksOf[task], NEAR);
}

let drag = null;
chart.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !event.isPrimary) return;
  chart.setPointerCapture(event.pointerId);
  drag = { x: event.offsetX, y: event.offsetY, startX: event.offsetX, startY: event.offsetY, isMoved: false };
});
chart.addEventListener("pointermove", (event) => {
  const [x, y] = [event.offsetX, event.offsetY];
  if (!event.isPrimary) return;
  if (drag) {
    drag.isMoved ||= Math.hypot(x - drag.startX, y - drag.startY) > 3;
    if (drag.isMoved) {
      chart.classList.add("is-dragged");
      view.hovered = null;
      pan(drag.x - x);
      scroll(drag.y - y);
      [drag.x, drag.y] = [x, y];
    }
  }
  view.pointer = { x, y, isDragging: Boolean(drag?.isMoved) };
  if (!drag?.isMoved) point();
});
function point() {
  view.hovered = view.pointer ? sliceAt(view.pointer.x, view.pointer.y) : null;
  chart.style.cursor = view.hovered ? "pointer" : "default";
  tellTip();
  redraw();
}
chart.addEventListener("pointerup", (event) => {
  if (!drag || drag.isMoved) return;
  const slice = sliceAt(event.offsetX, event.offsetY), task = rowAt(event.offsetY);
  if (slice && slice.kind !== "mark") choose(slice);
  else choose(task === undefined ? null : { task, kind: null, id: -1 });
});
// After it was let go, and when the system takes it away.
chart.addEventListener("lostpointercapture", () => {
  drag = null;
  chart.classList.remove("is-dragged");
});
chart.addEventListener("pointerleave", () => {
  if (drag) return;
  view.pointer = null;
  point();
});
chart.addEventListener("dblclick", () => fill());
chart.addEventListener("wheel", (event) => {
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 16 : 1;
  if (event.offsetX < LABELS || event.shiftKey) scroll((event.deltaY || event.deltaX) * lines);
  else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan(event.deltaX * lines);
  else zoom(1.0018 ** (event.deltaY * lines), event.offsetX);
  point();
}, { passive: false });

// The map: the shown part follows the pointer.
function followMap(event) {
  const [begin, end] = whole();
  const room = map.clientWidth - LABELS;
  const at = begin + ((event.offsetX - LABELS) / room) * (end - begin), length = view.to - view.from;
  show(at - length / 2, at + length / 2);
}
map.addEventListener("pointerdown", (event) => {
  map.setPointerCapture(event.pointerId);
  map.classList.add("is-dragged");
  followMap(event);
});
map.addEventListener("pointermove", (event) => {
  if (map.hasPointerCapture(event.pointerId)) followMap(event);
});
map.addEventListener("lostpointercapture", () => map.classList.remove("is-dragged"));

// Fills the view with what is chosen.
function fill() {
  const chosen = view.chosen;
  if (!chosen) return;
  const { from, to } = tasks[chosen.task];
  showAround(...(chosen.kind === null ? [from[view.axis], to[view.axis]] : endsOf(chosen)));
}

// The turn or wait before or after the one that is chosen.
function step(by) {
  const task = view.chosen?.task ?? view.rows[0];
  if (task === undefined) return;
  const all = [...lanesOf.turn[task].ids.map((id) => ({ task, kind: "turn", id, at: turns.from[EVENTS][id] })),
    ...lanesOf.wait[task].ids.map((id) => ({ task, kind: "wait", id, at: waits.from[EVENTS][id] }))].sort((a, b) => a.at - b.at);
  if (all.length === 0) return;
  // To be ready lies just before a turn.
  const isReady = view.chosen?.kind === "ready", chosenKind = isReady ? "turn" : view.chosen?.kind;
  const now = all.findIndex(({ kind, id }) => kind === chosenKind && id === view.chosen.id);
  const to = isReady && by > 0 ? now : now + by;
  const next = now < 0 ? all.find((slice) => endsOf(slice)[1] >= view.from) ?? all[0] : all[Math.min(Math.max(to, 0), all.length - 1)];
  chooseSlice(next.kind, next.id);
}

function stepTask(by) {
  if (view.rows.length === 0) return;
  const place = places.get(view.chosen?.task) ?? (by > 0 ? -1 : view.rows.length);
  choose({ task: view.rows[Math.min(Math.max(place + by, 0), view.rows.length - 1)], kind: null, id: -1 });
}

// From a slice to the turn that made it happen.
function goToWaker() {
  const chosen = view.chosen;
  if (!chosen || chosen.kind === null) return;
  const flow = flowInto.get(chosen.kind === "wait" ? turnAfter(chosen) : chosen.id);
  if (flow !== undefined) chooseSlice("turn", flows.from[flow]);
}

const searchBox = document.getElementById("search");
const ACTIONS = {
  w: () => zoom(0.7), s: () => zoom(1 / 0.7), "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1 / 0.7),
  a: () => pan(-plotWidth() * 0.15), d: () => pan(plotWidth() * 0.15), f: fit, Home: fit, g: goToWaker, Enter: fill,
  e: () => useAxis(view.axis === TIME ? EVENTS : TIME), t: switchTheme, v: () => showOnlyInSight(!view.isOnlyInSight), "/": () => searchBox.focus(), Escape: () => choose(null),
  ArrowLeft: () => step(-1), ArrowRight: () => step(1), ArrowUp: () => stepTask(-1), ArrowDown: () => stepTask(1),
  PageUp: () => scroll(rowsTop - view.height), PageDown: () => scroll(view.height - rowsTop),
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target === searchBox) return;
  const isButton = event.target instanceof HTMLButtonElement;
  if (isButton && (event.key === "Enter" || event.key === " ")) return;
  const action = ACTIONS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  action();
});
searchBox.addEventListener("input", () => search(searchBox.value));
searchBox.addEventListener("keydown", (event) => {
  if (event.key === "Enter") {
    jump();
    chart.focus();
  } else if (event.key === "Escape") {
    searchBox.value = "";
    search("");
    chart.focus();
  }
});

// The system says dark or light, until somebody says otherwise.
const isDarkThere = matchMedia("(prefers-color-scheme: dark)");
let isSaid = false;
function useTheme(name) {
  document.documentElement.dataset.theme = name;
  readColours();
  redraw();
}
function switchTheme() {
  isSaid = true;
  useTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
}
isDarkThere.addEventListener("change", () => {
  if (!isSaid) useTheme(isDarkThere.matches ? "dark" : "light");
});

const onClick = (id, action) => document.getElementById(id).addEventListener("click", action);
onClick("fit", fit);
onClick("zoom-in", () => zoom(0.5));
onClick("zoom-out", () => zoom(2));
onClick("by-time", () => useAxis(TIME));
onClick("by-event", () => useAxis(EVENTS));
onClick("in-sight", () => showOnlyInSight(!view.isOnlyInSight));
onClick("theme", switchTheme);

document.title = `${text(data.name)}: timeline`;
document.getElementById("summary").textContent =
  [text(data.name), many(tasks.length, "task"), many(turns.count, "turn"), many(waits.count, "wait"), span(data.end[0] - data.begin[0])].join("  ·  ");
new ResizeObserver(() => redraw()).observe(chart);
// Where time stands still, as in a simulation that waits for nothing, the events tell more.
const stillTurns = turns.ns.filter((ns) => ns === 0).length;
[view.width, view.height] = [chart.clientWidth, chart.clientHeight];
tellDetails();
showOnlyInSight(view.isOnlyInSight);
useTheme(document.documentElement.dataset.theme);
if (stillTurns * 2 > turns.count) useAxis(EVENTS);
fit();
