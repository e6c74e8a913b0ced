import { defineCommand } from '../../parse/command.js';
import { print, say } from '../../process/context.js';

export const logout = defineCommand({
  name: 'logout',
  group: 'images',
  summary: 'Log out of a registry',
  description: "Takes its credentials out of Docker's config.json or the helper that keeps them.",
  args: [{ name: 'SERVER', summary: 'Registry (default: Docker Hub)', optional: true }],
  options: {},
  examples: [{ command: 'boxlite logout registry.example.com', what: 'Forget a registry' }],
  async run(context, [server]) {
    const runtime = await context.runtime();
    const { server: forgotten, failures } = await runtime.logout(server);
    await print(context, `Removing login credentials for ${forgotten}\n`);
    if (failures.length === 0) return 0;
    // As in Docker, this only warns a person, so a cleanup script can continue.
    const reasons = new Set(failures.map(({ message }) => message));
    say(context, 'WARNING: could not erase credentials:', ...reasons);
    return 0;
  },
});
