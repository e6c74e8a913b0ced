/** How many volumes of type disk a box can have: the places for disks in its machine. */
export { VOLUME_SLOTS as DISK_SLOTS } from '../../../vmm/driver.js';
