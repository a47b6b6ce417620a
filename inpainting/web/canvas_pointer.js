// Mouse, pen, fingers and the keyboard's cursor.
const DRAG = 6; // CSS pixels
const pointers = new Map(); // that are down
let gesture = null, aimed = true, lastZoom = 0;

const apart = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
const boxOf = (a, b) => ({ x0: Math.min(a.x, b.x), y0: Math.min(a.y, b.y), x1: Math.max(a.x, b.x) + 1, y1: Math.max(a.y, b.y) + 1 });
const cornerAt = (spot) => Object.values(toPhoto(view, spot)).map((at) => Math.round(at * 10) / 10);
const zoomable = (scale) => between(least(), scale, MAX_SCALE);

function kindOf(button) {
	if (pointers.size > 1 || button === 1 || tool === 'hand' || compare || root.matches('.pp-space')) return 'pan';
	return isDrawing() && !segments ? 'stroke' : 'click';
}

function press(id, spot, { pointerType, shiftKey, button }) {
	pointers.set(id, spot);
	const touch = pointerType === 'touch', other = shiftKey || button === 2, include = !other && tool !== 'exclude', kind = kindOf(button);
	gesture = { kind, spot, last: spot, from: pixelAt(spot), touch, button, include, index: pointAt(spot, touch, include) };
	if (kind === 'stroke') gesture.stroke = { erase: (tool === 'eraser' || subtracts()) !== other, size: brush, line: cornerAt(spot) };
	redraw();
}

function drag(id, spot, spots = [spot]) {
	const before = grip();
	pointers.set(id, spot);
	if (gesture.kind === 'click' && apart(spot, gesture.spot) >= DRAG) gesture.kind = dragKind(gesture);
	if (gesture.kind === 'pan') pan(before, grip());
	if (gesture.kind === 'stroke') spots.forEach(extend);
	if (gesture.kind === 'box' || gesture.kind === 'move') follow(pixelAt(spot));
}

function release(id) {
	const done = gesture;
	if (!pointers.delete(id) || pointers.size) return; // two fingers end with the last
	forget();
	ENDS[done?.kind]?.(done);
}

function dragKind({ index, touch, button }) {
	if (segments || (button && index < 0)) return 'none';
	if (index >= 0) return 'move';
	return touch && tool !== 'box' ? (fits() ? 'none' : 'pan') : 'box';
}

function grip() {
	const [one, two = one] = pointers.values();
	return { x: (one.x + two.x) / 2, y: (one.y + two.y) / 2, width: apart(one, two) || 1 };
}

function pan(from, to) {
	const next = zoomedView(view, zoomable((view.scale * to.width) / from.width), from);
	look({ ...next, x: next.x + to.x - from.x, y: next.y + to.y - from.y });
}

function follow(end) {
	gesture.end = end;
	if (gesture.kind === 'move') return put(marks.querySelectorAll('.pp-point')[gesture.index], end.x, end.y);
	gesture.box = boxOf(gesture.from, end);
	rubber.hidden = false;
	return lay(rubber, Object.values(gesture.box));
}

function extend(spot) {
	const { stroke, last } = gesture;
	if (apart(spot, last) < 1) return;
	stroke.line.push(...cornerAt(spot));
	gesture.last = spot;
	if (stroke.line.length > 8000) { // the server takes 10000 numbers
		sendStroke(gesture);
		gesture.stroke = { ...stroke, line: cornerAt(spot) };
	}
	redraw();
}

const sendStroke = ({ stroke }) => strokes.push({ seq: act('stroke', stroke), stroke });

function click({ spot, from, include, index }) {
	if (segments) return segmentAt(spot) && act('segment', { index: segmentAt(spot) - 1 });
	if (index >= 0) return act('remove', { index }, { gone: index });
	return isInside(spot) && act(include ? 'include' : 'exclude', from, { point: [from.x, from.y, Number(include)] });
}

function move({ index, end }) {
	act('move', { index, ...end }, { moved: { index, point: [end.x, end.y, shown.points[index]?.[2]] } });
}

const ENDS = { click, move, box: ({ box }) => act('box', box), stroke: sendStroke };

function forget() {
	gesture = null;
	pointers.clear();
	rubber.hidden = true;
	redraw();
}

on(stage, 'pointerdown', (event) => {
	if (!size() || event.target.closest('button, input')) return;
	stage.setPointerCapture(event.pointerId);
	flag('pp-glimpsing', false); // who goes on selecting sees the selection
	aimed = true;
	cursor = null;
	forgetHover();
	press(event.pointerId, spotOf(event), event);
});

on(stage, 'pointermove', (event) => {
	const spot = spotOf(event), mouse = event.pointerType !== 'touch';
	aimed ||= event.movementX || event.movementY; // a page that scrolls moves nothing
	lastSpot = spot;
	drawRing(mouse && spot);
	if (pointers.has(event.pointerId)) drag(event.pointerId, spot, [...event.getCoalescedEvents().map(spotOf), spot]);
	else if (mouse && size() && !gesture) segments ? light(spot) : hoverAt(spot);
});

on(stage, 'pointerup', (event) => release(event.pointerId));
on(stage, 'pointercancel', forget);
on(stage, 'pointerleave', () => {
	lastSpot = null;
	drawRing();
	forgetHover();
});
on(stage, 'contextmenu mousedown', (event) => size() && event.button && event.preventDefault());
on(stage, 'touchmove', (event) => event.touches.length > 1 && event.cancelable && event.preventDefault(), { passive: false });

on(stage, 'wheel', (event) => {
	const { ctrlKey, deltaY, timeStamp } = event, busy = timeStamp - lastZoom < 350;
	if (!size() || (!ctrlKey && !busy && (!aimed || (deltaY > 0 && fits())))) return;
	event.preventDefault();
	event.stopPropagation();
	lastZoom = timeStamp;
	zoomTo(zoomable(view.scale * Math.exp(-deltaY * (ctrlKey ? 0.01 : 0.002))), spotOf(event));
}, { passive: false });
onWide(window, 'wheel', () => { aimed = false; }, { passive: true });
