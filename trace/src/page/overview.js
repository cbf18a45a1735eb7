// Draws what is around the rows: the axis, the counters, the line at the pointer, the bar, and the map of the whole run.

// With no words where others are: those of the pointer, and of the stretch.
function drawAxis(taken) {
  const step = Math.max(niceStep(perPixel() * 110), 1);
  ink.font = `11px ${FONT}`;
  ink.textBaseline = "middle";
  const most = Math.max(Math.abs(view.from), Math.abs(view.to));
  for (let at = Math.max(0, Math.ceil(view.from / step) * step); at <= view.to; at += step) {
    const x = Math.round(toX(at)) + 0.5;
    ink.fillStyle = colours.hair;
    ink.fillRect(x - 0.5, AXIS, 1, view.height);
    ink.fillStyle = colours.line;
    ink.fillRect(x - 0.5, AXIS - 5, 1, 5);
    ink.fillStyle = colours.soft;
    ink.textAlign = "center";
    const said = moment(at, step, view.axis, most);
    const half = widthOf(said) / 2;
    const isHidden = taken.some(({ left, width }) => x + half > left - 4 && x - half < left + width + 4);
    if (x - half > LABELS - 2 && x + half < view.width && !isHidden) ink.fillText(said, x, AXIS / 2 - 1);
  }
  ink.fillStyle = colours.line;
  ink.fillRect(0, AXIS, view.width, 1);
  ink.textAlign = "left";
  ink.fillStyle = colours.faint;
  ink.fillText(view.axis === TIME ? "time since boot" : "events", 16, AXIS / 2 - 1);
}

function drawCounter(counter, top) {
  const at = counter.at[view.axis], { values, most } = counter;
  const base = top + GRAPH - 1, high = GRAPH - 10;
  const yOf = (value) => base - (most === 0 ? 0 : (value / most) * high);
  const first = Math.max(0, find(at, view.from) - 1);
  const outline = new Path2D();
  let k = first, x = LABELS, y = at.length > 0 && at[first] <= view.from ? yOf(values[first]) : base;
  outline.moveTo(x, base);
  outline.lineTo(x, y);
  while (k < at.length && at[k] <= view.to) {
    // The most and the least that the counter was within a pixel, then what it was at its end.
    const column = Math.max(LABELS, Math.floor(toX(at[k])));
    const edge = fromX(column + 1);
    let next = k, least = Infinity, top = -Infinity;
    for (; next < at.length && at[next] < edge; next++) {
      least = Math.min(least, values[next]);
      top = Math.max(top, values[next]);
    }
    if (next === k) next = k + 1;
    else {
      outline.lineTo(column, y);
      outline.lineTo(column, yOf(top));
      if (least < top) outline.lineTo(column, yOf(least));
    }
    y = yOf(values[next - 1]);
    outline.lineTo(column, y);
    k = next;
  }
  outline.lineTo(toX(Math.min(view.to, bounds[view.axis][1])), y);
  const closed = new Path2D(outline);
  closed.lineTo(toX(Math.min(view.to, bounds[view.axis][1])), base);
  closed.closePath();
  ink.fillStyle = colours["graph-fill"];
  ink.fill(closed);
  ink.strokeStyle = colours.graph;
  ink.lineWidth = 1;
  ink.stroke(outline);
  ink.fillStyle = colours.line;
  ink.fillRect(0, base, view.width, 1);
  const now = view.pointer && view.pointer.x > LABELS ? valueAt(counter, fromX(view.pointer.x)) : null;
  ink.font = `12px ${FONT}`;
  ink.textAlign = "left";
  ink.fillStyle = colours.soft;
  ink.fillText(counter.name, 16, top + GRAPH / 2);
  ink.textAlign = "right";
  ink.fillStyle = now === null ? colours.faint : colours.ink;
  ink.fillText(now === null ? `up to ${grouped.format(most)}` : grouped.format(now), LABELS - 12, top + GRAPH / 2);
}

function valueAt(counter, value) {
  const k = find(counter.at[view.axis], value, 0, true) - 1;
  return k < 0 ? 0 : counter.values[k];
}

