// The points and cameras of a sparse model, to turn and to look at closely.
// Positions are relative to the middle of the points; a camera's rotation is
// camera-from-world, by rows.
const canvas = $("view");
const positions = numbers(Float32Array, data.points.positions);
const photographed = numbers(Uint8Array, data.points.colours);
const tracks = numbers(Uint16Array, data.points.tracks);
const errors = numbers(Float32Array, data.points.errors);
const count = tracks.length;
const cameras = data.cameras;
// Points that camera k sees: seen[starts[k]] .. seen[starts[k + 1]]. Null: too
// many for a page.
const seen = data.seen && numbers(Uint32Array, data.seen.points);

// ------------------------------------------------------------------- vectors

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const plus = (a, b, s = 1) => a.map((x, i) => x + s * b[i]);
const times = (a, s) => a.map(x => s * x);
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0]];
const unit = a => times(a, 1 / (Math.hypot(...a) || 1));
const mean = vectors => times(
  vectors.reduce((a, b) => plus(a, b), [0, 0, 0]), 1 / (vectors.length || 1));

// ----------------------------------------------------------------- the model

// Nine tenths of the points are nearer to the middle than this.
const radius = (() => {
  const lengths = [];
  for (let i = 0; i < count; i += Math.ceil(count / 20000)) {
    lengths.push(Math.hypot(...positions.subarray(3 * i, 3 * i + 3)));
  }
  lengths.sort((a, b) => a - b);
  const far = cameras.map(c => Math.hypot(...c.centre));
  return lengths[Math.floor(0.9 * lengths.length)] || Math.max(...far, 0) || 1;
})();

// The cameras tell what is up, and from where to look at first.
const up = (() => {
  const sum = mean(cameras.map(c => times(c.rotation.slice(3, 6), -1)));
  return Math.hypot(...sum) > 0.05 ? unit(sum) : [0, -1, 0];
})();
const ahead = (() => {
  let sum = mean(cameras.map(c => c.rotation.slice(6, 9)));
  if (Math.hypot(...sum) < 0.2) sum = mean(cameras.slice(0, 1).map(
    c => c.rotation.slice(6, 9)));  // all around: as the first one looks
  let level = plus(sum, up, -dot(sum, up));
  if (Math.hypot(...level) < 1e-6) level = cross(up, [1, 0.3, 0.2]);
  return unit(level);
})();
const aside = cross(ahead, up);

// ------------------------------------------------------------------ the view

const kField = Math.PI / 4;  // vertical
const eye = {};  // yaw, pitch, distance, target

// What a first look should show: most points, and the cameras that are not far
// away.
const worthSeeing = (() => {
  const chosenPoints = [];
  for (let i = 0; i < count; i += Math.ceil(count / 2000)) {
    chosenPoints.push([...positions.subarray(3 * i, 3 * i + 3)]);
  }
  return [...chosenPoints.filter(p => Math.hypot(...p) <= radius),
    ...cameras.map(c => c.centre).filter(c => Math.hypot(...c) < 4 * radius)];
})();

// The eye moves back, and its target to the middle of what it sees, until all
// is within the picture with some room around it.
function fit() {
  Object.assign(eye, {yaw: 0.3, pitch: 0.3, target: [0, 0, 0], distance: 0});
  const {x, y, z} = axes();
  const half = Math.tan(kField / 2) * 0.88;
  const wide = half * (canvas.clientWidth / canvas.clientHeight || 1);
  for (let round = 0; round < 5; ++round) {
    let distance = radius / 100;
    const range = [Infinity, -Infinity, Infinity, -Infinity];
    const places = worthSeeing.map(p => {
      const from = plus(p, eye.target, -1);
      return [dot(from, x), dot(from, y), dot(from, z)];
    });
    for (const [u, v, w] of places) {
      distance = Math.max(distance, Math.abs(u) / wide - w,
        Math.abs(v) / half - w);
    }
    for (const [u, v, w] of places) {
      const [a, b] = [u / (w + distance), v / (w + distance)];
      range[0] = Math.min(range[0], a);
      range[1] = Math.max(range[1], a);
      range[2] = Math.min(range[2], b);
      range[3] = Math.max(range[3], b);
    }
    eye.distance = distance;
    if (places.length === 0) break;
    eye.target = plus(plus(eye.target, x, (range[0] + range[1]) / 2 * distance),
      y, (range[2] + range[3]) / 2 * distance);
  }
  redraw();
}

