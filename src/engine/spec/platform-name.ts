/** For the faces of the engine: a platform is checked before anything is looked for. */
export { parsePlatform } from '../../image/oci/platform.js';
