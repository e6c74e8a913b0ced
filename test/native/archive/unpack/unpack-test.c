#include "archive/unpack/beneath.h"
#include "place.h"

static void test_only_a_file(void) {
    begin();
    struct crafted *c = craft();
    add(c, 'd', "src", 0755, "");
    check("a directory where a file was asked for is refused",
          run(sent(c, 0), "dest", (struct unpack_options){.as = "src", .file = true}) == BL_COPY_MALFORMED &&
              holds("test ! -e dest/src"));
    c = craft();
    add(c, 'f', "src", 0755, "text");
    check("a file is not", run(sent(c, 0), "dest", (struct unpack_options){.as = "src", .file = true}) == 0);
}

static void test_privileges(void) {
    begin();
    struct crafted *c = craft();
    add(c, 'd', "src", 02755, "");
    add(c, 'f', "src/suid", 06755, "x");
    add(c, 'c', "src/null", 0666, "");
    add(c, 'p', "src/pipe", 0600, "");
    check("set-user-id bits and devices are left out",
          run(sent(c, 0), "dest", (struct unpack_options){0}) == 0 &&
              holds("test \"$(stat -c %a dest/src dest/src/suid | tr '\\n' ' ')\" = '755 755 ' && "
                    "test ! -e dest/src/null -a -p dest/src/pipe"));
    begin();
    c = craft();
    add(c, 'd', "src", 02755, "");
    add(c, 'f', "src/suid", 04755, "x");
    check("unless they are wanted",
          run(sent(c, 0), "dest", (struct unpack_options){.privileges = true, .owners = true}) == 0 &&
              holds("test \"$(stat -c %a dest/src dest/src/suid | tr '\\n' ' ')\" = '2755 4755 '"));
}

static void test_cut_short(void) {
    begin();
    struct crafted *c = craft();
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    add(c, 'd', "src", 0750, "");
    add(c, 'f', "src/whole", 0644, "whole");
    add(c, 'f', "src/half", 0644, text);
    check("an archive that is cut short says where",
          run(sent(c, 3000), "dest", (struct unpack_options){0}) == BL_COPY_TRUNCATED && strstr(err.msg, "src/half"));
    check("what was whole stays, what was not goes, and a directory is not left closed",
          holds("test \"$(ls dest/src)\" = whole && test \"$(stat -c %a dest/src)\" = 750"));
    begin();
    c = craft();
    add(c, 'd', "src", 0755, "");
    fflush(c->out);
    size_t size = c->size;
    check("so does one without its end", run(sent(c, size), "dest", (struct unpack_options){0}) == BL_COPY_TRUNCATED);
    int nothing = open("/dev/null", O_RDONLY);
    check("and an empty one", run(nothing, "dest", (struct unpack_options){0}) == BL_COPY_TRUNCATED);
}

static void test_keep(void) {
    begin();
    check("a file is there", holds("mkdir dest/src && echo old > dest/src/a"));
    struct crafted *c = craft();
    add(c, 'd', "src", 0755, "");
    add(c, 'f', "src/a", 0644, "new");
    check("what is there is kept when asked for",
          run(sent(c, 0), "dest", (struct unpack_options){.keep = true}) == BL_COPY_EXISTS &&
              holds("test \"$(cat dest/src/a)\" = old"));
}

