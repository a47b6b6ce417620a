// Points, box, brush ring and keyboard cursor.
const marks = $('.pp-marks'), rubber = $('.pp-rubber'), ring = $('.pp-ring'), cross = $('.pp-cross');

const shift = (node, { x, y }) => { node.style.transform = `translate(${x}px, ${y}px)`; };
const put = (node, x, y) => shift(node, spotOfPixel(x, y));

function lay(node, [x0, y0, x1, y1]) {
	shift(node, toStage(view, { x: x0, y: y0 }));
	Object.assign(node.style, { width: `${(x1 - x0) * view.scale}px`, height: `${(y1 - y0) * view.scale}px` });
}

function mark(className) {
	marks.append(Object.assign(document.createElement('span'), { className }));
	return marks.lastChild;
}

function pointsNow() {
	const points = [...shown.points];
	for (const { point, gone, moved } of sent.filter((item) => item.seq > answered)) {
		if (point) points.push([...point, 'pp-pending']);
		if (moved) points[moved.index] = [...moved.point, 'pp-pending'];
		if (gone >= 0) points.splice(gone, 1);
	}
	return points;
}

function drawMarks() {
	marks.replaceChildren();
	cross.hidden = !cursor;
	if (cursor) put(cross, cursor.x, cursor.y);
	if (compare || !shown.photo) return;
	if (shown.box) lay(mark('pp-box'), shown.box);
	for (const [x, y, include, wait = ''] of pointsNow()) put(mark(`pp-point ${include ? 'pp-in' : 'pp-out'} ${wait}`), x, y);
}

function pointAt(spot, coarse, include) {
	if (sent.some((item) => !item.point && item.action !== 'stroke')) return -1;
	const away = shown.points.map(([x, y, kind]) => apart(spotOfPixel(x, y), spot) - (coarse && Boolean(kind) === include ? 8 : 0));
	const nearest = Math.min(...away);
	return nearest <= 10 ? away.indexOf(nearest) : -1;
}

const isDrawing = () => tool === 'brush' || tool === 'eraser';
const subtracts = () => shown.parts.find(({ key }) => key === shown.active)?.op === 'subtract';

function drawRing(spot) {
	ring.hidden = !spot || !isDrawing() || !shown.photo || Boolean(compare);
	if (ring.hidden) return;
	const { x, y } = toPhoto(view, spot), half = brush / 2;
	lay(ring, [x - half, y - half, x + half, y + half]);
}
