// Times and numbers as people read them.

const UNITS = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];
const grouped = new Intl.NumberFormat("en");

function unitOf(ns) {
  return UNITS.find(([size]) => Math.abs(ns) >= size) ?? UNITS[3];
}

// A length of time, to four digits: 1.234 ms.
function span(ns) {
  const [size, unit] = unitOf(ns);
  const value = ns / size;
  const digits = size === 1 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3;
  return `${value.toFixed(digits)} ${unit}`;
}

// A moment, with as many digits as tell it from one that is a step away.
function moment(value, step, axis, most) {
  if (axis === EVENTS) return grouped.format(Math.round(value));
  const [size, unit] = unitOf(most);
  const digits = Math.max(0, Math.ceil(Math.log10(size / step) - 1e-9));
  return `${(value / size).toFixed(digits)} ${unit}`;
}

// The step of an axis: 1, 2 or 5 times a power of ten, and at least so long.
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least) ?? 10 * power;
}

// What could break a line, or turn its direction, is escaped as in the text of the log: anybody may write a log.
function plain(words) {
  const named = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  return words.replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu,
    (letter) => named[letter] ?? `\\u{${letter.codePointAt(0).toString(16)}}`);
}

// A name within a sentence: what is not one plain word is in quotes, so that it is not taken for what is around it.
function quoted(name) {
  return /^[\w./+-]*$/.test(name) ? name : `"${plain(name.replace(/["\\]/g, "\\$&"))}"`;
}

const many = (count, one, more = `${one}s`) => `${grouped.format(count)} ${count === 1 ? one : more}`;