/* The rules of `cp`: where a source goes depends on its kind and on what the destination is. */
static void test_places(void) {
    static const struct {
        char kind;
        const char *source, *prepare, *destination;
        int exit;
        const char *then;
    } rows[] = {
        {'f', "src", "true", "made", 0, "test \"$(cat made)\" = text"},
        {'f', "src", "true", "made/", BL_COPY_NO_DIRECTORY, "test ! -e made"},
        {'f', "src", "true", "missing/made", BL_COPY_NO_PARENT, "true"},
        {'f', "src", "echo old > made", "made", 0, "test \"$(cat made)\" = text"},
        {'f', "src", "echo old > made", "made/", BL_COPY_NOT_DIRECTORY, "test \"$(cat made)\" = old"},
        {'f', "src", "echo old > made", "made/x", BL_COPY_NOT_DIRECTORY, "true"},
        {'f', "src", "true", "dest", 0, "test \"$(cat dest/src)\" = text"},
        {'f', "src", "mkdir dest/src", "dest", BL_COPY_FILE_TO_DIRECTORY, "test -d dest/src"},
        {'f', "src", "ln -s outside/new made; :", "made", 0, "test -L made && mv outside/new dest"},
        {'f', "src", "echo old > dest/t; ln -s dest/t made", "made", 0, "test -L made && grep text dest/t"},
        {'f', "src", "ln -s made made", "made", BL_COPY_FAILED, "true"},
        {'f', "src", "mkfifo made", "made", BL_COPY_NOT_A_FILE, "test -p made"},
        {'f', "src", "mkfifo dest/p; ln -s dest/p made", "made", BL_COPY_NOT_A_FILE, "test -L made && test -p dest/p"},
        {'f', "src", "ln -s /dev/null made", "made", BL_COPY_NOT_A_FILE, "test -c made"},
        {'d', "src", "mkfifo made", "made", BL_COPY_DIRECTORY_TO_FILE, "test -p made"},
        {'d', "src", "true", "made", 0, "test \"$(stat -c %a made)\" = 750"},
        {'d', "src", "true", "made/", 0, "test -d made"},
        {'d', "src", "true", "missing/made", BL_COPY_NO_PARENT, "true"},
        {'d', "src", "echo old > made", "made", BL_COPY_DIRECTORY_TO_FILE, "test \"$(cat made)\" = old"},
        {'d', "src", "true", "dest", 0, "test -d dest/src"},
        {'d', "src", "echo x > dest/src", "dest", BL_COPY_DIRECTORY_TO_FILE, "test -f dest/src"},
        {'d', ".", "chmod 711 dest", "dest", 0, "test ! -e dest/src && test \"$(stat -c %a dest)\" = 711"},
        {'d', ".", "true", "made", 0, "test -d made"},
        {'d', ".", "true", "dest/.", 0, "test -z \"$(ls dest)\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin();
        check("a destination is prepared", holds("rm -rf made") && holds(rows[i].prepare));
        struct crafted *c = craft();
        add(c, rows[i].kind, rows[i].source, 0750, "text\n");
        int exit = run(sent(c, 0), rows[i].destination, (struct unpack_options){0});
        if (exit != rows[i].exit)
            printf("row %zu: %d %s\n", i, exit, err.msg);
        check("a source goes where cp's table says", exit == rows[i].exit && holds(rows[i].then));
        check_outside();
    }
}

static void test_long_path(void) {
    begin();
    struct crafted *c = craft();
    char name[12000] = "src";
    add(c, 'd', name, 0755, "");
    for (int i = 0; i < 50; i++) {
        memset(name + strlen(name) + 1, 'd', 200);
        name[strlen(name)] = '/';
        add(c, 'd', name, 0755, "");
    }
    check("a path longer than the kernel takes at once is made",
          run(sent(c, 0), "dest", (struct unpack_options){0}) == 0 &&
              holds("test \"$(find dest -type d | wc -l)\" = 52"));
}

/* Removes nested directories from the top down: rm needs ten seconds for them. */
static void remove_chain(size_t component) {
    char inner[64] = "dest/src/";
    memset(inner + strlen(inner), 'd', component);
    while (rename(inner, "dest/next") == 0)
        if (rmdir("dest/src") || rename("dest/next", "dest/src"))
            break;
    check("a chain of directories is removed", unlink("dest/src") == 0);
}

/* Names of 65,535 bytes and of 4,096 directories: the time for a name must grow linearly with its length. */
static void test_deep_names(void) {
    static const struct {
        size_t component, count;
        int exit;
    } rows[] = {{15, 4095, 0}, {1, 4096, 0}, {15, 4096, BL_COPY_MALFORMED}, {1, 4097, BL_COPY_MALFORMED}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin();
        size_t length = 3;
        char *name = malloc(70000);
        memcpy(name, "src", 4);
        for (size_t n = 0; n < rows[i].count; n++) {
            name[length++] = '/';
            memset(name + length, 'd', rows[i].component);
            length += rows[i].component;
        }
        name[length] = 0;
        struct crafted *c = craft();
        add(c, 'd', "src", 0755, "");
        add(c, 'f', name, 0644, "deep");
        add(c, 'h', name, 0644, name);
        check("a deep name is made or refused by the rule it breaks",
              run(sent(c, 0), "dest", (struct unpack_options){.as = "src"}) == rows[i].exit &&
                  (rows[i].exit == 0 || strstr(err.msg, rows[i].component == 1 ? "4096 directories" : "65536 bytes")));
        check_outside();
        if (rows[i].exit == 0)
            remove_chain(rows[i].component);
        free(name);
    }
}

/* More directories than the list can hold: those that are complete get their metadata before the others. */
static void test_many_directories(void) {
    enum { COMPONENT = 255, COMPONENTS = 240, MANY = 1200 };
    begin();
    static char name[COMPONENTS * (COMPONENT + 1) + 16] = "s";
    size_t length = 1;
    for (unsigned i = 0; i < COMPONENTS; i++, length += COMPONENT) {
        name[length++] = '/';
        memset(name + length, 'd', COMPONENT);
    }
    struct crafted *c = craft();
    add(c, 'd', "s", 0755, "");
    add(c, 'd', name, 0750, "");
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name + length, 16, "/%u", i);
        add(c, 'd', name, 0711, "");
    }
    check("more directories than memory would hold are taken",
          run(sent(c, 0), "dest", (struct unpack_options){0}) == 0);
    struct stat first, deep;
    int root = open("dest", O_RDONLY | O_DIRECTORY);
    snprintf(name + length, 16, "/0");
    int child = open_beneath(root, name);
    name[length] = 0;
    int parent = open_beneath(root, name);
    check("the first has its mode and time, and so has the one that they are all in",
          fstat(child, &first) == 0 && (first.st_mode & 07777) == 0711 && first.st_mtim.tv_sec == 1000000000 &&
              fstat(parent, &deep) == 0 && (deep.st_mode & 07777) == 0750 && deep.st_mtim.tv_sec == 1000000000);
    close(root);
    close(child);
    close(parent);
}

int main(void) {
    enter_top();
    test_only_a_file();
    test_privileges();
    test_cut_short();
    test_keep();
    test_places();
    test_long_path();
    test_deep_names();
    test_many_directories();
    remove_top();
    return 0;
}
