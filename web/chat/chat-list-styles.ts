// How the list of chats looks.

import { css } from 'lit';

export const chatListStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
  }
  .top {
    padding: calc(1rem + env(safe-area-inset-top)) 0.75rem 0.5rem;
  }
  .brand {
    display: flex;
    align-items: center;
    gap: 0.625rem;
    padding: 0.125rem 0.5rem 1.125rem;
    color: var(--ink);
    font: 500 1.375rem / 1 var(--serif);
    font-size-adjust: inherit;
    letter-spacing: -0.01em;
  }
  .new {
    display: flex;
    align-items: center;
    gap: 0.625rem;
    width: 100%;
    min-height: 2.5rem;
    padding: 0 0.75rem;
    border: 1px solid var(--line);
    border-radius: 10px;
    background: var(--raised);
    font-size: 0.9375rem;
    font-weight: 500;
  }
  .new svg {
    color: var(--accent);
  }
  .new:hover {
    border-color: var(--line-strong);
  }
  .search {
    position: relative;
    display: flex;
    align-items: center;
    margin-top: 0.375rem;
    color: var(--quiet);
  }
  .search svg {
    position: absolute;
    left: 0.75rem;
    pointer-events: none;
  }
  .search input {
    width: 100%;
    min-height: 2.5rem;
    padding: 0 0.5rem 0 2.375rem;
    border: 1px solid transparent;
    border-radius: 10px;
    background: none;
    font-size: 16px;
    color: var(--ink);
    appearance: none;
  }
  .search input::placeholder {
    color: var(--quiet);
    opacity: 1;
  }
  .search input:hover {
    background: color-mix(in srgb, var(--ink) 4%, transparent);
  }
  .search input:focus-visible {
    background: var(--page);
    outline-offset: -1px;
  }
  kbd {
    position: absolute;
    right: 0.75rem;
    font: 0.75rem var(--sans);
    font-size-adjust: inherit;
    pointer-events: none;
  }
  .search:focus-within kbd {
    display: none;
  }
  .list {
    flex: 1;
    min-height: 0;
    padding: 0 0.75rem 1rem;
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
  }
  h2 {
    margin: 1rem 0 0.25rem;
    padding: 0 0.75rem;
    font-size: 0.75rem;
    font-weight: 500;
    color: var(--quiet);
  }
  ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .row {
    position: relative;
    display: flex;
    align-items: center;
    border-radius: 10px;
  }
  .row:hover {
    background: color-mix(in srgb, var(--ink) 5%, transparent);
  }
  .row.open {
    background: var(--tint);
  }
  .row a {
    flex: 1;
    min-width: 0;
    padding: 0.5rem 0.25rem 0.5rem 0.75rem;
    border-radius: 10px;
    color: inherit;
    text-decoration: none;
    font-size: 0.875rem;
  }
  .row.open a {
    font-weight: 500;
  }
  .title {
    display: block;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .snippet {
    display: -webkit-box;
    margin-top: 0.125rem;
    font-size: 0.8125rem;
    font-weight: 400;
    color: var(--quiet);
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
  }
  mark {
    background: none;
    color: var(--accent);
    font-weight: 600;
  }
  .row shoal-menu {
    opacity: 0;
  }
  .row:hover shoal-menu,
  .row:focus-within shoal-menu,
  .row.open shoal-menu {
    opacity: 1;
  }
  @media (hover: hover) {
    .search input {
      font-size: 0.9375rem;
    }
  }
  @media (hover: none) {
    .row shoal-menu {
      opacity: 1;
    }
    kbd {
      display: none;
    }
  }
  .running {
    flex: none;
    width: 0.5rem;
    height: 0.5rem;
    margin: 0 0.25rem;
    border-radius: 50%;
    background: var(--accent);
    animation: breathe 1.2s ease-in-out infinite;
  }
  @keyframes breathe {
    50% {
      opacity: 0.25;
    }
  }
  .none {
    margin: 1rem 0.75rem;
    font-size: 0.875rem;
    color: var(--quiet);
  }
  .older {
    margin: 0.75rem;
    padding: 0.5rem 0;
    border: 0;
    background: none;
    font-size: 0.875rem;
    color: var(--accent);
  }
  .share {
    display: flex;
    flex: 1;
    align-items: center;
    gap: 0.5rem;
    min-width: 0;
    padding: 0 0.25rem 0 0.5rem;
    border: 0;
    border-radius: 10px;
    background: none;
    font-size: 0.8125rem;
    color: var(--quiet);
    white-space: nowrap;
  }
  .share:hover {
    background: color-mix(in srgb, var(--ink) 7%, transparent);
    color: var(--ink);
  }
  .foot {
    display: flex;
    padding: 0.5rem 0.5rem calc(0.5rem + env(safe-area-inset-bottom));
    border-top: 1px solid var(--line);
  }
`;
