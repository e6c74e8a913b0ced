/* FIFOs and sockets in a volume. QEMU creates one, opens it by O_PATH to set its mode, and removes it again when the
 * open one is neither a file nor a directory: a guard against opening a device by mistake, which O_PATH never does.
 * So QEMU gets an empty file instead, and the mode that it sets goes to the FIFO or socket. */
#ifndef BOXLITE_PRELOAD_SPECIAL_FILE_H
#define BOXLITE_PRELOAD_SPECIAL_FILE_H

/* Takes a descriptor opened with O_PATH; returns it, or for a FIFO or socket another that stands for it. */
int special_file_opened(int fd);
/* The FIFO or socket that `path`, /proc/self/fd/N, stands for in this thread, as a path; else `path`. */
const char *special_file_path(const char *path);

#endif
