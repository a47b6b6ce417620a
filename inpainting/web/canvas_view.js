// Where the photo lies on the stage: `scale` in CSS pixels a photo pixel, its corner at (x, y).
const MAX_SCALE = 32, MARGIN = 16, SLACK = 64;
let view = { scale: 1, x: 0, y: 0 }, fitted = true;

const size = () => compare || shown.photo; // of what is on show, in photo pixels
const room = () => ({ width: stage.clientWidth, height: stage.clientHeight });
const middle = () => ({ x: stage.clientWidth / 2, y: stage.clientHeight / 2 });
const between = (low, value, high) => Math.min(high, Math.max(low, value));
const toPhoto = (view, at) => ({ x: (at.x - view.x) / view.scale, y: (at.y - view.y) / view.scale });
const toStage = (view, at) => ({ x: at.x * view.scale + view.x, y: at.y * view.scale + view.y });
const spotOfPixel = (x, y) => toStage(view, { x: x + 0.5, y: y + 0.5 });
const cursorSpot = () => spotOfPixel(cursor.x, cursor.y);

function least() {
	const { width, height } = room(), whole = size();
	return between(0.001, Math.min((width - MARGIN) / whole.width, (height - MARGIN) / whole.height), MAX_SCALE);
}

const fits = () => view.scale <= least() * 1.001;

function zoomedView(view, scale, at) {
	const ratio = scale / view.scale;
	return { scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
}

function look(next) {
	const { width, height } = room(), whole = size();
	if (!whole || !width) return;
	const scale = between(Math.min(1, least()), next.scale, MAX_SCALE);
	const along = (at, span, length) => {
		const over = length * scale - span;
		return over <= 0 ? -over / 2 : between(-over - SLACK, at, SLACK);
	};
	view = { scale, x: along(next.x, width, whole.width), y: along(next.y, height, whole.height) };
	fitted = fits();
	redraw();
}

const zoomTo = (scale, at = middle()) => look(zoomedView(view, scale, at));
const fit = () => look({ ...view, scale: least() });

function spotOf({ clientX, clientY }) {
	const box = stage.getBoundingClientRect();
	return { x: clientX - box.left - stage.clientLeft, y: clientY - box.top - stage.clientTop };
}

function pixelAt(spot) {
	const { x, y } = toPhoto(view, spot), { width, height } = size();
	return { x: between(0, Math.floor(x), width - 1), y: between(0, Math.floor(y), height - 1) };
}

function isInside(spot) {
	const { x, y } = toPhoto(view, spot), nearest = pixelAt(spot);
	return nearest.x === Math.floor(x) && nearest.y === Math.floor(y);
}
