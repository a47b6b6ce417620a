// Draws a view when it comes.
const KEPT = 'pp-desk'; // for a reload
let packed, unpacking = 0, frameWanted = 0, shape = '', middleBefore = middle();

function redraw() {
	if (!unpacking) frameWanted ||= requestAnimationFrame(draw);
}

function draw() {
	cancelAnimationFrame(frameWanted);
	frameWanted = 0;
	if (!size()) return;
	const { width, height } = size(), { scale, x, y } = view;
	frame.style.cssText = `width: ${width}px; height: ${height}px; transform: translate(${x}px, ${y}px) scale(${scale})`;
	flag('pp-crisp', scale >= 4);
	flag('pp-zoomed', !fits());
	$('.pp-percent').textContent = `${Math.round(scale * 100)} %`;
	drawMarks();
	drawDivider();
	drawRing(ring.hidden ? null : lastSpot);
	if (compare) return;
	drawOverlay();
	drawLive();
}

function drawPhoto() {
	const here = size(), { photo: opened } = shown;
	flag('pp-filled', here);
	stage.tabIndex = here ? 0 : -1;
	source(photo, opened?.file.url);
	if (opened) stage.ariaLabel = say('The photo {name}, {width} by {height} pixels. Arrow keys move a cursor, Enter clicks.', opened);
	if (!here) return;
	const next = `${shown.serial} ${here.width} ${here.height}`;
	stage.style.setProperty('--ratio', here.width / here.height);
	if (next !== shape) fit();
	shape = next;
	redraw();
}

async function drawMask() {
	const { mask: next, version, pending } = shown, key = next && next.box + next.data, other = key !== packed;
	if (!next && pending) return;
	if (other) {
		if (next) unpacking += 1;
		const unpacked = next && (await unpack(next).finally(() => {
			unpacking -= 1;
			redraw();
		}));
		if (version !== shown.version) return;
		[mask, packed] = [unpacked, key];
	}
	if (!pending) strokes = strokes.filter(({ seq }) => sent.some((item) => item.seq === seq));
	if (other) draw();
	else redraw();
}

function begin(other, { photo: next }) {
	error = other && shown.photo && !next ? say('This session has ended; open the photo again.') : shown.desk ? '' : error;
	mask = packed = segments = cursor = null;
	[sent, strokes] = [[], []];
	tool = 'include';
	forget();
	if (next) setBrush(Math.max(next.width, next.height) / 25);
}

function show(value) {
	const { desk, serial, version, pending, echo, result } = value, other = desk !== shown.desk, closed = shown.result && !result;
	if (desk) sessionStorage.setItem(KEPT, desk);
	answered = Math.max(answered, echo);
	sent = sent.filter(({ seq, called }) => (called ? seq !== echo : seq > echo));
	const late = !other && (serial - shown.serial || version - shown.version || shown.pending - pending) < 0;
	if (!late && (other || serial !== shown.serial)) begin(other, value);
	if (!late) shown = value;
	drawMask();
	if (late) return drawHint();
	slow &&= Boolean(sent.length || shown.pending);
	if (openSeq > 0 && echo >= openSeq) setOpening(0);
	if (compare && closed) showResult(null);
	return [forgetHover, drawPhoto, drawTools, drawCandidates, drawEdges, drawParts].forEach((each) => each());
}

function onRoom() {
	const { x, y } = middle(), before = middleBefore;
	middleBefore = { x, y };
	if (fitted && size()) fit();
	else look({ ...view, x: view.x + x - before.x, y: view.y + y - before.y });
	draw();
}

root.ppState = () => {
	const waits = sent.length || openSeq || unpacking || frameWanted || shown.pending;
	return { ...shown, view, tool, brush, sent: sent.length, settled: !waits && (!shown.photo || (photo.complete && photo.naturalWidth > 0)) };
};
root.ppView = (next) => {
	look(next);
	draw();
};
root.ppPlace = (clientX, clientY) => pixelAt(spotOf({ clientX, clientY }));

new ResizeObserver(onRoom).observe(stage);
onWide(window, 'resize', redraw); // density
window.ppTranslate(element);
setBrush(brush);
watch('value', () => show(props.value));
show(props.value);
trigger('resume', { desk: sessionStorage.getItem(KEPT) || '', language: window.ppLanguage });
