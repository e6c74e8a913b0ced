import { DockerConfig, dockerConfigDirectory } from '../../image/credentials/docker-config.js';

/** Docker's default socket. Its entry in `proxies` applies to us: we replace the daemon. */
const DOCKER_SOCKET = 'unix:///var/run/docker.sock';

/**
 * The variables that the Docker client sets in what it creates, from `proxies` in its config.json.
 * @param directory of config.json; undefined for Docker's own
 * @param host value of DOCKER_HOST
 * @throws invalid-argument, permission: for the file
 */
export async function dockerProxies(
  directory: string | undefined,
  host: string | undefined,
): Promise<string[]> {
  const config = await DockerConfig.read(directory ?? dockerConfigDirectory());
  return config.proxyVariables(host === undefined || host === '' ? DOCKER_SOCKET : host);
}
