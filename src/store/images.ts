import type { Database } from './database.js';
import { imageEvent } from './events.js';
import { integer, nullable, type Row, text } from './row.js';

/** An image stored whole in the content store. Times are ms since the epoch, sizes bytes. */
export interface ImageRecord {
  manifestDigest: string;
  /** Digest of its config. */
  imageId: string;
  /** os/architecture[/variant] */
  platform: string;
  size: number;
  /** When the image was built, by its own account. */
  createdAt: number;
}

/** A name of an image. Several may name one image; an image without any is dangling. */
export interface ImageReference extends ImageRecord {
  /** Canonical: `docker.io/library/alpine:3`, `localhost/tools:latest`. */
  reference: string;
  /** What the registry's tag names, an index or the manifest itself; null for a local name. */
  indexDigest: string | null;
  pulledAt: number;
}

/** The images of one home and their references. */
export class ImageTable {
  constructor(private readonly database: Database) {}

  /** Records an image without a reference; leaves a known one unchanged. */
  add(image: ImageRecord): void {
    this.database.writeToDisk(() =>
      this.database.run(
        `INSERT INTO images (manifest_digest, image_id, platform, size, created_at, added_at)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (manifest_digest) DO NOTHING`,
        image.manifestDigest,
        image.imageId,
        image.platform,
        image.size,
        image.createdAt,
        this.database.now(),
      ),
    );
  }

  /**
   * Records an image under a reference, which from now on names only this image.
   * @param action for the event log; without it, no event is written
   * @returns what the reference named before, if that was another image (it may now dangle)
   */
  put(
    image: Omit<ImageReference, 'pulledAt'>,
    action?: 'pull' | 'load' | 'import' | 'tag',
  ): ImageReference | undefined {
    return this.database.writeToDisk(() => {
      const before = this.get(image.reference);
      this.add(image);
      this.database.run(
        `INSERT INTO image_references (reference, manifest_digest, index_digest, pulled_at)
         VALUES (?, ?, ?, ?)
         ON CONFLICT (reference) DO UPDATE SET manifest_digest = excluded.manifest_digest,
           index_digest = excluded.index_digest, pulled_at = excluded.pulled_at`,
        image.reference,
        image.manifestDigest,
        image.indexDigest,
        this.database.now(),
      );
      if (action !== undefined) {
        // The event of a pull names what the user asked for.
        const actor = action === 'pull' ? image.reference : image.imageId;
        this.database.events.add(imageEvent(action, actor, image.reference));
      }
      return before?.manifestDigest === image.manifestDigest ? undefined : before;
    });
  }

  get(reference: string): ImageReference | undefined {
    const row = this.database.get(`${SELECT_REFERENCES} WHERE reference = ?`, reference);
    return row && parseReference(row);
  }

  /** Newest image first, then by reference. */
  list(): ImageReference[] {
    return this.database
      .all(`${SELECT_REFERENCES} ORDER BY created_at DESC, reference`)
      .map(parseReference);
  }

  /** The references of one image, sorted. */
  referencesOf(manifestDigest: string): ImageReference[] {
    return this.database
      .all(`${SELECT_REFERENCES} WHERE manifest_digest = ? ORDER BY reference`, manifestDigest)
      .map(parseReference);
  }

  getImage(manifestDigest: string): ImageRecord | undefined {
    const row = this.database.get('SELECT * FROM images WHERE manifest_digest = ?', manifestDigest);
    return row && parseImage(row);
  }

  /**
   * Images whose id or manifest digest starts with the prefix.
   * @param prefix hex digits, with or without `sha256:`
   */
  findImages(prefix: string): ImageRecord[] {
    const digest = prefix.includes(':') ? prefix : `sha256:${prefix}`;
    return this.database
      .all(
        `SELECT * FROM images WHERE substr(image_id, 1, ?) = ? OR substr(manifest_digest, 1, ?) = ?
         ORDER BY created_at DESC`,
        digest.length,
        digest,
        digest.length,
        digest,
      )
      .map(parseImage);
  }

  /** Every image, newest first. To users, two manifests with the same config are one image. */
  all(): ImageRecord[] {
    return this.database.all('SELECT * FROM images ORDER BY created_at DESC').map(parseImage);
  }

  /** The images with one id: one per manifest that shares the config. */
  withId(imageId: string): ImageRecord[] {
    return this.database.all('SELECT * FROM images WHERE image_id = ?', imageId).map(parseImage);
  }

  /** The references of all images with one id, sorted. */
  referencesOfId(imageId: string): ImageReference[] {
    return this.database
      .all(`${SELECT_REFERENCES} WHERE image_id = ? ORDER BY reference`, imageId)
      .map(parseReference);
  }

  /** Images without a reference, newest first. */
  dangling(): ImageRecord[] {
    return this.database
      .all(
        `SELECT * FROM images WHERE manifest_digest NOT IN
           (SELECT manifest_digest FROM image_references) ORDER BY created_at DESC`,
      )
      .map(parseImage);
  }

  /** Removes a reference; its image stays, perhaps dangling. @returns what it named */
  remove(reference: string): ImageReference | undefined {
    return this.database.write(() => {
      const before = this.get(reference);
      this.database.run('DELETE FROM image_references WHERE reference = ?', reference);
      if (before) this.database.events.add(imageEvent('untag', before.imageId, before.reference));
      return before;
    });
  }

  /** Deletes an image that has no reference. @returns whether it did */
  removeImage(manifestDigest: string): boolean {
    return this.database.write(() => {
      const row = this.database.get(
        `DELETE FROM images WHERE manifest_digest = ? AND manifest_digest NOT IN
           (SELECT manifest_digest FROM image_references) RETURNING image_id`,
        manifestDigest,
      );
      if (row === undefined) return false;
      const imageId = text(row, 'image_id');
      this.database.events.add(imageEvent('delete', imageId, imageId));
      return true;
    });
  }
}

const SELECT_REFERENCES = 'SELECT * FROM image_references JOIN images USING (manifest_digest)';

function parseImage(row: Row): ImageRecord {
  return {
    manifestDigest: text(row, 'manifest_digest'),
    imageId: text(row, 'image_id'),
    platform: text(row, 'platform'),
    size: integer(row, 'size'),
    createdAt: integer(row, 'created_at'),
  };
}

function parseReference(row: Row): ImageReference {
  return {
    ...parseImage(row),
    reference: text(row, 'reference'),
    indexDigest: nullable(text, row, 'index_digest'),
    pulledAt: integer(row, 'pulled_at'),
  };
}