// The moment of the pointer in words, and the room that they take on the axis.
function pointedAt() {
  if (!view.pointer || view.pointer.x <= LABELS || view.pointer.isDragging) return null;
  const { x } = view.pointer;
  const said = moment(Math.max(0, fromX(x)), Math.max(perPixel(), 1), view.axis, Math.max(view.to, 1));
  ink.font = `11px ${FONT}`;
  const width = widthOf(said) + 14;
  return { x, said, width, left: Math.min(Math.max(x - width / 2, LABELS), view.width - width) };
}

// Words on the axis that stand out from it.
function drawSign({ said, width, left }, colour) {
  ink.font = `11px ${FONT}`;
  ink.fillStyle = colour;
  ink.beginPath();
  ink.roundRect(left, 3, width, AXIS - 7, 4);
  ink.fill();
  ink.fillStyle = colours.ground;
  ink.textAlign = "center";
  ink.fillText(said, left + width / 2, AXIS / 2);
}

// A line there, and the words.
function drawPointer(pointed) {
  ink.globalAlpha = 0.45;
  ink.fillStyle = colours.soft;
  ink.fillRect(Math.round(pointed.x), AXIS, 1, view.height);
  ink.globalAlpha = 1;
  drawSign(pointed, colours.ink);
}

// How far down the rows are, and how many there are below.
function drawBar() {
  const room = view.height - rowsTop, needed = view.rows.length * ROW;
  if (needed <= room) return;
  const height = Math.max(24, (room * room) / needed);
  const top = rowsTop + ((room - height) * view.top) / (needed - room + ROW);
  ink.fillStyle = colours.faint;
  ink.globalAlpha = 0.5;
  ink.beginPath();
  ink.roundRect(view.width - 8, top, 5, height, 2.5);
  ink.fill();
  ink.globalAlpha = 1;
  const below = rowsBelow();
  if (below === 0) return;
  ink.fillStyle = colours.panel;
  ink.fillRect(0, view.height - BELOW, LABELS - 1, BELOW);
  ink.fillStyle = colours.line;
  ink.fillRect(0, view.height - BELOW, LABELS - 1, 1);
  ink.font = `11px ${FONT}`;
  ink.textAlign = "left";
  ink.fillStyle = colours.soft;
  ink.fillText(`↓ ${many(below, "more row")}`, 16, view.height - BELOW / 2 + 1);
}

// How much of each pixel of the whole run was spent in turns, and how many tasks were ready.
let mapFor = "", mapKept = null;
function drawMap() {
  const [width, height] = sized(map, mapInk);
  const [begin, end] = whole();
  const room = width - LABELS, scale = (end - begin) / room;
  const key = [width, height, view.axis, document.documentElement.dataset.theme].join();
  if (key !== mapFor) {
    mapFor = key;
    const shares = new Float64Array(Math.max(1, Math.ceil(room)));
    const from = turns.from[view.axis], to = turns.to[view.axis];
    for (let i = 0; i < turns.count; i++) {
      const [x0, x1] = [(from[i] - begin) / scale, (to[i] - begin) / scale];
      for (let x = Math.floor(x0); x <= Math.min(x1, shares.length - 1); x++) shares[x] += Math.max(0.02, Math.min(x1, x + 1) - Math.max(x0, x));
    }
    mapInk.fillStyle = colours.panel;
    mapInk.fillRect(0, 0, width, height);
    mapInk.fillStyle = colours.graph;
    for (let x = 0; x < shares.length; x++) {
      const high = Math.min(1, shares[x]) * (height - 14);
      if (shares[x] > 0) mapInk.fillRect(LABELS + x, height - 5 - Math.max(1, high), 1, Math.max(1, high));
    }
    mapInk.font = `12px ${FONT}`;
    mapInk.textBaseline = "middle";
    mapInk.fillStyle = colours.soft;
    mapInk.fillText("busy", 16, height / 2);
    mapKept = mapInk.getImageData(0, 0, map.width, map.height);
  } else mapInk.putImageData(mapKept, 0, 0);
  const x0 = LABELS + (view.from - begin) / scale, x1 = LABELS + (view.to - begin) / scale;
  if (x1 - x0 >= room - 1) return;
  mapInk.fillStyle = colours.window;
  mapInk.fillRect(x0, 0, Math.max(3, x1 - x0), height);
  mapInk.fillStyle = colours.accent;
  mapInk.fillRect(x0, 0, 1.5, height);
  mapInk.fillRect(Math.max(x0 + 1.5, x1 - 1.5), 0, 1.5, height);
}
