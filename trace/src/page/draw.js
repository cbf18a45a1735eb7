// Draws what is shown. Only rows in sight are looked at, and in each only what is in sight; slices narrower than a
// pixel become one that is the stronger the more of it they fill.

const chart = document.getElementById("chart"), map = document.getElementById("map");
const ink = chart.getContext("2d"), mapInk = map.getContext("2d");
const FONT = "Inter, ui-sans-serif, system-ui, 'Segoe UI', Roboto, sans-serif";
let colours = {};

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const names = "ground panel line hair ink soft faint accent turn turn-text ready ready-soft wait-text stop life arrow arrow-strong graph graph-fill row kin window";
  const ofWaits = KINDS.flatMap((kind) => [`wait-${kind}`, `wait-${kind}-soft`]);
  colours = Object.fromEntries([...names.split(" "), ...ofWaits].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

function sized(canvas, context) {
  const scale = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return [width, height];
}

// The text, cut to a width; empty when not even a letter fits.
const widths = new Map();
function widthOf(words) {
  let width = widths.get(ink.font + words);
  if (width === undefined) {
    if (widths.size > 5000) widths.clear();
    widths.set(ink.font + words, (width = ink.measureText(words).width));
  }
  return width;
}
function cut(words, width) {
  if (widthOf(words) <= width) return words;
  const most = Math.floor((words.length * (width - 8)) / widthOf(words));
  return most < 3 ? "" : `${words.slice(0, most)}…`;
}

// Calls `one(k, x0, x1)` for each slice in sight that has a pixel or more, and `few(x, share)` for pixels that have
// several, or a narrower one: `share` of it is filled.
function eachInSight(lane, one, few) {
  const from = lane.from[view.axis], to = lane.to[view.axis], covered = lane.covered[view.axis];
  const pixel = perPixel();
  let k = find(to, view.from);
  while (k < from.length && from[k] <= view.to) {
    const x0 = toX(from[k]), x1 = toX(to[k]);
    if (x1 - x0 >= 1) {
      one(k, x0, x1);
      k++;
      continue;
    }
    const column = Math.floor(x0), edge = fromX(column + 1);
    let next = k + 1;
    while (next < from.length && next < k + 8 && to[next] < edge) next++;
    if (next === k + 8) next = find(to, edge, next);
    few(column, Math.min(1, (covered[next] - covered[k]) / pixel), k);
    k = next;
  }
}

// Rectangles by colour: setting a colour costs more than filling.
function Brush(context) {
  const byColour = new Map();
  return {
    add(colour, x, y, width, height) {
      let list = byColour.get(colour);
      if (!list) byColour.set(colour, (list = []));
      list.push(x, y, width, height);
    },
    paint(alpha = 1) {
      context.globalAlpha = alpha;
      for (const [colour, list] of byColour) {
        context.fillStyle = colour;
        for (let i = 0; i < list.length; i += 4) context.fillRect(list[i], list[i + 1], list[i + 2], list[i + 3]);
      }
      context.globalAlpha = 1;
    },
  };
}

function drawRow(task, y, kin, brush, labels) {
  const { from, to, tid, name } = tasks[task];
  const isChosen = view.chosen?.task === task;
  if (isChosen || kin.has(task)) {
    ink.fillStyle = isChosen ? colours.row : colours.kin;
    ink.fillRect(0, y, view.width, ROW);
  }
  ink.fillStyle = colours.hair;
  ink.fillRect(0, y + ROW - 1, view.width, 1);
  const x0 = Math.max(LABELS, toX(from[view.axis])), x1 = Math.min(view.width, toX(to[view.axis]));
  if (x1 > x0) brush.add(colours.life, x0, y + ROW / 2 - 0.5, x1 - x0, 1);
  const shades = [0.45, 0.7, 1];
  const shade = (share) => shades[Math.min(2, Math.floor(share * 3))];
  const wait = lanesOf.wait[task];
  const drawWait = (k, x, width) => {
    const kind = KINDS[waitKinds[wait.ids[k]]];
    brush.add(colours[`wait-${kind}-soft`], x, y + 6, width, ROW - 14);
    brush.add(colours[`wait-${kind}`], x, y + ROW - 8.5, width, 1.5);
  };
  eachInSight(wait, (k, x0, x1) => {
    const left = Math.max(x0, LABELS), right = Math.min(x1, view.width);
    drawWait(k, left, right - left - (x1 - x0 > 4 ? 1 : 0));
    if (right - left > 34) labels.push([explain(text(waits.on[wait.ids[k]])), left + 6, y + ROW / 2, right - left - 12, colours["wait-text"]]);
  }, (x, share, k) => drawWait(k, x, 1));
  const ready = lanesOf.ready[task];
  eachInSight(ready, (k, x0, x1) => {
    const left = Math.max(x0, LABELS), right = Math.min(x1, view.width);
    brush.add(colours["ready-soft"], left, y + 9, right - left, ROW - 19);
    brush.add(colours.ready, left, y + ROW - 11, right - left, 1.5);
  }, (x) => brush.add(colours.ready, x, y + 9, 1, ROW - 18));
  const turn = lanesOf.turn[task];
  const thin = [];
  eachInSight(turn, (k, x0, x1) => {
    const left = Math.max(x0, LABELS), right = Math.min(x1, view.width);
    brush.add(colours.turn, left, y + 3, Math.max(1, right - left - (x1 - x0 > 3 ? 1 : 0)), ROW - 7);
    if (right - left > 40) labels.push([turnLabel(turn.ids[k]), left + 6, y + ROW / 2, right - left - 12, colours["turn-text"]]);
  }, (x, share) => thin.push(x, shade(share)));
  for (let i = 0; i < thin.length; i += 2) {
    const height = (ROW - 7) * thin[i + 1];
    brush.add(colours.turn, thin[i], y + 3 + (ROW - 7 - height) / 2, 1, height);
  }
  const stop = (x, width) => brush.add(colours.stop, x, y + ROW - 4, width, 2);
  eachInSight(stopsOf[task], (k, x0, x1) => stop(Math.max(x0, LABELS), Math.min(x1, view.width) - Math.max(x0, LABELS)), (x) => stop(x, 1));
  drawMarks(task, y, brush);
  ink.font = `12.5px ${FONT}`;
  ink.textAlign = "right";
  ink.fillStyle = colours.faint;
  ink.fillText(tid, 46, y + ROW / 2);
  ink.textAlign = "left";
  ink.fillStyle = isChosen ? colours.accent : colours.ink;
  ink.font = `${isChosen ? "600 " : ""}12.5px ${FONT}`;
  ink.fillText(cut(name, LABELS - 66), 56, y + ROW / 2);
}

// Signals and faults above the row; an end in it, which says whether it was a good one.
function drawMarks(task, y, brush) {
  const lane = marksOf[task], at = lane.from[view.axis];
  for (let k = find(at, view.from), before = -1; k < at.length && at[k] <= view.to; k++) {
    const x = Math.round(toX(at[k])), colour = MARK_COLOURS[markKind(lane.ids[k])];
    if (colour === undefined || x < LABELS || (x === before && colour !== "stop")) continue;
    before = x;
    if (colour === "stop") brush.add(colours.stop, x - 1, y + 1, 3, 5);
    else brush.add(colours[colour], x, y + 8, 2, ROW - 17);
  }
}

// What stands in a turn: its last call, or why it was over.
function turnLabel(turn) {
  const call = text(turns.call[turn]);
  return call === "" ? text(turns.why[turn]) : call;
}

// From the row of the one who did it to that of the task which it made ready, at that moment.
function drawArrow(flow, colour, width) {
  const from = turns.task[flows.from[flow]], to = turns.task[flows.to[flow]];
  if (from === to || !places.has(from) || !places.has(to)) return;
  const x = toX(flows.at[view.axis][flow]);
  const down = rowY(to) > rowY(from) ? 1 : -1;
  const begin = rowY(from) + ROW / 2 + down * 9.5, tip = rowY(to) + ROW / 2 - down * 4.5;
  if (x < LABELS - 4 || x > view.width + 4 || Math.max(begin, tip) < rowsTop || Math.min(begin, tip) > view.height) return;
  ink.strokeStyle = ink.fillStyle = colour;
  ink.lineWidth = width;
  ink.beginPath();
  ink.moveTo(x, begin);
  ink.lineTo(x, tip - down * 4);
  ink.stroke();
  ink.beginPath();
  ink.moveTo(x, tip);
  ink.lineTo(x - 3, tip - down * 5.5);
  ink.lineTo(x + 3, tip - down * 5.5);
  ink.fill();
  ink.beginPath();
  ink.arc(x, begin, width + 0.6, 0, 7);
  ink.fill();
}

// The flows into and out of a slice: who woke it, and whom it woke. A wait has the flow that ended it.
function flowsOf(slice) {
  if (!slice || !(slice.kind in SLICES)) return [];
  const turn = slice.kind === "wait" ? turnAfter(slice) : slice.id;
  const into = flowInto.get(turn);
  const out = slice.kind === "turn" ? flowsOutOf.get(turn) ?? [] : [];
  return into === undefined ? out : [into, ...out];
}

// The turn that follows a wait; none when it was the last.
function turnAfter({ task, id }) {
  const lane = lanesOf.turn[task];
  return lane.ids[find(lane.from[EVENTS], waits.to[EVENTS][id])];
}

// All that begin or end in sight, the fainter the more there are; none when they would be a tangle.
function drawArrows() {
  const moments = flowMoments[view.axis];
  const first = find(moments, view.from), last = find(moments, view.to, first, true);
  if (last - first > MOST_ARROWS) return;
  ink.globalAlpha = Math.min(0.8, 30 / Math.max(1, last - first) + 0.15);
  const isInSight = (turn) => {
    const y = places.has(turns.task[turn]) ? rowY(turns.task[turn]) : -Infinity;
    return y > rowsTop - ROW && y < view.height;
  };
  for (let k = first; k < last; k++) {
    const flow = flowsInOrder[k];
    if (isInSight(flows.from[flow]) || isInSight(flows.to[flow])) drawArrow(flow, colours.arrow, 1);
  }
  ink.globalAlpha = 1;
}

function inPlot(paint) {
  ink.save();
  ink.beginPath();
  ink.rect(LABELS, rowsTop, view.width - LABELS, view.height);
  ink.clip();
  paint();
  ink.restore();
}

function outline(slice, colour) {
  if (!slice || !(slice.kind in SLICES) || !places.has(slice.task)) return;
  const [from, to] = endsOf(slice);
  const x0 = Math.max(toX(from), LABELS), x1 = Math.min(toX(to), view.width);
  const y = rowY(slice.task);
  if (x1 < LABELS || x0 > view.width || y < rowsTop - ROW) return;
  ink.strokeStyle = colour;
  ink.lineWidth = 2;
  ink.strokeRect(x0 - 1, y + 2, Math.max(x1 - x0, 2) + 1, ROW - 5);
}

function endsOf({ kind, id }) {
  const { from, to } = SLICES[kind];
  return [from[view.axis][id], to[view.axis][id]];
}

// The tasks that have woken the chosen one.
function kinOf(chosen) {
  const kin = new Set();
  if (chosen) for (const turn of lanesOf.turn[chosen.task].ids) {
    const flow = flowInto.get(turn);
    if (flow !== undefined) kin.add(turns.task[flows.from[flow]]);
  }
  return kin;
}
let kin = new Set(), kinFor = null;

// Why there are no rows, and what would bring some.
function whyEmpty() {
  if (tasks.length === 0) return "The log has no task.";
  if (view.found.length === 0) return "No task has this name or number, and no trap, wait or source line these words. Escape, in the search, brings all back.";
  return "No task lives in the time that is shown. v brings all back, f shows all time.";
}

let drawn = 0;
function draw() {
  const began = performance.now();
  [view.width, view.height] = sized(chart, ink);
  ink.fillStyle = colours.ground;
  ink.fillRect(0, 0, view.width, view.height);
  ink.textBaseline = "middle";
  const pointed = pointedAt(), marked = markedAt();
  drawAxis([pointed, marked].filter((sign) => sign?.said));
  if (marked) tintStretch(marked);
  if (kinFor !== view.chosen) [kin, kinFor] = [kinOf(view.chosen), view.chosen];
  ink.save();
  ink.beginPath();
  ink.rect(0, rowsTop, view.width, view.height - rowsTop);
  ink.clip();
  const brush = Brush(ink), labels = [];
  const first = Math.max(0, Math.floor(view.top / ROW));
  const last = Math.min(view.rows.length, Math.ceil((view.top + view.height - rowsTop) / ROW));
  for (let place = first; place < last; place++) drawRow(view.rows[place], rowsTop + place * ROW - view.top, kin, brush, labels);
  inPlot(drawArrows);
  brush.paint();
  ink.font = `11px ${FONT}`;
  ink.textAlign = "left";
  for (const [words, x, y, width, colour] of labels) {
    const shown = cut(words, width);
    ink.fillStyle = colour;
    if (shown !== "") ink.fillText(shown, x, y);
  }
  inPlot(() => {
    outline(view.chosen, colours["arrow-strong"]);
    outline(view.hovered, colours.ink);
    const strong = new Set([...flowsOf(view.chosen), ...flowsOf(view.hovered)]);
    ink.globalAlpha = Math.min(1, 0.4 + 6 / Math.max(1, strong.size));
    for (const flow of strong) drawArrow(flow, colours["arrow-strong"], 1.7);
    ink.globalAlpha = 1;
  });
  ink.restore();
  counters.forEach((counter, i) => drawCounter(counter, AXIS + 1 + i * GRAPH));
  ink.fillStyle = colours.line;
  ink.fillRect(LABELS - 1, AXIS, 1, view.height);
  if (marked) drawStretch(marked);
  if (pointed) drawPointer(pointed);
  drawBar();
  drawMap();
  if (view.rows.length === 0) {
    ink.font = `13px ${FONT}`;
    ink.textAlign = "left";
    ink.fillStyle = colours.soft;
    ink.fillText(whyEmpty(), LABELS + 16, rowsTop + 20);
  }
  view.frameMs = performance.now() - began;
  document.documentElement.dataset.frames = ++drawn;
}
