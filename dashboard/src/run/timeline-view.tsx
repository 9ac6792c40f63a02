import { useState } from 'preact/hooks';
import type { AttemptView, RunEvent, RunPage } from '../../../src/server/api.ts';
import { Segments } from '../components/segments.tsx';
import { StateBadge } from '../components/state-badge.tsx';
import { count, formatDate, nothing } from '../format.ts';
import { showValue } from './config-value.ts';
import './timeline.css';
import { EventSign } from './event-sign.tsx';

type Shown = 'attention' | 'all';

/** What happened and when: alarms, warnings, checkpoints, starts and ends; then the processes that worked on the run. */
export function TimelineView({ page }: { page: RunPage }) {
  const attention = page.events.filter(({ kind }) => kind === 'alarm' || kind === 'warning');
  const [shown, setShown] = useState<Shown>(attention.length > 0 ? 'attention' : 'all');
  const events = shown === 'attention' ? attention : page.events;
  return (
    <div class="timeline">
      <section>
        <div class="toolbar timeline-head">
          <h2>Events</h2>
          <Segments<Shown>
            label="Show"
            choices={[
              ['attention', `Alarms and warnings (${attention.length})`],
              ['all', `All (${page.events.length})`],
            ]}
            value={shown}
            onChange={setShown}
          />
        </div>
        {events.length === 0 ? (
          <p class="nothing">
            {shown === 'attention' ? 'No alarm and no warning.' : 'Nothing has happened yet.'}
          </p>
        ) : (
          <ol class="events">
            {events.toReversed().map((event) => (
              <Event key={event.id} event={event} />
            ))}
          </ol>
        )}
      </section>
      <section>
        <h2>{count(page.attempts.length, 'attempt')}</h2>
        {page.attempts.toReversed().map((attempt) => (
          <Attempt
            key={attempt.number}
            attempt={attempt}
            isRunning={page.run.state === 'running'}
          />
        ))}
      </section>
    </div>
  );
}

function Event({ event: { kind, name, step, time, message } }: { event: RunEvent }) {
  const at = new Date(time * 1000);
  return (
    <li data-kind={kind}>
      <EventSign kind={kind} />
      <div>
        <p class="event-head">
          <b>{kind}</b> {name.replaceAll('_', ' ')}
          <span>
            step {step.toLocaleString('en')} ·{' '}
            <time dateTime={at.toISOString()}>{formatDate(at.toISOString())}</time>
          </span>
        </p>
        {message !== '' && <p>{message}</p>}
      </div>
    </li>
  );
}

function Attempt({ attempt, isRunning }: { attempt: AttemptView; isRunning: boolean }) {
  const { number, outcome, startedAt, endedAt, fromStep, lastStep, reason } = attempt;
  const state = outcome ?? (isRunning ? 'running' : 'interrupted');
  const facts = [
    ['Started', formatDate(startedAt)],
    ['Ended', endedAt === null ? nothing : formatDate(endedAt)],
    ['Steps', `${fromStep.toLocaleString('en')} to ${lastStep?.toLocaleString('en') ?? nothing}`],
    ['Machine', `${attempt.host}, process ${attempt.pid}`],
    ['Code', commitText(attempt)],
    ...Object.entries(attempt.fingerprint).map(([key, value]) => [key, showValue(value)] as const),
  ] as const;
  return (
    <article class="panel attempt">
      <h3>
        Attempt {number} <StateBadge state={state} />
      </h3>
      {reason && <p>{reason}</p>}
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <code class="command">{attempt.command.join(' ')}</code>
    </article>
  );
}

const commitText = ({ commit, hasLocalChanges }: AttemptView): string =>
  commit === null
    ? 'no repository'
    : `${commit.slice(0, 10)}${hasLocalChanges ? ' with local changes' : ''}`;
