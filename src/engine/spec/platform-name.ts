/** For callers of the engine, which check a platform before they search anything. */
export { parsePlatform } from '../../image/oci/platform.js';
