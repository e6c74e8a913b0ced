#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../guest/check.h"
#include "archive/pack/pack.h"
#include "archive/pack/seen-inodes.h"
#include "archive/tar/tar-entry.h"

static struct err err;

/* Returns what tar_write_entry writes. */
struct written {
    char *bytes;
    size_t size;
};

static struct written write_one(const struct tar_entry *entry) {
    struct written written;
    FILE *out = open_memstream(&written.bytes, &written.size);
    check("an entry is written", tar_write_entry(out, entry, &err) == 0);
    fclose(out);
    return written;
}

static bool has(const struct written *written, const char *text) {
    return memmem(written->bytes, written->size, text, strlen(text)) != NULL;
}

static bool checksum_is_right(const char *header) {
    unsigned sum = 0;
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += i >= 148 && i < 156 ? ' ' : (unsigned char)header[i];
    return strtoul(header + 148, NULL, 8) == sum;
}

static void test_plain_entry(void) {
    struct stat st = {.st_mode = S_IFREG | 04755, .st_uid = 7, .st_gid = 8, .st_size = 9, .st_mtim = {10, 0}};
    struct written w = write_one(&(struct tar_entry){.name = "a/b", .link = "", .stat = &st});
    check("a plain entry is one header", w.size == TAR_BLOCK && checksum_is_right(w.bytes));
    check("a plain entry has name, mode, ids, size and time",
          strcmp(w.bytes, "a/b") == 0 && strcmp(w.bytes + 100, "0004755") == 0 &&
              strcmp(w.bytes + 108, "0000007") == 0 && strcmp(w.bytes + 116, "0000010") == 0 &&
              strcmp(w.bytes + 124, "00000000011") == 0 && strcmp(w.bytes + 136, "00000000012") == 0 &&
              w.bytes[156] == '0');
    free(w.bytes);
}

static void test_extended_entry(void) {
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    struct stat st = {.st_mode = S_IFREG | 0600,
                      .st_uid = 4000000000,
                      .st_gid = 2097152,
                      .st_size = INT64_C(9000000000),
                      .st_mtim = {-2, 500000000}};
    struct tar_attribute attribute = {"user.x", "a\0b", 3};
    struct written w = write_one(
        &(struct tar_entry){.name = name, .link = "", .stat = &st, .attributes = &attribute, .attribute_count = 1});
    const char *second = w.bytes + 2 * TAR_BLOCK;
    check("what a header has no room for is in an extended one",
          w.bytes[156] == 'x' && checksum_is_right(w.bytes) && has(&w, "\n18 uid=4000000000\n") &&
              has(&w, "gid=2097152\n") && has(&w, "size=9000000000\n"));
    check("a length counts itself", has(&w, "309 path=nnn"));
    check("a time before 1970 is the number it is", has(&w, "mtime=-1.500000000\n"));
    check("an attribute keeps its bytes", memmem(w.bytes, w.size, "SCHILY.xattr.user.x=a\0b\n", 24) != NULL);
    check("the header comes after it", w.size == 3 * TAR_BLOCK && checksum_is_right(second) && second[0] == 'n');
    free(w.bytes);
}

static void test_seen(void) {
    struct seen_inodes seen = {0};
    struct stat st = {.st_dev = 1};
    check("nothing is seen at first", seen_inodes_find(&seen, &st) == NULL);
    char name[16];
    bool added = true;
    for (st.st_ino = 0; st.st_ino < 5000; st.st_ino++) {
        snprintf(name, sizeof name, "n%u", (unsigned)st.st_ino);
        added = added && seen_inodes_add(&seen, &st, name) == 0;
    }
    check("thousands are added", added);
    bool found = true;
    for (st.st_ino = 0; st.st_ino < 5000; st.st_ino++) {
        snprintf(name, sizeof name, "n%u", (unsigned)st.st_ino);
        const char *first = seen_inodes_find(&seen, &st);
        found = found && first && strcmp(first, name) == 0;
    }
    check("each of thousands is found by its first name", found && seen_inodes_find(&seen, &st) == NULL);
    st = (struct stat){.st_dev = 2, .st_ino = 5};
    check("the same number on another device is another file", seen_inodes_find(&seen, &st) == NULL);
    seen_inodes_free(&seen);
}

static bool unwanted(const char *name) { return strcmp(name, "skipped") == 0; }

