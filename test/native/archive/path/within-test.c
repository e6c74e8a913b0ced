/* A path that stays in a directory. */
#include "archive/path/within.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/outcome/outcome.h"
#include "archive/pack/pack.h"
#include "archive/unpack/unpack.h"

static char top[] = "/tmp/within-test-XXXXXX";

static void check(const char *fact, bool holds) {
    printf("%s %s\n", holds ? "ok" : "FAILED", fact);
    if (!holds)
        exit(1);
}

static void make_tree(void) {
    check("a tree is made",
          mkdtemp(top) && chdir(top) == 0 &&
              system("mkdir -p in/sub outside && echo inside > in/sub/file && echo classified > outside/secret && "
                     "ln -s ../outside in/up && ln -s / in/root && ln -s /sub in/sub-link && ln -s self in/self && "
                     "ln -s in linked && ln -s ../outside/secret in/secret && ln -s ../outside/made in/dangling") == 0);
}

/* The text of the file that the path leads to, or NULL with errno. */
static const char *text_of(const char *within, const char *path) {
    static char text[64];
    int fd = within_open(within, path, O_RDONLY);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd < 0 || size < 0)
        return NULL;
    close(fd);
    text[size] = 0;
    return text;
}

static void test_paths(void) {
    static const struct {
        const char *path;
        int error; /* 0: it is the file inside */
    } rows[] = {{"sub/file", 0},           {"/sub/file", 0},        {"/sub-link/file", 0},         {"../sub/file", 0},
                {"root/root/sub/file", 0}, {"/up/secret", ENOENT},  {"../outside/secret", ENOENT}, {"secret", ENOENT},
                {"self", ELOOP},           {"sub/file/x", ENOTDIR}, {"root/etc/passwd", ENOENT}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        printf("ok (path %s)\n", rows[i].path);
        const char *text = text_of("in", rows[i].path);
        check("it leads nowhere outside",
              rows[i].error ? !text && errno == rows[i].error : text && strcmp(text, "inside\n") == 0);
    }
    check("the directory itself is no link", !text_of("linked", "sub/file"));
    check("without a directory it is the machine's own path", strcmp(text_of(NULL, "in/secret"), "classified\n") == 0);
    struct stat st;
    check("a link can be looked at", within_stat("in", "secret", false, &st) == 0 && S_ISLNK(st.st_mode));
    check("but not through", within_stat("in", "secret", true, &st) == -1 && errno == ENOENT);
}

static int packed(const char *source) {
    struct err err;
    struct totals totals = {0};
    FILE *out = fopen("archive", "w");
    int failed = pack_path(out, source, &(struct pack_options){.within = "in", .directories = true}, &totals, &err);
    fclose(out);
    return failed ? outcome_exit(&err) : 0;
}

static void test_packing(void) {
    check("a link is packed as a link",
          packed("/up") == 0 && system("tar -tvf archive | grep -q -- '-> ../outside'") == 0);
    check("and nothing behind it", packed("/up/") == BL_COPY_NOT_DIRECTORY && packed("/up/.") == BL_COPY_NO_SOURCE &&
                                       packed("/up/secret") == BL_COPY_NO_SOURCE && packed("/secret") == 0 &&
                                       system("grep -q classified archive") != 0);
    check("the whole directory is its root",
          packed("/.") == 0 && system("tar -tf archive | grep -q '^./sub/file$'") == 0);
}

static int unpacked(const char *destination) {
    struct err err;
    struct totals totals = {0};
    check("an archive is made", system("mkdir -p d && echo new > d/new && tar -cf archive d") == 0);
    int in = open("archive", O_RDONLY);
    int failed = unpack(in, destination, &(struct unpack_options){.within = "in", .as = "d"}, &totals, &err);
    close(in);
    return failed ? outcome_exit(&err) : 0;
}

static void test_unpacking(void) {
    check("a path inside is taken", unpacked("/sub-link") == 0 && access("in/sub/d/new", F_OK) == 0);
    static const char *const outside[] = {"/up", "/up/", "/up/x", "/dangling", "/secret", "/../outside"};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        printf("ok (destination %s)\n", outside[i]);
        unpacked(outside[i]);
        check("nothing outside is touched", system("test \"$(ls outside)\" = secret -a ! -e made") == 0);
    }
}

int main(void) {
    make_tree();
    test_paths();
    test_packing();
    test_unpacking();
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", top);
    check("the tree is removed", system(command) == 0);
}
