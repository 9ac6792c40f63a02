import type { ComponentChildren, RefObject } from 'preact';
import { useId } from 'preact/hooks';

interface ConfirmDialogProps {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly title: string;
  readonly confirm: string;
  readonly cancel: string;
  readonly isDangerous: boolean;
  readonly onConfirm: () => void;
  readonly children: ComponentChildren;
}

/** Asks before something is done; Escape and the first button leave everything as it is. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const title = useId();
  const close = () => props.dialog.current?.close();
  return (
    <dialog ref={props.dialog} aria-labelledby={title}>
      <h2 id={title}>{props.title}</h2>
      <p>{props.children}</p>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          {props.cancel}
        </button>
        <button
          type="button"
          class="button"
          data-kind={props.isDangerous ? 'danger' : 'primary'}
          onClick={() => {
            close();
            props.onConfirm();
          }}
        >
          {props.confirm}
        </button>
      </div>
    </dialog>
  );
}
