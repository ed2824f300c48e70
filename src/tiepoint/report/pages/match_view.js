// Two photographs side by side, or one above the other where there is no room.
const canvas = $("view"), context = canvas.getContext("2d");
const inlier = new Set(data.inliers);
const matches = data.matches.map((m, i) => ({
  i: m[0], j: m[1], similarity: m[2], weight: data.weights[i],
  inlier: inlier.has(i)}));

// A view of one photograph: where it lies on the canvas and how it is zoomed.
// Coordinates are those of the stored file; the first pixel's centre is (0, 0).
const sides = [0, 1].map(k => ({
  image: new Image(), width: data.images[k].width, height: data.images[k].height,
  keypoints: data.keypoints[k], x: 0, y: 0, w: 0, h: 0, scale: 1, dx: 0, dy: 0}));
// What is drawn: matches, the one under the cursor, the point (of a side) whose
// epipolar line is shown in the other, the place in `shown` of N and P.
let shown = [], hovered = null, pointer = null, chosen = -1;

const toScreen = (s, x, y) =>
  [s.x + s.dx + (x + 0.5) * s.scale, s.y + s.dy + (y + 0.5) * s.scale];
const toImage = (s, u, v) =>
  [(u - s.x - s.dx) / s.scale - 0.5, (v - s.y - s.dy) / s.scale - 0.5];
const sideAt = (u, v) => sides.findIndex(
  s => u >= s.x && u < s.x + s.w && v >= s.y && v < s.y + s.h);

function fit() {
  for (const s of sides) {
    s.scale = Math.min(s.w / s.width, s.h / s.height);
    s.dx = (s.w - s.width * s.scale) / 2;
    s.dy = (s.h - s.height * s.scale) / 2;
  }
  redraw();
}

