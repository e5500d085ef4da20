// Keeps the page above a phone's keyboard, where the browser does not do so itself.

/** Sets `--viewport-height` on the page to what is left to see. */
export function followKeyboard(): void {
  const { visualViewport: view } = window;
  if (!view) return;
  const follow = (): void => {
    const { style } = document.documentElement;
    const isCovered = view.scale === 1 && view.height < innerHeight - 1;
    if (isCovered) style.setProperty('--viewport-height', `${view.height}px`);
    else style.removeProperty('--viewport-height');
    if (isCovered) scrollTo(0, 0);
  };
  view.addEventListener('resize', follow);
}
