/** Runs the cases on this machine, as root: what main.ts starts here, or in the nest. Arguments choose cases by a part of their titles. */
import { runCases } from './case.js';
import { kvmCases } from './cases.js';
import { removeNodes } from './device-cases.js';
import { Site, type SiteOptions } from './site.js';

const options = JSON.parse(process.env.BOXLITE_KVM_SITE ?? '') as SiteOptions;
const wanted = process.argv.slice(2);
const site = new Site(options);
await site.home('root').makeReady();
const cases = kvmCases(site).filter(
  ({ title }) => wanted.length === 0 || wanted.some((part) => title.includes(part)),
);
process.exitCode = (await runCases(cases)) ? 0 : 1;
await removeNodes();
