// Masks as they come, and what of them lies under each pixel of the screen.
async function unpack({ width, height, box, data }) {
	const { readable, writable } = new DecompressionStream('deflate'), reader = readable.getReader(), writer = writable.getWriter();
	const bits = new Uint8Array(Math.ceil((box[2] * box[3]) / 8));
	writer.write(Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)));
	writer.close();
	for (let at = 0, part; (part = (await reader.read()).value); at += part.length) bits.set(part, at);
	return { width, height, box, bits };
}

function places(count, origin, length, span, from, within) {
	return Int32Array.from({ length: count }, (_, i) => {
		const at = Math.floor((((i + 0.5) / density() - origin) * length) / span / view.scale);
		if (at < 0 || at >= length) return -1;
		return at >= from && at < from + within ? at - from : -2;
	});
}

function classesOf({ width, height, box: [x, y, wide, high] = [0, 0, width, height], bits, labels }, columns, rows) {
	const across = places(columns, view.x, width, size().width, x, wide), down = places(rows, view.y, height, size().height, y, high);
	const classes = new Uint8Array(columns * (rows + 1));
	across[columns - 1] = -1;
	down.forEach((line, row) => {
		const from = row * columns;
		if (line === -1) return;
		if (line === down[row - 1]) classes.copyWithin(from, from - columns, from);
		else for (let column = 0; column < columns; column++) {
			const place = across[column], at = line * wide + place;
			if (place === -1) continue;
			classes[from + column] = 1 + (line < 0 || place < 0 ? 0 : labels ? labels[at] : (bits[at >> 3] >> (7 - (at & 7))) & 1);
		}
	});
	return classes;
}
