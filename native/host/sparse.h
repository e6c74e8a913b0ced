/* Sparse files: Node reaches neither lseek's SEEK_DATA nor copy_file_range. */
#ifndef BOXLITE_HOST_SPARSE_H
#define BOXLITE_HOST_SPARSE_H

/* Prints "offset length" of each part of the file that is not a hole. Returns an exit status. */
int print_data_map(const char *path);

/* Copies what is not a hole to a new file of the same size, inside the kernel, which shares the blocks where
 * the file system can. Returns an exit status. */
int copy_sparse(const char *from, const char *to);

/* Copies the disk of a volume, which no machine may have meanwhile, and writes the copy back; shares the blocks where the
 * file system can. The exit status: DISK_TAKEN when a machine has it, or
 * DISK_NO_SPACE. */
enum { DISK_TAKEN = 3, DISK_NO_SPACE = 4 };
int copy_disk(const char *from, const char *to);

#endif
