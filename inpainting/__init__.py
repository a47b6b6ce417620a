"""Point & Paint's core: open a photo, select by clicks, repaint, keep every other pixel."""
