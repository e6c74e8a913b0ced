/** A file, or its beginning, as one part of a joined disk. */
export interface Extent {
  path: string;
  /** Length in 512-byte sectors. */
  sectors: number;
}

/**
 * A VMDK descriptor that joins files end to end ("Virtual Disk Format 5.0", flat extents). The
 * extents are marked RW although nobody may write them: QEMU ignores lines marked RDONLY, so the
 * node is opened read-only instead.
 * @param extents paths without a double quote
 */
export function vmdkDescriptor(extents: readonly Extent[]): string {
  const lines = extents.map(({ path, sectors }) => `RW ${sectors} FLAT "${path}" 0`);
  return `# Disk DescriptorFile
version=1
CID=fffffffe
parentCID=ffffffff
createType="twoGbMaxExtentFlat"

# Extent description
${lines.join('\n')}

# The Disk Data Base
#DDB
ddb.virtualHWVersion = "4"
ddb.geometry.cylinders = "1"
ddb.geometry.heads = "16"
ddb.geometry.sectors = "63"
ddb.adapterType = "ide"
`;
}
