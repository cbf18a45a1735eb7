// What is shown: which part of which axis, which rows from where on, what is chosen and what is pointed at.

const LABELS = 172, AXIS = 26, GRAPH = 34, ROW = 26, BELOW = 22;
const MANY_ROWS = 100, MOST_ARROWS = 500;
const view = {
  axis: TIME, from: 0, to: 1, top: 0,
  // What is looked for, where it is, and at which of these places one is.
  query: "", matches: [], match: -1,
  // The rows of those who were found, and of them those in sight, if no others are wanted.
  found: tasks.map((task) => task.index), rows: [], isOnlyInSight: tasks.length > MANY_ROWS,
  width: 1, height: 1, pointer: null, hovered: null, chosen: null,
  // What is marked, on this axis; while it is open only its beginning is.
  stretch: null,
};
const graphs = counters.length * GRAPH;
const rowsTop = AXIS + graphs + 6;

const plotWidth = () => Math.max(1, view.width - LABELS);
const perPixel = () => (view.to - view.from) / plotWidth();
const toX = (value) => LABELS + (value - view.from) / perPixel();
const fromX = (x) => view.from + (x - LABELS) * perPixel();
const rowAt = (y) => (y < rowsTop ? undefined : view.rows[Math.floor((y - rowsTop + view.top) / ROW)]);
const rowsBelow = () => Math.max(0, view.rows.length - Math.floor((view.top + view.height - BELOW - rowsTop) / ROW));
let places = new Map();
const rowY = (task) => rowsTop + places.get(task) * ROW - view.top;

function whole() {
  const [begin, end] = bounds[view.axis];
  const margin = Math.max(1, (end - begin) * 0.015);
  return [begin - margin, end + margin];
}

// Which rows there are; the one at the top stays there.
function arrange() {
  const isInSight = ({ from, to }) => from[view.axis] <= view.to && to[view.axis] >= view.from;
  const isWanted = (index) => !view.isOnlyInSight || isInSight(tasks[index]) || view.chosen?.task === index;
  const place = Math.floor(view.top / ROW), first = view.rows[place];
  view.rows = view.found.filter(isWanted);
  places = new Map(view.rows.map((task, place) => [task, place]));
  if (first !== undefined) view.top += (find(view.rows, first) - place) * ROW;
  scroll(0);
}

// Shows this part, or the nearest to it that there is.
function show(from, to) {
  const [begin, end] = whole();
  const least = view.axis === TIME ? 40 : 8;
  const length = Math.min(Math.max(to - from, least), end - begin);
  const middle = (from + to) / 2;
  view.from = Math.min(Math.max(middle - length / 2, begin), end - length);
  view.to = view.from + length;
  if (view.isOnlyInSight) arrange();
  redraw();
}

function zoom(factor, x = LABELS + plotWidth() / 2) {
  const at = fromX(x);
  const [begin, end] = whole();
  const least = view.axis === TIME ? 40 : 8;
  const length = view.to - view.from;
  const wanted = Math.min(Math.max(length * factor, least), end - begin);
  const share = wanted / length;
  show(at - (at - view.from) * share, at + (view.to - at) * share);
}

function pan(pixels) {
  const by = pixels * perPixel();
  show(view.from + by, view.to + by);
}

function scroll(pixels) {
  const most = Math.max(0, view.rows.length * ROW - (view.height - rowsTop) + ROW);
  view.top = Math.min(Math.max(view.top + pixels, 0), most);
  redraw();
}

const fit = () => show(...whole());

// Shows a slice, or a task's life, with some room around it.
function showAround(from, to) {
  const room = Math.max((to - from) * 0.12, perPixel() * 20 * Math.min(1, (to - from) / (view.to - view.from)), 1);
  show(from - room, to + room);
}

function reveal(task) {
  if (!places.has(task)) return;
  const y = rowY(task);
  if (y < rowsTop) scroll(y - rowsTop - ROW);
  else if (y + ROW > view.height) scroll(y + 2 * ROW - view.height);
}

// Moves the shown part so that a moment is in it.
function revealMoment(value) {
  const length = view.to - view.from;
  if (value < view.from || value > view.to) show(value - length / 2, value + length / 2);
}

// In a line below the chart, until something else is done.
function say(words) {
  document.getElementById("said").textContent = words;
}

