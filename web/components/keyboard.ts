// Keyboards: what their command key is called, and how the page stays above a phone's, where the browser does not see to
// that itself.

export const commandKey = (): string => (/Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl');

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
