// What the canvas knows and sends. gradio gives `element`, `props`, `trigger`, `upload`, `server` and
// `watch`; `props.value` is a view (see canvas.py), and nothing is held here that would be lost.
const $ = (selector) => element.querySelector(selector);
const all = (selector) => [...element.querySelectorAll(selector)];
const on = (node, kinds, listen, options) => kinds.split(' ').forEach((kind) => node.addEventListener(kind, listen, options));
const say = (text, values) => window.ppText(text, values);
const pressed = (node, value) => node.setAttribute('aria-pressed', String(Boolean(value)));
const root = $('.pp-root'), stage = $('.pp-stage'), frame = $('.pp-frame'), photo = $('.pp-photo');

const SLOW = 300; // ms before the page says that it waits

let shown = { desk: '', version: -1, serial: -1, photo: null, parts: [], points: [], box: null, thumbs: [], edges: {}, can: {} };
let mask = null; // the mask on show, unpacked
let sent = []; // what has no answer yet: {seq, action, and how it shows: point, gone, moved}
let strokes = []; // {seq, stroke} that the mask on show does not have yet
let counter = 0, tool = 'include', brush = 40, error = '', slow = false;
let view = { scale: 1, x: 0, y: 0 }, fitted = true;
let compare = null; // the result on show in place of the selection
let glimpse = ''; // URL of what a repaint looks like so far
let segments = null; // labels of everything, while one is picked
let cursor = null, corner = null; // the keyboard's place on the photo, and where its box began

// Listens to window or document until the component is gone.
function onWide(target, kinds, listen, options) {
  on(target, kinds, function once(event) {
    if (element.isConnected) listen(event);
    else target.removeEventListener(event.type, once, options);
  }, options);
}

function act(action, fields = {}, mark = {}) {
  const seq = ++counter;
  sent.push({ seq, action, ...mark });
  error = '';
  trigger('act', { action, desk: shown.desk, photo: shown.serial, seq, ...fields });
  setTimeout(() => {
    slow ||= shown.pending || sent.some((item) => item.seq === seq);
    drawHint();
  }, SLOW);
  drawHint();
  redraw();
  return seq;
}

function fail(text, values) {
  error = text ? say(text, values) : '';
  drawHint();
}

// Asks a server function; null where it cannot, and its sentence is shown.
async function ask(name, fields = {}) {
  const { serial, desk } = shown, answer = await server[name]({ desk, photo: serial, ...fields });
  if (serial !== shown.serial) return null;
  if (answer?.error) fail(answer.error);
  return answer?.error ? null : answer;
}

const size = () => compare || shown.photo; // of what is on show, in photo pixels
const room = () => ({ width: stage.clientWidth, height: stage.clientHeight });
const middle = () => ({ x: stage.clientWidth / 2, y: stage.clientHeight / 2 });
const least = () => fitScale(room(), size());
const fits = () => view.scale <= least() * 1.001;

function look(next) {
  if (!size() || !stage.clientWidth) return;
  view = settledView(next, room(), size());
  fitted = Math.abs(view.scale / least() - 1) < 1e-3;
  redraw();
}

const zoomTo = (scale, at = middle()) => look(zoomedView(view, scale, at));
const fit = () => look({ ...view, scale: least() });

// Where a pointer is: on the stage, and on which pixel of the photo.
function spotOf({ clientX, clientY }) {
  const box = stage.getBoundingClientRect();
  return { x: clientX - box.left - stage.clientLeft, y: clientY - box.top - stage.clientTop };
}

function isInside(spot) {
  const { x, y } = toPhoto(view, spot);
  return x >= 0 && y >= 0 && x < size().width && y < size().height;
}

function pixelAt(spot) {
  const { x, y } = toPhoto(view, spot), { width, height } = size();
  return { x: between(0, Math.floor(x), width - 1), y: between(0, Math.floor(y), height - 1) };
}

const cursorSpot = () => toStage(view, { x: cursor.x + 0.5, y: cursor.y + 0.5 });
