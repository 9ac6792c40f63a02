import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/controls.css';
import './charts/charts.css';
import { App } from './app.tsx';

render(<App />, document.getElementById('app')!);
