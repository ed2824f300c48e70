// What the viewers share: the page's data, its colours, and gestures.
const $ = id => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const style = name =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const element = (tag, text, css = "") => Object.assign(
  document.createElement(tag), {textContent: text, className: css});

// A band of colours for a legend, with words below both ends.
function rampElements(colours, ends) {
  const band = element("div", "", "ramp"), words = element("div", "", "ends");
  band.style.background = `linear-gradient(to right, ${colours})`;
  words.append(...ends.map(text => element("span", text)));
  return [band, words];
}

// Where the page is one of several, a way to the others.
if (data.home) {
  const link = Object.assign(element("a", "\u2039 all pages"), {href: data.home});
  link.id = "home";
  $("title").before(link);
}

// Numbers of a typed array that the page holds as base64, little-endian.
function numbers(Type, base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; ++i) bytes[i] = text.charCodeAt(i);
  return new Type(bytes.buffer);
}

// Draws once before the next picture is shown, however often it is asked to.
function redrawer(draw) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
}

// Mouse, pen and fingers on a canvas. Places (u, v) are in its CSS pixels.
//   drag(u, v, du, dv, event)     to (u, v), by (du, dv)
//   pinch(u, v, factor, du, dv)   two fingers around (u, v), or the wheel
//   hover(u, v), leave()          nothing is pressed
//   tap(u, v)                     pressed and released at one place
function listen(canvas, on) {
  const down = new Map();
  let moved = 0, alone = true;
  const place = e => {
    const box = canvas.getBoundingClientRect();
    return [e.clientX - box.left, e.clientY - box.top];
  };
  canvas.addEventListener("pointerdown", e => {
    canvas.setPointerCapture(e.pointerId);
    if (down.size === 0) [moved, alone] = [0, true];
    down.set(e.pointerId, place(e));
    if (down.size > 1) alone = false;
  });
  canvas.addEventListener("pointermove", e => {
    const [u, v] = place(e), before = down.get(e.pointerId);
    if (!before) {
      if (down.size === 0) on.hover(u, v);
      return;
    }
    const [du, dv] = [u - before[0], v - before[1]];
    const other = [...down].find(([id]) => id !== e.pointerId);
    down.set(e.pointerId, [u, v]);
    moved += Math.hypot(du, dv);
    if (!other) {
      on.drag(u, v, du, dv, e);
      return;
    }
    const [a, b] = other[1];
    const was = Math.hypot(before[0] - a, before[1] - b);
    const is = Math.hypot(u - a, v - b);
    if (was > 0) on.pinch((u + a) / 2, (v + b) / 2, is / was, du / 2, dv / 2);
  });
  canvas.addEventListener("pointerup", e => {
    if (down.delete(e.pointerId) && alone && moved < 6) on.tap(...place(e));
  });
  canvas.addEventListener("pointercancel", e => down.delete(e.pointerId));
  canvas.addEventListener("pointerleave", e => {
    if (e.pointerType === "mouse") on.leave();
  });
  canvas.addEventListener("wheel", e => {
    e.preventDefault();
    const step = e.deltaMode === 0 ? e.deltaY : 30 * e.deltaY;  // else lines
    on.pinch(...place(e), Math.exp(-step * 0.0015), 0, 0);
  }, {passive: false});
  canvas.addEventListener("contextmenu", e => e.preventDefault());
}
