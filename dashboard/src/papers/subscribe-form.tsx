import type { TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import type { ActionState } from '../../../src/server/api.ts';
import { type ApiError, api } from '../api.ts';

/** Asks for digests by mail; the mail that follows asks once more. */
export function SubscribeForm({ subscribe }: { subscribe: ActionState }) {
  const [answer, setAnswer] = useState<{ text: string; isProblem: boolean } | undefined>();
  const [isSending, setSending] = useState(false);
  const onSubmit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    setSending(true);
    try {
      const email = String(new FormData(form).get('email') ?? '');
      const { message } = await api.subscribe({ email });
      setAnswer({ text: message, isProblem: false });
      form.reset();
    } catch (error) {
      setAnswer({ text: (error as ApiError).message, isProblem: true });
    } finally {
      setSending(false);
    }
  };
  return (
    <section class="panel subscribe" aria-labelledby="subscribe-title">
      <h2 id="subscribe-title">Digests by mail</h2>
      <p>What ended since the last digest: runs, their best numbers, their curves.</p>
      {subscribe.available ? (
        <form onSubmit={onSubmit}>
          <label class="field">
            <span>Mail address</span>
            <input type="email" name="email" required autocomplete="email" maxLength={254} />
          </label>
          <button type="submit" class="button" data-kind="primary" disabled={isSending}>
            Subscribe
          </button>
        </form>
      ) : (
        <p class="subscribe-reason">{subscribe.reason}</p>
      )}
      <p class="subscribe-answer" role="status" data-problem={answer?.isProblem}>
        {answer?.text}
      </p>
    </section>
  );
}