// Where the eye looks (z), its right (x) and up (y).
function axes() {
  const flat = plus(times(ahead, Math.cos(eye.yaw)), aside, Math.sin(eye.yaw));
  const z = plus(times(flat, Math.cos(eye.pitch)), up, -Math.sin(eye.pitch));
  const x = unit(cross(z, up));
  return {x, y: cross(x, z), z};
}

// Clip coordinates from the world, by columns.
function matrix() {
  const {x, y, z} = axes(), place = plus(eye.target, z, -eye.distance);
  const aspect = canvas.clientWidth / canvas.clientHeight || 1;
  const g = 1 / Math.tan(kField / 2), near = eye.distance / 200;
  const far = eye.distance + 100 * radius;
  const a = (far + near) / (far - near), b = -2 * far * near / (far - near);
  const rows = [
    [...times(x, g / aspect), -dot(x, place) * g / aspect],
    [...times(y, g), -dot(y, place) * g],
    [...times(z, a), -dot(z, place) * a + b],
    [...z, -dot(z, place)]];
  return new Float32Array([0, 1, 2, 3].flatMap(c => rows.map(row => row[c])));
}

// CSS pixels of a point; null behind the eye.
function placeOf(point) {
  const m = matrix(), clip = [0, 1, 3].map(r => m[r] * point[0] +
    m[4 + r] * point[1] + m[8 + r] * point[2] + m[12 + r]);
  if (clip[2] <= 0) return null;
  return [canvas.clientWidth * (1 + clip[0] / clip[2]) / 2,
    canvas.clientHeight * (1 - clip[1] / clip[2]) / 2];
}

function turn(du, dv) {
  eye.yaw += du;
  eye.pitch = Math.min(1.55, Math.max(-1.55, eye.pitch + dv));
  redraw();
}
function shift(du, dv) {
  const {x, y} = axes();
  const step = 2 * eye.distance * Math.tan(kField / 2) / canvas.clientHeight;
  eye.target = plus(plus(eye.target, x, -du * step), y, dv * step);
  redraw();
}
function zoom(factor) {
  eye.distance = Math.min(60 * radius, Math.max(radius / 500,
    eye.distance / factor));
  redraw();
}

// ------------------------------------------------------------------- colours

const rgb = name => {
  const hex = style(name);
  return [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));
};
// Stops from few to many, from small to large errors; each is to be seen before
// the page's colour.
const kRamps = {
  track: {light: [[150, 178, 205], [35, 110, 170], [75, 25, 110]],
    dark: [[75, 95, 130], [70, 165, 195], [250, 226, 120]]},
  error: {light: [[0, 120, 90], [200, 150, 20], [190, 50, 20]],
    dark: [[67, 207, 160], [235, 200, 90], [255, 120, 90]]},
};
function ramp(name, t) {
  const stops = kRamps[name][dark.matches ? "dark" : "light"];
  const at = Math.min(1, Math.max(0, t)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(at));
  return stops[i].map((a, k) => Math.round(a + (stops[i + 1][k] - a) * (at - i)));
}

const maxTrack = tracks.reduce((a, b) => Math.max(a, b), 2);
const minTrack = tracks.reduce((a, b) => Math.min(a, b), 2);
const maxError = errors.reduce((a, b) => Math.max(a, b), 0);
// The ramp's end: tracks are mostly short.
const longTrack = Math.max(3, Math.min(maxTrack, 10));

let chosen = -1;

function paint() {
  const how = $("colours").value, bytes = new Uint8Array(4 * count);
  const page = rgb("--page"), mark = rgb("--s1");
  const dim = seen && chosen >= 0 ? 0.7 : 0;
  for (let i = 0; i < count; ++i) {
    const colour = how === "track" ? ramp("track", (tracks[i] - 2) / (longTrack - 2))
      : how === "error" ? ramp("error", errors[i] / (maxError || 1))
      : photographed.subarray(3 * i, 3 * i + 3);
    for (let c = 0; c < 3; ++c) {
      bytes[4 * i + c] = colour[c] + dim * (page[c] - colour[c]);
    }
    bytes[4 * i + 3] = 255;
  }
  if (dim) {
    const {starts} = data.seen;
    for (let k = starts[chosen]; k < starts[chosen + 1]; ++k) {
      bytes.set([...mark, 0], 4 * seen[k]);
    }
  }
  renderer.setColours(bytes);
  showLegend(how);
  redraw();
}

