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

// Two fingers: what is under them stays there.
const fingers = new Map(), LEAST_SPREAD = 16;
function pinch(event) {
  const spread = () => {
    const [[x0, y0], [x1, y1]] = fingers.values();
    return [Math.max(Math.hypot(x1 - x0, y1 - y0), LEAST_SPREAD), (x0 + x1) / 2];
  };
  const [length, middle] = spread();
  fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
  const [wide, now] = spread();
  zoom(length / wide, middle);
  pan(middle - now);
}

let drag = null;
chart.addEventListener("pointerdown", (event) => {
  const [x, y] = [event.offsetX, event.offsetY];
  if (event.pointerType === "touch" && fingers.size < 2) fingers.set(event.pointerId, [x, y]);
  if (fingers.size === 2) drag = null;
  if (event.button !== 0 || !event.isPrimary) return;
  chart.setPointerCapture(event.pointerId);
  const marksFrom = x > LABELS && (y < AXIS || event.altKey) ? fromX(x) : null;
  drag = { x, y, startX: x, startY: y, isMoved: false, marksFrom };
});
chart.addEventListener("pointermove", (event) => {
  const [x, y] = [event.offsetX, event.offsetY];
  if (fingers.size === 2 && fingers.has(event.pointerId)) return pinch(event);
  if (!event.isPrimary) return;
  if (drag) {
    drag.isMoved ||= Math.hypot(x - drag.startX, y - drag.startY) > 3;
    if (drag.isMoved && drag.marksFrom !== null) markStretch({ from: drag.marksFrom, to: fromX(Math.max(x, LABELS)) });
    else if (drag.isMoved) {
      chart.classList.add("is-dragged");
      pan(drag.x - x);
      scroll(drag.y - y);
      [drag.x, drag.y] = [x, y];
    }
  }
  view.pointer = { x, y, isDragging: Boolean(drag?.isMoved) };
  redraw();
});
// Before each drawing, since what is under the pointer may have moved.
function point() {
  const { pointer } = view;
  view.hovered = pointer && !pointer.isDragging ? sliceAt(pointer.x, pointer.y) : null;
  chart.style.cursor = view.hovered ? "pointer" : pointer && pointer.x > LABELS && pointer.y < AXIS ? "col-resize" : "default";
  tellTip();
}
chart.addEventListener("pointerup", (event) => {
  if (!drag || drag.isMoved) return;
  if (drag.marksFrom !== null) return markStretch(null);
  const slice = sliceAt(event.offsetX, event.offsetY), task = rowAt(event.offsetY);
  if (slice && slice.kind !== "mark") choose(slice);
  else choose(task === undefined ? null : { task, kind: null, id: -1 });
});
// After it was let go, and when the system takes it away.
chart.addEventListener("lostpointercapture", (event) => {
  fingers.delete(event.pointerId);
  drag = null;
  chart.classList.remove("is-dragged");
});
chart.addEventListener("pointerleave", () => {
  if (drag) return;
  view.pointer = null;
  redraw();
});
chart.addEventListener("dblclick", () => fill());
chart.addEventListener("wheel", (event) => {
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 16 : 1;
  if (event.offsetX < LABELS || event.shiftKey) scroll((event.deltaY || event.deltaX) * lines);
  else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan(event.deltaX * lines);
  // With Ctrl it is two fingers on a trackpad, whose steps are small.
  else zoom((event.ctrlKey ? 1.01 : 1.0018) ** (event.deltaY * lines), event.offsetX);
  redraw();
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
  const { chosen, stretch } = view;
  if (!chosen) {
    if (stretch && !stretch.isOpen) showAround(stretch.from, stretch.to);
    return;
  }
  const { from, to } = tasks[chosen.task];
  showAround(...(chosen.kind === null ? [from[view.axis], to[view.axis]] : endsOf(chosen)));
}

// The turn or wait before or after the one that is chosen.
function step(by) {
  const task = view.chosen?.task ?? view.rows[0];
  if (task === undefined) return;
  const all = [...lanesOf.turn[task].ids.map((id) => ({ task, kind: "turn", id, at: turns.from[EVENTS][id] })),
    ...lanesOf.wait[task].ids.map((id) => ({ task, kind: "wait", id, at: waits.from[EVENTS][id] })),
    ...lanesOf.ready[task].ids.slice(-1).filter((id) => id >= turns.count).map((id) => ({ task, kind: "ready", id, at: readies.from[EVENTS][id] }))]
    .sort((a, b) => a.at - b.at);
  if (all.length === 0) return;
  // To be ready lies just before a turn.
  const isReady = view.chosen?.kind === "ready" && view.chosen.id < turns.count, chosenKind = isReady ? "turn" : view.chosen?.kind;
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

// From a slice to the turn that made it happen; or it is said why there is none.
function goToWaker() {
  const chosen = view.chosen;
  if (!chosen || chosen.kind === null) return say("Choose a turn or a wait first: g goes to who woke it.");
  const turn = chosen.kind === "wait" ? turnAfter(chosen) : chosen.id, flow = flowInto.get(turn);
  if (flow !== undefined) chooseSlice("turn", flows.from[flow]);
  else if (turn === undefined || turn >= turns.count) say("Its task had no turn after this.");
  else say(`No turn of another task made it ready: ${cause(turn)}.`);
}

function leave() {
  if (view.stretch?.isOpen || !view.chosen) markStretch(null);
  else choose(null);
}

const searchBox = document.getElementById("search");
const ACTIONS = {
  w: () => zoom(0.7), s: () => zoom(1 / 0.7), "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1 / 0.7),
  a: () => pan(-plotWidth() * 0.15), d: () => pan(plotWidth() * 0.15), f: fit, Home: fit, g: goToWaker, Enter: fill,
  e: () => useAxis(view.axis === TIME ? EVENTS : TIME), t: switchTheme, v: () => showOnlyInSight(!view.isOnlyInSight), Escape: leave,
  m: markMoment, n: () => jump(1), N: () => jump(-1), "/": () => searchBox.select(),
  ArrowLeft: () => step(-1), ArrowRight: () => step(1), ArrowUp: () => stepTask(-1), ArrowDown: () => stepTask(1),
  PageUp: () => scroll(rowsTop - view.height), PageDown: () => scroll(view.height - rowsTop),
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target === searchBox) return;
  const isButton = event.target instanceof HTMLButtonElement;
  if (isButton && (event.key === "Enter" || event.key === " ")) return;
  const action = ACTIONS[event.key] ?? ACTIONS[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  say("");
  action();
});
searchBox.addEventListener("input", () => search(searchBox.value));
searchBox.addEventListener("keydown", (event) => {
  if (event.key === "Enter") {
    jump(1);
    chart.focus();
  } else if (event.key === "Escape") {
    stopSearch();
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
search("");
showOnlyInSight(view.isOnlyInSight);
useTheme(document.documentElement.dataset.theme);
if (stillTurns * 2 > turns.count) useAxis(EVENTS);
fit();
