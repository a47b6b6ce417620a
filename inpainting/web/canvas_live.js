// What a click would give.
const live = $('.pp-live'), HOVER_REST = 60; // ms
let hovered = null, wanted = null, resting = 0, asking = false, lastSpot = null;

function forgetHover() {
	if (hovered) redraw();
	hovered = wanted = null;
}

const mayHover = () => wanted && shown.can.hover && tool === 'include' && !(segments || compare || glimpse || gesture || sent.length || shown.pending);

function hoverAt(spot) {
	wanted = isInside(spot) && pointAt(spot) < 0 ? pixelAt(spot) : null;
	if (mayHover()) resting ||= setTimeout(askHover, HOVER_REST);
	else forgetHover();
}

async function askHover() {
	const at = wanted, before = shown, { desk, serial } = shown;
	const answer = mayHover() && (await server.hover({ desk, photo: serial, ...at }).catch(() => null));
	if (answer?.mask && mayHover() && shown === before) {
		hovered = await unpack(answer.mask);
		redraw();
	}
	resting = answer?.mask && wanted !== at ? setTimeout(askHover, HOVER_REST) : 0;
}

async function toggleSegments(begin = !segments) {
	segments = null;
	if (begin) {
		backToSelection();
		slow = asking = true;
		drawHint();
		const answer = await ask('everything').catch(() => null);
		slow = asking = false;
		if (answer) segments = await labelled(answer.labels);
	}
	drawTools();
	redraw();
}

async function labelled(url) {
	const image = Object.assign(new Image(), { src: url });
	await image.decode();
	const { width, height } = image, pen = new OffscreenCanvas(width, height).getContext('2d');
	pen.drawImage(image, 0, 0);
	return { width, height, under: 0, labels: pen.getImageData(0, 0, width, height).data.filter((_, i) => i % 4 === 0) };
}

function segmentAt(spot) {
	if (!isInside(spot)) return 0;
	const { x, y } = pixelAt(spot), { width, height, labels } = segments;
	return labels[Math.floor((y * height) / size().height) * width + Math.floor((x * width) / size().width)];
}

function light(spot) {
	segments.under = segmentAt(spot);
	redraw();
}

const drawLive = () => paint(live, segments || hovered, segments?.under ? segments.under + 1 : -1);
