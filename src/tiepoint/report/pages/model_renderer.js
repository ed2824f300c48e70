// Draws points, lines and triangles of space, by WebGL or, where there is none,
// on a plain canvas. Both are asked in the same way:
//   draw({matrix, size, minTrack, maxError, background, lines, triangles})
// matrix: clip coordinates from the world, by columns; size: of a point, in
// pixels of the canvas; lines, triangles: {positions, colours}, three floats and
// four bytes a corner, two or three corners each.
// setColours(bytes): four bytes a point (the last: 255, or 0 for a point that is
// drawn larger).

const POINT_VERTEX = `
attribute vec3 position;
attribute vec4 colour;
attribute vec2 quality;  // how often seen, reprojection error
uniform mat4 matrix;
uniform mediump float size;  // as in the fragments
uniform float min_track, max_error;
varying vec3 shade;
void main() {
  bool shown = quality.x >= min_track && quality.y <= max_error;
  gl_Position = shown ? matrix * vec4(position, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = colour.a > 0.5 ? size : size + 1.0;
  shade = colour.rgb;
}`;
const POINT_FRAGMENT = `
precision mediump float;
uniform mediump float size;
varying vec3 shade;
void main() {
  vec2 place = gl_PointCoord - 0.5;
  if (size > 2.5 && dot(place, place) > 0.25) discard;
  gl_FragColor = vec4(shade, 1.0);
}`;
const SHAPE_VERTEX = `
attribute vec3 position;
attribute vec4 colour;
uniform mat4 matrix;
varying vec4 shade;
void main() {
  gl_Position = matrix * vec4(position, 1.0);
  shade = colour;
}`;
const SHAPE_FRAGMENT = `
precision mediump float;
varying vec4 shade;
void main() { gl_FragColor = vec4(shade.rgb * shade.a, shade.a); }`;

function makeProgram(gl, vertex, fragment) {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, vertex],
                              [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) {
      throw new Error(gl.getShaderInfoLog(shader));
    }
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(gl.getProgramInfoLog(program));
  }
  return program;
}

class WebGlRenderer {
  constructor(gl, positions, qualities) {
    this.gl = gl;
    this.count = positions.length / 3;
    this.points = makeProgram(gl, POINT_VERTEX, POINT_FRAGMENT);
    this.shapes = makeProgram(gl, SHAPE_VERTEX, SHAPE_FRAGMENT);
    this.positions = this.buffer(positions);
    this.qualities = this.buffer(qualities);
    this.colours = gl.createBuffer();
    this.shapePositions = gl.createBuffer();
    this.shapeColours = gl.createBuffer();
  }

  buffer(numbers) {
    const gl = this.gl, buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, numbers, gl.STATIC_DRAW);
    return buffer;
  }

  setColours(bytes) {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.colours);
    gl.bufferData(gl.ARRAY_BUFFER, bytes, gl.STATIC_DRAW);
  }

  attribute(program, name, buffer, count, type) {
    const gl = this.gl, place = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, count, type, type === gl.UNSIGNED_BYTE, 0, 0);
  }

  draw(scene) {
    const gl = this.gl, [r, g, b] = scene.background;
    gl.viewport(0, 0, gl.canvas.width, gl.canvas.height);
    gl.clearColor(r / 255, g / 255, b / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.useProgram(this.points);
    const uniform = name => gl.getUniformLocation(this.points, name);
    gl.uniformMatrix4fv(uniform("matrix"), false, scene.matrix);
    gl.uniform1f(uniform("size"), scene.size);
    gl.uniform1f(uniform("min_track"), scene.minTrack);
    gl.uniform1f(uniform("max_error"), scene.maxError);
    this.attribute(this.points, "position", this.positions, 3, gl.FLOAT);
    this.attribute(this.points, "colour", this.colours, 4, gl.UNSIGNED_BYTE);
    this.attribute(this.points, "quality", this.qualities, 2, gl.FLOAT);
    gl.drawArrays(gl.POINTS, 0, this.count);
    gl.disableVertexAttribArray(gl.getAttribLocation(this.points, "quality"));

    gl.useProgram(this.shapes);
    gl.uniformMatrix4fv(gl.getUniformLocation(this.shapes, "matrix"), false,
      scene.matrix);
    this.drawShapes(gl.LINES, scene.lines);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.depthMask(false);
    this.drawShapes(gl.TRIANGLES, scene.triangles);
    gl.depthMask(true);
    gl.disable(gl.BLEND);
  }

  drawShapes(kind, shapes) {
    const gl = this.gl;
    for (const [name, buffer, numbers, count, type] of [
      ["position", this.shapePositions, shapes.positions, 3, gl.FLOAT],
      ["colour", this.shapeColours, shapes.colours, 4, gl.UNSIGNED_BYTE]]) {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, numbers, gl.DYNAMIC_DRAW);
      this.attribute(this.shapes, name, buffer, count, type);
    }
    gl.drawArrays(kind, 0, shapes.positions.length / 3);
  }
}

