/* The regular files of volumes that QEMU has open, each under the name that QEMU's 9p knows it by. That 9p changes a
 * file's attributes by its name, also when the guest holds the file open: these files are found when the name is
 * gone. QEMU 10.1 and later sets sizes and times by the descriptor itself. */
#ifndef BOXLITE_PRELOAD_OPEN_FILES_H
#define BOXLITE_PRELOAD_OPEN_FILES_H

void open_files_add(int fd, int directory, const char *name);
void open_files_remove(int fd);
/* As QEMU renames what it has open: every file of the old name. */
void open_files_rename(int from_directory, const char *from, int to_directory, const char *to);
/* A duplicate of the descriptor of the file that was opened as `name` in `directory`; -1 if there is none, or if there
 * are several files, one of which may be meant. Keeps errno. */
int open_files_find(int directory, const char *name);

#endif
