import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEngine } from './engine.ts';
import { EngineClosedError } from './errors.ts';
import type { Generation } from './generation.ts';
import { toyStepper } from './toy-stepper.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** How a promise ended, or that it has not some turns after everything else has. */
async function fate(promise: Promise<unknown>): Promise<string> {
  let found = 'hangs';
  promise.then(
    () => {
      found = 'resolved';
    },
    (error: Error) => {
      found = error.name;
    },
  );
  for (let i = 0; i < 50 && found === 'hangs'; i++) await turn();
  return found;
}

test('whenever it is closed, with steps that take their time and fail, nobody is left waiting', async () => {
  const happening = fc.record({
    arrival: fc.nat(12),
    patience: fc.option(fc.nat(8)),
    prompt: fc.array(fc.nat(49), { minLength: 2, maxLength: 20 }),
    scored: fc.boolean(),
  });
  const machine = fc.record({
    slots: fc.integer({ min: 1, max: 3 }),
    maxTokens: fc.integer({ min: 1, max: 8 }),
    closing: fc.nat(15),
    delays: fc.array(fc.nat(3), { minLength: 1, maxLength: 8 }),
    failures: fc.uniqueArray(fc.nat(12), { maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { minLength: 1, maxLength: 8 }),
      machine,
      async (all, { slots, maxTokens, closing, delays, failures }) => {
        const stepper = toyStepper({
          slots,
          maxTokens,
          onStep: async (_, number) => {
            for (let i = 0; i < delays[number % delays.length]!; i++) await turn();
            if (failures.includes(number)) throw new Error('a step failed');
          },
        });
        const engine = createEngine(stepper, { clock: () => 0 });
        const ends: Promise<unknown>[] = [];
        const generations = new Map<number, Generation>();
        for (let now = 0; now < closing; now++) {
          for (const [i, { arrival, patience, prompt, scored }] of all.entries()) {
            if (arrival === now && scored) ends.push(engine.score(prompt));
            else if (arrival === now) {
              const generation = engine.generate({ prompt, maxTokens: 9, sampling: { temperature: 0 } });
              generations.set(i, generation);
              ends.push(generation.finished);
            }
            if (patience !== null && arrival + patience === now) generations.get(i)?.cancel();
          }
          for (const end of ends) end.catch(() => {}); // looked at below
          await turn();
        }
        expect(await fate(engine.close())).toBe('resolved');
        for (const end of ends) expect(await fate(end)).not.toBe('hangs');
        expect(engine.status()).toMatchObject({ running: 0, waiting: 0 });
        await expect(engine.score([1, 2])).rejects.toThrow(EngineClosedError);
      },
    ),
    { numRuns: 150 },
  );
});

test.each(['onStep', 'pause'] as const)(
  'a fault in the hook %s ends the requests with it, and not the engine',
  async (hook) => {
    let isFaulty = true;
    const act = (): void => {
      if (isFaulty) throw new RangeError('a fault in a hook');
    };
    const hooks = hook === 'onStep' ? { onStep: act } : { pause: async () => act() };
    const engine = createEngine(toyStepper({ slots: 1 }), { clock: () => 0, ...hooks });
    const requests = [1, 2].map((id) => engine.generate({ prompt: [id], maxTokens: 3 }));
    for (const request of requests) expect(await fate(request.finished)).toBe('RangeError');
    expect(engine.status()).toMatchObject({ running: 0, waiting: 0 });
    isFaulty = false;
    expect(await fate(engine.generate({ prompt: [3], maxTokens: 3 }).finished)).toBe('resolved');
    expect(await fate(engine.close())).toBe('resolved');
  },
);
