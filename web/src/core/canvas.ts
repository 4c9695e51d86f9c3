// Canvases as sharp as the screen.

/** Give a canvas so many pixels of the page, and as many of the screen; how many of these are in one of those. */
export function fit(canvas: HTMLCanvasElement, width: number, height: number): number {
  const density = Math.min(2, devicePixelRatio || 1);
  const [wide, high] = [Math.round(width * density), Math.round(height * density)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  return density;
}
