export type * from './api.ts';
export { type Dashboard, type DashboardOptions, startDashboard } from './start-dashboard.ts';
