import { DockerConfig, dockerConfigDirectory } from '../../image/credentials/docker-config.js';

/** Docker's own, whose entry in `proxies` is also ours: we are no daemon, and stand in for it. */
const DOCKER_SOCKET = 'unix:///var/run/docker.sock';

/**
 * The variables that the Docker client gives what it creates, by `proxies` of its config.json.
 * @param directory of config.json; undefined for Docker's own
 * @param host what DOCKER_HOST says
 * @throws invalid-argument, permission: of the file
 */
export async function dockerProxies(
  directory: string | undefined,
  host: string | undefined,
): Promise<string[]> {
  const config = await DockerConfig.read(directory ?? dockerConfigDirectory());
  return config.proxyVariables(host === undefined || host === '' ? DOCKER_SOCKET : host);
}
