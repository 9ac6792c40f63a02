import { useState } from 'preact/hooks';
import type { StoredRun } from '../../../src/server/api.ts';
import { type ApiError, api } from '../api.ts';
import { ProblemNotice } from '../components/problem.tsx';

interface NotesPanelProps {
  readonly run: StoredRun;
  readonly onSaved: () => void;
}

/** What people wrote about the run: name, tags and notes, to read and to edit. */
export function NotesPanel({ run, onSaved }: NotesPanelProps) {
  const [isEditing, setEditing] = useState(false);
  if (isEditing) {
    const close = () => setEditing(false);
    return <NotesForm run={run} onClose={close} onSaved={onSaved} />;
  }
  return (
    <section class="notes" aria-label="Notes and tags">
      {run.tags.map((tag) => (
        <a key={tag} class="tag" href={`/runs?tag=${encodeURIComponent(tag)}`}>
          {tag}
        </a>
      ))}
      {run.notes !== '' && <p class="notes-text">{run.notes}</p>}
      <button type="button" class="button" data-kind="quiet" onClick={() => setEditing(true)}>
        {run.notes === '' && run.tags.length === 0 ? 'Add notes or tags' : 'Edit'}
      </button>
    </section>
  );
}

interface NotesFormProps extends NotesPanelProps {
  readonly onClose: () => void;
}

function NotesForm({ run, onClose, onSaved }: NotesFormProps) {
  const [error, setError] = useState<ApiError>();
  const save = async (form: HTMLFormElement) => {
    const text = (name: string) => String(new FormData(form).get(name) ?? '').trim();
    const tags = text('tags')
      .split(',')
      .map((tag) => tag.trim());
    await api.annotate(run.id, {
      name: text('name') || run.name,
      notes: text('notes'),
      tags: [...new Set(tags.filter(Boolean))],
    });
    onClose();
    onSaved();
  };
  return (
    <form
      class="panel notes-form"
      aria-label="Notes and tags"
      onSubmit={(event) => {
        event.preventDefault();
        save(event.currentTarget).catch(setError);
      }}
      onKeyDown={({ key }) => key === 'Escape' && onClose()}
    >
      <ProblemNotice error={error} />
      <label class="field">
        <span>Name</span>
        <input name="name" defaultValue={run.name} />
      </label>
      <label class="field">
        <span>Tags, separated by commas</span>
        <input name="tags" defaultValue={run.tags.join(', ')} />
      </label>
      <label class="field">
        <span>Notes</span>
        <textarea name="notes" rows={4} defaultValue={run.notes} autofocus />
      </label>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" class="button" data-kind="primary">
          Save
        </button>
      </div>
    </form>
  );
}