function showLegend(how) {
  const lines = [];
  if (how !== "photograph") {
    const ends = how === "track"
      ? ["2 photographs", longTrack < maxTrack ? `${longTrack} or more`
        : String(longTrack)]
      : ["error 0", `${maxError.toFixed(1)} px`];
    lines.push(...rampElements(
      [0, 0.25, 0.5, 0.75, 1].map(t => `rgb(${ramp(how, t)})`), ends));
  }
  const key = (colour, text) => {
    const line = element("div", ""), box = element("span", "", "key");
    box.style.borderColor = `var(${colour})`;
    line.append(box, text);
    lines.push(line);
  };
  key("--s0", "cameras");
  if (chosen >= 0) {
    key("--s1", seen ? "the chosen one and its points" : "the chosen one");
  }
  $("legend").replaceChildren(...lines);
}

// ------------------------------------------------------------------- cameras

const frustumDepth = () => radius * $("frusta").value / 500;

// The corners of a camera's picture at a depth, in the world: top left, top
// right, bottom right, bottom left.
function cornersOf(camera, depth) {
  const {rotation: r, size: [w, h], focal: [fx, fy], principal: [cx, cy]} = camera;
  return [[0, 0], [w, 0], [w, h], [0, h]].map(([x, y]) => {
    const ray = [(x - cx) / fx * depth, (y - cy) / fy * depth, depth];
    // The rotation's transpose: world from camera.
    return camera.centre.map((c, i) =>
      c + r[i] * ray[0] + r[3 + i] * ray[1] + r[6 + i] * ray[2]);
  });
}

class Shapes {
  positions = [];
  colours = [];
  add(colour, alpha, ...corners) {
    for (const corner of corners) {
      this.positions.push(...corner);
      this.colours.push(...colour, Math.round(255 * alpha));
    }
  }
  arrays() {
    return {positions: new Float32Array(this.positions),
      colours: new Uint8Array(this.colours)};
  }
}

function frusta() {
  const lines = new Shapes(), triangles = new Shapes();
  const depth = frustumDepth();
  if (depth === 0) return [lines.arrays(), triangles.arrays()];
  const usual = rgb("--s0"), mark = rgb("--s1");
  cameras.forEach((camera, k) => {
    const corners = cornersOf(camera, depth);
    const colour = k === chosen ? mark : usual;
    corners.forEach((corner, i) => {
      const next = corners[(i + 1) % 4];
      lines.add(colour, 1, camera.centre, corner);
      lines.add(colour, 1, corner, next);
      if (k === chosen) triangles.add(colour, 0.25, camera.centre, corner, next);
    });
    const alpha = k === chosen ? 0.45 : 0.12;
    triangles.add(colour, alpha, corners[0], corners[1], corners[2]);
    triangles.add(colour, alpha, corners[0], corners[2], corners[3]);
  });
  return [lines.arrays(), triangles.arrays()];
}

// Where a camera is to be clicked: at its centre or the middle of its picture.
function placesOf(camera) {
  const middle = mean(cornersOf(camera, frustumDepth()));
  return [placeOf(camera.centre), placeOf(middle)].filter(place => place);
}

function cameraAt(u, v, reach) {
  let best = -1, least = reach;
  cameras.forEach((camera, k) => {
    for (const [a, b] of placesOf(camera)) {
      const d = Math.hypot(a - u, b - v);
      if (d < least) [best, least] = [k, d];
    }
  });
  return best;
}

function showCard() {
  const card = $("card");
  card.hidden = chosen < 0;
  card.replaceChildren();
  if (chosen < 0) return;
  const camera = cameras[chosen];
  const close = element("button", "\u00d7");
  close.id = "close";
  close.type = "button";
  close.setAttribute("aria-label", "Close");
  close.addEventListener("click", () => {
    choose(-1);
    canvas.focus();
  });
  card.append(close, element("h2", camera.name));
  if (camera.thumbnail) {
    const image = new Image();
    image.alt = camera.name;
    image.src = camera.thumbnail;
    card.append(image);
  }
  card.append(element("div", `${camera.points} points seen`),
    element("div", `${camera.size.join(" \u00d7 ")} pixels, focal length ` +
      `${camera.focal[0].toFixed(0)}`));
  if (camera.partners.length > 0) {
    const list = document.createElement("ul");
    for (const {name, inliers, address} of camera.partners) {
      const item = element("li", "");
      item.append(address ? Object.assign(element("a", name), {href: address})
        : name, ` (${inliers})`);
      list.append(item);
    }
    card.append(element("div", "Most matches with"), list);
  }
}

function choose(k) {
  chosen = k;
  $("camera").value = String(k);
  showCard();
  paint();
}

