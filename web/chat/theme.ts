// The look that was chosen: the system's, light or dark. Sets it on the page; `public/theme.js` does so before the first
// paint.

import type { IconName } from '../components/icons.ts';
import type { Preferences, Theme } from '../storage/preferences.ts';

export interface ThemeChoice {
  readonly label: string;
  readonly icon: IconName;
  readonly next: () => void;
}

/** From what is seen to its opposite; back at the system's own look, nothing is chosen any more. */
export function themeItem(preferences: Preferences): ThemeChoice {
  const system: Theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const seen = preferences.theme === 'system' ? system : preferences.theme;
  const other = seen === 'dark' ? 'light' : 'dark';
  return {
    label: `${other === 'dark' ? 'Dark' : 'Light'} look`,
    icon: other === 'dark' ? 'moon' : 'sun',
    next() {
      preferences.theme = other === system ? 'system' : other;
      showTheme(preferences.theme);
    },
  };
}

export function showTheme(theme: Theme): void {
  const page = document.documentElement;
  if (theme === 'system') delete page.dataset.theme;
  else page.dataset.theme = theme;
  // The browser's own bars, on phones.
  const { backgroundColor } = getComputedStyle(page);
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name=theme-color]'))
    meta.content = backgroundColor;
}
