import { useEffect } from 'preact/hooks';
import { SiteHeader } from './components/site-header.tsx';
import { connect } from './live.ts';
import { followLinks, usePlace } from './router.ts';
import { findRoute } from './routes.tsx';

/** The whole page: header, and the route's content as the one main landmark. */
export function App() {
  const place = usePlace();
  const { title, page } = findRoute(place);
  useEffect(() => {
    connect();
    return followLinks();
  }, []);
  useEffect(() => {
    document.title = title === '' ? 'Laurel' : `${title} · Laurel`;
  }, [title]);
  return (
    <>
      <a class="skip-link" href="#main">
        Skip to content
      </a>
      <SiteHeader path={place.path} />
      <main id="main" tabIndex={-1}>
        {page}
      </main>
    </>
  );
}