// ------------------------------------------------------------------- drawing

const qualities = new Float32Array(2 * count);
for (let i = 0; i < count; ++i) qualities.set([tracks[i], errors[i]], 2 * i);
let {renderer, plain} = makeRenderer(canvas, positions, qualities);
const limits = {track: 0, error: Infinity};
let shown = count;

function select() {
  limits.track = +$("track").value;
  limits.error = +$("error").value >= 100 ? Infinity
    : maxError * $("error").value / 100;
  $("size_out").value = (+$("size").value).toFixed(1);
  $("track_out").value = limits.track;
  $("error_out").value = limits.error === Infinity ? "any"
    : `${limits.error.toFixed(2)} px`;
  $("frusta_out").value = $("frusta").value;
  shown = 0;
  for (let i = 0; i < count; ++i) {
    shown += tracks[i] >= limits.track && errors[i] <= limits.error;
  }
  $("count").textContent = `${shown} of ${count} points shown`;
  redraw();
}

const redraw = redrawer(() => {
  const [lines, triangles] = frusta();
  renderer.draw({matrix: matrix(), background: rgb("--page"), lines, triangles,
    size: $("size").value * (window.devicePixelRatio || 1),
    minTrack: limits.track,
    maxError: limits.error === Infinity ? 1e30 : limits.error});
});

function layout() {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(canvas.clientHeight * ratio);
  if (eye.target) redraw();
  else fit();
}

// ------------------------------------------------------------------ listening

listen(canvas, {
  drag(u, v, du, dv, e) {
    if (e.shiftKey || e.buttons & 6) shift(du, dv);
    else turn(du * 0.008, dv * 0.008);
  },
  pinch(u, v, factor, du, dv) {
    if (du || dv) shift(du, dv);
    zoom(factor);
  },
  hover(u, v) {
    const k = cameraAt(u, v, 14);
    canvas.style.cursor = k < 0 ? "grab" : "pointer";
    canvas.title = k < 0 ? "" : cameras[k].name;
  },
  leave() {},
  tap(u, v) { choose(cameraAt(u, v, 22)); },
});
canvas.addEventListener("keydown", e => {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const by = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1],
    ArrowDown: [0, 1]}[e.key];
  if (by && e.shiftKey) {
    shift(-40 * by[0], -40 * by[1]);
  } else if (by) {
    turn(0.1 * by[0], 0.1 * by[1]);
  } else if (e.key === "+" || e.key === "=" || e.key === "-") {
    zoom(e.key === "-" ? 0.8 : 1.25);
  } else if ((e.key === "n" || e.key === "p") && cameras.length > 0) {
    const from = chosen < 0 && e.key === "p" ? 0 : chosen;
    choose((from + (e.key === "n" ? 1 : -1) + cameras.length) % cameras.length);
  } else if (e.key === "Escape") {
    choose(-1);
  } else if (e.key === "0") {
    fit();
  } else {
    return;
  }
  e.preventDefault();
});
for (const id of ["size", "track", "error", "frusta"]) {
  $(id).addEventListener("input", select);
}
$("colours").addEventListener("input", paint);
$("camera").addEventListener("input", () => choose(+$("camera").value));
$("reset").addEventListener("click", fit);
dark.addEventListener("change", paint);
canvas.addEventListener("webglcontextlost", e => e.preventDefault());
canvas.addEventListener("webglcontextrestored", () => {
  ({renderer, plain} = makeRenderer(canvas, positions, qualities));
  paint();
});

$("title").textContent = data.title;
$("facts").textContent = data.facts;
const notes = data.notes.slice();
if (plain) {
  notes.push("This browser has no WebGL: the model is drawn slowly" +
    (renderer.step > 1 ? `, every ${renderer.step}th point of it.` : "."));
}
$("notes").replaceChildren(...notes.map(note => element("li", note)));
cameras.forEach((camera, k) => $("camera").append(
  Object.assign(element("option", camera.name), {value: k})));
Object.assign($("track"), {min: minTrack, max: Math.max(maxTrack, minTrack + 1),
  value: minTrack});
// Few points are drawn larger.
$("size").value = count < 20000 ? 3 : 2;
if (photographed.every(byte => byte === 0)) $("colours").value = "track";
layout();
paint();
select();
new ResizeObserver(layout).observe(canvas);

// For tests and the curious.
window.viewer = {
  state: () => ({...eye, shown, count, chosen, plain,
    width: canvas.width, height: canvas.height}),
  placeOf: k => placesOf(cameras[k])[0],
};