function layout() {
  const ratio = window.devicePixelRatio || 1;
  const w = canvas.clientWidth, h = canvas.clientHeight, gap = 4;
  canvas.width = Math.round(w * ratio);
  canvas.height = Math.round(h * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const [a, b] = sides;
  if (w >= h) {
    Object.assign(a, {x: 0, y: 0, w: (w - gap) / 2, h});
    Object.assign(b, {x: (w + gap) / 2, y: 0, w: (w - gap) / 2, h});
  } else {
    Object.assign(a, {x: 0, y: 0, w, h: (h - gap) / 2});
    Object.assign(b, {x: 0, y: (h + gap) / 2, w, h: (h - gap) / 2});
  }
  fit();
}

// Orange (0) by green to blue (1), which all eyes tell apart; lighter where the
// page is dark.
const colour = (weight, alpha) => `hsla(${Math.round(18 + 172 * weight)}, 90%, ` +
  `${dark.matches ? 60 : 45}%, ${alpha})`;

function showLegend() {
  $("legend").replaceChildren(...rampElements(
    [0, 0.25, 0.5, 0.75, 1].map(weight => colour(weight, 1)),
    ["weight 0", "1"]));
}

function select() {
  const weight = +$("weight").value, similarity = +$("similarity").value;
  const which = $("which").value;
  $("weight_out").value = weight.toFixed(2);
  $("similarity_out").value = similarity.toFixed(2);
  shown = matches.filter(m => which !== "none" && m.weight >= weight &&
    m.similarity >= similarity &&
    (which === "all" || (which === "kept" && m.weight > 0) ||
     (which === "inliers" && m.inlier) || (which === "outliers" && !m.inlier)));
  chosen = -1;
  look(null);
  $("count").textContent = `${shown.length} of ${matches.length} matches shown`;
  redraw();
}

// ------------------------------------------------------------------- drawing

function drawKeypoint(s, k, stroke) {
  const [x, y, scale, angle] = k, [u, v] = toScreen(s, x, y);
  const r = Math.max(2, scale * s.scale);
  context.strokeStyle = stroke;
  context.beginPath();
  context.arc(u, v, r, 0, 2 * Math.PI);
  context.moveTo(u, v);
  context.lineTo(u + r * Math.cos(angle), v + r * Math.sin(angle));
  context.stroke();
}

// The line (a, b, c), a x + b y + c = 0, of image `to` on which the partner of
// a point of the other lies.
function epipolarLine(to, x, y) {
  const f = data.fundamental;
  return to === 1
    ? [f[0] * x + f[1] * y + f[2], f[3] * x + f[4] * y + f[5],
       f[6] * x + f[7] * y + f[8]]
    : [f[0] * x + f[3] * y + f[6], f[1] * x + f[4] * y + f[7],
       f[2] * x + f[5] * y + f[8]];
}

// Both ends of a line within a photograph; null where it passes by.
function endsOf(s, [a, b, c]) {
  const points = [];
  for (const x of [-0.5, s.width - 0.5]) {
    if (Math.abs(b) > 1e-12) points.push([x, -(a * x + c) / b]);
  }
  for (const y of [-0.5, s.height - 0.5]) {
    if (Math.abs(a) > 1e-12) points.push([-(b * y + c) / a, y]);
  }
  const inside = points.filter(([x, y]) => x >= -0.51 && y >= -0.51 &&
    x <= s.width - 0.49 && y <= s.height - 0.49);
  if (inside.length < 2) return null;
  // The two that are farthest apart: at a corner there are more.
  inside.sort(([x, y], [u, v]) => x - u || y - v);
  return [inside[0], inside[inside.length - 1]];
}

// What is shown of the pointer's epipolar line, in pixels of the other side.
function shownLine() {
  if (!pointer || !data.fundamental || !$("lines").checked) return null;
  const other = 1 - pointer.side;
  return endsOf(sides[other], epipolarLine(other, pointer.x, pointer.y));
}

const clipped = (s, work) => {
  context.save();
  context.beginPath();
  context.rect(s.x, s.y, s.w, s.h);
  context.clip();
  work();
  context.restore();
};

const visible = (s, u, v) =>
  u >= s.x && v >= s.y && u <= s.x + s.w && v <= s.y + s.h;

// From one photograph to the other, where both ends are to be seen.
function drawMatch(m) {
  const a = toScreen(sides[0], ...sides[0].keypoints[m.i]);
  const b = toScreen(sides[1], ...sides[1].keypoints[m.j]);
  if (!visible(sides[0], ...a) || !visible(sides[1], ...b)) return;
  context.beginPath();
  context.moveTo(...a);
  context.lineTo(...b);
  context.stroke();
}

function drawPhotograph(s, k) {
  context.imageSmoothingEnabled = s.scale < 3;
  if (s.image.complete && s.image.naturalWidth) {
    context.drawImage(s.image, s.x + s.dx, s.y + s.dy, s.width * s.scale,
      s.height * s.scale);
  }
  context.lineWidth = 1;
  if ($("keypoints").checked) {
    for (const point of s.keypoints) drawKeypoint(s, point, colour(0.45, 0.8));
  }
  context.lineWidth = shown.length > 1000 ? 1 : 1.5;
  for (const m of shown) {
    drawKeypoint(s, s.keypoints[k ? m.j : m.i], colour(m.weight, 0.9));
  }
}

function drawHovered() {
  // A light edge, so that it is seen on any photograph.
  for (const [stroke, width] of [["#fff", 5], [style("--s0"), 2.5]]) {
    context.strokeStyle = stroke;
    context.lineWidth = width;
    drawMatch(hovered);
    sides.forEach((s, k) => clipped(s, () =>
      drawKeypoint(s, s.keypoints[k ? hovered.j : hovered.i], stroke)));
  }
}

function drawLine() {
  const ends = shownLine();
  if (!ends) return;
  const s = sides[1 - pointer.side];
  clipped(s, () => {
    for (const [stroke, width] of [["#fff", 4.5], [style("--s1"), 2]]) {
      context.strokeStyle = stroke;
      context.lineWidth = width;
      context.beginPath();
      context.moveTo(...toScreen(s, ...ends[0]));
      context.lineTo(...toScreen(s, ...ends[1]));
      context.stroke();
    }
  });
}

const redraw = redrawer(() => {
  context.fillStyle = style("--page");
  context.fillRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  sides.forEach((s, k) => clipped(s, () => drawPhotograph(s, k)));
  context.lineWidth = 1;
  const many = Math.min(0.85, Math.max(0.04, 60 / (shown.length + 1)));
  if (!hovered) {
    for (const m of shown) {
      context.strokeStyle = colour(m.weight, many);
      drawMatch(m);
    }
  }
  drawLine();
  if (hovered) drawHovered();
});

// -------------------------------------------------------------------- saving

// The matches that are shown, a line each.
function csv() {
  const lines = ["x1,y1,x2,y2,weight,similarity,inlier"];
  for (const m of shown) {
    const a = sides[0].keypoints[m.i], b = sides[1].keypoints[m.j];
    lines.push([a[0], a[1], b[0], b[1], m.weight, m.similarity,
      m.inlier ? 1 : 0].join(","));
  }
  return lines.join("\n") + "\n";
}

function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csv()], {type: "text/csv"}));
  link.download = "matches.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// ------------------------------------------------------------------- looking

const tip = $("tip");
function tell(m, u, v) {
  if (!m) {
    tip.style.display = "none";
    tip.textContent = "";
    return;
  }
  const a = sides[0].keypoints[m.i], b = sides[1].keypoints[m.j];
  const place = k => `(${k[0].toFixed(1)}, ${k[1].toFixed(1)})`;
  let text = `${place(a)} - ${place(b)}, weight ${m.weight.toFixed(2)}, ` +
    `similarity ${m.similarity.toFixed(3)}, ${m.inlier ? "inlier" : "no inlier"}`;
  if (data.fundamental) {
    const [p, q, r] = epipolarLine(1, a[0], a[1]);
    const distance = Math.abs(p * b[0] + q * b[1] + r) / Math.hypot(p, q);
    text += `, ${distance.toFixed(2)} px from its line`;
  }
  tip.textContent = text;
  tip.style.display = "block";
  tip.style.left = Math.max(0,
    Math.min(u + 14, canvas.clientWidth - tip.offsetWidth - 4)) + "px";
  tip.style.top = Math.max(0,
    Math.min(v + 14, canvas.clientHeight - tip.offsetHeight - 4)) + "px";
}

