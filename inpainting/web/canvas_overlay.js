// The tint and the outline.
const overlay = $('.pp-overlay'), strokePen = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
const TINT = [118, 75, 255], DARK = [20, 12, 48], OPACITY = 0.46;
const BOLD = 0.85, RIM = 1.9; // half widths of the outline's white and of its dark rim, CSS pixels
const EMPTY = { width: 1, height: 1, labels: [0] };

const density = () => window.devicePixelRatio;

function layStrokes(classes, columns, rows, waiting) {
	const scale = view.scale * density();
	Object.assign(strokePen.canvas, { width: columns, height: rows });
	strokePen.setTransform(scale, 0, 0, scale, view.x * density(), view.y * density());
	for (const { size, line, erase } of waiting) {
		Object.assign(strokePen, { lineWidth: size, lineCap: 'round', lineJoin: 'round', strokeStyle: erase ? '#f00' : '#0f0' });
		strokePen.stroke(new Path2D(`M ${line.slice(0, 2)} ${line}`));
	}
	const { data } = strokePen.getImageData(0, 0, columns, rows);
	for (let i = 0; i < classes.length; i++) if (classes[i] && data[4 * i + 3] > 127) classes[i] = data[4 * i] > 127 ? 1 : 2;
}

function shadesOf(rings, opacity, reach) {
	return Uint32Array.from({ length: rings }, (_, ring) => {
		const within = (width) => between(0, width * density() + 0.5 - ring, 1), white = within(BOLD);
		const line = within(RIM) * (0.85 + 0.1 * white), tint = (1 - line) * opacity * (ring < reach ? ring / reach : 1);
		const [r, g, b] = DARK.map((dark, i) => ((dark + (255 - dark) * white) * line + TINT[i] * tint) / (line + tint));
		return ((line + tint) * 255) << 24 | b << 16 | g << 8 | r;
	});
}

function spread(pixels, classes, columns, borders, { tinted, inner, outer }) {
	const four = [1, -1, columns, -columns], eight = [...four, columns + 1, columns - 1, 1 - columns, -1 - columns];
	for (let ring = 0, front = borders; front.length; ring++) {
		const steps = ring ? (ring % 2 ? four : eight) : [0], next = [];
		for (const place of front) for (const step of steps) {
			const at = place + step, here = classes[at], shades = here === tinted ? inner : outer;
			if (!here || ring >= shades.length) continue;
			pixels[at] = shades[ring];
			classes[at] = 0;
			next.push(at);
		}
		front = next;
	}
}

function paint(canvas, source, tinted, reach = 0, waiting = []) {
	const [width, height] = [stage.clientWidth, stage.clientHeight].map((span) => Math.round(span * density()) || 1);
	const from = [view, width, height, source, tinted, reach, waiting.length, waiting.at(-1)?.line.length];
	if (from.every((part, i) => part === canvas.from?.[i])) return;
	Object.assign(canvas, { from, width, height });
	if (!source) return;
	const columns = width + 1, classes = classesOf(source, columns, height), borders = [];
	if (waiting.length) layStrokes(classes, columns, height, waiting);
	const image = new ImageData(columns, height), pixels = new Uint32Array(image.data.buffer);
	const rim = Math.ceil(RIM * density() + 0.5), outer = shadesOf(rim, 0, 0);
	const inner = shadesOf(Math.max(rim, Math.ceil(reach)) + 1, OPACITY, reach);
	for (let i = 0, whole = inner.at(-1); i < pixels.length; i++) {
		const here = classes[i], right = classes[i + 1], below = classes[i + columns];
		if (here === tinted) pixels[i] = whole;
		if (here && ((right && right !== here) || (below && below !== here))) borders.push(i);
	}
	spread(pixels, classes, columns, borders, { tinted, inner, outer });
	canvas.getContext('2d').putImageData(image, 0, 0);
}

function drawOverlay() {
	const waiting = [...strokes, gesture || {}].flatMap(({ stroke }) => stroke || []), reach = shown.feather * view.scale * density();
	paint(overlay, mask || (waiting.length ? EMPTY : null), shown.region === 'subject' ? 2 : 1, reach, waiting);
}
