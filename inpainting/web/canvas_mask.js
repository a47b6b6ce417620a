// Masks as the server sends them, and what of them lies under each pixel of the screen.
async function unpack({ width, height, data }) {
	const packed = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
	const bits = new Response(packed).body.pipeThrough(new DecompressionStream('deflate'));
	return { width, height, bits: new Uint8Array(await new Response(bits).arrayBuffer()) };
}

function places(count, origin, length, span) {
	return Int32Array.from({ length: count }, (_, i) => {
		const at = Math.floor((((i + 0.5) / density() - origin) * length) / span / view.scale);
		return at >= 0 && at < length ? at : -1;
	});
}

function classesOf({ width, height, bits, labels }, columns, rows) {
	const across = places(columns, view.x, width, size().width), down = places(rows, view.y, height, size().height);
	const classes = new Uint8Array(columns * (rows + 1));
	across[columns - 1] = -1;
	down.forEach((line, row) => {
		const from = row * columns;
		if (line < 0) return;
		if (line === down[row - 1]) classes.copyWithin(from, from - columns, from);
		else for (let column = 0; column < columns; column++) {
			if (across[column] < 0) continue;
			const at = line * width + across[column];
			classes[from + column] = 1 + (labels ? labels[at] : (bits[at >> 3] >> (7 - (at & 7))) & 1);
		}
	});
	return classes;
}