// A match, seen from a point of a side; the cursor is at (u, v).
function look(m, side, x, y, u, v) {
  hovered = m;
  pointer = side === undefined ? null : {side, x, y};
  tell(m, u, v);
  redraw();
}

function nearest(side, u, v) {
  let best = null, least = 12 * 12;
  for (const m of shown) {
    const [a, b] = toScreen(sides[side],
      ...sides[side].keypoints[side ? m.j : m.i]);
    const d = (a - u) ** 2 + (b - v) ** 2;
    if (d < least) [best, least] = [m, d];
  }
  return best;
}

function lookAt(u, v) {
  const k = sideAt(u, v);
  if (k < 0) {
    look(null);
    return;
  }
  const m = nearest(k, u, v);
  const [x, y] = m ? sides[k].keypoints[k ? m.j : m.i] : toImage(sides[k], u, v);
  look(m, k, x, y, u, v);
}

function zoom(s, u, v, factor) {
  const [x, y] = toImage(s, u, v);
  s.scale = Math.min(64, Math.max(0.02, s.scale * factor));
  s.dx = u - s.x - (x + 0.5) * s.scale;
  s.dy = v - s.y - (y + 0.5) * s.scale;
  redraw();
}

function move(s, du, dv) {
  s.dx += du;
  s.dy += dv;
  redraw();
}

// The next match, or the previous one; moved into view.
function step(by) {
  if (shown.length === 0) return;
  const from = chosen < 0 && by < 0 ? 0 : chosen;
  chosen = (from + by + shown.length) % shown.length;
  const m = shown[chosen];
  sides.forEach((s, k) => {
    const [u, v] = toScreen(s, ...s.keypoints[k ? m.j : m.i]);
    if (!visible(s, u, v)) move(s, s.x + s.w / 2 - u, s.y + s.h / 2 - v);
  });
  const [x, y] = sides[0].keypoints[m.i];
  look(m, 0, x, y, ...toScreen(sides[0], x, y));
}

listen(canvas, {
  drag(u, v, du, dv) {
    const k = sideAt(u - du, v - dv);
    if (k >= 0) move(sides[k], du, dv);
  },
  pinch(u, v, factor, du, dv) {
    const k = sideAt(u, v);
    if (k < 0) return;
    move(sides[k], du, dv);
    zoom(sides[k], u, v, factor);
  },
  hover: lookAt,
  leave: () => look(null),
  tap: lookAt,
});
canvas.addEventListener("keydown", e => {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const by = {ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40],
    ArrowDown: [0, -40]}[e.key];
  if (by) {
    for (const s of sides) move(s, ...by);
  } else if (e.key === "+" || e.key === "=" || e.key === "-") {
    for (const s of sides) {
      zoom(s, s.x + s.w / 2, s.y + s.h / 2, e.key === "-" ? 0.8 : 1.25);
    }
  } else if (e.key === "n" || e.key === "p") {
    step(e.key === "n" ? 1 : -1);
  } else if (e.key === "k" || e.key === "l") {
    $(e.key === "k" ? "keypoints" : "lines").click();
  } else if (e.key === "0") {
    fit();
  } else if (e.key === "Escape") {
    look(null);
  } else {
    return;
  }
  e.preventDefault();
});
for (const id of ["weight", "similarity", "which"]) {
  $(id).addEventListener("input", select);
}
for (const id of ["keypoints", "lines"]) $(id).addEventListener("input", redraw);
$("reset").addEventListener("click", fit);
$("save").addEventListener("click", save);
dark.addEventListener("change", () => {
  showLegend();
  redraw();
});
new ResizeObserver(layout).observe(canvas);

$("title").textContent = data.images.map(i => i.name).join("  -  ");
$("facts").textContent = data.facts;
$("weight").disabled = matches.every(m => m.weight === matches[0].weight);
// From the least similar match on.
const least = matches.reduce((a, m) => Math.min(a, m.similarity), 1);
$("similarity").min = $("similarity").value = Math.floor(100 * least) / 100;
showLegend();
sides.forEach((s, k) => {
  s.image.onload = redraw;
  s.image.src = data.images[k].source;
});
select();

// For tests and the curious.
window.viewer = {
  state: () => ({shown: shown.length, hovered, pointer, line: shownLine(),
    sides: sides.map(({x, y, w, h, scale, dx, dy, image}) =>
      ({x, y, w, h, scale, dx, dy, loaded: image.naturalWidth > 0}))}),
  matches: () => shown,
  placeOf: (k, m) => toScreen(sides[k], ...sides[k].keypoints[k ? m.j : m.i]),
};
