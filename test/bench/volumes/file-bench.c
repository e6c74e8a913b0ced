/* Operations on files of a directory, timed where they happen: in a box or a container. Prints one number a line,
 * milliseconds.
 *   file-bench small DIR N     creates, stats, opens and reads, removes N files of 100 bytes: four numbers
 *   file-bench large DIR MIB   writes a file and syncs it, reads it again without the page cache: two numbers
 *   file-bench sync DIR N      writes 4 KiB and syncs them, N times: one number */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 1 << 20 };

static char buffer[CHUNK], path[4096];
static struct timespec begin;

static void small(const char *directory, long count);
static void large(const char *directory, long mib);
static void synced(const char *directory, long count);
static const char *file(const char *directory, long number);
static void start(void);
static void print_time(void);
static void need(int worked, const char *what);

int main(int argc, char **argv) {
    need(argc == 4, "file-bench small|large|sync DIR COUNT");
    long count = strtol(argv[3], NULL, 10);
    memset(buffer, 'x', sizeof buffer);
    if (strcmp(argv[1], "small") == 0)
        small(argv[2], count);
    else if (strcmp(argv[1], "large") == 0)
        large(argv[2], count);
    else
        synced(argv[2], count);
    return 0;
}

static void small(const char *directory, long count) {
    struct stat st;
    start();
    for (long i = 0; i < count; i++) {
        int fd = open(file(directory, i), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        need(fd >= 0 && write(fd, buffer, 100) == 100 && close(fd) == 0, "create");
    }
    print_time();
    start();
    for (long i = 0; i < count; i++)
        need(stat(file(directory, i), &st) == 0, "stat");
    print_time();
    start();
    for (long i = 0; i < count; i++) {
        int fd = open(file(directory, i), O_RDONLY | O_CLOEXEC);
        need(fd >= 0 && read(fd, buffer, 100) == 100 && close(fd) == 0, "read");
    }
    print_time();
    start();
    for (long i = 0; i < count; i++)
        need(unlink(file(directory, i)) == 0, "unlink");
    print_time();
}

static void large(const char *directory, long mib) {
    int fd = open(file(directory, 0), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    need(fd >= 0, "open");
    start();
    for (long i = 0; i < mib; i++)
        need(write(fd, buffer, CHUNK) == CHUNK, "write");
    need(fsync(fd) == 0, "fsync");
    print_time();
    need(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0 && lseek(fd, 0, SEEK_SET) == 0, "forget");
    start();
    for (long i = 0; i < mib; i++)
        need(read(fd, buffer, CHUNK) == CHUNK, "read");
    print_time();
    need(close(fd) == 0 && unlink(path) == 0, "unlink");
}

static void synced(const char *directory, long count) {
    int fd = open(file(directory, 0), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    need(fd >= 0, "open");
    start();
    for (long i = 0; i < count; i++)
        need(write(fd, buffer, 4096) == 4096 && fsync(fd) == 0, "write and sync");
    print_time();
    need(close(fd) == 0 && unlink(path) == 0, "unlink");
}

static const char *file(const char *directory, long number) {
    snprintf(path, sizeof path, "%s/file-bench-%ld", directory, number);
    return path;
}

static void start(void) { clock_gettime(CLOCK_MONOTONIC, &begin); }

static void print_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("%.3f\n", (double)(now.tv_sec - begin.tv_sec) * 1e3 + (double)(now.tv_nsec - begin.tv_nsec) / 1e6);
}

static void need(int worked, const char *what) {
    if (worked)
        return;
    perror(what);
    exit(1);
}
