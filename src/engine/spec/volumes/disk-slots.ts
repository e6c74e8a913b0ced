/** How many volumes of type disk a box can have: the places for disks in its machine. */
export const DISK_SLOTS = 0;