function choose(chosen) {
  say("");
  // What is chosen has a row.
  if (chosen && !view.found.includes(chosen.task)) stopSearch();
  view.chosen = chosen;
  arrange();
  if (chosen) reveal(chosen.task);
  tellDetails();
  redraw();
}

function chooseSlice(kind, id) {
  choose({ task: SLICES[kind].task[id], kind, id });
  revealMoment(SLICES[kind].from[view.axis][id]);
}

// Turns by their last trap and waits by what for, and both by their source line.
function slicesWith(words) {
  const has = strings.map((string) => string.toLowerCase().includes(words)), found = [];
  for (const [kind, of, said] of [["turn", turns, turns.call], ["wait", waits, waits.on]]) {
    for (let id = 0; id < of.count; id++) if (has[said[id]] || has[of.line[id]]) found.push({ task: of.task[id], kind, id });
  }
  const moment = ({ kind, id }) => SLICES[kind].from[EVENTS][id];
  return found.sort((a, b) => moment(a) - moment(b));
}

// Keeps the rows of the tasks whose number begins with, or whose name has, the words; when there are none, of those
// that had a turn or a wait with them.
function search(query) {
  view.query = query.trim().toLowerCase();
  const [number, ...rest] = view.query.split(/\s+/);
  const isFound = (task) => {
    const name = task.name.toLowerCase();
    if (view.query === "" || name.includes(view.query)) return true;
    return /^\d+$/.test(number) && `${task.tid}`.startsWith(number) && name.includes(rest.join(" "));
  };
  const named = tasks.filter(isFound);
  // The one with exactly this number comes first to mind.
  const isExact = (task) => `${task.tid}` === number;
  view.matches = named.length === 0 ? slicesWith(view.query)
    : [...named.filter(isExact), ...named.filter((task) => !isExact(task))].map(({ index }) => ({ task: index, kind: null, id: -1 }));
  view.match = -1;
  const found = new Set(view.matches.map(({ task }) => task));
  view.found = tasks.map(({ index }) => index).filter((index) => found.has(index));
  view.top = 0;
  if (view.chosen && !found.has(view.chosen.task)) choose(null);
  arrange();
  tellFound();
}

function stopSearch() {
  document.getElementById("search").value = "";
  search("");
}

function tellFound() {
  const count = view.matches.length, [at, all] = [view.match + 1, count].map((number) => grouped.format(number));
  const isOfSlices = count > 0 && view.matches[0].kind !== null;
  const said = view.match >= 0 ? `${at}/${all}` : isOfSlices ? many(count, "place") : `${all} of ${grouped.format(tasks.length)}`;
  document.getElementById("found").textContent = view.query === "" ? "" : said;
}

function showOnlyInSight(isOnly) {
  view.isOnlyInSight = isOnly;
  document.getElementById("in-sight").setAttribute("aria-pressed", isOnly);
  arrange();
}

// Goes to the next of what was found, or the one before; from the last to the first.
function jump(by) {
  const count = view.matches.length;
  if (view.query === "" || count === 0) return say("Nothing is found: / looks for tasks, calls and lines.");
  view.match = ((view.match < 0 && by < 0 ? 0 : view.match) + by + count) % count;
  const { task, kind, id } = view.matches[view.match], { from, to } = tasks[task];
  if (kind === null) {
    choose({ task, kind, id });
    showAround(from[view.axis], to[view.axis]);
  } else chooseSlice(kind, id);
  tellFound();
}

function useAxis(axis) {
  if (axis === view.axis) return;
  // The same part of the run, by the nearest turns.
  const [old, turnAt] = [view.axis, (value) => Math.min(find(turns.from[view.axis], value), turns.count - 1)];
  const [first, last] = [turnAt(view.from), turnAt(view.to)];
  const [begin, end] = whole();
  const isWhole = view.from <= begin && view.to >= end;
  view.axis = axis;
  markStretch(null);
  document.getElementById("by-time").setAttribute("aria-pressed", axis === TIME);
  document.getElementById("by-event").setAttribute("aria-pressed", axis === EVENTS);
  if (isWhole || turns.count === 0 || turns.from[old].length === 0) fit();
  else show(turns.from[axis][first], turns.to[axis][last]);
}

let isDue = false;
function redraw() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    point();
    draw();
  });
}
