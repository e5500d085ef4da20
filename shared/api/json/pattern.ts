// Reads the regular part of ECMAScript's regular expressions: characters, classes, groups, alternatives, repetitions, and
// the anchors where a pattern begins or ends. Look-around, back references and word boundaries are refused.

import { CLASS_ESCAPES, CONTROL_ESCAPES, DOT, single } from './character-sets.ts';
import {
  type CodeSet,
  codeSet,
  complement,
  type Expression,
  either,
  jsonCharacter,
  repeat,
  sequence,
} from './expression.ts';
import { UnsupportedSchemaError } from './json-errors.ts';
import { ANY_CHARACTER } from './json-texts.ts';

const maxNesting = 50;
const INFINITE = Number.POSITIVE_INFINITY;

/** What stands between the quotes of a string that matches, as JSON.stringify writes it. `path` is for errors. */
export function readPattern(source: string, path: string): Expression {
  return new PatternReader(source, path).read();
}

class PatternReader {
  private readonly characters: readonly string[];
  private readonly path: string;
  private at = 0;

  constructor(source: string, path: string) {
    this.path = path;
    this.characters = Array.from(source);
  }

  read(): Expression {
    const any = repeat(jsonCharacter(ANY_CHARACTER), 0, INFINITE);
    const parts: Expression[] = [];
    do {
      // Where no anchor stands, the match may begin or end anywhere.
      const before = this.take('^') ? sequence() : any;
      const body = this.sequence(0);
      parts.push(sequence(before, body, this.take('$') ? sequence() : any));
    } while (this.take('|'));
    if (this.at < this.characters.length) throw this.refusal();
    return either(...parts);
  }

  private get next(): string | undefined {
    return this.characters[this.at];
  }

  private take(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.characters[this.at + i] !== text[i]) return false;
    this.at += text.length;
    return true;
  }

  private refusal(
    reason = `its ${this.next === undefined ? 'end' : `character ${this.at + 1}`} is not understood`,
  ): UnsupportedSchemaError {
    const remedy = 'use characters, classes, groups, repetitions, and ^ and $ at its ends only';
    return UnsupportedSchemaError.keyword('pattern', this.path, reason, remedy);
  }

  private alternatives(depth: number): Expression {
    if (depth > maxNesting) throw this.refusal('its groups are nested too deeply');
    const parts = [this.sequence(depth)];
    while (this.take('|')) parts.push(this.sequence(depth));
    return either(...parts);
  }

  private sequence(depth: number): Expression {
    const parts: Expression[] = [];
    for (;;) {
      const { next } = this;
      if (next === undefined || next === '|' || next === ')') break;
      if (next === '$') break; // the end, or else refused there
      parts.push(this.repetition(this.atom(depth)));
    }
    return sequence(...parts);
  }

  private atom(depth: number): Expression {
    if (this.take('(')) return this.group(depth);
    if (this.take('[')) return jsonCharacter(this.characterClass());
    if (this.take('.')) return jsonCharacter(DOT);
    if (this.take('\\')) return jsonCharacter(this.escape());
    if (this.next === undefined || '^*+?{}]'.includes(this.next)) throw this.refusal();
    return jsonCharacter(this.literal());
  }

  private group(depth: number): Expression {
    if (this.take('?:')) return this.closed(depth);
    if (this.take('?<')) {
      const end = this.characters.indexOf('>', this.at);
      const name = this.characters.slice(this.at, Math.max(this.at, end)).join('');
      if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) throw this.refusal();
      this.at = end + 1;
    } else if (this.next === '?') throw this.refusal();
    return this.closed(depth);
  }

  private closed(depth: number): Expression {
    const inner = this.alternatives(depth + 1);
    if (!this.take(')')) throw this.refusal();
    return inner;
  }

  private repetition(atom: Expression): Expression {
    const [min, max] = this.counts();
    if (min === 1 && max === 1) return atom;
    this.take('?'); // lazy or not, it matches the same texts
    if (this.next !== undefined && '*+?{'.includes(this.next)) throw this.refusal();
    return repeat(atom, min, max);
  }

  private counts(): [number, number] {
    if (this.take('*')) return [0, INFINITE];
    if (this.take('+')) return [1, INFINITE];
    if (this.take('?')) return [0, 1];
    if (!this.take('{')) return [1, 1];
    const min = this.number();
    const max = this.take(',') ? (this.next === '}' ? INFINITE : this.number()) : min;
    if (!this.take('}') || max < min) throw this.refusal();
    return [min, max];
  }

  private number(): number {
    let text = '';
    while (this.next !== undefined && /^[0-9]$/.test(this.next)) text += this.characters[this.at++];
    if (text === '' || text.length > 9) throw this.refusal();
    return Number(text);
  }

  private literal(): CodeSet {
    const code = this.characters[this.at]!.codePointAt(0)!;
    if (code >= 0xd800 && code < 0xe000) throw this.refusal();
    this.at++;
    return single(code);
  }

  private characterClass(): CodeSet {
    const negated = this.take('^');
    const sets: CodeSet[] = [];
    while (!this.take(']')) {
      const low = this.classMember();
      if (this.next === '-' && this.characters[this.at + 1] !== ']') {
        this.at++;
        sets.push(this.range(low, this.classMember()));
      } else sets.push(low);
    }
    const set = codeSet(sets.flat());
    return negated ? complement(set) : set;
  }

  private classMember(): CodeSet {
    if (this.take('\\')) return this.take('b') ? single(0x08) : this.take('-') ? single(0x2d) : this.escape();
    if (this.next === undefined) throw this.refusal();
    return this.literal();
  }

  private range(low: CodeSet, high: CodeSet): CodeSet {
    const [start, end] = [codeOf(low), codeOf(high)];
    if (start === undefined || end === undefined || start > end) throw this.refusal();
    return codeSet([{ start, end: end + 1 }]);
  }

  /** What follows a backslash. */
  private escape(): CodeSet {
    const letter = this.next;
    if (letter === undefined) throw this.refusal();
    const named = CLASS_ESCAPES.get(letter);
    const control = CONTROL_ESCAPES.get(letter);
    if (named || control !== undefined) {
      this.at++;
      return named ?? single(control!);
    }
    if (letter === 'x') return this.hex(/^x([0-9a-fA-F]{2})/);
    if (letter === 'u') return this.hex(/^u([0-9a-fA-F]{4}|\{[0-9a-fA-F]{1,6}\})/);
    // Letters and digits that mean nothing here mean something elsewhere: boundaries, back references, properties.
    if (/^[\p{L}\p{N}]$/u.test(letter)) throw this.refusal();
    return this.literal();
  }

  private hex(form: RegExp): CodeSet {
    const match = form.exec(this.characters.slice(this.at, this.at + 9).join(''));
    const code = match ? Number.parseInt(match[1]!.replace('{', ''), 16) : Number.NaN;
    if (!match || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw this.refusal();
    this.at += match[0].length;
    return single(code);
  }
}

/** The code point, if the set is one character. */
const codeOf = (set: CodeSet): number | undefined =>
  set.length === 1 && set[0]!.end === set[0]!.start + 1 ? set[0]!.start : undefined;