// Of very many points every so-manieth is drawn, far ones first.
class PlainRenderer {
  constructor(context, positions, qualities) {
    Object.assign(this, {context, positions, qualities});
    this.step = Math.ceil(positions.length / 3 / 40000);
  }

  setColours(bytes) {
    this.colours = bytes;
  }

  draw(scene) {
    const c = this.context, {width, height} = c.canvas, m = scene.matrix;
    const project = (from, k) => {
      const [x, y, z] = [from[3 * k], from[3 * k + 1], from[3 * k + 2]];
      const w = m[3] * x + m[7] * y + m[11] * z + m[15];
      return [width * (0.5 + (m[0] * x + m[4] * y + m[8] * z + m[12]) / w / 2),
        height * (0.5 - (m[1] * x + m[5] * y + m[9] * z + m[13]) / w / 2), w];
    };
    const paint = (of, k, alpha) =>
      `rgba(${of[4 * k]}, ${of[4 * k + 1]}, ${of[4 * k + 2]}, ${alpha})`;
    c.fillStyle = `rgb(${scene.background.join(",")})`;
    c.fillRect(0, 0, width, height);
    const points = [];
    for (let i = 0; i < this.positions.length / 3; i += this.step) {
      if (this.qualities[2 * i] < scene.minTrack ||
          this.qualities[2 * i + 1] > scene.maxError) continue;
      const [u, v, w] = project(this.positions, i);
      if (w > 0) points.push([w, u, v, i]);
    }
    points.sort((a, b) => b[0] - a[0]);
    for (const [, u, v, i] of points) {
      const size = scene.size + (this.colours[4 * i + 3] ? 0 : 1);
      c.fillStyle = paint(this.colours, i, 1);
      c.fillRect(u - size / 2, v - size / 2, size, size);
    }
    for (const [corners, shapes] of [[2, scene.lines], [3, scene.triangles]]) {
      for (let k = 0; k < shapes.positions.length / 3; k += corners) {
        const places = [...Array(corners).keys()].map(
          i => project(shapes.positions, k + i));
        if (places.some(([, , w]) => w <= 0)) continue;
        c.beginPath();
        places.forEach(([u, v]) => c.lineTo(u, v));
        if (corners === 2) {
          c.strokeStyle = paint(shapes.colours, k, 1);
          c.stroke();
        } else {
          c.fillStyle = paint(shapes.colours, k, shapes.colours[4 * k + 3] / 255);
          c.fill();
        }
      }
    }
  }
}

// {renderer, plain: whether WebGL is missing}
function makeRenderer(canvas, positions, qualities) {
  const gl = canvas.getContext("webgl", {antialias: true, alpha: false});
  if (gl) return {renderer: new WebGlRenderer(gl, positions, qualities),
    plain: false};
  return {renderer: new PlainRenderer(canvas.getContext("2d"), positions,
    qualities), plain: true};
}
