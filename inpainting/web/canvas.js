// Draws a view when it comes, and what hangs on it at most once a frame.
const ENDED = 'This session has ended; open the photo again.';
const KEPT = 'pp-desk'; // the desk that a reload finds again
let maskKey = '', unpacking = 0, frameWanted = 0, shape = '', roomBefore = room();

function redraw() {
  frameWanted ||= requestAnimationFrame(draw);
}

function draw() {
  cancelAnimationFrame(frameWanted);
  frameWanted = 0;
  if (!size()) return;
  frame.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
  root.classList.toggle('pp-crisp', view.scale >= 4);
  root.classList.toggle('pp-zoomed', !fits());
  $('.pp-percent').textContent = `${Math.round(view.scale * 100)} %`;
  drawMarks();
  drawDivider();
  drawRing(ring.hidden ? null : lastSpot);
  if (compare) return;
  drawOverlay();
  drawLive();
}

function drawPhoto() {
  const here = size(), { photo: opened } = shown;
  root.classList.toggle('pp-filled', Boolean(here));
  frame.hidden = !here;
  stage.tabIndex = here ? 0 : -1;
  $('.pp-empty').hidden = Boolean(here);
  source(photo, opened?.file.url);
  if (opened) stage.ariaLabel = say('The photo {name}, {width} by {height} pixels. Arrow keys move a cursor, Enter clicks.', opened);
  if (!here) return;
  stage.style.setProperty('--ratio', here.width / here.height);
  Object.assign(frame.style, { width: `${here.width}px`, height: `${here.height}px` });
  const next = `${shown.serial} ${here.width} ${here.height}`;
  if (next !== shape) fit();
  shape = next;
  redraw();
}

async function drawMask() {
  const { mask: next, version, pending } = shown, key = next?.data || '';
  if (!next && pending) return; // the last mask stays until the next is there
  unpacking += 1;
  const unpacked = key === maskKey ? mask : next && (await unpack(next));
  unpacking -= 1;
  if (version !== shown.version) return;
  mask = unpacked;
  maskKey = key;
  if (!pending) strokes = strokes.filter(({ seq }) => sent.some((item) => item.seq === seq));
  redraw();
}

function isLate({ serial, version, pending }) {
  if (serial !== shown.serial) return serial < shown.serial;
  return version < shown.version || (version === shown.version && pending && !shown.pending);
}

function begin(other, { photo: next }) {
  error = other && shown.photo && !next ? say(ENDED) : '';
  mask = segments = cursor = null;
  maskKey = '';
  sent = [];
  strokes = [];
  tool = 'include';
  forget();
  if (next) setBrush(Math.max(next.width, next.height) / 25);
}

function show() {
  const { value } = props, other = value.desk !== shown.desk, closed = shown.result && !value.result;
  if (value.desk) sessionStorage.setItem(KEPT, value.desk);
  sent = sent.filter((item) => item.seq > value.echo);
  if (!other && isLate(value)) return [drawHint, drawMask].forEach((each) => each());
  if (other || value.serial !== shown.serial) begin(other, value);
  shown = value;
  slow &&= Boolean(sent.length || shown.pending);
  if (openSeq > 0 && value.echo >= openSeq) setOpening(0);
  if (compare && closed) showResult(null);
  [forgetHover, drawPhoto, drawTools, drawMask, drawCandidates, drawEdges, drawParts, redraw].forEach((each) => each());
  return null;
}

// A fitted photo stays fitted; another keeps the place in the middle.
function onRoom() {
  const { width, height } = room(), x = view.x + (width - roomBefore.width) / 2, y = view.y + (height - roomBefore.height) / 2;
  roomBefore = { width, height };
  if (!size() || !width) return;
  if (fitted) fit();
  else look({ ...view, x, y });
  draw();
}

// What is drawn, for tests and for the curious.
root.ppState = () => {
  const settled = !sent.length && !openSeq && !unpacking && !frameWanted && !shown.pending && (!shown.photo || (photo.complete && photo.naturalWidth > 0));
  return { ...shown, view, tool, brush, sent: sent.length, settled };
};
root.ppView = (next) => {
  look(next);
  draw();
  return view;
};
root.ppPlace = (clientX, clientY) => pixelAt(spotOf({ clientX, clientY }));

new ResizeObserver(onRoom).observe(stage);
onWide(window, 'resize', redraw); // the density may have changed
window.ppTranslate(element);
setBrush(brush);
watch('value', show);
show();
trigger('resume', { desk: sessionStorage.getItem(KEPT) || '', language: window.ppLanguage });
