// A stretch of the run that somebody has marked, and who did what in it.

// From a moment to another on the axis, in either order; none lets go of it.
function markStretch(stretch) {
  if (stretch === null && view.stretch === null) return;
  view.stretch = stretch && { isOpen: false, from: Math.min(stretch.from, stretch.to), to: Math.max(stretch.from, stretch.to) };
  if (stretch && view.chosen) choose(null);
  tellDetails();
  redraw();
}

// The first time where it begins, the second where it ends: at the pointer, or else at the ends of what is chosen.
function markMoment() {
  const isPointed = view.pointer !== null && view.pointer.x > LABELS, { chosen, stretch } = view;
  if (!isPointed && !chosen?.kind) return say("Point at a moment, or choose a turn or a wait: m marks a stretch of time from there.");
  const [begin, end] = isPointed ? [fromX(view.pointer.x), fromX(view.pointer.x)] : endsOf(chosen);
  if (stretch?.isOpen) return markStretch({ from: stretch.from, to: end });
  view.stretch = { from: begin, to: begin, isOpen: true };
  say("A stretch begins here; m again marks where it ends.");
  redraw();
}

const lengthOf = (length) => (view.axis === TIME ? span(length) : many(Math.round(length), "event"));

// How much of it the slices of a lane fill, and how many they are.
function within(lane, { from, to }) {
  const begins = lane.from[view.axis], ends = lane.to[view.axis], covered = lane.covered[view.axis];
  const first = find(ends, from), last = find(begins, to, 0, true);
  if (first >= last) return { length: 0, count: 0 };
  const outside = Math.max(0, from - begins[first]) + Math.max(0, ends[last - 1] - to);
  return { length: covered[last] - covered[first] - outside, count: last - first };
}

// Who was there, the one that ran longest first.
function sumsOf(stretch) {
  const sums = tasks.map(({ index }) => {
    const [turn, ready, wait] = ["turn", "ready", "wait"].map((kind) => within(lanesOf[kind][index], stretch));
    return { task: index, turn, ready, wait };
  });
  return sums.filter(({ turn, ready, wait }) => turn.count + ready.count + wait.count > 0)
    .sort((a, b) => b.turn.length - a.turn.length || b.ready.length - a.ready.length || b.wait.length - a.wait.length);
}

const MOST_SUMS = 30;
function tellStretch() {
  const { stretch } = view, length = stretch.to - stretch.from, sums = sumsOf(stretch);
  const total = (of) => sums.reduce((sum, one) => sum + one.turn[of], 0);
  const share = (100 * total("length")) / Math.max(length, 1);
  const said = (value) => (value === 0 ? "" : view.axis === TIME ? span(value) : grouped.format(Math.round(value)));
  const heads = [["turn", "turn"], ["ready", "ready"], ["wait", "wait-file"]].map(([name, colour]) => {
    const head = make("th", { scope: "col" }, name);
    head.style.borderBottomColor = `var(--${colour})`;
    return head;
  });
  const rows = sums.slice(0, MOST_SUMS).map(({ task, ...of }) => make("tr", {},
    make("td", {}, linkTo(task, make("span", {}, tasks[task].name))), ...["turn", "ready", "wait"].map((kind) => make("td", {}, said(of[kind].length)))));
  const place = (value) => (view.axis === TIME ? at(value) : `event ${grouped.format(Math.round(value))}`);
  return [
    letGo(() => markStretch(null)),
    make("h2", {}, lengthOf(length)),
    make("p", { className: "lead" }, `from ${place(stretch.from)}`),
    facts([["in turns", `${lengthOf(total("length"))}, ${share.toFixed(1)} %`], ["turns", grouped.format(total("count"))], ["tasks", grouped.format(sums.length)]]),
    make("table", {}, make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "task"), ...heads)), make("tbody", {}, ...rows)),
    ...(sums.length > MOST_SUMS ? [make("p", { className: "lead" }, `and ${many(sums.length - MOST_SUMS, "task")} more`)] : []),
  ];
}

// Where it is, and how long in words if there is room for them. One that is open goes as far as the pointer.
function markedAt() {
  if (view.stretch === null) return null;
  const { from, to, isOpen } = view.stretch, ends = [toX(from), isOpen && view.pointer ? view.pointer.x : toX(to)];
  const x0 = Math.max(LABELS, Math.min(...ends)), x1 = Math.min(view.width, Math.max(...ends));
  if (x1 < LABELS || x0 > view.width) return null;
  const said = lengthOf(to - from);
  ink.font = `11px ${FONT}`;
  const width = widthOf(said) + 14;
  return { x0, x1, said: isOpen || x1 - x0 < width + 8 ? "" : said, width, left: (x0 + x1 - width) / 2 };
}

// A tint below the rows, which leaves their words as they are.
function tintStretch({ x0, x1 }) {
  ink.fillStyle = colours.window;
  ink.fillRect(x0, AXIS, x1 - x0, view.height);
}

// Its ends, and the words on the axis.
function drawStretch(marked) {
  const { x0, x1, said } = marked;
  ink.fillStyle = colours.accent;
  ink.fillRect(x0, AXIS - 3, Math.max(x1 - x0, 1), 3);
  for (const x of [x0, x1]) ink.fillRect(Math.round(x) - 0.5, AXIS, 1, view.height);
  if (said !== "") drawSign(marked, colours.accent);
}