/* Links that point out of the tree, a file in an excluded directory, a socket, a file with three names. */
static void make_tree(int root) {
    check("a tree is made", mkdirat(root, "dir", 0700) == 0 && mkdirat(root, "skipped", 0700) == 0 &&
                                symlinkat("/etc", root, "link") == 0 && symlinkat("..", root, "dir/up") == 0 &&
                                mkfifoat(root, "fifo", 0600) == 0);
    const char *names[] = {"dir/file", "skipped/file", "empty"};
    for (size_t i = 0; i < 3; i++) {
        int file = openat(root, names[i], O_WRONLY | O_CREAT, 0600);
        check("a file is made", file >= 0 && (i == 2 || write(file, "content", 7) == 7));
        close(file);
    }
    check("links are made",
          linkat(root, "dir/file", root, "second", 0) == 0 && linkat(root, "link", root, "third", 0) == 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/socket", root);
    int sock = socket(AF_UNIX, SOCK_STREAM, 0);
    check("a socket is made", bind(sock, (struct sockaddr *)&address, sizeof address) == 0);
    close(sock);
}

static void test_tree(void) {
    char directory[] = "/tmp/archive-test-XXXXXX", archive[64], command[256];
    check("there is a directory", mkdtemp(directory) != NULL);
    snprintf(archive, sizeof archive, "%s.tar", directory);
    int root = open(directory, O_RDONLY | O_DIRECTORY);
    make_tree(root);
    FILE *out = fopen(archive, "w");
    check("a tree is archived",
          pack_tree(out, root, &(struct pack_options){.unwanted = unwanted}, &(struct totals){0}, &err) == 0);
    fclose(out);
    snprintf(command, sizeof command,
             "test \"$(tar -tf %s | tr '\\n' ' ')\" = 'dir/ dir/file dir/up empty fifo link second third '", archive);
    check("an archive names what is in it once and in order, and follows no link", system(command) == 0);
    snprintf(command, sizeof command, "test \"$(tar -xOf %s dir/file)\" = content", archive);
    check("a file has its content", system(command) == 0);
    snprintf(
        command, sizeof command,
        "tar -tvf %s | grep -q '^h.* second link to dir/file$' && tar -tvf %s | grep -q '^h.* third link to link$'",
        archive, archive);
    check("further names are hard links, of symlinks too", system(command) == 0);
    close(root);
    snprintf(command, sizeof command, "rm -rf %s %s", directory, archive);
    check("the tree is removed", system(command) == 0);
}

static void test_full_disk(void) {
    int root = open("/etc", O_RDONLY | O_DIRECTORY);
    FILE *full = fopen("/dev/full", "w");
    check("an archive that can't be written is an error",
          pack_tree(full, root, &(struct pack_options){.unwanted = unwanted}, &(struct totals){0}, &err) == -1 &&
              err.code == ENOSPC);
    fclose(full);
    close(root);
}

static void raise_limit(__rlimit_resource_t which, rlim_t wanted) {
    struct rlimit limit;
    getrlimit(which, &limit);
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    setrlimit(which, &limit);
}

static int pack_to_nowhere(const char *directory) {
    FILE *out = fopen("/dev/null", "w");
    struct pack_options options = {.directories = true};
    int failed = pack_path(out, directory, &options, &(struct totals){0}, &err);
    fclose(out);
    return failed;
}

/* The attack: directories nested so deeply that recursion would overflow the stack. */
static void test_depth(void) {
    char directory[] = "/tmp/pack-test-XXXXXX", command[64];
    check("a tree is begun", mkdtemp(directory) != NULL);
    raise_limit(RLIMIT_NOFILE, 2 * PACK_MOST_DEPTH);
    raise_limit(RLIMIT_STACK, 64 << 20); /* the sanitizers use more stack */
    int parent = -1, at = open(directory, O_RDONLY | O_DIRECTORY);
    for (int depth = 1; at >= 0 && depth <= PACK_MOST_DEPTH; depth++) {
        if (parent >= 0)
            close(parent);
        parent = at;
        at = mkdirat(parent, "d", 0755) ? -1 : openat(parent, "d", O_RDONLY | O_DIRECTORY);
    }
    check("it is one directory too deep", at >= 0);
    check("then it is refused", pack_to_nowhere(directory) == -1 && strstr(err.msg, "more than 4096 directories deep"));
    check("without that directory", unlinkat(parent, "d", AT_REMOVEDIR) == 0);
    check("it is taken", pack_to_nowhere(directory) == 0);
    close(parent);
    close(at);
    snprintf(command, sizeof command, "rm -rf %s", directory);
    check("the tree is removed", system(command) == 0);
}

int main(void) {
    test_plain_entry();
    test_extended_entry();
    test_seen();
    test_tree();
    test_full_disk();
    test_depth();
    return 0;
}
