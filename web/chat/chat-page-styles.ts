// Where the parts of the page lie, on a wide screen and on a phone.

import { css } from 'lit';

export const chatPageStyles = css`
  :host {
    display: grid;
    grid-template-columns: 17.5rem minmax(0, 1fr);
    grid-template-rows: minmax(0, 1fr);
  }
  .side {
    min-height: 0;
    border-right: 1px solid var(--line);
    background: var(--side);
  }
  .room {
    display: flex;
    flex-direction: column;
    min-width: 0;
    min-height: 0;
  }
  header {
    display: flex;
    align-items: center;
    gap: 0.25rem;
    min-height: 3.75rem;
    padding: env(safe-area-inset-top) 1rem 0 1.5rem;
  }
  .heading {
    display: flex;
    flex: 1;
    align-items: baseline;
    gap: 0.75rem;
    min-width: 0;
  }
  h1,
  header small {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  h1 {
    margin: 0;
    font-size: 0.9375rem;
    font-weight: 600;
  }
  header small {
    flex: none;
    max-width: 40%;
    font-size: 0.8125rem;
    color: var(--quiet);
  }
  header .set {
    color: var(--accent);
  }
  main {
    display: flex;
    flex: 1;
    flex-direction: column;
    min-height: 0;
  }
  chat-thread {
    flex: 1;
    min-height: 0;
  }
  .only-narrow {
    display: none;
  }
  .notice-place {
    position: fixed;
    z-index: 5;
    inset: auto 0 calc(7.5rem + env(safe-area-inset-bottom)) 17.5rem;
    display: flex;
    justify-content: center;
    pointer-events: none;
  }
  .notice {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    max-width: calc(100vw - 2rem);
    padding: 0.25rem 0.25rem 0.25rem 1.125rem;
    border-radius: var(--radius);
    background: var(--ink);
    color: var(--page);
    font-size: 0.875rem;
    box-shadow: var(--shadow);
    pointer-events: auto;
  }
  .notice button {
    min-height: 2.25rem;
    padding: 0 0.75rem;
    border: 0;
    background: none;
    color: inherit;
    font-weight: 600;
    text-decoration: underline;
    text-underline-offset: 0.2em;
  }
  .notice .icon-button {
    width: 2.25rem;
    padding: 0;
  }
  .notice :focus-visible {
    outline-color: currentColor;
    outline-offset: -2px;
  }
  @media (max-width: 52rem) {
    :host {
      grid-template-columns: minmax(0, 1fr);
    }
    header {
      padding: env(safe-area-inset-top) calc(0.5rem + env(safe-area-inset-right)) 0
        calc(0.5rem + env(safe-area-inset-left));
    }
    .heading {
      display: block;
      text-align: center;
      line-height: 1.3;
    }
    header small {
      display: block;
      max-width: none;
    }
    .only-narrow {
      display: inline-grid;
    }
    .notice-place {
      left: 0;
    }
    .side {
      position: fixed;
      z-index: 4;
      inset: 0 auto 0 0;
      width: min(19rem, 86vw);
      padding-left: env(safe-area-inset-left);
      visibility: hidden;
      transform: translateX(-100%);
      transition:
        transform 0.22s ease-out,
        visibility 0s 0.22s;
    }
    .side.open {
      visibility: visible;
      transform: none;
      transition: transform 0.22s ease-out;
      box-shadow: var(--shadow);
    }
    .scrim {
      position: fixed;
      z-index: 3;
      inset: 0;
      background: var(--scrim);
    }
  }
`;
