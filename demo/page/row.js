// The right side, above: the session's row as it stands in the table, with its clocks running.
import { byId, element, flash, plural, setText } from "./elements.js";

const ATTRIBUTES = [
  ["key", "pk, sk", "S", "the prefix and a hash of the session's id, of which the beginning is shown"],
  ["gen", "gen", "S", "given at creation, never changed"],
  ["rev", "rev", "N", "grows with every write of data; a touch leaves it"],
  ["writes", "writes", "S", "the last writes, by which one whose answer was lost knows itself"],
  ["created", "created", "N", "epoch milliseconds"],
  ["updated", "updated", "N", "epoch milliseconds; the touch throttle's clock"],
  ["until", "until", "N", "epoch milliseconds; the exact end"],
  ["expires", "expires", "N", "epoch seconds; the table's TTL attribute"],
];
const MAX_BLOCKS = 8;
const KB = 1024;
const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export function createRowPanel() {
  const values = new Map();
  let row = null;
  let about;
  /** How far the server's clock is ahead of this one, in milliseconds. */
  let ahead = 0;
  let shownSess = "";

  for (const [field, name, type, meaning] of ATTRIBUTES) {
    const value = element("dd");
    values.set(field, value);
    const term = element("dt", { title: meaning }, element("code", { textContent: name }));
    term.append(element("span", { className: "type", textContent: type }));
    byId("attributes").append(element("div", {}, term, value));
  }
  setInterval(tick, 250);

  /** Shows a row, or that there is none. */
  function show(inspected) {
    const hadRow = row !== null;
    row = inspected.row;
    about = inspected.about;
    ahead = inspected.now - Date.now();
    byId("row").hidden = row === null;
    byId("row-empty").hidden = row !== null;
    if (row === null) {
      shownSess = "";
      for (const value of values.values()) value.textContent = "";
      return;
    }
    for (const [field, value] of values) setText(value, textOf(field), { mark: hadRow });
    showSess(JSON.stringify(row.sess, null, 2));
    showSize();
    tick();
  }

  function textOf(field) {
    switch (field) {
      case "writes":
        return `${plural(row.writes, "id")} of writes`;
      case "created":
      case "updated":
      case "until":
        return `${row[field]}  ${time.format(row[field])}`;
      case "expires":
        return `${row.expires}  ${time.format(row.expires * 1000)}`;
      default:
        return String(row[field]);
    }
  }

  function showSize() {
    const units = Math.max(1, Math.ceil(row.bytes / KB));
    const reads = Math.max(1, Math.ceil(row.bytes / (4 * KB)));
    setText(byId("size"), `${row.bytes.toLocaleString("en")} bytes`, { mark: true });
    setText(byId("size-label"), `${plural(units, "unit")} to write, ${reads} to read`);
    const blocks = Array.from({ length: Math.min(Math.max(units, 4), MAX_BLOCKS) }, (_, index) => {
      const fill = element("i");
      fill.style.width = `${Math.max(0, Math.min(1, row.bytes / KB - index)) * 100}%`;
      return element("b", {}, fill);
    });
    byId("blocks").replaceChildren(...blocks);
  }

  function showSess(text) {
    if (text === shownSess) return;
    const before = new Set(shownSess.split("\n"));
    const lines = text.split("\n").map((line) => {
      const shown = element("span", { className: "line" }, ...coloured(line));
      if (shownSess !== "" && !before.has(line)) flash(shown);
      return shown;
    });
    byId("sess").replaceChildren(...lines);
    showChanged(lines);
    shownSess = text;
  }

  /** Scrolls the data, where it is long, to the first line that changed. */
  function showChanged(lines) {
    const changed = lines.find((line) => line.classList.contains("changed"));
    if (changed) byId("sess").parentElement.scrollTop = changed.offsetTop - 40;
  }

  /** Moves the clocks. */
  function tick() {
    if (row === null) return;
    const now = Date.now() + ahead;
    const left = row.until - now;
    const isOver = left <= 0;
    byId("row").classList.toggle("over", isOver);
    setText(byId("ends-in"), isOver ? "expired" : clock(left));
    setText(byId("ends-label"), isOver ? "still in the table, given to nobody" : "until it expires");
    byId("clock-left").style.strokeDashoffset = String(
      100 - Math.max(0, Math.min(1, left / about.ttl)) * 100,
    );

    const interval = Math.min(about.touchInterval, about.ttl / 2);
    const due = row.updated + interval - now;
    setText(byId("touch-in"), isOver ? "–" : due > 0 ? `${Math.ceil(due / 1000)} s` : "due");
    setText(byId("touch-label"), due > 0 || isOver ? "until a touch is due" : "the next request touches");
  }

  /** A few words of the row, for a narrow screen. */
  function summary() {
    return row === null ? "No row" : `rev ${row.rev} · ${row.bytes.toLocaleString("en")} bytes`;
  }

  return { show, summary };
}

function clock(ms) {
  const seconds = Math.ceil(ms / 1000);
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(seconds / 3600);
  return hours > 0 ? `${hours}:${parts.join(":")}` : parts.join(":");
}

/** A line of JSON as pieces with classes for names, strings and the rest. */
function coloured(line) {
  const [, indent, name = "", value] = /^(\s*)("(?:[^"\\]|\\.)*": )?(.*)$/s.exec(line);
  const kind = value.startsWith('"') ? "string" : /^[-\d]/.test(value) ? "number" : "plain";
  return [
    indent,
    element("span", { className: "name", textContent: name }),
    element("span", { className: kind, textContent: value }),
  ];
}
