// The keyboard: a letter a tool, a cursor that arrows move, Enter for the click.
const TOOLS = { w: 'include', x: 'exclude', m: 'box', b: 'brush', e: 'eraser', h: 'hand' };
const ARROWS = { arrowleft: [-1, 0], arrowright: [1, 0], arrowup: [0, -1], arrowdown: [0, 1] };
const PRESSED = { '+': 'zoom-in', '=': 'zoom-in', '-': 'zoom-out', 0: 'fit', 1: 'whole', f: 'full', '?': 'help', s: 'subject', a: 'everything' };
const DONE = { '[': () => setBrush(brush / 1.2), ']': () => setBrush(brush * 1.2), r: toggleResult, '\\': () => holdOriginal(true), n: () => act('part-new', { op: 'add' }), delete: remove, backspace: remove };
const help = $('.pp-help');
let telling = 0;

function remove() {
  const spot = cursor ? cursorSpot() : lastSpot, index = spot ? pointAt(spot) : -1, part = shown.parts[shown.active];
  if (index >= 0) clickAt(spot, true, index);
  else if (part) act('part-delete', { key: part.key });
}

function tell(text, values) {
  clearTimeout(telling);
  telling = setTimeout(() => { $('.pp-told').textContent = say(text, values); }, 250);
}

// A step is a pixel of the photo, or of the screen where the photo is shown smaller.
function moveCursor([x, y], far) {
  const { width, height } = size(), step = Math.max(1, Math.round(1 / view.scale)) * (far ? 10 : 1), edge = 24;
  if (cursor) cursor = { x: between(0, cursor.x + x * step, width - 1), y: between(0, cursor.y + y * step, height - 1) };
  else cursor = pixelAt(middle());
  const at = cursorSpot(), { width: wide, height: tall } = room();
  look({ ...view, x: view.x + between(edge, at.x, wide - edge) - at.x, y: view.y + between(edge, at.y, tall - edge) - at.y });
  if (gesture?.keyed) extend(cursorSpot());
  tell('Cursor at {x}, {y}', cursor);
}

function enter(shift) {
  const spot = cursorSpot(), include = !shift && tool !== 'exclude';
  if (segments) return takeSegment(spot);
  if (!isDrawing() && tool !== 'box') return clickAt(spot, include, pointAt(spot, false, include));
  const from = corner, { stroke } = gesture || {};
  forget();
  if (stroke) return sendStroke(stroke);
  if (from) return act('box', boxOf(from, cursor));
  if (isDrawing()) gesture = { kind: 'stroke', keyed: true, last: spot, stroke: strokeFrom(spot, shift) };
  else corner = cursor;
  return tell('Begun; move the cursor and press Enter again.');
}

function escape() {
  const stop = document.getElementById('pp-stop');
  if (gesture || corner) forget();
  else if (root.classList.contains('pp-full')) toggleFull();
  else if (segments) toggleSegments(false);
  else if (stop?.offsetParent) stop.click();
  cursor = null;
  redraw();
}

function withControl(key, { shiftKey, target }) {
  if (key === 'enter') document.getElementById('pp-repaint')?.click();
  else if (!'zy'.includes(key) || !size() || isText(target)) return false;
  else act(key === 'y' || shiftKey ? 'redo' : 'undo');
  return true;
}

const isText = (node) => node.closest?.('textarea, select, [contenteditable], input:not([type=range], [type=radio], [type=checkbox], [type=file])');

// Returns whether the key meant something here.
function onKey(event) {
  const key = (event.key || '').toLowerCase(), { target } = event, focused = target === stage;
  if (event.ctrlKey || event.metaKey) return withControl(key, event);
  if (help.open || event.altKey || event.isComposing) return false;
  if (key === 'escape') return escape();
  if (isText(target) || (!size() && key !== '?')) return false;
  if (key === ' ' && (focused || target === document.body)) hold(true);
  else if (TOOLS[key] && shown.photo) setTool(TOOLS[key]);
  else if (PRESSED[key]) $(`[data-action="${PRESSED[key]}"]`).click();
  else if (DONE[key]) DONE[key]();
  else if (focused && ARROWS[key]) moveCursor(ARROWS[key], event.shiftKey);
  else if (focused && cursor && key === 'enter' && !compare) enter(event.shiftKey);
  else return false;
  return true;
}

function hold(held) {
  spaceHeld = held;
  root.classList.toggle('pp-space', held);
}

onWide(window, 'keydown', (event) => onKey(event) && event.preventDefault());
onWide(window, 'keyup blur', ({ key = ' \\' }) => {
  if (key.includes(' ')) hold(false);
  if (key.includes('\\')) holdOriginal(false);
});

async function toggleFull() {
  if (document.fullscreenElement) await document.exitFullscreen();
  else if (root.classList.contains('pp-full') || !root.requestFullscreen) root.classList.toggle('pp-full');
  else await root.requestFullscreen();
}
