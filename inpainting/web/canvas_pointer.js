// Mouse, pen and fingers on the stage: click, box, stroke, moving a point, panning and zooming.
const DRAG = 6; // CSS pixels a pointer moves before a click becomes a drag
const MAX_CORNERS = 4000;
const pointers = new Map();
let gesture = null; // what the pointers that are down do
let spaceHeld = false, aimed = false, lastZoom = 0;

const apart = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
const boxOf = (a, b) => ({ x0: Math.min(a.x, b.x), y0: Math.min(a.y, b.y), x1: Math.max(a.x, b.x) + 1, y1: Math.max(a.y, b.y) + 1 });

function corners(spot) {
  const { x, y } = toPhoto(view, spot);
  return [Math.round(x * 10) / 10, Math.round(y * 10) / 10];
}

const strokeFrom = (spot, other) => ({ erase: (tool === 'eraser') !== other, size: brush, line: corners(spot) });

function begun({ pointerType, shiftKey, button }, spot) {
  const touch = pointerType === 'touch', other = shiftKey || button === 2, include = !other && tool !== 'exclude';
  const start = { spot, last: spot, touch, button, include };
  if (button === 1 || spaceHeld || tool === 'hand' || compare) return { ...start, kind: 'pan' };
  if (segments) return { ...start, kind: 'segment' };
  if (isDrawing()) return { ...start, kind: 'stroke', stroke: strokeFrom(spot, other) };
  const index = pointAt(spot, touch, include);
  return { ...start, index, kind: index < 0 ? 'click' : 'point' };
}

on(stage, 'pointerdown', (event) => {
  if (!size() || event.target.closest('.pp-float')) return;
  const spot = spotOf(event);
  pointers.set(event.pointerId, spot);
  aimed = true;
  root.classList.remove('pp-glimpsing'); // who goes on selecting sees the selection
  cursor = null;
  forgetHover();
  if (pointers.size === 1) gesture = begun(event, spot);
  else gesture = { kind: 'pinch' };
  if (gesture.kind !== 'click' || !gesture.touch) stage.setPointerCapture(event.pointerId);
  root.classList.toggle('pp-grabbing', gesture.kind === 'pan');
  redraw();
});

on(stage, 'pointermove', (event) => {
  const spot = spotOf(event), mouse = event.pointerType !== 'touch';
  aimed ||= lastSpot && apart(spot, lastSpot) > 1; // a page that scrolls under it does not move it
  lastSpot = spot;
  drawRing(mouse && spot);
  if (pointers.has(event.pointerId)) moved(event, spot);
  else if (mouse && size() && !gesture) segments ? light(spot) : hoverAt(spot);
});

function moved(event, spot) {
  const before = pointers.get(event.pointerId), { kind } = gesture;
  if (kind === 'pinch') pinch(event.pointerId, before, spot);
  pointers.set(event.pointerId, spot);
  if (kind === 'pan') look({ ...view, x: view.x + spot.x - before.x, y: view.y + spot.y - before.y });
  if (kind === 'stroke') (event.getCoalescedEvents?.() || [event]).map(spotOf).concat(spot).forEach(extend);
  if ((kind === 'click' || kind === 'point') && apart(spot, gesture.spot) >= DRAG) gesture.kind = dragKind();
  if (gesture.kind === 'box' || gesture.kind === 'move') follow(pixelAt(spot));
}

function dragKind() {
  const { kind, touch, button } = gesture;
  if (touch && kind === 'click' && tool !== 'box') return fits() ? 'none' : 'pan';
  return kind === 'point' ? 'move' : button ? 'none' : 'box';
}

function follow(end) {
  gesture.end = end;
  if (gesture.kind === 'move') return put(marks.querySelectorAll('.pp-point')[gesture.index], end.x, end.y);
  gesture.box = boxOf(pixelAt(gesture.spot), end);
  rubber.hidden = false;
  return lay(rubber, Object.values(gesture.box));
}

function extend(spot) {
  const { stroke, last } = gesture;
  if (apart(spot, last) < 1) return;
  stroke.line.push(...corners(spot));
  gesture.last = spot;
  if (stroke.line.length > 2 * MAX_CORNERS) {
    sendStroke(stroke);
    gesture.stroke = { ...stroke, line: corners(spot) };
  }
  redraw();
}

const sendStroke = (stroke) => strokes.push({ seq: act('stroke', stroke), stroke });

function pinch(id, before, spot) {
  const [other] = [...pointers].filter(([key]) => key !== id).map(([, at]) => at), ratio = apart(spot, other) / apart(before, other);
  const next = zoomedView(view, between(least(), view.scale * ratio, MAX_SCALE), { x: (before.x + other.x) / 2, y: (before.y + other.y) / 2 });
  look({ ...next, x: next.x + (spot.x - before.x) / 2, y: next.y + (spot.y - before.y) / 2 });
}

function clickAt(spot, include, index) {
  if (index >= 0) return act('remove', { index }, { gone: index });
  const at = pixelAt(spot);
  return isInside(spot) && act(include ? 'include' : 'exclude', at, { point: [at.x, at.y, Number(include)] });
}

function takeSegment(spot) {
  const number = segmentAt(spot);
  if (number) act('segment', { index: number - 1 });
}

const ENDS = {
  click: ({ spot, include, index }) => clickAt(spot, include, index),
  point: ({ spot, include, index }) => clickAt(spot, include, index),
  box: ({ box }) => act('box', box),
  stroke: ({ stroke }) => sendStroke(stroke),
  segment: ({ spot }) => takeSegment(spot),
  move: ({ index, end }) => act('move', { index, ...end }, { moved: { index, point: [end.x, end.y, shown.points[index]?.[2]] } }),
};

on(stage, 'pointerup', ({ pointerId }) => {
  const done = gesture;
  if (!pointers.delete(pointerId) || pointers.size) return; // a pinch ends with its last finger
  forget();
  ENDS[done?.kind]?.(done);
});

function forget() {
  gesture = corner = null;
  pointers.clear();
  rubber.hidden = true;
  root.classList.remove('pp-grabbing');
  redraw();
}

on(stage, 'pointercancel', forget);
on(stage, 'pointerleave', () => {
  lastSpot = null;
  drawRing();
  forgetHover();
});
on(stage, 'contextmenu', (event) => size() && event.preventDefault());
on(stage, 'mousedown', (event) => event.button === 1 && event.preventDefault());
on(stage, 'touchmove', (event) => event.touches.length > 1 && event.cancelable && event.preventDefault(), { passive: false });

// The wheel zooms where a hand moved the pointer onto the photo. A page that is being scrolled under
// a resting pointer goes on scrolling, and so does one whose photo cannot get smaller.
on(stage, 'wheel', (event) => {
  const { ctrlKey, deltaY, deltaMode, timeStamp } = event, busy = timeStamp - lastZoom < 350;
  if (!size() || (!ctrlKey && !busy && (!aimed || (deltaY > 0 && fits())))) return;
  event.preventDefault();
  event.stopPropagation();
  lastZoom = timeStamp;
  const ratio = Math.exp(between(-240, -deltaY * (deltaMode ? 33 : 1), 240) * (ctrlKey ? 0.01 : 0.002));
  zoomTo(between(least(), view.scale * ratio, MAX_SCALE), spotOf(event));
}, { passive: false });
onWide(window, 'wheel', () => { aimed = false; }, { passive: true });
